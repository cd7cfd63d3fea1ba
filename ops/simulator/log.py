"""A log in memory: partitions, committed offsets, changelogs, compaction, and the one clock that a run has.

It keeps a broker's promises and no others: what was appended stays in order, a repeat is a second record, and a
compaction leaves alone what is younger than the grace.
"""

import zlib
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ops.simulator.releases import told_codec
from schemas.record import Record

#: Partitions of every keyed topic: two are enough to tell a partition's own from its neighbour's.
PARTITIONS = 2
#: `min.compaction.lag.ms` of the changelogs.
COMPACTION_GRACE = timedelta(hours=1)

#: A processor's name and a partition.
Seat = tuple[str, int]
#: Whose decision a record is: the processor, and the partition and topic of what it decided about.
Writer = tuple[str, int, str]


@dataclass(slots=True)
class Stored:
    """One record as the broker keeps it. `writer`: who appended it, for the judgement after the run alone."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]
    appended: datetime
    writer: Writer | None
    _record: Record | None = None

    @property
    def record(self) -> Record:
        """The decoded record, decoded once, whichever release wrote it. Raises `Undecodable`."""
        if self._record is None:
            self._record = told_codec(self.topic).decode(self.value)
        assert self._record is not None
        return self._record


@dataclass(slots=True, frozen=True)
class StoredRow:
    """One record of a changelog; offsets survive compaction."""

    offset: int
    key: str
    value: bytes
    appended: datetime


@dataclass
class MemoryLog:
    """The broker. `now` is its clock, and everybody's."""

    now: datetime
    _topics: dict[tuple[str, int], list[Stored]] = field(default_factory=lambda: defaultdict(list))
    _rows: dict[Seat, list[StoredRow]] = field(default_factory=lambda: defaultdict(list))
    _next_row: dict[Seat, int] = field(default_factory=lambda: defaultdict(int))
    _committed: dict[tuple[str, str, int], int] = field(default_factory=dict)

    def append(
        self,
        topic: str,
        key: bytes,
        value: bytes,
        *,
        headers: tuple[tuple[str, bytes], ...] = (),
        partition: int | None = None,
        writer: Writer | None = None,
    ) -> Stored:
        """Append one record; without a partition the key decides."""
        place = partition_of(key) if partition is None else partition
        records = self._topics[topic, place]
        stored = Stored(topic, place, len(records), key, value, headers, self.now, writer)
        records.append(stored)
        return stored

    def fetch(self, topic: str, partition: int, offset: int, most: int) -> list[Stored]:
        """At most `most` records from `offset` on."""
        return self._topics[topic, partition][max(offset, 0) : max(offset, 0) + most]

    def end(self, topic: str, partition: int) -> int:
        """The offset of the next record."""
        return len(self._topics[topic, partition])

    def lose_tail(self, topic: str, most: int) -> None:
        """A topic's newest records are gone: what a broker does that keeps them in memory alone, and dies."""
        for place in range(PARTITIONS):
            records = self._topics[topic, place]
            del records[max(0, len(records) - most) :]

    def of_topic(self, topic: str) -> list[Stored]:
        """Every record of a topic, partition by partition."""
        return [stored for place in range(PARTITIONS) for stored in self._topics[topic, place]]

    def append_row(self, seat: Seat, key: str, value: bytes) -> None:
        """Append one record to a changelog."""
        self._rows[seat].append(StoredRow(self._next_row[seat], key, value, self.now))
        self._next_row[seat] += 1

    def rows(self, seat: Seat, start: int = 0) -> list[StoredRow]:
        """What is left of a changelog, from an offset on."""
        return [row for row in self._rows[seat] if row.offset >= start]

    def rows_end(self, seat: Seat) -> int:
        """The offset of a changelog's next record."""
        return self._next_row[seat]

    def compact(self, seat: Seat, grace: timedelta = COMPACTION_GRACE) -> None:
        """Keep the last record of each key among those older than the grace; the younger ones stay, and hide none."""
        rows = self._rows[seat]
        old = 0
        while old < len(rows) and rows[old].appended <= self.now - grace:
            old += 1
        last = {row.key: row.offset for row in rows[:old]}
        self._rows[seat] = [row for row in rows[:old] if last[row.key] == row.offset] + rows[old:]

    def commit(self, group: str, topic: str, partition: int, offset: int) -> None:
        """A group's commit."""
        self._committed[group, topic, partition] = offset

    def committed(self, group: str, topic: str, partition: int) -> int | None:
        """What a group committed, if it ever did."""
        return self._committed.get((group, topic, partition))


def partition_of(key: bytes) -> int:
    """The partition of a key. Any stable function will do, since everybody here uses this one."""
    return zlib.crc32(key) % PARTITIONS
