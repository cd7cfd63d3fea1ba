"""The clocks of one case, worked out from its milestones. Pure.

They are a function of the set of milestones, so the order in which the hub heard of them does not matter: evidence
that comes late, twice or before its start gives the same clocks as if all had come in its time.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Literal, NamedTuple

from schemas.clock_policy import Clock
from schemas.london import civil_date
from streams.clock_rules import ClockRules, Limit
from streams.milestones import Milestone

#: running: nothing has answered it. met: the stop happened before the limit. late: it happened after it, or the case
#: ended after it. ended: an event after which nobody owes the stop came before the limit.
RunState = Literal["running", "met", "late", "ended"]

_WHEN = attrgetter("at", "event_id")
_RISK_TOLD_BY = frozenset({"opened", "risk_assessed"})


class Run(NamedTuple):
    """One opening of one clock. `answer` is the milestone that met or ended it. `heard_at`: when the hub knew so."""

    clock: str
    opening: int
    started_at: datetime
    limit: Limit
    state: RunState = "running"
    answer: Milestone | None = None
    heard_at: datetime | None = None

    @property
    def due_at(self) -> datetime:
        """The first instant that is late."""
        return self.limit.due_at

    @property
    def about(self) -> tuple[str, int, datetime]:
        """Which run it is, as flags name it."""
        return self.clock, self.opening, self.limit.due_at

    @property
    def recorded_late(self) -> bool:
        """Met, by evidence that the hub heard of only after the limit."""
        return self.state == "met" and self.heard_at is not None and self.heard_at >= self.due_at


def runs(milestones: Iterable[Milestone], rules: ClockRules, authority: str, only: Collection[str] | None = None) -> list[Run]:
    """Every opening of every tracked clock (of those in `only`), in the order of the policy; none before the contact
    opened."""
    by_name: dict[str, list[Milestone]] = {}
    for milestone in sorted(milestones, key=_WHEN):
        known = by_name.get(milestone.name)
        if known is None:
            by_name[milestone.name] = [milestone]
        else:
            known.append(milestone)
    if "opened" not in by_name:
        return []
    if "referral_made" in by_name:
        # What a decision makes a referral was one from its arrival: the referrer has waited since then.
        arrived = by_name["opened"][0].at
        by_name["referral_made"] = [by_name["referral_made"][0]._replace(at=arrived)]
    found: list[Run] = []
    for name, clock in rules.tracked(authority).items():
        if only is not None and name not in only:
            continue
        starts = by_name.get(clock.start)
        if starts:
            found += _openings(name, clock, starts, by_name, rules, authority)
    return found


def _openings(
    name: str, clock: Clock, starts: list[Milestone], by_name: dict[str, list[Milestone]], rules: ClockRules, authority: str
) -> list[Run]:
    found: list[Run] = []
    if clock.four_eyes:
        by_name = by_name | {stop: _by_another(by_name.get(stop, ()), starts) for stop in clock.stop}
    if clock.level is not None:
        starts = [start for start in starts if (start.level or _risk_at(start.at, by_name)) == clock.level]
    place = 0
    while place < len(starts):
        start = starts[place]
        limit = rules.limit(name, authority, start.at)
        if limit.warnings and limit.warnings[0] <= start.heard_at:
            # Nobody can be warned of a clock before the hub knows that it runs.
            limit = limit._replace(warnings=tuple(point for point in limit.warnings if point > start.heard_at))
        run = _answered(Run(name, len(found) + 1, start.at, limit), clock, by_name)
        found.append(run)
        if run.answer is None:
            break
        # A start while the clock ran is not another: the discussion that initiated the enquiries counts.
        place = bisect_left(starts, run.answer.at, lo=place + 1, key=attrgetter("at"))
    return found


def _answered(run: Run, clock: Clock, by_name: dict[str, list[Milestone]]) -> Run:
    """The run with what met it, or what ended it before that."""
    stops = []
    for name in clock.stop:
        if name in by_name and (stop := _first(by_name[name], run, again=name == clock.start)) is not None:
            stops.append(stop)
    ends = []
    for name in clock.ended_by:
        if name in by_name and (end := _first(by_name[name], run)) is not None:
            ends.append(end)
    if not stops and not ends:
        return run
    enough = len(stops) == len(clock.stop) if clock.stop_on == "all" else bool(stops)
    stop = (max if clock.stop_on == "all" else min)(stops, key=_WHEN) if enough else None
    end = min(ends, key=_WHEN, default=None)
    if stop is not None and (end is None or stop.at <= end.at):
        heard = max(one.heard_at for one in stops) if clock.stop_on == "all" else stop.heard_at
        state: RunState = "met" if stop.at < run.due_at and run.limit.known else "late"
        return Run(run.clock, run.opening, run.started_at, run.limit, state, stop, heard)
    if end is not None:
        state = "ended" if end.at < run.due_at else "late"
        return Run(run.clock, run.opening, run.started_at, run.limit, state, end, end.heard_at)
    return run


def _first(candidates: Sequence[Milestone], run: Run, again: bool = False) -> Milestone | None:
    """The first milestone since the start. Where a clock stops at what started it, the same day is the same one told
    twice."""
    for one in candidates:
        if one.at >= run.started_at and not (again and civil_date(one.at) == civil_date(run.started_at)):
            return one
    return None


def _by_another(stops: Sequence[Milestone], starts: Sequence[Milestone]) -> list[Milestone]:
    """The stops by somebody else than who did the last start before each."""
    return [
        stop
        for stop in stops
        if (before := [one for one in starts if one.at <= stop.at]) and max(before, key=_WHEN).by not in ("", stop.by)
    ]


def _risk_at(moment: datetime, by_name: dict[str, list[Milestone]]) -> str:
    """The level of risk that counted then; the strictest when nobody had stated one."""
    told = [one for name in _RISK_TOLD_BY for one in by_name.get(name, ()) if one.level and one.at <= moment]
    return max(told, key=_WHEN).level if told else "red"
