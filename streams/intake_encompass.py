"""The start of the clock by which a child's school must be told, from a police notice. Pure; see `intake_children`.

Source: Home Office statutory guidance of 7 November 2025 on the duty of police forces (Operation Encompass): children from
reception age to 17. Which notices say so is `streams.domestic_abuse`.
"""

from datetime import date, datetime

from schemas.case_event import CaseEvent
from schemas.london import LONDON, civil_date
from schemas.person import Person


def at_school_age(person: Person, on: date) -> bool:
    """Whether the duty covers a child on that day: from the September after the fourth birthday until the eighteenth.
    Of an unknown age it does; whether the school is known says nothing."""
    if person.unborn:
        return False
    if person.dob is None:
        return True
    starts = person.dob.year + (4 if (person.dob.month, person.dob.day) < (9, 1) else 5)
    eighteenth = (person.dob.year + 18, person.dob.month, person.dob.day)
    return date(starts, 9, 1) <= on and (on.year, on.month, on.day) < eighteenth


def dated(event: CaseEvent, written: datetime | None) -> CaseEvent:
    """The event with the time at which the force wrote the notice: by then it believed. A date alone comes as midnight."""
    if written is None:
        return event
    local = written.astimezone(LONDON)
    if (local.hour, local.minute, local.second) == (0, 0, 0):
        return event.model_copy(update={"happened_on": civil_date(written)})
    return event.model_copy(update={"happened_at": written})
