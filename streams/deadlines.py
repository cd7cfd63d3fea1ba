"""When is it late? Every clock's limit, from its row in the policy and a versioned calendar. Pure."""

import calendar as gregorian
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone

from schemas.calendars import Calendars
from schemas.clock_policy import Clock, Policy
from schemas.london import LONDON, civil_date, midnight_after

_ONE_DAY = timedelta(days=1)
#: The smallest step of time that a record can hold.
AN_INSTANT = timedelta(microseconds=1)
_NO_TERMS = "no term dates: Monday-Friday less bank holidays"


class DeadlineError(ValueError):
    """A start that no deadline can be computed from."""


@dataclass(frozen=True, slots=True)
class SkippedDay:
    """A day between start and limit that did not count, and why."""

    day: date
    why: str


@dataclass(frozen=True, slots=True)
class Deadline:
    """One clock's limit.

    `due_at` is the first instant that is late and `started_at` the start, both with London's offset of that
    moment. `due_date` is the last civil day in time (for a clock that ends when a school day starts: the day
    before it). `due_soon_at` are the warning points between start and limit. The versions: what it rests on.
    """

    clock: str
    la: str | None
    started_at: datetime
    due_at: datetime
    due_date: date
    limit: str
    counting_rule: str
    calendar: str
    calendar_version: str
    policy_version: str
    skipped: tuple[SkippedDay, ...]
    due_soon_at: tuple[datetime, ...]
    notes: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Recomputed:
    """What the audit trail keeps when an open deadline is worked out again under other data."""

    deadline: Deadline
    due_at_before: datetime
    calendar_version_before: str
    policy_version_before: str

    @property
    def moved(self) -> bool:
        """Whether the limit itself changed, and not only the version behind it."""
        return self.deadline.due_at != self.due_at_before


def same_day_due(received_at: datetime) -> datetime:
    """The first instant after the London day of arrival, in UTC: the shipped `same-day` row, made fast.

    Source: Ofsted, Narrowing the Gap (2007): risk assessed on the day of arrival, weekends and holidays too.
    An authority that changes that row is answered by `deadline`. Raises DeadlineError without an offset.
    """
    if received_at.utcoffset() is None:
        raise DeadlineError("the time of arrival needs an offset: without one nobody can say which day it is")
    return midnight_after(civil_date(received_at))


def deadline(clock_name: str, start: datetime, *, policy: Policy, calendars: Calendars, la: str | None = None) -> Deadline:
    """The limit of one clock that started at `start` (with an offset), for an authority (DfE or GSS code).

    Raises UnknownClockError, DeadlineError (no offset, or outside the years dates can have),
    CalendarRangeError (the count leaves the days a calendar knows), CalendarError (office hours nobody gave).
    """
    if start.utcoffset() is None:
        raise DeadlineError("the start needs an offset: without one nobody can say which day it is")
    la = la.strip().upper() if la and la.strip() else None
    clock = policy.clock(clock_name, la)
    try:
        start = start.astimezone(UTC)
        due_at, due_date, skipped = _limit(clock, start, calendars, la)
        return Deadline(
            clock=clock_name,
            la=la,
            started_at=_in_london(start),
            due_at=_in_london(due_at),
            due_date=due_date,
            limit=f"{clock.limit} {clock.unit.replace('-', ' ')}{'' if clock.limit == 1 else 's'}",
            counting_rule=clock.counting,
            calendar=clock.calendar,
            calendar_version=calendars.version(clock.calendar, la),
            policy_version=policy.version,
            skipped=tuple(skipped),
            due_soon_at=tuple(sorted(_due_soon(clock, start, due_at, due_date, calendars, la))),
            notes=tuple(_notes(clock, start, due_date, policy, calendars, la)),
            source=clock.source,
        )
    except OverflowError as error:
        raise DeadlineError(f"{clock_name} from {start.year}: outside the years 1 to 9999") from error


def recompute(before: Deadline, *, policy: Policy, calendars: Calendars) -> Recomputed | None:
    """An open deadline again, under the data now in force; None if nothing it rests on has changed.

    A new one-off bank holiday moves deadlines this way. Raises what `deadline` raises.
    """
    now = deadline(before.clock, before.started_at, policy=policy, calendars=calendars, la=before.la)
    same_data = (now.calendar_version, now.policy_version) == (before.calendar_version, before.policy_version)
    if same_data and now.due_at == before.due_at:
        return None
    return Recomputed(now, before.due_at, before.calendar_version, before.policy_version)


_Limit = tuple[datetime, date, list[SkippedDay]]


def _limit(clock: Clock, start: datetime, calendars: Calendars, la: str | None) -> _Limit:
    def why_not(day: date) -> str | None:
        return calendars.why_not(clock.calendar, day, la)

    if clock.counting == "before-start-of-day":
        return _before_day_starts(clock.limit, start, why_not, lambda day: calendars.school_start(day, la))
    if clock.counting == "elapsed":
        return _elapsed(clock, start, why_not, calendars, la)
    first = civil_date(start) + (_ONE_DAY if clock.counting == "start-day-excluded" else timedelta())
    skipped: list[SkippedDay] = []
    if clock.unit == "calendar-month":
        due_date = _months_later(civil_date(start), clock.limit)
    elif clock.calendar == "every-day":
        due_date = first + timedelta(days=clock.limit - 1)
    else:
        due_date, skipped = _count(first, clock.limit, why_not)
    return midnight_after(due_date), due_date, skipped


def _count(first: date, limit: int, why_not: Callable[[date], str | None]) -> tuple[date, list[SkippedDay]]:
    """The limit-th day that counts, `first` being the earliest. It ends because every calendar does."""
    skipped: list[SkippedDay] = []
    day, counted = first, 0
    while True:
        why = why_not(day)
        if why is None:
            counted += 1
            if counted == limit:
                return day, skipped
        else:
            skipped.append(SkippedDay(day, why))
        day += _ONE_DAY


def _before_day_starts(
    limit: int,
    start: datetime,
    why_not: Callable[[date], str | None],
    starts: Callable[[date], datetime],
) -> _Limit:
    # The next school day is the first to start after the instant: on a school day at two in the morning it is
    # that same day, at ten it is the next one.
    today = civil_date(start)
    over = why_not(today) is None and starts(today).astimezone(UTC) <= start
    day, skipped = _count(today + _ONE_DAY if over else today, limit, why_not)
    return starts(day).astimezone(UTC), day - _ONE_DAY, skipped


def _elapsed(
    clock: Clock,
    start: datetime,
    why_not: Callable[[date], str | None],
    calendars: Calendars,
    la: str | None,
) -> _Limit:
    left = timedelta(minutes=clock.limit)
    if clock.calendar == "every-day":
        return start + left, civil_date(start + left - AN_INSTANT), []
    skipped: list[SkippedDay] = []
    day = civil_date(start)
    while True:
        why = why_not(day)
        hours = None if why else calendars.hours(day, la)
        if hours is None:
            skipped.append(SkippedDay(day, why or "closed"))
        else:
            opens, closes = (instant.astimezone(UTC) for instant in hours)
            begin = max(opens, start)
            if begin + left <= closes:
                return begin + left, civil_date(begin + left - AN_INSTANT), skipped
            left -= max(closes - begin, timedelta())
        day += _ONE_DAY


def _months_later(day: date, months: int) -> date:
    """The same date some calendar months on, or the last day of a month too short for it."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    if year > date.max.year:
        raise OverflowError
    return date(year, month + 1, min(day.day, gregorian.monthrange(year, month + 1)[1]))


def _due_soon(
    clock: Clock, start: datetime, due_at: datetime, due_date: date, calendars: Calendars, la: str | None
) -> Iterator[datetime]:
    started_on = civil_date(start)
    for point in clock.due_soon:
        if point.minutes is not None:
            at = due_at - timedelta(minutes=point.minutes)
        else:
            day = due_date - timedelta(days=point.days)
            back = point.working_days
            while back and day > started_on:
                day -= _ONE_DAY
                back -= calendars.why_not(clock.calendar, day, la) is None
            if back:
                continue  # before the start
            at = datetime.combine(day, point.at or time(), LONDON).astimezone(UTC)
        if start < at < due_at:
            yield _in_london(at)


def _notes(clock: Clock, start: datetime, due_date: date, policy: Policy, calendars: Calendars, la: str | None) -> Iterator[str]:
    if clock.calendar == "school" and not calendars.has_terms(la):
        yield _NO_TERMS
    if due_date < civil_date(start):
        yield "the school day that ends this clock starts on the start day itself"
    if la is not None and not policy.knows(la) and calendars.authority(la) is None:
        yield f"nothing of its own is held for authority {la}: the shipped rules apply"
    if clock.note:
        yield clock.note


def _in_london(instant: datetime) -> datetime:
    # A fixed offset: times of one named zone subtract by the wall clock, which is wrong over a clock change.
    local = instant.astimezone(LONDON)
    return local.replace(tzinfo=timezone(local.utcoffset() or timedelta()), fold=0)
