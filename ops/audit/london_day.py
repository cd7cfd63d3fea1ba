"""The auditor's own civil day: which London day an instant falls on, and when that day is over.

On purpose not the code that the clocks use: this one looks the offset up in the time zone data for the midnight
itself and checks the answer by going back. Source of the rule: a contact is risk assessed on the day it arrives.
Times are microseconds since 1970 in UTC.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = 1_000_000


def instant(micros: int) -> datetime:
    """Microseconds as a UTC time."""
    return _EPOCH + timedelta(microseconds=micros)


def micros(moment: datetime) -> int:
    """A time with an offset as microseconds, exactly."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def day_of(at: int) -> date:
    """The London date of an instant."""
    return instant(at).astimezone(LONDON).date()


def days_since_epoch(day: date) -> int:
    """A date as Avro counts it."""
    return day.toordinal() - _EPOCH.toordinal()


@lru_cache(maxsize=4096)
def _end(day: date) -> int:
    wall = datetime.fromordinal(day.toordinal() + 1)
    offset = wall.replace(tzinfo=LONDON).utcoffset()
    assert offset is not None
    end = micros(wall.replace(tzinfo=UTC)) - offset // timedelta(microseconds=1)
    if day_of(end) != wall.date() or day_of(end - 1) != day:
        raise ArithmeticError(f"the time zone data gives no single midnight after {day}")
    return end


def limit(at: int) -> int:
    """The first instant that is late for a contact that arrived at `at`: the end of its London day."""
    return _end(day_of(at))
