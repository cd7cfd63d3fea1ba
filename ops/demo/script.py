"""The demo's script: a bank holiday weekend of messages, what people record about them, and what must come of it.

The expectations are written down here and in the scenes, line by line, and never computed by the hub's own code.
"""

import csv
import json
import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from ops.demo import messages
from ops.demo.children import Nursery
from schemas.london import LONDON

START = datetime(2026, 8, 28, 0, 0, tzinfo=LONDON)
END = datetime(2026, 8, 31, 0, 5, tzinfo=LONDON)
_QUARTER = timedelta(minutes=15)
_WORKERS = ("Amara Okafor", "Ben Hughes", "Chloe Davies", "Dev Chaudhry", "Ewa Nowak")
WORRIES = (
    "Bruising to both forearms that the account given does not explain.",
    "Says that she is hungry and that nobody is at home after school.",
    "Present during a domestic incident between the adults of the household.",
    "Missing since yesterday evening, found at an address known to us.",
    "Parent seemed intoxicated at collection, second time this month.",
    "Disclosed to a member of staff that he is afraid to go home.",
    "Repeated missed health appointments, weight below the expected centile.",
    "Older sibling says that visitors to the home frighten them.",
)
_TOLD = frozenset({"risk_assessed", "decision", "no_further_action", "closed"})
"""Events that a sender is owed an answer about."""


@dataclass
class Expected:
    """What the script expects: dispositions by ref, and flags as (ref, opening, last day in time, state). `stories`: the
    refs of each child that was reported more than once, and of no other; `apart`: refs that are never one child; `reviews`:
    refs that wait for a person. `answers`: by the ref of a child what its sender must be told, each as (when, outcome, next
    step); a message in `answered_as` is answered under the ref that it repeats or corrects. `references` are the senders'
    own numbers, `channels` who sent it: agency and way."""

    dispositions: dict[str, str] = field(default_factory=dict)
    flags: set[tuple[str, int, str, str]] = field(default_factory=set)
    stories: set[tuple[str, ...]] = field(default_factory=set)
    apart: set[tuple[str, ...]] = field(default_factory=set)
    reviews: set[str] = field(default_factory=set)
    answers: dict[str, list[tuple[datetime, str, str]]] = field(default_factory=dict)
    answered_as: dict[str, str] = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)
    channels: dict[str, tuple[str, str]] = field(default_factory=dict)
    contacts: int = 0


class Script:
    """Collects the lines of a day and what is expected of them."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.expected = Expected()
        self.random = random.Random(seed)
        self.nursery = Nursery(seed, namesakes=False)
        self._lines: list[tuple[datetime, int, dict[str, str]]] = []
        folder.mkdir(parents=True, exist_ok=True)

    def send(
        self,
        at: datetime,
        agency: str,
        via: str,
        ref: str,
        name: str,
        body: bytes,
        becomes: str = "contact",
        *,
        children: int = 1,
        reference: str = "",
        again: str = "",
    ) -> None:
        """A message with its sender's own `reference`; a file that is there already is sent again. `again` names the message
        that it repeats or corrects."""
        (self.folder / name).write_bytes(body)
        self._add(at, {"do": "send", "agency": agency, "via": via, "file": name, "ref": ref})
        self.expected.dispositions[ref] = becomes
        self.expected.channels[ref] = (agency, via)
        self.expected.references[ref] = reference
        if again:
            self.expected.answered_as[ref] = again
        elif becomes == "contact":
            self.expected.contacts += children
        elif becomes == "quarantined":
            self._owe(ref, at, "not_understood")

    def take(self, when: datetime, ref: str, **args: Any) -> None:
        """A contact that somebody at the front door took and recorded."""
        self._add(when, {"do": "record", "ref": ref, "args": json.dumps({"event": "contact_recorded", **args})})
        self.expected.dispositions[ref] = "contact"
        self.expected.channels[ref] = ("social_care", "http")
        self.expected.references[ref] = str(args.get("reference", ""))
        self.expected.contacts += 1

    def record(self, when: datetime, ref: str, event: str, *, counts: bool = True, **args: Any) -> None:
        """A case event about a ref; one that does not count is told to nobody."""
        self._add(when, {"do": "record", "ref": ref, "args": json.dumps({"event": event, **args})})
        if event in _TOLD and counts:
            self._owe(ref, when, event, str(args.get("decision", "")))

    def assess(self, when: datetime, ref: str, level: str = "amber", by: str = "", decided: str = "", **args: Any) -> None:
        """A risk assessment, and at once the next step if it is `decided`. One by a desk and no person does not count."""
        worker = by or self.random.choice(_WORKERS)
        reason = self.random.choice(
            ("Strategy discussion needed.", "Family known, plan in place.", "Threshold for assessment met.")
        )
        self.record(when, ref, "risk_assessed", counts=by != "Duty", by=worker, level=level, reason=reason, **args)
        if decided == "nfa":
            self.record(when, ref, "no_further_action", by=worker, reason="Advice given.")
        elif decided:
            self.record(when, ref, "decision", by=worker, decision=decided, reason=reason)

    def flag(self, ref: str, arrived: datetime, opening: int = 1, state: str = "raised") -> None:
        """A flag that must be there: due at the end of the London day of `arrived`."""
        self.expected.flags.add((ref, opening, arrived.astimezone(LONDON).date().isoformat(), state))

    def write(self) -> None:
        """The timetable, in order of time; what happens at one moment stays in the order of the script."""
        self._add(START, {"do": "wait"})
        self._add(END, {"do": "wait"})
        with (self.folder / "timetable.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, ["at", "do", "agency", "via", "file", "ref", "args"])
            writer.writeheader()
            for at, _, line in sorted(self._lines, key=lambda entry: entry[:2]):
                writer.writerow({"at": at.astimezone(LONDON).replace(tzinfo=None).isoformat(" "), **line})

    def _add(self, at: datetime, line: dict[str, str]) -> None:
        self._lines.append((at, len(self._lines), line))

    def _owe(self, ref: str, when: datetime, outcome: str, decision: str = "") -> None:
        owed = self.expected.answers.setdefault(ref, [])
        owed.append((when, outcome, decision))
        owed.sort(key=lambda one: one[0])


def moment(day: int, hour: int, minute: int, second: int = 0) -> datetime:
    """A moment of the weekend; Friday is day 0."""
    return START + timedelta(days=day, hours=hour, minutes=minute, seconds=second)


def ordinary(script: Script, number: int) -> None:
    """One of the many: a message from one of four agencies, and what people did with it. At quarter hours: so several
    things happen at one moment, and the clock has fewer steps."""
    r = script.random
    arrived = START + r.randrange(2, 3 * 24 * 4 - 2) * _QUARTER
    child, risk, text = script.nursery.child(), r.choice(("red", "amber", "amber", "green")), r.choice(WORRIES)
    ref = f"n{number:03d}"
    match r.choice(("hl7", "fhir", "fhir", "school", "school", "police")):
        case "hl7":
            body = messages.hl7_referral(child, risk, own := f"LTH-{8000 + number}", f"MSG{8000 + number}", arrived, text)
            script.send(arrived, "health", "mllp", ref, f"{ref}.hl7", body, reference=own)
        case "fhir":
            body = messages.fhir_referral(child, risk, own := f"ED-{1000 + number}", arrived, text, ref)
            script.send(arrived, "health", "http", ref, f"{ref}.json", body, reference=own)
        case "school":
            body = messages.school_concern(child, risk, own := f"C-{1000 + number}", arrived, text)
            script.send(arrived, "education", "http", ref, f"{ref}.json", body, reference=own)
        case _:
            body = messages.police_notice([child], risk, own := f"PPN-26-{1000 + number}", arrived, text)
            script.send(arrived, "police", "folder", ref, f"{ref}.xml", body, reference=own)
    left = (_midnight_after(arrived) - arrived) // _QUARTER
    decided = {"red": "s47", "amber": "assessment", "green": "nfa"}[risk] if number % 2 else ""
    chance = r.random()
    if chance < 0.86 and left > 1:
        script.assess(arrived + r.randrange(1, min(left, 27)) * _QUARTER, ref, risk, decided=decided)
    elif chance < 0.92:
        script.flag(ref, arrived)
        late = _midnight_after(arrived) + timedelta(hours=9) + r.randrange(0, 4) * _QUARTER
        if late < END:
            script.assess(late, ref, risk)
    else:
        script.flag(ref, arrived)


def _midnight_after(instant: datetime) -> datetime:
    day: date = instant.astimezone(LONDON).date() + timedelta(days=1)
    return datetime(day.year, day.month, day.day, tzinfo=LONDON)
