"""Dates of birth as they are compared: read in the orders agencies write them, nothing guessed."""

import re
from datetime import date, timedelta
from functools import lru_cache

from rapidfuzz.distance import OSA

_ISO = re.compile(r"^(\d{4})[-/. ]?(\d{1,2})[-/. ]?(\d{1,2})(?:[T ].*)?$")
_BRITISH = re.compile(r"^(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4}|\d{2})(?:[T ].*)?$")
_BRITISH_COMPACT = re.compile(r"^(\d{2})(\d{2})((?:19|20)\d{2})$")
_WITH_MONTH_NAME = re.compile(r"^(?:[A-Za-z]{3,9},? +)?(\d{1,2})(?:st|nd|rd|th)?[-/. ]*(?:of )?([A-Za-z]{3,9})[-/., ]*(\d{4}|\d{2})(?:[T ].*)?$")
_MONTH_NAME_FIRST = re.compile(r"^([A-Za-z]{3,9})[-/., ]+(\d{1,2})(?:st|nd|rd|th)?[-/., ]+(\d{4}|\d{2})(?:[T ].*)?$")
_SPREADSHEET_DAY = re.compile(r"^\d{5}(?:\.0+)?$")
_SPREADSHEET_START = date(1899, 12, 30)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

LAST_YEAR_OF_THIS_CENTURY = 49
"""Years written in two digits: up to this one 20.., after it 19... Fixed, so that a decision never depends on today."""

_NEVER_A_BIRTHDAY = frozenset({19000101, 19010101, 18000101, 11110101, 99991231, 20991231})
"""System placeholders for "not known"."""

MISSING = 0
SAME, SWAPPED, ONE_EDIT, TWO_PARTS, DIFFERENT, SAME_FIRST_OF_JANUARY = range(1, 7)
LEVELS = ("missing", "same", "day/month swapped", "one edit", "two parts", "different", "same 1 January")


@lru_cache(maxsize=65_536)
def read_dob(text: str) -> int:
    """A date of birth as the number yyyymmdd, or 0 when missing, a system placeholder or not a date.

    Day before month unless the year leads; a five-digit number is a day of a spreadsheet's calendar. Dates before 1900,
    and 1 January 1900, are taken for placeholders.
    """
    text = text.strip()[:40]
    parts = _parts(text)
    if parts is None:
        return 0
    year, month, day = parts
    try:
        date(year, month, day)
    except ValueError:
        if not 1 <= day <= 12:
            return 0
        year, month, day = year, day, month
        try:
            date(year, month, day)
        except ValueError:
            return 0
    number = year * 10_000 + month * 100 + day
    return 0 if number in _NEVER_A_BIRTHDAY or year < 1900 else number


def _parts(text: str) -> tuple[int, int, int] | None:
    if not text.isascii():
        return None
    if _SPREADSHEET_DAY.match(text):
        born = _SPREADSHEET_START + timedelta(days=int(text[:5]))
        return (born.year, born.month, born.day) if born.year <= 2000 + LAST_YEAR_OF_THIS_CENTURY else None
    if found := _ISO.match(text):
        year, month, day = found.groups()
        # 8 digits that do not begin with a century are a British date without separators.
        if year[:2] in ("18", "19", "20", "99") or not text.isdigit():
            return int(year), int(month), int(day)
    if found := _BRITISH.match(text) or _BRITISH_COMPACT.match(text):
        day, month, year = found.groups()
        return _year(year), int(month), int(day)
    if found := _WITH_MONTH_NAME.match(text):
        day, name, year = found.groups()
    elif found := _MONTH_NAME_FIRST.match(text):
        name, day, year = found.groups()
    else:
        return None
    short = name.lower()[:3]
    return (_year(year), _MONTHS.index(short) + 1, int(day)) if short in _MONTHS else None


def _year(text: str) -> int:
    number = int(text)
    if len(text) == 4:
        return number
    return number + (2000 if number <= LAST_YEAR_OF_THIS_CENTURY else 1900)


def compare_dob(a: int, b: int) -> int:
    """The level of agreement of two dates of birth (see `LEVELS`)."""
    if not a or not b:
        return MISSING
    if a == b:
        return SAME_FIRST_OF_JANUARY if a % 10_000 == 101 else SAME
    year_a, month_a, day_a = a // 10_000, a // 100 % 100, a % 100
    year_b, month_b, day_b = b // 10_000, b // 100 % 100, b % 100
    parts = (year_a == year_b) + (month_a == month_b) + (day_a == day_b)
    if not parts:
        return DIFFERENT  # one slip leaves at least one of the three
    if year_a == year_b and month_a == day_b and day_a == month_b:
        return SWAPPED
    if OSA.distance(f"{a:08d}", f"{b:08d}", score_cutoff=1) <= 1:
        return ONE_EDIT
    return TWO_PARTS if parts == 2 else DIFFERENT
