"""The same-day clock: every contact is risk assessed on the Europe/London day on which it arrived. Pure rules.

Source: good practice of "Narrowing the Gap" (Ofsted 2007), all seven days of the week. Only a risk assessment by a
named person, with a level and a reason, stops it; closure, no further action, cancel, transfer and duplicate do not.
"""

from datetime import datetime

from schemas.case_event import CaseEvent
from schemas.codes import RISK_LEVELS, is_named_worker
from schemas.london import civil_date, midnight_after
from streams.case_row import ClockRow

CLOCK = "same-day"


def start(opening: int, started_at: datetime) -> ClockRow:
    """A running clock; due at the end of the London civil day of `started_at`."""
    due = midnight_after(civil_date(started_at))
    return ClockRow(clock=CLOCK, opening=opening, started_at=started_at, due_at=due)


def is_evidence(event: CaseEvent) -> bool:
    """Whether an event is a risk assessment that counts."""
    return (
        event.type == "risk_assessed"
        and not event.problem
        and event.level in RISK_LEVELS
        and bool(event.reason_hash)
        and is_named_worker(event.by)
    )


def in_time(clock: ClockRow, event: CaseEvent) -> str:
    """`proof` when the hub held the evidence before the limit, `claim` when it arrived later but is dated in time,
    else empty. A date without a time counts only if it is the very day the clock started: any other says nothing."""
    if clock.opening > 1 and _claimed(event) < clock.started_at:
        # An assessment of the version before the correction.
        return ""
    if event.at < clock.due_at:
        return "proof"
    if event.happened_at is not None:
        return "claim" if event.happened_at < clock.due_at else ""
    if event.happened_on is not None:
        return "claim" if event.happened_on == civil_date(clock.started_at) else ""
    return ""


def _claimed(event: CaseEvent) -> datetime:
    if event.happened_at is not None and event.happened_at <= event.at:
        return event.happened_at
    return event.at
