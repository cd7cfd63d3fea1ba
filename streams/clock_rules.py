"""The clocks in force for an authority, and their limits: the policy and the calendars, asked often. Pure."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Literal, NamedTuple

from schemas.calendars import CalendarError, Calendars
from schemas.clock_policy import Clock, Policy, Step
from schemas.london import LONDON, civil_date
from streams import same_day
from streams.deadlines import DeadlineError, deadline

#: Limits remembered; most cases of a day share theirs.
_REMEMBERED = 8192


_ANY_START = datetime(2026, 1, 1, tzinfo=UTC)


class Limit(NamedTuple):
    """When one clock runs out. `warnings`: the due-soon points between start and limit. `rests_on`: the versions of
    policy and calendar. `known` false: no calendar reaches so far, so that the limit is nothing but the start."""

    due_at: datetime
    warnings: tuple[datetime, ...]
    rests_on: str
    known: bool = True


class ClockRules:
    """A sound policy and its calendars. Every clock but the same-day one, which `cases` keeps."""

    def __init__(self, policy: Policy, calendars: Calendars) -> None:
        self._policy, self._calendars = policy, calendars
        self._tracked = lru_cache(maxsize=512)(self._work_out_tracked)
        self._limit = lru_cache(maxsize=_REMEMBERED)(self._work_out_limit)
        self._limit_of_day = lru_cache(maxsize=_REMEMBERED)(self._work_out_limit_of_day)
        self._ladder = lru_cache(maxsize=4096)(self._work_out_ladder)
        self._kind = lru_cache(maxsize=4096)(lambda name, authority: _kind_of(self.tracked(authority)[name]))
        self._version = lru_cache(maxsize=512)(self._work_out_version)

    def tracked(self, authority: str) -> Mapping[str, Clock]:
        """The clocks that the hub opens by itself for that authority, in the order of the policy."""
        return self._tracked(authority)

    def limit(self, name: str, authority: str, start: datetime) -> Limit:
        """The limit of a clock that started at `start`."""
        kind = self._kind(name, authority)
        if kind == "shifted":
            found, shift = self._limit(name, authority, _ANY_START), start - _ANY_START
            return Limit(found.due_at + shift, tuple([point + shift for point in found.warnings]), found.rests_on)
        if kind == "instant":
            return self._limit(name, authority, start)
        found = self._limit_of_day(name, authority, civil_date(start))
        if found.warnings and found.warnings[0] <= start:
            return found._replace(warnings=tuple(point for point in found.warnings if point > start))
        return found

    def ladder(self, name: str, authority: str) -> tuple[Step, ...]:
        """Whom a missed clock goes to, in order; nobody for a clock that is tracked no more."""
        return self._ladder(name, authority)

    def waits_for(self, event: str) -> bool:
        """Whether any authority's clock that the hub opens by itself is stopped by this event."""
        rows = (*self._policy.clocks.values(), *(row for own in self._policy.changed.values() for row in own.values()))
        return any(row.tracked and event in row.stop for row in rows)

    def version(self, authority: str) -> str:
        """Differs whenever a limit of that authority may."""
        return self._version(authority)

    def _work_out_tracked(self, authority: str) -> Mapping[str, Clock]:
        rows = {name: self._policy.clock(name, authority or None) for name in self._policy.clocks}
        return {name: row for name, row in rows.items() if row.tracked and name != same_day.CLOCK}

    def _work_out_ladder(self, name: str, authority: str) -> tuple[Step, ...]:
        clock = self.tracked(authority).get(name)
        return self._policy.ladder(clock) if clock is not None else ()

    def _work_out_limit_of_day(self, name: str, authority: str, day: date) -> Limit:
        return self._work_out_limit(name, authority, datetime.combine(day, time(), LONDON))

    def _work_out_limit(self, name: str, authority: str, start: datetime) -> Limit:
        la = authority or None
        try:
            found = deadline(name, start, policy=self._policy, calendars=self._calendars, la=la)
        except (CalendarError, DeadlineError):
            missing = f"policy {self._policy.version}; no calendar for {civil_date(start).year}"
            return Limit(start.astimezone(UTC), (), missing, known=False)
        rests_on = f"policy {found.policy_version}; {found.calendar_version}"
        # In UTC, as on the log: a flag's id is made of it.
        return Limit(found.due_at.astimezone(UTC), tuple(point.astimezone(UTC) for point in found.due_soon_at), rests_on)

    def _work_out_version(self, authority: str) -> str:
        school = self._calendars.version("school", authority or None)
        return f"policy {self._policy.version}; {school}"


def _kind_of(clock: Clock) -> Literal["shifted", "instant", "day"]:
    """What of a start the limit depends on. `shifted`: elapsed time round the clock, warned of so long before its end, is
    the same from any start. `day`: days are counted from the day of the start, whatever the hour, so one answer serves all
    cases of that day. `instant`: anything else."""
    if clock.counting == "elapsed" and clock.calendar == "every-day" and all(point.minutes for point in clock.due_soon):
        return "shifted"
    return "instant" if clock.counting in ("elapsed", "before-start-of-day") else "day"
