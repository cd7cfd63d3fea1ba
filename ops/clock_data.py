"""The clock policy and the calendars that a process runs under, read once and found sound, or refused as a whole."""

from datetime import date, timedelta

from schemas.calendars import SHIPPED_CALENDARS, CalendarRangeError, Calendars, load_calendars
from schemas.clock_policy import SHIPPED_POLICY, load_policy
from schemas.settings import Settings
from streams.clock_rules import ClockRules

#: Further than 45 working days can reach over any Christmas: a clock that starts today finds all of its days.
_REACH = timedelta(days=120)


def clock_rules(settings: Settings, today: date | None = None) -> ClockRules:
    """The rules in force. `today`: from when on clocks will start, if that is known.

    Raises `schemas.calendars.DataFileError` naming the line that is not sound, `CalendarRangeError` for calendars that
    end too soon.
    """
    calendars = load_calendars(settings.calendars or SHIPPED_CALENDARS)
    if today is not None:
        _check_reach(calendars, today)
    return ClockRules(load_policy(settings.clock_policy or SHIPPED_POLICY, calendars=calendars), calendars)


def _check_reach(calendars: Calendars, today: date) -> None:
    if calendars.known_to < today + _REACH:
        raise CalendarRangeError(
            f"bank holidays are known to {calendars.known_to}, too short for clocks that start on {today}: install a newer "
            f"govuk-bank-holidays or add the year to {calendars.folder / 'bank-holidays.yaml'}"
        )
