"""What must be flagged, told from the log alone by code that shares nothing with the workers'.

Reads a partition of `case-events` from its beginning, as somebody with the rules in hand and the log on paper would.
Sources of the rules: Ofsted, Narrowing the Gap (2007), for the day; docs/architecture.md for what stops a clock, what a
tick vouches for, and when an event without a contact is listed.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from schemas.case_event import CaseEvent

_LONDON = ZoneInfo("Europe/London")
_MINUTE = timedelta(minutes=1)
_FIVE_SECONDS = timedelta(seconds=5)
_A_QUARTER = timedelta(minutes=15)

#: One state of one flag: contact, clock, opening, state, result, first late instant, evidence.
Said = tuple[str, str, int, str, str, datetime, str]


@dataclass
class Clock:
    """One opening. `came_to`: running, met, missed, not_verifiable, became, carried."""

    opening: int
    started: datetime
    due: datetime
    came_to: str = "running"
    flag: str = ""


@dataclass
class Told:
    """One contact so far."""

    contact: str
    opened: bool = False
    became: bool = False
    assessed: bool = False
    clocks: list[Clock] = field(default_factory=list)
    holders: int = 0
    seen: set[str] = field(default_factory=set)
    early: list[CaseEvent] = field(default_factory=list)
    unmatched: datetime | None = None
    listed: bool = False


class Oracle:
    """Reads one partition; then `contacts` and `said` are what must be so."""

    def __init__(self) -> None:
        self.contacts: dict[str, Told] = {}
        self.said: list[Said] = []
        self._awake: list[tuple[datetime, datetime]] = []

    def read(self, events: Iterable[tuple[CaseEvent, datetime]]) -> None:
        """Take the records of the partition, each with its append time."""
        for event, appended in events:
            if event.type == "tick":
                if event.at <= appended + _FIVE_SECONDS:
                    self._tick(event)
                continue
            told = self.contacts.setdefault(event.contact_id, Told(event.contact_id))
            if event.event_id not in told.seen:
                told.seen.add(event.event_id)
                self._event(told, event)

    def _tick(self, event: CaseEvent) -> None:
        assert event.covers_since is not None
        self._awake.append((min(event.covers_since, event.at), event.at))
        for told in self.contacts.values():
            for clock in told.clocks:
                if clock.came_to == "running" and clock.due <= event.at:
                    clock.came_to = "missed" if self._was_awake(clock.due) else "not_verifiable"
                    self._say(told, clock, "raised", clock.came_to)
            if told.unmatched is not None and not told.listed and told.unmatched <= event.at:
                told.listed = True
                self.said.append((told.contact, "unmatched", 1, "raised", "unmatched", told.unmatched, ""))

    def _was_awake(self, moment: datetime) -> bool:
        """Whether the ticks so far leave no gap of more than a minute around the moment."""
        end: datetime | None = None
        start = moment
        for since, until in sorted(self._awake):
            if end is None or since - end > _MINUTE:
                if end is not None and start <= moment <= end:
                    return True
                start, end = since, until
            end = max(end, until)
        return end is not None and start <= moment <= end

    def _event(self, told: Told, event: CaseEvent) -> None:
        if event.type == "opened":
            self._opened(told, event)
        elif not told.opened:
            told.early.append(event)
            told.unmatched = told.unmatched or event.at + _A_QUARTER
        elif event.type == "corrected" and event.correction is not None:
            moved = event.correction.risk_changed or event.correction.child_changed
            if moved and told.assessed:
                told.assessed = False
                told.clocks.append(Clock(len(told.clocks) + 1, event.at, _end_of_day(event.at)))
        elif event.type == "risk_assessed":
            self._assessed(told, event)
        elif event.type == "allocated":
            told.holders += bool(event.by and not event.problem)
        elif event.type == "became":
            for clock in told.clocks:
                clock.came_to = "became" if clock.came_to == "running" else clock.came_to
        elif event.type == "flag_acknowledged":
            for clock in told.clocks:
                if clock.flag == "raised":
                    result = "not_verifiable" if clock.came_to == "not_verifiable" else "missed"
                    self._say(told, clock, "acknowledged", result)

    def _opened(self, told: Told, event: CaseEvent) -> None:
        if told.opened or event.opened is None:
            return
        told.opened = True
        clock = Clock(1, event.at, _end_of_day(event.at))
        if event.opened.repaired_at is not None and event.opened.repaired_at >= clock.due:
            clock.came_to = "carried"
        told.clocks.append(clock)
        if told.listed and told.unmatched is not None:
            self.said.append((told.contact, "unmatched", 1, "withdrawn", "unmatched", told.unmatched, ""))
        told.unmatched, told.listed = None, False
        early, told.early = told.early, []
        for waiting in early:
            self._event(told, waiting)

    def _assessed(self, told: Told, event: CaseEvent) -> None:
        if event.problem or not (event.by and event.level and event.reason_hash):
            return
        told.assessed = True
        for clock in told.clocks:
            if clock.came_to in ("running", "missed", "not_verifiable") and _in_time(clock, event):
                clock.came_to = "met"
                if clock.flag:
                    self._say(told, clock, "withdrawn", "missed", event.event_id)

    def _say(self, told: Told, clock: Clock, state: str, result: str, evidence: str = "") -> None:
        clock.flag = state
        self.said.append((told.contact, "same-day", clock.opening, state, result, clock.due, evidence))


def _in_time(clock: Clock, event: CaseEvent) -> bool:
    claimed = event.at if event.happened_at is None else min(event.happened_at, event.at)
    if clock.opening > 1 and claimed < clock.started:
        return False
    if event.at < clock.due or claimed < clock.due:
        return True
    on = event.happened_on if event.happened_at is None else None
    return on is not None and on == clock.started.astimezone(_LONDON).date()


def _end_of_day(moment: datetime) -> datetime:
    day = moment.astimezone(_LONDON).date() + timedelta(days=1)
    return datetime.combine(day, time(), _LONDON).astimezone(UTC)
