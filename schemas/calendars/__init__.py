"""Calendars as versioned data: bank holidays, school terms, local closures, office hours.

A calendar answers only for the days it knows. Outside them it raises, because a guessed day is a wrong
deadline. A working day is not a Saturday, a Sunday, Christmas Day, Good Friday or a bank holiday in England
and Wales (source: Children Act 2004 (Joint Area Reviews) Regulations 2005, reg 1(3)). Local closures are kept
apart and count only in the calendars that name them.
"""

from schemas.calendars.data_file import DataFileError
from schemas.calendars.days import (
    SHIPPED_CALENDARS,
    CalendarError,
    CalendarName,
    CalendarRangeError,
    Calendars,
    load_calendars,
)
from schemas.calendars.files import AuthorityCalendar, Closure, Hours, Period

__all__ = [
    "SHIPPED_CALENDARS",
    "AuthorityCalendar",
    "CalendarError",
    "CalendarName",
    "CalendarRangeError",
    "Calendars",
    "Closure",
    "DataFileError",
    "Hours",
    "Period",
    "load_calendars",
]
