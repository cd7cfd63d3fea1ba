"""Protections that can be taken away, to see whether their absence shows. A simulator that stays green without them
would prove nothing."""

import json
from datetime import UTC, timedelta
from typing import Any

from schemas.allocation import AllocationEvent
from schemas.case_event import CaseEvent
from schemas.linkage import LinkageEvent
from schemas.london import LONDON, civil_date, midnight_after
from schemas.record import Record
from streams.allocation import Allocation
from streams.allocation_rows import TeamRow
from streams.case_row import CaseRow, TickRow
from streams.cases import Cases
from streams.intake import Intake
from streams.intake_rows import MessageRow
from streams.linking import Linkage
from streams.linking_contacts import ContactRow
from streams.partition import Origin, PartitionState
from streams.processor import Decision, Processor, Rows
from streams.ticked import TICK_ROW

#: Each sabotage by name, and what it takes away.
SABOTAGES = {
    "rows-before-outputs": "rows are written before the outputs they speak for",
    "commit-before-rows": "a batch is committed once its outputs are out, before its rows are",
    "no-origin-check": "a restart takes every row as it finds it and decides again on top of it",
    "newest-in-log-wins": "a restart believes a paused worker's late row, because it is last in the log",
    "frontier-skip": "a batch that begins after the frontier is taken, and what lies between is forgotten",
    "no-compaction-grace": "compaction may take a row that a late older one hides",
    "dedupe-off": "a message delivered again under its receipt counts as a new one",
    "repeats-counted": "a case event, an allocation request or an answer about a link that is on the log twice counts twice",
    "early-ticks-believed": "a tick far ahead of the broker's clock is believed",
    "clock-change-forgotten": "a day ends at the midnight of the offset at which it was when the contact came, summer or winter",
    "undo-by-half": "a link taken back leaves the contact in the list of the story's contacts",
    "poison-dropped": "a record that cannot be read is passed over, and kept nowhere",
    "acks-before-durable": "a connector tells the sender before the broker has told it",
    "unflushed-tail": "a broker says that it has what is in its memory alone, and loses it when it is killed",
    "rows-forgotten": "a worker that starts again reads nothing of what it knew",
    "ticker-stays-down": "a ticker that ended is not started again",
    "day-of-the-tick": "the same-day clock runs from the last tick where that is later than the arrival",
    "next-unknown": "connectors go over to the next release, and nobody was told of its schemas",
}


class BelievingState(PartitionState):
    """Without origins: what the changelog holds is what is so."""

    def restore(self, key: str, value: bytes) -> None:
        """Take the row, and forget where it came from."""
        self.rows[key] = self.processor.parse_row(json.dumps(json.loads(value)["row"]).encode())


class ForgetfulState(PartitionState):
    """Without a memory: the changelog is not read."""

    def restore(self, key: str, value: bytes) -> None:
        """Pass the row over."""


class LastWinsState(PartitionState):
    """Without outvoting: an older row that comes later is the row."""

    def restore(self, key: str, value: bytes) -> None:
        """Take the row as usual; if it was found older than another, take it all the same."""
        super().restore(key, value)
        if key in self.outvoted:
            loaded = json.loads(value)
            self.outvoted.discard(key)
            self._restored[key] = json.dumps(loaded["row"]).encode()
            self.origins[key] = Origin(loaded["topic"], loaded["offset"])
            for waiting in self._unsettled.values():
                waiting.pop(key, None)


class _WithoutAnswers:
    """Rows that do not remember one answer; the index made of them stays."""

    def __init__(self, rows: PartitionState, event_id: str) -> None:
        self._rows, self._event_id = rows, event_id

    @property
    def derived(self) -> Any:
        return self._rows.derived

    def get(self, key: str) -> Record | None:
        row = self._rows.get(key)
        if isinstance(row, ContactRow):
            return row.model_copy(update={"seen": [seen for seen in row.seen if seen != self._event_id]})
        return row


class ForgetfulLinkage(Linkage):
    """Linkage that carries out every answer."""

    def decide(self, rows: Rows, event: Record) -> Decision:
        """Every answer is news."""
        assert isinstance(event, LinkageEvent) and isinstance(rows, PartitionState)
        return super().decide(_WithoutAnswers(rows, event.event_id), event)


class HalfUndoing(Linkage):
    """Linkage that takes a contact out of a story and not off the story's list."""

    def decide(self, rows: Rows, event: Record) -> Decision:
        """As ever, but for the story that a contact leaves."""
        decision = super().decide(rows, event)
        if not isinstance(event, LinkageEvent) or event.type != "undone":
            return decision
        own = f" person {event.contact_id}"
        kept = {key: row for key, row in decision.rows.items() if " person " not in key or key.endswith(own)}
        return Decision(decision.outputs, kept)


class _WithoutMessages:
    """Rows that remember no message."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def get(self, key: str) -> Record | None:
        row = self._rows.get(key)
        return None if isinstance(row, MessageRow) else row


class ForgetfulIntake(Intake):
    """Intake that does not know a receipt again."""

    def decide(self, rows: Rows, event: Record) -> Decision:
        """Every delivery is the first."""
        return super().decide(_WithoutMessages(rows), event)


class _WithoutRepeat:
    """Rows that do not remember one event."""

    def __init__(self, rows: Rows, event_id: str) -> None:
        self._rows, self._event_id = rows, event_id

    def get(self, key: str) -> Record | None:
        row = self._rows.get(key)
        if isinstance(row, CaseRow):
            return row.model_copy(update={"seen": [seen for seen in row.seen if seen != self._event_id]})
        if isinstance(row, TeamRow):
            return row.model_copy(update={"recent": [seen for seen in row.recent if seen != self._event_id]})
        return row


class ForgetfulCases(Cases):
    """Cases that count every record."""

    def decide(self, rows: Rows, event: Record) -> Decision:
        """Every record is news."""
        assert isinstance(event, CaseEvent)
        return super().decide(_WithoutRepeat(rows, event.event_id), event)


class CasesOfOneOffset(Cases):
    """Cases for whom London's clocks do not change between an arrival and its midnight."""

    def decide(self, rows: Rows, event: Record) -> Decision:
        """As ever, with every clock due at that midnight."""
        decision = super().decide(rows, event)
        changed = {key: _of_one_offset(row) if isinstance(row, CaseRow) else row for key, row in decision.rows.items()}
        return Decision(decision.outputs, changed)


class CasesOfTheTick(Cases):
    """Cases that take a contact for one of the day on which they heard the time last."""

    def decide(self, rows: Rows, event: Record) -> Decision:
        """As ever, with every clock that begins due on that day."""
        decision, ticks = super().decide(rows, event), rows.get(TICK_ROW)
        assert isinstance(event, CaseEvent)
        if event.type != "opened" or not isinstance(ticks, TickRow) or not ticks.intervals:
            return decision
        due = midnight_after(civil_date(max(event.at, ticks.intervals[-1].until)))
        changed = {
            key: row.model_copy(update={"clocks": [clock.model_copy(update={"due_at": due}) for clock in row.clocks]})
            if isinstance(row, CaseRow)
            else row
            for key, row in decision.rows.items()
        }
        return Decision(decision.outputs, changed)


def _of_one_offset(row: CaseRow) -> CaseRow:
    clocks = []
    for clock in row.clocks:
        there = clock.started_at.astimezone(LONDON).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
        offset = clock.started_at.astimezone(LONDON).utcoffset() or timedelta()
        due = (there + timedelta(days=1) - offset).replace(tzinfo=UTC)
        clocks.append(clock.model_copy(update={"due_at": due}))
    return row.model_copy(update={"clocks": clocks})


class ForgetfulAllocation(Allocation):
    """Allocation that counts every record."""

    def decide(self, rows: Rows, event: Record) -> Decision:
        """Every record is news."""
        assert isinstance(event, AllocationEvent)
        return super().decide(_WithoutRepeat(rows, event.event_id), event)


def state_of(processor: Processor, sabotage: str) -> PartitionState:
    """A partition's state, as sound as the sabotage leaves it."""
    states = {"no-origin-check": BelievingState, "newest-in-log-wins": LastWinsState, "rows-forgotten": ForgetfulState}
    return states.get(sabotage, PartitionState)(processor)


def grace_of(sabotage: str, grace: timedelta) -> timedelta:
    """How long compaction keeps its hands off a row."""
    return timedelta() if sabotage == "no-compaction-grace" else grace
