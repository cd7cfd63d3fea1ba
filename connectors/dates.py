"""Dates and times as partners write them: ISO, HL7 v2, UK day first, month names; London time where no offset is given.

Nothing raises and nothing is thrown away: what cannot be used stays as text, with a note that says why. There is no
clock in here; "in the future" is judged against the day the message itself says it was written.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Literal

from connectors.decoding import one_line
from schemas.london import LONDON, civil_date
from schemas.reading import Note

EARLIEST = date(1900, 1, 1)
LATEST = date(2100, 12, 31)

EARLIEST_ARRIVAL = date(2025, 1, 1)
"""No message reached this hub before it existed, so an age on this day is the least an age can be."""

OLDEST_CHILD = 25
"""Years. Above it a person is noted as not a child: the children's duty ends at 18, for care leavers at 25."""

Precision = Literal["", "year", "month", "day", "minute", "second"]


@dataclass(frozen=True, slots=True)
class ReadDate:
    """`value` or nothing; `text` is what was sent, kept when there is no value."""

    value: date | None = None
    text: str = ""
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadInstant:
    """`value` in UTC or nothing; `text` is what was sent, kept when there is no value; `precision` is as written."""

    value: datetime | None = None
    text: str = ""
    precision: Precision = ""
    notes: tuple[Note, ...] = ()


_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august",
            "sep sept september", "oct october", "nov november", "dec december",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip

_YEAR_FIRST = re.compile(r"([0-9]{4})(?:[-/.]([0-9]{1,2})(?:[-/.]([0-9]{1,2}))?)?")
_HL7 = re.compile(r"([0-9]{4})([0-9]{2})(?:([0-9]{2}))?")
_DAY_FIRST = re.compile(r"([0-9]{1,2})[-/. ]([0-9]{1,2})[-/. ]([0-9]{4}|[0-9]{2})")
_NAMED_MONTH = re.compile(r"([0-9]{1,2})(?:st|nd|rd|th)?[-/. ]+(?:of +)?([A-Za-z]{3,9})\.?,?[-/. ]+([0-9]{4})")
_MONTH_FIRST = re.compile(r"([A-Za-z]{3,9})\.? +([0-9]{1,2})(?:st|nd|rd|th)?,? +([0-9]{4})")
_WEEKDAY = re.compile(r"^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6},? +", re.IGNORECASE)
_TIME = re.compile(
    r"(?P<h>[0-9]{1,2})(?:[:.]?(?P<m>[0-9]{2})(?::?(?P<s>[0-9]{2})(?:[.,](?P<f>[0-9]{1,9}))?)?)?"
    r" *(?P<half>[AaPp]\.?[Mm]\.?)?"
)
_OFFSET = re.compile(r" *(?:(?P<zulu>Z|z|UTC|GMT)|(?P<sign>[+\-\u2212])(?P<h>[0-9]{2}):?(?P<m>[0-9]{2})?|(?P<bst>BST))")


def _note(code: str, field: str, text: str) -> Note:
    return Note(code=code, field=field, text=text)


@dataclass(frozen=True, slots=True)
class _Day:
    year: int
    month: int = 0
    day: int = 0
    notes: tuple[Note, ...] = ()


def _split_day(text: str, field: str) -> tuple[_Day | None, str]:
    """The calendar day at the start of a text, and what follows it."""
    text = _WEEKDAY.sub("", text)
    for pattern in (_HL7, _YEAR_FIRST):
        match = pattern.match(text)
        if match:
            year, month, day = (int(part or 0) for part in match.groups())
            return _Day(year, month, day), text[match.end() :]
    if match := _DAY_FIRST.match(text):
        day, month, year = (int(part) for part in match.groups())
        if len(match.group(3)) == 2:
            return None, ""
        if month > 12 >= day:
            swapped = _note("date_month_first", field, "The date was written month first; please send yyyy-mm-dd.")
            return _Day(year, day, month, (swapped,)), text[match.end() :]
        return _Day(year, month, day), text[match.end() :]
    if match := _NAMED_MONTH.match(text):
        day_text, name, year_text = match.groups()
    elif match := _MONTH_FIRST.match(text):
        name, day_text, year_text = match.groups()
    else:
        return None, ""
    month = _MONTHS.get(name.casefold(), 0)
    return (_Day(int(year_text), month, int(day_text)) if month else None), text[match.end() :]


def read_date(value: object, field: str, *, not_after: date | None = None) -> ReadDate:
    """A calendar date; a time of day after it is ignored, except that with an offset the London day is taken.

    `field` names where it stood (it goes into notes). `not_after`: a later date is kept as text with a note.
    """
    text = one_line(value, 60)
    if not text or text in ('""', "-"):
        return ReadDate()
    day, rest = _split_day(text, field)
    if day is None:
        return ReadDate(
            None,
            text,
            (_note("date_unreadable", field, "The date could not be understood; please send yyyy-mm-dd."),),
        )
    if not day.day:
        return ReadDate(None, text, (_note("date_partial", field, "The date has no day, so it was kept as text."),))
    try:
        found = date(day.year, day.month, day.day)
    except ValueError:
        return ReadDate(None, text, (_note("date_impossible", field, "There is no such date; it was kept as text."),))
    instant = read_instant(text, field) if rest else None
    if instant and not instant.precision:
        extra = _note("date_trailing_text", field, "Text after the date could not be understood and was left out.")
        day = _Day(day.year, day.month, day.day, (*day.notes, extra))
    elif instant and instant.value and _OFFSET.search(rest):
        found = civil_date(instant.value)
    if found < EARLIEST or found > LATEST:
        outside = _note("date_out_of_range", field, "The date is before 1900 or after 2100; it was kept as text.")
        return ReadDate(None, text, (*day.notes, outside))
    if not_after and found > not_after:
        later = _note("date_in_future", field, "The date is after the message was written; it was kept as text.")
        return ReadDate(None, text, (*day.notes, later))
    return ReadDate(found, "", day.notes)


def read_birth_date(value: object, field: str, *, written: datetime | None = None) -> ReadDate:
    """A child's date of birth. `written` is when the sender wrote the message, if known.

    A date after that, before 1900 or not understood is kept as text. An age over 25 is kept with a note: it may be a
    typing error, or the parent in the child's place, and a person has to look.
    """
    day = civil_date(written) if written else None
    read = read_date(value, field, not_after=day)
    if read.value and is_over_age(read.value, written):
        adult = _note(
            "not_a_child",
            field,
            "The date of birth makes the person older than 25; please check who the child is.",
        )
        return ReadDate(read.value, "", (*read.notes, adult))
    return read


def is_over_age(born: date, written: datetime | None) -> bool:
    """Whether somebody born then is older than `OLDEST_CHILD` on the day of writing (else the least it can be)."""
    day = civil_date(written) if written else EARLIEST_ARRIVAL
    years = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    return years > OLDEST_CHILD


def read_instant(value: object, field: str) -> ReadInstant:
    """A date and time as UTC. Without an offset it is Europe/London local time; without a time, the start of that day.

    `field` names where it stood. Of two equal local times in the autumn hour the first (summer time) is taken.
    """
    text = one_line(value, 60)
    if not text or text in ('""', "-"):
        return ReadInstant()
    day, rest = _split_day(text, field)
    if day is None:
        return _unusable(text, _note("time_unreadable", field, "The time could not be understood; please send ISO 8601."))
    if not day.day:
        partial: Precision = "month" if day.month else "year"
        note = _note("date_partial", field, "The time has no day, so it was kept as text.")
        return ReadInstant(None, text, partial, (note,))
    notes = list(day.notes)
    parsed = _time_of_day(rest, field, notes)
    if parsed is None:
        return _unusable(text, _note("time_unreadable", field, "The time could not be understood; please send ISO 8601."))
    since_midnight, offset, precision = parsed
    if not EARLIEST.year <= day.year <= LATEST.year:
        return _unusable(text, _note("date_out_of_range", field, "The date is before 1900 or after 2100; kept as text."))
    try:
        local = datetime(day.year, day.month, day.day) + since_midnight
    except ValueError:
        return _unusable(text, _note("date_impossible", field, "There is no such date; it was kept as text."))
    if offset is not None:
        return ReadInstant(local.replace(tzinfo=timezone(offset)).astimezone(UTC), "", precision, tuple(notes))
    if precision == "day":
        notes.append(_note("time_day_only", field, "Only a day was given; its start, London time, stands for it."))
    else:
        notes.append(_note("time_without_offset", field, "The time has no offset; it was taken as London time."))
    return ReadInstant(local.replace(tzinfo=LONDON).astimezone(UTC), "", precision, tuple(notes))


def _unusable(text: str, note: Note) -> ReadInstant:
    return ReadInstant(None, text, "", (note,))


def _time_of_day(rest: str, field: str, notes: list[Note]) -> tuple[timedelta, timedelta | None, Precision] | None:
    """Time since local midnight, offset and precision of what follows a date; None when it cannot be understood."""
    rest = rest.strip().removeprefix("T").removeprefix("t").removeprefix("at ").removeprefix(",").strip()
    rest = re.sub(r"(?: *\[[A-Za-z_/]{1,40}\])$", "", rest)
    if not rest:
        return timedelta(), None, "day"
    since, end = timedelta(), 0
    precision: Precision = "day"
    match = _TIME.match(rest)
    if match:
        hours, minutes, seconds = (int(match.group(part) or 0) for part in ("h", "m", "s"))
        if match.group("half"):
            if not 1 <= hours <= 12:
                return None
            hours = hours % 12 + (12 if match.group("half")[0] in "pP" else 0)
        if seconds == 60:
            notes.append(_note("leap_second", field, "Second 60 was read as second 59."))
            seconds = 59
        midnight = hours == 24 and minutes == 0 and seconds == 0
        if (hours > 23 and not midnight) or minutes > 59 or seconds > 59:
            return None
        micros = int((match.group("f") or "0").ljust(6, "0")[:6])
        since = timedelta(hours=hours, minutes=minutes, seconds=seconds, microseconds=micros)
        precision, end = ("second" if match.group("s") else "minute"), match.end()
    zone = rest[end:].strip()
    if not zone:
        return since, None, precision
    found = _OFFSET.fullmatch(zone)
    if found is None:
        return None
    if found.group("zulu"):
        offset = timedelta()
    elif found.group("bst"):
        offset = timedelta(hours=1)
    else:
        offset = timedelta(hours=int(found.group("h")), minutes=int(found.group("m") or 0))
        if offset > timedelta(hours=15) or int(found.group("m") or 0) > 59:
            notes.append(_note("offset_impossible", field, "The offset from UTC is impossible and was left out."))
            return since, None, precision
        offset = -offset if found.group("sign") != "+" else offset
    return since, offset, precision
