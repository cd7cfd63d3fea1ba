"""What the calendar files hold: corrections to the bank holidays, each authority's own days and hours."""

import hashlib
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from schemas.calendars.data_file import Day, Entry, LocalTime, Text
from schemas.london import LONDON

#: The longest school holiday is about seven weeks; a longer gap between two terms means a term is missing.
LONGEST_GAP_BETWEEN_TERMS = timedelta(days=70)

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
#: The three digits DfE gives an authority.
AuthorityCode = Annotated[str, Field(pattern=r"^[0-9]{3}$")]
#: The nine characters ONS gives it; empty where an entry leaves it out.
GssCode = Annotated[str, Field(pattern=r"^([EW][0-9]{8})?$")]


class BankHoliday(Entry):
    """One correction to the list of bank holidays, with where it was announced."""

    date: Day
    title: Text
    source: Text

    @model_validator(mode="after")
    def _on_a_weekday(self) -> Self:
        if self.date.weekday() >= 5:
            raise ValueError(
                "this is a weekend day, which is never a working day: give the weekday kept instead"
            )
        return self


class BankHolidayFile(Entry):
    """`bank-holidays.yaml`: what differs from the list in the package."""

    version: Text
    additions: tuple[BankHoliday, ...] = ()
    removals: tuple[BankHoliday, ...] = ()


class Period(Entry):
    """A term or a break: civil days, both ends included."""

    first_day: Day
    last_day: Day
    title: Text

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.last_day < self.first_day:
            raise ValueError("last_day is before first_day")
        return self

    def __contains__(self, day: date) -> bool:
        return self.first_day <= day <= self.last_day


class Closure(Entry):
    """A day on which the authority's offices are shut although it is a working day in law."""

    date: Day
    title: Text


class Hours(Entry):
    """Opening hours of one weekday, Europe/London. `closes` "00:00" is the midnight that ends the day."""

    opens: LocalTime
    closes: LocalTime

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.closes <= self.opens and self.closes != time(0):
            raise ValueError('closes must be after opens (or "00:00" for the end of the day)')
        return self

    def on(self, day: date) -> tuple[datetime, datetime]:
        """The first open and the first closed instant of that day, in London time."""
        closing_day = day + timedelta(days=1) if self.closes == time(0) else day
        return datetime.combine(day, self.opens, LONDON), datetime.combine(closing_day, self.closes, LONDON)


class AuthorityCalendar(Entry):
    """One local authority's own days and hours."""

    version: Text
    name: Text
    gss: GssCode = ""
    terms: tuple[Period, ...] = ()
    breaks: tuple[Period, ...] = ()
    school_day_starts: LocalTime | None = None
    closures: tuple[Closure, ...] = ()
    office_hours: Mapping[Weekday, Hours] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _terms_in_order(self) -> Self:
        for earlier, later in zip(self.terms, self.terms[1:], strict=False):
            if later.first_day <= earlier.last_day:
                raise ValueError(
                    f"{later.title} begins before {earlier.title} has ended: list terms in order"
                )
            if later.first_day - earlier.last_day > LONGEST_GAP_BETWEEN_TERMS:
                raise ValueError(
                    f"over ten weeks between {earlier.title} and {later.title}: a term is missing"
                )
        for pause in self.breaks:
            if not any(pause.first_day in term and pause.last_day in term for term in self.terms):
                raise ValueError(f"break {pause.title} from {pause.first_day} is not inside one term")
        return self

    @property
    def digest(self) -> str:
        """Changes whenever any day or hour of this entry does, even if `version` was forgotten."""
        return digest(self.model_dump_json())


class AuthorityFile(Entry):
    """`authorities.yaml`."""

    version: Text
    school_day_starts: LocalTime
    authorities: dict[AuthorityCode, AuthorityCalendar]


def digest(text: str) -> str:
    """A short fingerprint for version strings."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]
