"""The state of one partition: rows with their origins, and a heap of what is due. Pure; shared by every engine.

A row's origin is the (topic, offset) of the event that last changed it. Rows are written only after all outputs of
their batch are acknowledged, so a restored row whose origin is at or past an event's offset proves that the outputs
of that event, and of every earlier one of its partition, are already durable: `apply` then emits nothing.

A batch changes many rows, and a crash may leave any part of them. Deciding an event again on rows that already hold
later events, or half of its own, would give another answer. So each written row also says where its batch began
(`since`: the rows of every earlier event are durable), where it ended and how many rows it wrote (`until`, `rows`: all
there means complete), and which version it replaced (`before`). From these a restart rebuilds the rows exactly as they
stood at the last complete batch, and decides the incomplete one again from there.
"""

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from pydantic_core import from_json

from schemas.record import Record
from streams.cold_rows import ColdRows
from streams.due import Due
from streams.processor import Decision, Derived, Output, Processor, Tick, derives, glances

#: Between what a row's record says about the row, and the row.
_ROW = b', "row": '
_NONE: Sequence["_Version"] = ()


class Origin(NamedTuple):
    """Which event changed a row last."""

    topic: str
    offset: int

    def later_than(self, other: "Origin") -> bool:
        """Whether this change came after the other one. A sender writes to one topic, so a row has one topic."""
        return self.topic == other.topic and self.offset > other.offset


@dataclass(frozen=True, slots=True)
class RowWrite:
    """A row to write to the changelog."""

    key: str
    value: bytes


class _Version(NamedTuple):
    """A restored row, unread, of a batch that may be incomplete. `before`: the origin's offset of the version that it
    replaced, -1 for a new row."""

    origin: Origin
    before: int
    row: bytes


@dataclass
class PartitionState:
    """Rows, origins and due heap of one partition of one processor."""

    processor: Processor
    rows: MutableMapping[str, Record] = field(init=False)
    origins: dict[str, Origin] = field(default_factory=dict)
    #: Newest origin among restored rows, by topic: outputs up to here are durable.
    proved: dict[str, int] = field(default_factory=dict)
    #: By topic, the offset below which every event's rows are durable, and are in `rows`.
    settled: dict[str, int] = field(default_factory=dict)
    #: Rows whose last record in the changelog is older than what we hold: they must be written again.
    outvoted: set[str] = field(default_factory=set)
    #: Restored rows that `recovered` will take: of ten versions of a row, nine need never be read.
    _restored: dict[str, bytes] = field(default_factory=dict)
    _unsettled: dict[str, dict[str, list[_Version]]] = field(default_factory=dict)
    #: The keys restored of batches that may be incomplete, by topic, beginning and end.
    _batches: dict[tuple[str, int, int], set[str]] = field(default_factory=dict)
    #: The rows changed by the batch in hand, with the offset of the version that each replaces; where it began.
    _dirty: dict[str, int] = field(default_factory=dict)
    _since: int | None = None
    _until: int = 0
    _due: Due = field(default_factory=Due)
    _derived: Derived | None = None

    def __post_init__(self) -> None:
        cold = glances(self.processor) and not derives(self.processor)
        self.rows = ColdRows(self.processor.parse_row) if cold else {}

    def get(self, key: str) -> Record | None:
        """The row as decided so far."""
        return self.rows.get(key)

    @property
    def derived(self) -> Derived:
        """What the processor works out from all rows. Built when first asked for, and again when rows were restored."""
        if self._derived is None:
            assert derives(self.processor)
            self._derived = self.processor.derive(self.rows)
        return self._derived

    def restore(self, key: str, value: bytes) -> None:
        """Take one changelog record. An older origin after a newer one came from a worker that had lost the
        partition: the newer row stays, and is written again before compaction can prefer the older."""
        cut = value.index(_ROW)
        head, row = from_json(value[:cut] + b"}"), value[cut + len(_ROW) : -1]
        topic: str = head["topic"]
        offset: int = head["offset"]
        # Half the time of a call of the class, which counts where a million records are read.
        origin = tuple.__new__(Origin, (topic, offset))
        if offset > self.proved.get(topic, -1):
            self.proved[topic] = offset
        settled, held = self.settled.get(topic, 0), self.origins.get(key)
        waiting = self._unsettled.get(topic)
        if offset < settled >= head.get("until", settled + 1) and not waiting:
            # Of a batch known to be complete, as all but the last of a million are: there is nothing to wait for.
            if held is not None and held.later_than(origin):
                self.outvoted.add(key)
            else:
                self._restored[key], self.origins[key] = row, origin
                self.outvoted.discard(key)
            return
        self.durable(topic, head.get("since", 0))
        waiting = self._unsettled.setdefault(topic, {})
        versions, held = waiting.get(key, _NONE), self.origins.get(key)
        if (held is not None and held.later_than(origin)) or any(one.origin.later_than(origin) for one in versions):
            self.outvoted.add(key)
        else:
            self.outvoted.discard(key)
        if origin.offset < self.settled.get(topic, 0):
            self._hold(key, origin, row)
        else:
            waiting.setdefault(key, []).append(_Version(origin, head.get("before", -1), row))
        self._count(topic, key, head)

    def _count(self, topic: str, key: str, head: Mapping[str, int]) -> None:
        """A batch all of whose rows are there is complete, committed or not."""
        until = head.get("until", 0)
        if until <= self.settled.get(topic, 0):
            return
        seen = self._batches.setdefault((topic, head["since"], until), set())
        seen.add(key)
        if len(seen) == head["rows"]:
            self.durable(topic, until)

    def durable(self, topic: str, offset: int) -> None:
        """The rows of every event of `topic` below `offset` are in the changelog: no need to decide those again. What is
        known before the rows are restored need not be worked out from them."""
        if offset <= self.settled.get(topic, 0):
            return
        self.settled[topic] = offset
        self._batches = {batch: seen for batch, seen in self._batches.items() if batch[0] != topic or batch[2] > offset}
        waiting = self._unsettled.pop(topic, {})
        for key, versions in waiting.items():
            for version in versions:
                if version.origin.offset < offset:
                    self._hold(key, version.origin, version.row)
            later = [version for version in versions if version.origin.offset >= offset]
            if later:
                self._unsettled.setdefault(topic, {})[key] = later

    def _hold(self, key: str, origin: Origin, row: bytes) -> None:
        held = self.origins.get(key)
        if held is None or not held.later_than(origin):
            self._restored[key] = row
            self.origins[key] = origin

    def recovered(self, committed: Mapping[str, int] | None = None) -> list[RowWrite]:
        """After the last changelog record and before the first event, with the group's committed offset of each
        topic: go back to the last complete batch, note when rows wake. Returns the outvoted rows."""
        for topic, offset in (committed or {}).items():
            self.durable(topic, offset)
        for waiting in self._unsettled.values():
            for key, versions in waiting.items():
                first = min(versions, key=lambda version: version.origin.offset)
                held = self.origins.get(key)
                if first.before >= 0 and (held is None or held.offset < first.before):
                    # Compaction has taken the version before: nobody ran for longer than the changelog's grace. The
                    # later one stands, and events up to its origin do not change it again.
                    self._restored[key], self.origins[key] = first.row, first.origin
                else:
                    # It will be decided again, and written again. Kept all the same: should a paused worker's row come
                    # later and say that the batch was complete after all, it is what that row builds on.
                    self.outvoted.discard(key)
        self._take_restored()
        again = []
        for key in sorted(self.outvoted):
            origin = self.origins[key]
            batch = {"since": self.settled.get(origin.topic, 0), "before": origin.offset}
            again.append(self._row_write(key, batch))
        self.outvoted.clear()
        if self._derived is None and derives(self.processor):
            # Before the first event, like everything that grows with the rows.
            self._derived = self.processor.derive(self.rows)
        return again

    def _take_restored(self) -> None:
        """Take the rows, and note when they wake. What was noted before may hold no more; that shows when its time comes."""
        glance = self.processor.wakes_in if glances(self.processor) else None
        for key, text in self._restored.items():
            if glance is not None and isinstance(self.rows, ColdRows):
                self.rows.restore(key, text)
                wakes = glance(text)
            else:
                row = self.rows[key] = self.processor.parse_row(text)
                wakes = self.processor.wakes_at(row)
                self._derived = None
            if wakes is not None:
                self._due.add(wakes, key)
        self._restored.clear()

    def apply(self, topic: str, offset: int, event: Record) -> list[Output]:
        """Decide one event and keep the rows; returns the outputs that may not be durable yet."""
        if offset < self.settled.get(topic, 0):
            return []
        if self._since is None:
            self._since = offset
        self._until = offset + 1
        origin = Origin(topic, offset)
        outputs = self._keep(self.processor.decide(self, event), origin)
        tick = self.processor.tick(event)
        if tick is not None:
            outputs += self._wake_due(tick, origin)
        return [] if offset <= self.proved.get(topic, -1) else outputs

    def _wake_due(self, tick: Tick, origin: Origin) -> list[Output]:
        outputs: list[Output] = []
        later: list[tuple[datetime, str]] = []
        for wakes, key in self._due.take(tick.at):
            # A row changed since has its own newer entry; only the entry that still holds wakes it.
            if self.processor.wakes_at(self.rows[key]) != wakes:
                continue
            if self.origins[key].later_than(origin) and key not in self._dirty:
                # A version from after this tick was restored in place of a lost one: the next tick wakes it.
                later.append((wakes, key))
                continue
            outputs += self._keep(self.processor.wake(self, key, tick), origin)
        for wakes, key in later:
            self._due.add(wakes, key)
        return outputs

    def _keep(self, decision: Decision, origin: Origin) -> list[Output]:
        for key, row in decision.rows.items():
            held = self.origins.get(key)
            mine = held is not None and held.topic == origin.topic
            if held is not None and mine and held.offset >= origin.offset and key not in self._dirty:
                # A version from this very event, or a later one, was restored in place of a lost one: it stands.
                self._derived = None
                continue
            before = self.rows.get(key)
            self.rows[key] = row
            self.origins[key] = origin
            # Last change last: the order in which the rows will be written.
            replaced = held.offset if held is not None and mine else -1
            self._dirty[key] = self._dirty.pop(key, replaced)
            wakes = self.processor.wakes_at(row)
            if wakes is not None and (before is None or self.processor.wakes_at(before) != wakes):
                self._due.add(wakes, key)
            if self._derived is not None:
                self._derived.changed(key, row)
        return decision.outputs

    def take_dirty(self) -> list[RowWrite]:
        """The rows changed since the last call, in the order of their last change. The batch ends here: call
        `durable` once they are written, and only then `apply` again."""
        since, self._since = self._since, None
        batch = {"since": since or 0, "until": self._until, "rows": len(self._dirty)}
        writes = [self._row_write(key, {**batch, "before": before}) for key, before in self._dirty.items()]
        self._dirty.clear()
        return writes

    def _row_write(self, key: str, batch: Mapping[str, int]) -> RowWrite:
        origin = self.origins[key]
        row = self.rows[key].model_dump_json(exclude_defaults=True)
        # Numbers, and a topic's name, which has nothing to escape.
        numbers = "".join([f', "{name}": {number}' for name, number in batch.items()])
        head = f'{{"topic": "{origin.topic}", "offset": {origin.offset}{numbers}'
        return RowWrite(key, head.encode() + _ROW + row.encode() + b"}")
