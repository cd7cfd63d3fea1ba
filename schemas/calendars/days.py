"""Which days and hours count, in each calendar, and which version of it said so."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from schemas.calendars.data_file import DataFile, Day, Text, read_data_file
from schemas.calendars.files import (
    WEEKDAYS,
    AuthorityCalendar,
    AuthorityFile,
    BankHolidayFile,
    digest,
)
from schemas.london import LONDON

SHIPPED_CALENDARS = Path(__file__).parents[1] / "data" / "calendars"
#: England and Wales have had at least eight bank holidays a year since 1978; a year with fewer is incomplete.
BANK_HOLIDAYS_A_YEAR = 8

_WEEKEND = {5: "Saturday", 6: "Sunday"}

CalendarName = Literal[
    "every-day", "england-and-wales", "england-and-wales-with-closures", "school", "office-hours"
]


class CalendarError(ValueError):
    """A calendar that is needed for an answer is not there. The text says what to add, and where."""


class CalendarRangeError(CalendarError):
    """A day outside the days a calendar knows."""


class _PackageHoliday(BaseModel):
    date: Day
    title: Text


@dataclass(frozen=True)
class Calendars:
    """All calendars of a deployment, read once at start. `la` is a DfE or GSS code; None: no authority."""

    bank_holidays: Mapping[date, str]
    known_from: date
    known_to: date
    bank_holidays_version: str
    school_day_starts: time
    authorities: Mapping[str, AuthorityCalendar]
    folder: Path

    def authority(self, la: str | None) -> AuthorityCalendar | None:
        """The authority's own entry, found by either code."""
        return self.authorities.get(la.strip().upper()) if la else None

    def why_not(self, calendar: CalendarName, day: date, la: str | None = None) -> str | None:
        """Why that day does not count in that calendar ("Saturday", "Good Friday"); None if it counts.

        Raises CalendarRangeError for a day the calendar does not know, CalendarError for hours nobody gave.
        """
        if calendar == "every-day":
            return None
        own = self.authority(la)
        reason = self._why_not_working(day, weekend=calendar != "office-hours")
        if calendar == "school":
            return self._why_not_in_term(own, day, la) or reason
        if reason is None and calendar != "england-and-wales" and own is not None:
            reason = next((f"closed: {c.title}" for c in own.closures if c.date == day), None)
        if calendar == "office-hours" and reason is None and self.hours(day, la) is None:
            reason = f"closed on {day:%A}s"
        return reason

    def _why_not_working(self, day: date, *, weekend: bool) -> str | None:
        if not self.known_from <= day <= self.known_to:
            raise CalendarRangeError(
                f"bank holidays are known from {self.known_from} to {self.known_to}, not for {day}: "
                f"install a newer govuk-bank-holidays or add the year to {self.folder / 'bank-holidays.yaml'}"
            )
        return self.bank_holidays.get(day) or (_WEEKEND.get(day.weekday()) if weekend else None)

    def _why_not_in_term(self, own: AuthorityCalendar | None, day: date, la: str | None) -> str | None:
        if own is None or not own.terms:
            return None
        first, last = own.terms[0].first_day, own.terms[-1].last_day
        if not first <= day <= last:
            raise CalendarRangeError(
                f"term dates of {la} are known from {first} to {last}, not for {day}: add the school year to "
                f"{self.folder / 'authorities.yaml'}"
            )
        pause = next((p for p in own.breaks if day in p), None)
        if pause is not None:
            return pause.title
        return None if any(day in term for term in own.terms) else "school holiday"

    def has_terms(self, la: str | None) -> bool:
        """Whether that authority's term dates were given."""
        own = self.authority(la)
        return own is not None and bool(own.terms)

    def school_start(self, day: date, la: str | None) -> datetime:
        """When the school day starts on that date, in London time."""
        return datetime.combine(day, self._school_start(la), LONDON)

    def _school_start(self, la: str | None) -> time:
        own = self.authority(la)
        return own.school_day_starts if own and own.school_day_starts else self.school_day_starts

    def has_office_hours(self, la: str | None) -> bool:
        """Whether that authority's office hours were given."""
        own = self.authority(la)
        return own is not None and bool(own.office_hours)

    def hours(self, day: date, la: str | None) -> tuple[datetime, datetime] | None:
        """Opening and closing instant by weekday alone; None if closed that weekday."""
        own = self.authority(la)
        if own is None or not own.office_hours:
            raise CalendarError(
                f"no office hours are known for {la or 'the country as a whole'}: name an authority "
                f"by its LA code, and give its office_hours in {self.folder / 'authorities.yaml'}"
            )
        weekday = own.office_hours.get(WEEKDAYS[day.weekday()])
        return weekday.on(day) if weekday else None

    def version(self, calendar: CalendarName, la: str | None = None) -> str:
        """What to record beside a deadline: differs whenever a day of that calendar differs."""
        if calendar == "every-day":
            return "civil days, Europe/London"
        base = f"england-and-wales {self.bank_holidays_version}"
        own = self.authority(la)
        if calendar == "england-and-wales":
            return base
        if own is not None:
            base += f"; {own.name} {own.version} #{own.digest}"
        if calendar == "school":
            terms = "terms" if self.has_terms(la) else "no term dates"
            base += f"; {terms}, school day from {self._school_start(la):%H:%M}"
        return base


def load_calendars(folder: Path = SHIPPED_CALENDARS) -> Calendars:
    """Read `bank-holidays.yaml` and `authorities.yaml`, offline; raises DataFileError if one is not sound."""
    holidays_file = read_data_file(folder / "bank-holidays.yaml", BankHolidayFile)
    holidays = _package_bank_holidays()
    corrections = holidays_file.value
    for position, removal in enumerate(corrections.removals):
        if holidays.pop(removal.date, None) is None:
            holidays_file.refuse(
                ("removals", position), f"{removal.date} is no bank holiday: nothing to remove"
            )
    holidays |= {addition.date: addition.title for addition in corrections.additions}
    known_from, known_to = _known_years(holidays, holidays_file)
    # By reg 1(3) Christmas Day never counts, also on a weekend, when the list names only its substitute.
    for year in range(known_from.year, known_to.year + 1):
        holidays.setdefault(date(year, 12, 25), "Christmas Day")
    package = package_version("govuk-bank-holidays")
    dates = "\n".join(day.isoformat() for day in sorted(holidays))

    authorities_file = read_data_file(folder / "authorities.yaml", AuthorityFile)
    authorities: dict[str, AuthorityCalendar] = dict(authorities_file.value.authorities)
    for code, own in authorities_file.value.authorities.items():
        if own.gss and authorities.setdefault(own.gss, own) is not own:
            authorities_file.refuse(
                ("authorities", code, "gss"), f"{own.gss} belongs to another entry already"
            )
    return Calendars(
        bank_holidays=holidays,
        known_from=known_from,
        known_to=known_to,
        bank_holidays_version=f"{package}+{corrections.version} #{digest(dates)}",
        school_day_starts=authorities_file.value.school_day_starts,
        authorities=authorities,
        folder=folder,
    )


def _package_bank_holidays() -> dict[date, str]:
    # Imported here: the package pulls in an HTTP client, which no stream worker needs. Its own copy is read.
    from govuk_bank_holidays.bank_holidays import BankHolidays  # type: ignore[import-untyped]

    events = BankHolidays.load_backup_data()[BankHolidays.ENGLAND_AND_WALES]["events"]
    days = (_PackageHoliday.model_validate(event) for event in events)
    return {day.date: day.title for day in days}


def _known_years(holidays: Mapping[date, str], file: DataFile[BankHolidayFile]) -> tuple[date, date]:
    counts: dict[int, int] = {}
    for day in holidays:
        counts[day.year] = counts.get(day.year, 0) + 1
    complete = sorted(year for year, count in counts.items() if count >= BANK_HOLIDAYS_A_YEAR)
    if complete[-1] - complete[0] + 1 != len(complete):
        missing = sorted(set(range(complete[0], complete[-1])) - set(complete))
        file.refuse(
            (),
            f"year {missing[0]} has fewer than {BANK_HOLIDAYS_A_YEAR} bank holidays, later years have them",
        )
    return date(complete[0], 1, 1), date(complete[-1], 12, 31)
