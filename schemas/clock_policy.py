"""The clock policy: every timescale as one row of a file, and where a local authority changes a row.

A row says what starts and stops a clock, its limit and unit, how the days are counted and in which calendar,
when people are warned, whom a missed clock goes to, and where the rule is written. Nothing here computes.
"""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from schemas.calendars.data_file import (
    DataFile,
    DataFileError,
    Entry,
    LocalTime,
    Text,
    explain,
    read_data_file,
)
from schemas.calendars.days import CalendarName, Calendars
from schemas.calendars.files import AuthorityCode, GssCode

SHIPPED_POLICY = Path(__file__).parent / "data" / "clocks.yaml"

Unit = Literal["minute", "civil-day", "working-day", "school-day", "calendar-month"]
#: elapsed: real time runs, on through clock changes, in the hours of the calendar.
#: start-day-excluded: day 1 is the first counting day after the start day.
#: start-day-included: day 1 is the start day if it counts, else the first counting day after it.
#: before-start-of-day: the limit is the moment a school day starts, the first one after the start instant.
Counting = Literal["elapsed", "start-day-excluded", "start-day-included", "before-start-of-day"]
#: Where a rule comes from, strongest first; `local`: some authorities' practice; `historic`: no longer.
Standing = Literal["statute", "statutory-guidance", "good-practice", "house", "local", "historic"]
#: Whom a ladder can name; who that is for one child is a matter of the rota.
Rung = Literal["worker", "supervisor", "duty-manager", "head-of-service"]

ClockName = Annotated[str, Field(pattern="^[a-z][a-z0-9]*(-[a-z0-9]+)*$")]
EventName = Annotated[str, Field(pattern="^[a-z][a-z0-9]*(_[a-z0-9]+)*$")]
Events = Annotated[tuple[EventName, ...], Field(min_length=1)]
Limit = Annotated[int, Field(gt=0, le=1_000_000)]
Count = Annotated[int, Field(ge=0, le=1_000_000)]
Level = Literal["red", "amber", "green", "blue"]

_FITTING: Mapping[Unit, tuple[tuple[Counting, ...], tuple[CalendarName, ...]]] = {
    "minute": (("elapsed",), ("every-day", "office-hours")),
    "civil-day": (("start-day-excluded", "start-day-included"), ("every-day",)),
    "working-day": (
        ("start-day-excluded", "start-day-included"),
        ("england-and-wales", "england-and-wales-with-closures"),
    ),
    "school-day": (("before-start-of-day", "start-day-excluded", "start-day-included"), ("school",)),
    "calendar-month": (("start-day-excluded",), ("every-day",)),
}


class UnknownClockError(ValueError):
    """A clock the policy has no row for; the text lists the clocks there are."""


class DueSoon(Entry):
    """When people are told that a clock is about to run out.

    Either `minutes` before the first late instant, or a London time `at` on the due date, less `days` (civil)
    or `working_days`. A point that is not between start and limit is left out.
    """

    minutes: Annotated[int, Field(gt=0, le=1_000_000)] | None = None
    at: LocalTime | None = None
    days: Count = 0
    working_days: Count = 0

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.minutes is None) == (self.at is None):
            raise ValueError("give either minutes, or at with days or working_days if it is an earlier day")
        if (self.minutes and (self.days or self.working_days)) or (self.days and self.working_days):
            raise ValueError("minutes, days and working_days do not add up: give one of them")
        return self


class Step(Entry):
    """One step of a ladder: `after_minutes` past the limit, a missed clock goes `to` this person."""

    after_minutes: Count
    to: Rung


class Clock(Entry):
    """One timescale.

    `stop_on`: whether all events of `stop` are needed, or any one. `ended_by`: events after which nobody owes the
    stop any more; they end the clock and do not meet it. `level`: it runs only from a start at this level of risk.
    `four_eyes`: a stop counts only from somebody else than who did the last start before it.
    `tracked`: the hub opens the clock by itself at its start event; otherwise it is there to be asked.
    """

    title: Text
    start: EventName
    stop: Events
    stop_on: Literal["all", "any"] = "all"
    ended_by: tuple[EventName, ...] = ()
    level: Level | None = None
    four_eyes: bool = False
    limit: Limit
    unit: Unit
    counting: Counting
    calendar: CalendarName
    due_soon: tuple[DueSoon, ...] = ()
    escalation: Text
    standing: Standing
    tracked: bool = True
    source: Text
    note: str = ""

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        countings, calendars = _FITTING[self.unit]
        if self.counting not in countings:
            raise ValueError(f"a {self.unit} is counted {' or '.join(countings)}, not {self.counting}")
        if self.calendar not in calendars:
            raise ValueError(f"a {self.unit} goes with calendar {' or '.join(calendars)}, not {self.calendar}")
        if self.unit != "working-day" and any(point.working_days for point in self.due_soon):
            raise ValueError(f"due_soon: working_days goes with working-day clocks only, this is a {self.unit}")
        return self


class ClockChange(Entry):
    """What an authority changes in a row; what it leaves out stays. `source`: where its rule is written."""

    source: Text
    start: EventName | None = None
    stop: Events | None = None
    stop_on: Literal["all", "any"] | None = None
    ended_by: tuple[EventName, ...] | None = None
    level: Level | None = None
    four_eyes: bool | None = None
    limit: Limit | None = None
    unit: Unit | None = None
    counting: Counting | None = None
    calendar: CalendarName | None = None
    due_soon: tuple[DueSoon, ...] | None = None
    escalation: Text | None = None
    standing: Standing = "local"
    tracked: bool | None = None
    note: str | None = None


class AuthorityChanges(Entry):
    """The rows one local authority changes."""

    name: Text
    gss: GssCode = ""
    clocks: dict[ClockName, ClockChange]


class PolicyFile(Entry):
    """`clocks.yaml` as written."""

    version: Text
    events: dict[EventName, Text]
    ladders: dict[str, tuple[Step, ...]]
    clocks: dict[ClockName, Clock]
    authorities: dict[AuthorityCode, AuthorityChanges]


@dataclass(frozen=True)
class Policy:
    """A sound policy, each authority's rows worked out in full."""

    version: str
    events: Mapping[str, str]
    ladders: Mapping[str, tuple[Step, ...]]
    clocks: Mapping[str, Clock]
    changed: Mapping[str, Mapping[str, Clock]]

    def clock(self, name: str, la: str | None = None) -> Clock:
        """The row in force for that authority (DfE or GSS code). Raises UnknownClockError."""
        own = self.changed.get(la.strip().upper(), {}) if la else {}
        found = own.get(name) or self.clocks.get(name)
        if found is None:
            near = difflib.get_close_matches(name, self.clocks, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise UnknownClockError(f"there is no clock {name!r}.{hint} Clocks: {', '.join(self.clocks)}")
        return found

    def knows(self, la: str) -> bool:
        """Whether that authority changes any row."""
        return la.strip().upper() in self.changed

    def ladder(self, clock: Clock) -> tuple[Step, ...]:
        """Whom a missed clock goes to, in order."""
        return self.ladders[clock.escalation]


def load_policy(path: Path = SHIPPED_POLICY, *, calendars: Calendars | None = None) -> Policy:
    """Read and check a policy file; with `calendars`, also that they hold what each authority's rows need.

    Raises DataFileError naming the line for an unknown clock, event, ladder or key, a limit below one, a
    counting rule or calendar that does not fit the unit, a ladder out of order, or office hours nobody gave.
    """
    file = read_data_file(path, PolicyFile)
    written = file.value
    for name, ladder in written.ladders.items():
        times = [step.after_minutes for step in ladder]
        if not times or times != sorted(set(times)):
            file.refuse(("ladders", name), "a ladder needs one step or more, each later than the one before")
    for name, clock in written.clocks.items():
        _check_names(file, ("clocks", name), clock)
    changed: dict[str, Mapping[str, Clock]] = {}
    for code, authority in written.authorities.items():
        own = changed[code] = dict(_worked_out(file, code, authority))
        if authority.gss and changed.setdefault(authority.gss, own) is not own:
            file.refuse(("authorities", code, "gss"), f"{authority.gss} belongs to another entry already")
        for name in written.clocks if calendars else ():
            row = own.get(name, written.clocks[name])
            if row.calendar == "office-hours" and calendars and not calendars.has_office_hours(code):
                loc = ("authorities", code, "clocks", name)
                file.refuse(loc, f"clock {name} runs in office hours, but the calendars hold none for {code}")
    return Policy(written.version, written.events, written.ladders, written.clocks, changed)


def _worked_out(file: DataFile[PolicyFile], code: str, authority: AuthorityChanges) -> Iterator[tuple[str, Clock]]:
    for name, change in authority.clocks.items():
        loc = ("authorities", code, "clocks", name)
        shipped = file.value.clocks.get(name)
        if shipped is None:
            file.refuse(loc, f"there is no clock {name!r} to change; clocks: {', '.join(file.value.clocks)}")
        given = change.model_dump(exclude_unset=True) | {"standing": change.standing}
        try:
            row = Clock.model_validate(shipped.model_dump() | given)
        except ValidationError as error:
            raise DataFileError("\n".join(explain(error, file.path, file.lines, loc))) from error
        _check_names(file, loc, row)
        yield name, row


def _check_names(file: DataFile[PolicyFile], loc: tuple[str, ...], clock: Clock) -> None:
    named = (("start", (clock.start,)), ("stop", clock.stop), ("ended_by", clock.ended_by))
    for key, event in ((key, event) for key, events in named for event in events):
        if event not in file.value.events:
            file.refuse((*loc, key), f"event {event!r} is not in the list of events")
    if clock.escalation not in file.value.ladders:
        file.refuse((*loc, "escalation"), f"there is no ladder {clock.escalation!r}")
