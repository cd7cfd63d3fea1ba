"""The hub on the log in memory: the same processors, partition states and frontiers as the workers', bound to a batch
that can be stopped after every single effect.

The order of a batch's effects is that of `streams.steps`; what a broker does about a worker that has lost its
session (its commits are refused, what it still has in hand may land late) is modelled here too.
"""

import random
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from datetime import timedelta
from enum import IntEnum
from functools import cache

from connectors.registry import reader
from ops.simulator.log import PARTITIONS, MemoryLog, Stored, Writer, partition_of
from ops.simulator.sabotage import (
    CasesOfOneOffset,
    CasesOfTheTick,
    ForgetfulAllocation,
    ForgetfulCases,
    ForgetfulIntake,
    ForgetfulLinkage,
    HalfUndoing,
    state_of,
)
from schemas.authorities import authorities
from schemas.calendars import SHIPPED_CALENDARS, load_calendars
from schemas.catalogue import codec
from schemas.clock_policy import SHIPPED_POLICY, load_policy
from schemas.ports import Entry
from schemas.reading import Hint, Reader, Reading
from schemas.wire import Undecodable
from streams.allocation import Allocation
from streams.answers import Answers
from streams.cases import Cases
from streams.clock_rules import ClockRules
from streams.clocks import Clocks
from streams.envelope import dead_letter, entry_of
from streams.frontier import Frontier
from streams.intake import Intake
from streams.linkage.model import Scorer, shipped_model
from streams.linking import Linkage
from streams.partition import PartitionState, RowWrite
from streams.processor import Processor
from streams.routing import Routing

HASH_KEY = b"simulated"
TEAM = "front-door"
#: A tick further ahead of its record's append time is refused, as by the workers.
TICK_TOLERANCE = timedelta(seconds=5)


class Point(IntEnum):
    """Where a batch can be cut, in the order in which a batch comes by."""

    DECIDED = 0
    OUTPUT = 1
    OUTPUTS_DURABLE = 2
    ROW = 3
    ROWS_DURABLE = 4

    def __str__(self) -> str:
        return self.name.lower().replace("_", " ")


#: A point, and which part of its kind is behind it, over 0 to 1.
Reached = tuple[Point, float]


@cache
def processors(sabotage: str = "") -> tuple[Processor, ...]:
    """Every processor of the hub. They are pure, so all runs share them."""
    forgets, counts = sabotage == "dedupe-off", sabotage == "repeats-counted"
    intake = (ForgetfulIntake if forgets else Intake)(cached_reader, hash_key=HASH_KEY, authorities=authorities("383"), team=TEAM)
    told = {"repeats-counted": ForgetfulCases, "clock-change-forgotten": CasesOfOneOffset, "day-of-the-tick": CasesOfTheTick}
    cases = told.get(sabotage, Cases)("Duty Manager")
    linkage = {"undo-by-half": HalfUndoing, "repeats-counted": ForgetfulLinkage}.get(sabotage, Linkage)(scorer(), HASH_KEY)
    allocation = (ForgetfulAllocation if counts else Allocation)()
    return intake, Routing(), allocation, cases, Clocks(shipped_rules()), Answers(HASH_KEY), linkage


@cache
def shipped_rules() -> ClockRules:
    """The shipped clock policy and calendars, whatever this machine has been told to use: a seed is the same run everywhere."""
    calendars = load_calendars(SHIPPED_CALENDARS)
    return ClockRules(load_policy(SHIPPED_POLICY, calendars=calendars), calendars)


@cache
def scorer() -> Scorer:
    """The shipped linkage model, read once."""
    return Scorer(shipped_model())


@cache
def cached_reader(agency: str) -> Reader:
    """The agency's own reader. It is pure and the messages of all runs are few: each is read once."""
    read = reader(agency)

    @cache
    def once(body: bytes, content_type: str, file_name: str, transport: str) -> Reading:
        return read(body, Hint(content_type=content_type, file_name=file_name, transport=transport))

    def cached(body: bytes, hint: Hint) -> Reading:
        return once(body, hint.content_type, hint.file_name, hint.transport)

    return cached


class Worker:
    """One process of one processor: what it holds in memory, and what it does to the log."""

    def __init__(self, log: MemoryLog, processor: Processor, sabotage: str = "") -> None:
        self.processor = processor
        self.frontier = Frontier()
        self.states: dict[int, PartitionState] = {}
        #: Whether the group goes on without it.
        self.out_of_session = False
        #: Whether it has stopped by itself: its place waits for a successor.
        self.stopped = False
        self._log = log
        self._sabotage = sabotage
        #: How far it has read each changelog, and where it believes that each ends.
        self._rows_read: dict[int, int] = {}
        self._rows_end: dict[int, int] = {}

    @property
    def _group(self) -> str:
        return self.processor.name

    def take_over(self, partition: int) -> None:
        """A partition was assigned: its rows are read, and its frontier starts at what was committed."""
        self.states[partition] = state_of(self.processor, self._sabotage)
        self._rows_read[partition] = 0
        self.join_again(partition)

    def join_again(self, partition: int) -> None:
        """A rebalance has ended: read what the changelog has more, as Faust does for partitions that are kept too."""
        seat, state = (self._group, partition), self.states[partition]
        committed = {t: self._log.committed(self._group, t, partition) for t in self.processor.inputs}
        for topic, offset in committed.items():
            state.durable(topic, offset or 0)
        for row in self._log.rows(seat, self._rows_read[partition]):
            state.restore(row.key, row.value)
        self._rows_read[partition] = self._rows_end[partition] = self._log.rows_end(seat)
        again = state.recovered({topic: offset for topic, offset in committed.items() if offset is not None})
        for write in again:
            self._write(partition, write)
        for topic, offset in committed.items():
            self.frontier.start(topic, partition, offset or 0)

    def let_go(self, partition: int) -> None:
        """A partition was revoked."""
        del self.states[partition]
        for topic in self.processor.inputs:
            self.frontier.drop(topic, partition)

    def lag(self, topic: str, partition: int) -> int:
        """How many records lie before the end of the partition."""
        return self._log.end(topic, partition) - self.frontier.position(topic, partition)

    def fetch(self, topic: str, partition: int, size: int, skew: int = 0) -> Sequence[Stored]:
        """What of a fetch may be processed. `skew`: the fetch begins that many records after the frontier (or before)."""
        position = self.frontier.position(topic, partition)
        fetched = self._log.fetch(topic, partition, position + skew, size)
        admitted = self.frontier.admit(topic, partition, fetched)
        if admitted.seek_to is None:
            return admitted.records
        if self._sabotage == "frontier-skip":
            return fetched
        again = self._log.fetch(topic, partition, admitted.seek_to, size)
        return self.frontier.admit(topic, partition, again).records

    def batch(self, topic: str, partition: int, records: Sequence[Stored], salt: int = 0) -> Iterator[Reached]:
        """One batch, effect by effect. Whoever stops asking has killed the worker, or paused it."""
        state = self.states[partition]
        entries: list[Entry] = []
        for stored in records:
            entries += decide(state, stored, self._sabotage)
        yield Point.DECIDED, 1.0
        if self.out_of_session:
            return
        steps = [self._outputs((self._group, partition, topic), entries, salt), self._rows(partition)]
        if self._sabotage == "rows-before-outputs":
            steps.reverse()
        yield from steps[0]
        if self._sabotage == "commit-before-rows" and not self.out_of_session:
            self._log.commit(self._group, topic, partition, records[-1].offset + 1)
        yield from steps[1]
        if self.meets_strangers(partition):
            self.stopped = True
            return
        state.durable(topic, records[-1].offset + 1)
        self.frontier.advance(topic, partition, records[-1].offset + 1)
        yield Point.ROWS_DURABLE, 1.0

    def commit(self) -> None:
        """Commit the frontier; the broker refuses whoever is out of session."""
        moved = self.frontier.to_commit()
        if self.out_of_session:
            return
        for (topic, partition), offset in moved.items():
            self._log.commit(self._group, topic, partition, offset)
        self.frontier.committed(moved)

    def _outputs(self, writer: Writer, entries: list[Entry], salt: int) -> Iterator[Reached]:
        for number, entry in enumerate(_in_flight(entries, salt), 1):
            self._log.append(entry.topic, entry.key or b"", entry.value or b"", headers=entry.headers, writer=writer)
            yield Point.OUTPUT, number / len(entries)
        yield Point.OUTPUTS_DURABLE, 1.0

    def _rows(self, partition: int) -> Iterator[Reached]:
        writes = self.states[partition].take_dirty()
        for number, write in enumerate(writes, 1):
            self._write(partition, write)
            yield Point.ROW, number / len(writes)

    def _write(self, partition: int, write: RowWrite) -> None:
        self._log.append_row((self._group, partition), write.key, write.value)
        self._rows_end[partition] += 1

    def meets_strangers(self, partition: int) -> bool:
        """Whether somebody else has written rows of this partition: then they must be read before work goes on."""
        return self._log.rows_end((self._group, partition)) > self._rows_end[partition]


def decide(state: PartitionState, stored: Stored, sabotage: str = "") -> list[Entry]:
    """What one record leads to: outputs of the decision, or a dead letter; as in the workers."""
    try:
        event = codec(stored.topic).decode(stored.value) if sabotage == "next-unknown" else stored.record
    except Undecodable as error:
        return [] if sabotage == "poison-dropped" else [dead_letter(stored.topic, stored, str(error))]
    tick = state.processor.tick(event)
    early = tick is not None and tick.at > stored.appended + TICK_TOLERANCE
    if early and sabotage != "early-ticks-believed":
        return [dead_letter(stored.topic, stored, "tick ahead of the broker's clock")]
    return [entry_of(output) for output in state.apply(stored.topic, stored.offset, event)]


def _in_flight(entries: list[Entry], salt: int) -> Iterator[Entry]:
    """Entries in the order in which the broker takes them: that of the batch within each partition, any among them."""
    places = [(entry.topic, partition_of(entry.key or b"")) for entry in entries]
    queues: dict[tuple[str, int], deque[Entry]] = defaultdict(deque)
    for place, entry in zip(places, entries, strict=True):
        queues[place].append(entry)
    if salt:
        random.Random(salt).shuffle(places)
    return (queues[place].popleft() for place in places)


class Group:
    """The workers of one processor: who is there, and who owns what."""

    def __init__(self, log: MemoryLog, processor: Processor, sabotage: str, size: int = 2) -> None:
        self.processor = processor
        self._log, self._sabotage = log, sabotage
        self.workers: list[Worker | None] = [self._new() for _ in range(size)]
        self._freed: set[int] = set()
        self.owners = [partition % size for partition in range(PARTITIONS)]
        for partition in range(PARTITIONS):
            self.owner(partition).take_over(partition)

    def owner(self, partition: int) -> Worker:
        """The worker that owns a partition."""
        worker = self.workers[self.owners[partition]]
        assert worker is not None
        return worker

    def commit(self) -> None:
        """Every worker commits what it can."""
        for worker in self.workers:
            if worker is not None:
                worker.commit()

    def crash(self, partition: int) -> None:
        """The owner of a partition is killed; its successor, in the same place, takes all that it had."""
        seat = self.owners[partition]
        fresh = self.workers[seat] = self._new()
        for mine in self._owned_by(seat):
            fresh.take_over(mine)

    def expel(self, partition: int) -> int | None:
        """The owner of a partition is out of session: the others take over. Its place, or None if it is the last."""
        seat = self.owners[partition]
        others = [place for place, worker in enumerate(self.workers) if worker is not None and place != seat]
        if not others:
            return None
        self.owner(partition).out_of_session = True
        self.workers[seat] = None
        for mine in self._owned_by(seat):
            self.owners[mine] = others[0]
            self.owner(mine).take_over(mine)
        return seat

    def watch(self) -> None:
        """Every worker looks, as it does all few seconds, whether a stranger wrote rows of its partitions; then it stops,
        and its successor reads them."""
        for partition in range(PARTITIONS):
            if self.owner(partition).meets_strangers(partition):
                self.crash(partition)

    def free(self, seat: int) -> None:
        """An expelled worker has stopped: at the next rebalance somebody is in its place again."""
        self._freed.add(seat)

    def rebalance(self, owners: Sequence[int]) -> None:
        """Every partition goes to the place that `owners` says, if somebody is there; those that stay join again."""
        for seat in self._freed:
            self.workers[seat] = self._new()
        self._freed.clear()
        for partition, wanted in enumerate(owners):
            before, there = self.owners[partition], self.workers[wanted % len(self.workers)]
            if there is None or there is self.workers[before]:
                self.owner(partition).join_again(partition)
            else:
                self.owner(partition).let_go(partition)
                self.owners[partition] = wanted % len(self.workers)
                there.take_over(partition)

    def _owned_by(self, seat: int) -> list[int]:
        return [partition for partition, owner in enumerate(self.owners) if owner == seat]

    def _new(self) -> Worker:
        return Worker(self._log, self.processor, self._sabotage)
