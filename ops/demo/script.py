"""The demo's script: a bank holiday weekend of messages, what people record about them, and what must come of it.

The expectations are written down here, line by line, and never computed by the hub's own code.
"""

import csv
import json
import random
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from ops.demo import messages
from ops.demo.children import Child, Nursery
from schemas.london import LONDON

START = datetime(2026, 8, 28, 0, 0, tzinfo=LONDON)
END = datetime(2026, 8, 31, 0, 5, tzinfo=LONDON)
_WORKERS = ("Amara Okafor", "Ben Hughes", "Chloe Davies", "Dev Chaudhry", "Ewa Nowak")
_WORRIES = (
    "Bruising to both forearms that the account given does not explain.",
    "Says that she is hungry and that nobody is at home after school.",
    "Present during a domestic incident between the adults of the household.",
    "Missing since yesterday evening, found at an address known to us.",
    "Parent seemed intoxicated at collection, second time this month.",
    "Disclosed to a member of staff that he is afraid to go home.",
    "Repeated missed health appointments, weight below the expected centile.",
    "Older sibling says that visitors to the home frighten them.",
)


@dataclass
class Expected:
    """What the script expects: dispositions by ref, and flags as (ref, opening, last day in time, state). `stories`: the
    refs of each child that was reported more than once, and of no other; `reviews`: refs that wait for a person."""

    dispositions: dict[str, str] = field(default_factory=dict)
    flags: set[tuple[str, int, str, str]] = field(default_factory=set)
    stories: set[tuple[str, ...]] = field(default_factory=set)
    reviews: set[str] = field(default_factory=set)
    contacts: int = 0


class Script:
    """Collects the lines of a day and what is expected of them."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.expected = Expected()
        self.random = random.Random(seed)
        self.nursery = Nursery(seed)
        self._lines: list[tuple[datetime, int, dict[str, str]]] = []
        folder.mkdir(parents=True, exist_ok=True)

    def send(self, at: datetime, agency: str, via: str, ref: str, name: str, body: bytes, becomes: str = "contact") -> None:
        """A message; a file that is there already is sent again."""
        (self.folder / name).write_bytes(body)
        self._add(at, {"do": "send", "agency": agency, "via": via, "file": name, "ref": ref})
        self.expected.dispositions[ref] = becomes

    def record(self, when: datetime, ref: str, event: str, **args: Any) -> None:
        """A case event about a ref."""
        self._add(when, {"do": "record", "ref": ref, "args": json.dumps({"event": event, **args})})

    def assess(self, when: datetime, ref: str, level: str = "amber", by: str = "", **args: Any) -> None:
        """A risk assessment that counts, unless `by` says otherwise."""
        reason = self.random.choice(
            ("Strategy discussion needed.", "Family known, plan in place.", "Threshold for assessment met.")
        )
        self.record(when, ref, "risk_assessed", by=by or self.random.choice(_WORKERS), level=level, reason=reason, **args)

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


def write_script(folder: Path, contacts: int, seed: int) -> Expected:
    """Write the weekend into `folder`; about `contacts` contacts, at least the scenes that make it worth watching."""
    script = Script(folder, seed)
    script.expected.contacts = _scenes(script)
    number = 0
    while script.expected.contacts < contacts:
        number += 1
        _ordinary(script, number)
        script.expected.contacts += 1
    script.write()
    return script.expected


def _at(day: int, hour: int, minute: int, second: int = 0) -> datetime:
    """Friday is day 0."""
    return START + timedelta(days=day, hours=hour, minutes=minute, seconds=second)


def _scenes(script: Script) -> int:
    """The scenes that every demo shows; returns how many contacts they make."""
    child, text = script.nursery.child, _WORRIES

    twice = messages.hl7_referral(child(), "amber", "LTH-7001", "MSG7001", _at(0, 9, 10), text[0])
    script.send(_at(0, 9, 10), "health", "mllp", "same-1", "same.hl7", twice)
    script.send(_at(0, 9, 13), "health", "mllp", "same-2", "same.hl7", twice, "duplicate")
    script.assess(_at(0, 11, 0), "same-1")

    turned = child()
    script.send(
        _at(0, 9, 30), "health", "mllp", "turned-1", "turned-green.hl7",
        messages.hl7_referral(turned, "green", "LTH-7002", "MSG7002", _at(0, 9, 30), text[6]),
    )  # fmt: skip
    script.assess(_at(0, 10, 30), "turned-1", "green")
    script.send(
        _at(0, 15, 0), "health", "mllp", "turned-2", "turned-red.hl7",
        messages.hl7_referral(turned, "red", "LTH-7002", "MSG7002", _at(0, 15, 0), text[0] + " Second injury found."),
    )  # fmt: skip
    script.assess(_at(1, 9, 0), "turned-1", "red")
    script.flag("turned-1", _at(0, 15, 0), opening=2)

    shared = child()
    script.send(
        _at(0, 13, 20),
        "education",
        "http",
        "school-1",
        "school-1.json",
        messages.school_concern(shared, "amber", "C-501", _at(0, 13, 5), text[5]),
    )
    script.send(
        _at(1, 2, 40),
        "police",
        "folder",
        "police-1",
        "police-1.xml",
        messages.police_notice([shared], "red", "PPN-26-0501", _at(1, 1, 55), text[2]),
    )
    script.assess(_at(0, 16, 0), "school-1")
    script.assess(_at(1, 9, 45), "police-1", "red")
    script.expected.stories.add(("school-1", "police-1"))

    script.send(
        _at(0, 14, 2),
        "health",
        "http",
        "unreadable",
        "cut-off.json",
        twice[:0] + b'{"resourceType": "Bundle", "type": "message", "entry": [{"fullUrl": "urn:uu',
        "quarantined",
    )
    script.flag("unreadable", _at(0, 14, 2))

    script.send(
        _at(0, 14, 30),
        "health",
        "http",
        "booking",
        "booking.json",
        messages.fhir_booking(_at(0, 14, 30), "booking"),
        "not_a_contact",
    )

    first = child()
    siblings = [first, child(first.family, first.address, first.postcode), child(first.family, first.address, first.postcode)]
    script.send(
        _at(1, 0, 40),
        "police",
        "folder",
        "siblings",
        "siblings.xml",
        messages.police_notice(siblings, "amber", "PPN-26-0502", _at(0, 23, 50), text[2]),
    )
    script.assess(_at(1, 10, 0), "siblings")
    script.assess(_at(1, 10, 20), "siblings/2")
    script.assess(_at(2, 9, 15), "siblings/3")
    script.flag("siblings/3", _at(1, 0, 40))

    script.send(
        _at(0, 23, 58),
        "education",
        "http",
        "before-midnight",
        "before-midnight.json",
        messages.school_concern(child(), "red", "C-502", _at(0, 23, 50), text[5]),
    )
    script.assess(_at(0, 23, 59, 30), "before-midnight", "red")
    script.send(
        _at(0, 23, 50),
        "health",
        "http",
        "just-too-late",
        "just-too-late.json",
        messages.fhir_referral(child(), "red", "ED-801", _at(0, 23, 45), text[0], "late"),
    )
    script.assess(_at(1, 0, 0, 30), "just-too-late", "red")
    script.flag("just-too-late", _at(0, 23, 50))
    script.send(
        _at(1, 0, 20),
        "education",
        "http",
        "after-midnight",
        "after-midnight.json",
        messages.school_concern(child(), "amber", "C-503", _at(1, 0, 10), text[3]),
    )
    script.assess(_at(1, 11, 0), "after-midnight")

    script.send(
        _at(1, 12, 0),
        "police",
        "folder",
        "closed-only",
        "closed-only.xml",
        messages.police_notice([child()], "green", "PPN-26-0503", _at(1, 11, 20), text[4]),
    )
    script.record(_at(1, 15, 0), "closed-only", "closed", by="Chloe Davies", reason="Advice given.")
    script.flag("closed-only", _at(1, 12, 0))

    caller = child()
    script.record(
        _at(1, 16, 5), "telephone", "contact_recorded", method="telephone", by="Ben Hughes", reference="TEL-1",
        child=_told(caller), concern=text[7], risk="amber", caller={"name": "Neighbour", "relationship": "neighbour"},
    )  # fmt: skip
    script.expected.dispositions["telephone"] = "contact"
    script.assess(_at(1, 17, 0), "telephone")

    script.send(
        _at(2, 10, 0),
        "health",
        "mllp",
        "by-a-desk",
        "by-a-desk.hl7",
        messages.hl7_referral(child(), "amber", "LTH-7003", "MSG7003", _at(2, 10, 0), text[1]),
    )
    script.assess(_at(2, 10, 40), "by-a-desk", "amber", by="Duty")
    script.flag("by-a-desk", _at(2, 10, 0))

    script.send(
        _at(1, 20, 0),
        "education",
        "http",
        "typed-in-late",
        "typed-in-late.json",
        messages.school_concern(child(), "amber", "C-504", _at(1, 19, 30), text[1]),
    )
    done = _at(1, 21, 30).isoformat()
    script.assess(_at(2, 8, 30), "typed-in-late", "amber", at=done)
    script.flag("typed-in-late", _at(1, 20, 0), state="withdrawn")
    _known_children(script)
    return 20


def _known_children(script: Script) -> None:
    """Twins, who are never one child; and a child who may be a known one who has moved: a person must say."""
    one = replace(script.nursery.child(), given="Amelia", sex="F")
    other = replace(one, given="Oscar", sex="M", nhs_number=script.nursery.child().nhs_number)
    script.send(
        _at(0, 10, 20), "education", "http", "twin-1", "twin-1.json",
        messages.school_concern(one, "amber", "C-505", _at(0, 10, 10), _WORRIES[1]),
    )  # fmt: skip
    script.assess(_at(0, 12, 30), "twin-1")
    script.send(
        _at(0, 11, 15), "health", "http", "twin-2", "twin-2.json",
        messages.fhir_referral(other, "amber", "ED-802", _at(0, 11, 5), _WORRIES[6], "twin"),
    )  # fmt: skip
    script.assess(_at(0, 13, 0), "twin-2")

    before, elsewhere = script.nursery.child(), script.nursery.child()
    moved = replace(before, address=elsewhere.address, postcode=elsewhere.postcode)
    script.send(
        _at(0, 12, 10), "education", "http", "moved-1", "moved-1.json",
        messages.school_concern(before, "green", "C-506", _at(0, 12, 0), _WORRIES[5]),
    )  # fmt: skip
    script.assess(_at(0, 14, 45), "moved-1", "green")
    script.send(
        _at(1, 13, 30), "police", "folder", "moved-2", "moved-2.xml",
        messages.police_notice([moved], "amber", "PPN-26-0504", _at(1, 13, 0), _WORRIES[2]),
    )  # fmt: skip
    script.assess(_at(1, 15, 10), "moved-2")
    script.expected.reviews.add("moved-2")


def _told(child: Child) -> dict[str, str]:
    return {
        "given_name": child.given,
        "family_name": child.family,
        "date_of_birth": child.dob.isoformat(),
        "sex": child.sex,
        "postcode": child.postcode,
    }


def _ordinary(script: Script, number: int) -> None:
    """One of the many: a message from one of four agencies, and what people did with it."""
    r = script.random
    minute = r.randrange(30, 3 * 24 * 60 - 20)
    arrived = START + timedelta(minutes=minute)
    child, risk, text = script.nursery.child(), r.choice(("red", "amber", "amber", "green")), r.choice(_WORRIES)
    ref = f"n{number:03d}"
    match r.choice(("hl7", "fhir", "fhir", "school", "school", "police")):
        case "hl7":
            body = messages.hl7_referral(child, risk, f"LTH-{8000 + number}", f"MSG{8000 + number}", arrived, text)
            script.send(arrived, "health", "mllp", ref, f"{ref}.hl7", body)
        case "fhir":
            body = messages.fhir_referral(child, risk, f"ED-{1000 + number}", arrived, text, ref)
            script.send(arrived, "health", "http", ref, f"{ref}.json", body)
        case "school":
            body = messages.school_concern(child, risk, f"C-{1000 + number}", arrived, text)
            script.send(arrived, "education", "http", ref, f"{ref}.json", body)
        case _:
            body = messages.police_notice([child], risk, f"PPN-26-{1000 + number}", arrived, text)
            script.send(arrived, "police", "folder", ref, f"{ref}.xml", body)
    left = int((_midnight_after(arrived) - arrived).total_seconds() // 60)
    chance = r.random()
    if chance < 0.86 and left > 5:
        script.assess(arrived + timedelta(minutes=r.randrange(5, min(left, 400))), ref, risk)
    elif chance < 0.92:
        script.flag(ref, arrived)
        late = _midnight_after(arrived) + timedelta(hours=9, minutes=r.randrange(0, 50))
        if late < END:
            script.assess(late, ref, risk)
    else:
        script.flag(ref, arrived)


def _midnight_after(instant: datetime) -> datetime:
    day: date = instant.astimezone(LONDON).date() + timedelta(days=1)
    return datetime(day.year, day.month, day.day, tzinfo=LONDON)
