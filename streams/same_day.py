"""The same-day clock: every contact is risk assessed on the Europe/London day on which it arrived. Pure rules.

Source: good practice of "Narrowing the Gap" (Ofsted 2007), all seven days of the week. Only a risk assessment by a
named person, with a level and a reason, stops it; closure, no further action, cancel, transfer and duplicate do not.
"""

from datetime import datetime
from typing import Literal

from schemas.case_event import CaseEvent
from schemas.codes import RISK_LEVELS, is_named_worker
from schemas.london import civil_date, midnight_after
from streams.case_row import ClockRow

CLOCK = "same-day"

#: How evidence met a limit, if it did.
HowMet = Literal["proof", "claim", ""]


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


def in_time(opening: int, started_at: datetime, due_at: datetime, event: CaseEvent) -> HowMet:
    """`proof` when the hub held the evidence before the limit, `claim` when it arrived later but is dated in time,
    else empty.

    A claim must be dated on the very day the clock started: later it is late, and earlier it was made of something
    that had not arrived yet, or is a slip of the pen; neither may take back a flag.
    """
    claimed = claimed_at(event)
    if opening > 1 and (claimed or event.at) < started_at:
        # An assessment of the version before the correction.
        return ""
    if event.at < due_at:
        return "proof"
    dated = civil_date(claimed) if claimed else event.happened_on
    return "claim" if dated == civil_date(started_at) else ""


def claimed_at(event: CaseEvent) -> datetime | None:
    """When the event says it happened, if that is not after we heard of it."""
    return event.happened_at if event.happened_at is not None and event.happened_at <= event.at else None
