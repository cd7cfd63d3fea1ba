"""The same-day clock of one contact, worked out again from the events of that contact alone.

Source of the rule: Ofsted 2007 (a contact is risk assessed on the day it arrives); the day is the Europe/London civil
day of arrival. Only a risk assessment with a named person, a level and a reason stops the clock. Closure, no further
action, a cancel, a transfer or a duplicate do not.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from schemas.case_event import CaseEvent
from schemas.london import civil_date, midnight_after
from streams.same_day import claimed_at, in_time, is_evidence

#: proof: the hub held the assessment before the limit. claim: dated before, arrived after. late: neither.
How = Literal["proof", "claim", "late"]

#: open: time is left. overdue: the limit has passed, but no tick has shown that the hub was running then.
#: missed: the hub ran over the limit and no evidence came in time. not_verifiable: it did not run, nobody can say.
#: ended: an unreadable message became contacts before its limit. carried: this contact was read from an unreadable
#: message after the limit; the day's flag stays with that message.
ClockState = Literal[
    "open", "overdue", "missed", "not_verifiable", "met_by_proof", "met_by_claim", "ended", "carried"
]  # fmt: skip

_BEST_FIRST: dict[How, int] = {"proof": 0, "claim": 1, "late": 2}


@dataclass(frozen=True)
class Evidence:
    """The assessment that counts best for one opening. `claimed_at` is the sender's own time when it is credible."""

    event_id: str
    by: str
    level: str
    at: datetime
    claimed_at: datetime | None
    how: How


@dataclass(frozen=True)
class Opening:
    """One run of the clock. `due_at` is the first instant that is late; `ended_at` when it became something else;
    `carried` when its limit had passed before anybody could read it."""

    number: int
    started_at: datetime
    due_at: datetime
    evidence: Evidence | None = None
    ended_at: datetime | None = None
    carried: bool = False

    @property
    def waiting(self) -> bool:
        """Nobody has risk assessed this yet, and nothing took its place."""
        return self.evidence is None and self.ended_at is None


@dataclass(frozen=True)
class Ticked:
    """What the ticks of the contact's partition say of one limit: covered by a running hub, and passed at all."""

    covered: bool
    passed: bool


def openings(events: Sequence[CaseEvent]) -> list[Opening]:
    """Every run of one contact's clock, oldest first, from its events in log order; empty while it is not opened.

    Events that came before the opening were parked, so they count as if they came right after it.
    """
    start = next((event for event in events if event.type == "opened"), None)
    if start is None:
        return []
    first = _opening(1, start.at)
    repaired_at = start.opened.repaired_at if start.opened else None
    runs = [replace(first, carried=repaired_at is not None and repaired_at >= first.due_at)]
    assessed = False
    for event in events:
        if event.type == "became":
            runs = [run if run.ended_at else replace(run, ended_at=event.at) for run in runs]
        elif is_evidence(event):
            assessed = True
            runs = [_answered(run, event) for run in runs]
        elif assessed and event.correction and (event.correction.risk_changed or event.correction.child_changed):
            # What was assessed is no longer what is known: the first run keeps its result, another begins.
            assessed = False
            runs.append(_opening(runs[-1].number + 1, event.at))
    return runs


def state(opening: Opening, now: datetime, ticked: Ticked) -> ClockState:
    """Where one run of the clock stands at `now`."""
    if opening.carried:
        return "carried"
    if opening.ended_at is not None and opening.ended_at < opening.due_at:
        return "ended"
    if opening.evidence is not None and opening.evidence.how != "late":
        return "met_by_proof" if opening.evidence.how == "proof" else "met_by_claim"
    if now < opening.due_at:
        return "open"
    if ticked.covered:
        return "missed"
    return "not_verifiable" if ticked.passed else "overdue"


def _opening(number: int, started_at: datetime) -> Opening:
    return Opening(number, started_at, midnight_after(civil_date(started_at)))


def _answered(run: Opening, event: CaseEvent) -> Opening:
    """The run with an assessment that counts, if it is better evidence than what it has."""
    claimed = claimed_at(event)
    if run.number > 1 and (claimed or event.at) < run.started_at:
        # Made of the version before the correction.
        return run
    how: How = in_time(run.number, run.started_at, run.due_at, event) or "late"
    if run.evidence is not None and _BEST_FIRST[run.evidence.how] <= _BEST_FIRST[how]:
        return run
    return replace(run, evidence=Evidence(event.event_id, event.by, event.level, event.at, claimed, how))
