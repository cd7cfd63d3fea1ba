"""The steps of a batch, the same for every binding: decide, make outputs durable, make rows durable. All errors of content are
owned here; the binding owns fetching, the frontier and commits.

The order is the promise of this file:
 1. decode and decide records, in order, as many as fit into a quarter of the session (the others are the next batch);
 2. append all outputs and wait until the broker has acknowledged every one;
 3. append all changed rows and wait likewise.
Only then may the binding move its frontier and commit. A crash between 2 and 3 repeats outputs under the same ids; after 3
the rows prove that nothing is owed. A record that cannot be decoded goes to `quarantine`; anything else that goes wrong
stops the process.
"""

import logging
from collections import Counter, deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Any

from schemas.at_hand import at_hand, known
from schemas.catalogue import catalogue, codec
from schemas.ports import DurableLog, Entry, NotDurable
from schemas.trace import HEADER, UNTRACED, Tracer, carried
from schemas.wire import Undecodable
from streams.envelope import dead_letter, entry_of, ids_of
from streams.fail_stop import fail_stop
from streams.failpoints import failpoint
from streams.partition import PartitionState, RowWrite
from streams.processor import Output, Processor

log = logging.getLogger("frontdoor.worker")


@dataclass(frozen=True)
class WorkerOptions:
    """How a worker runs; seconds. `stepped`: ticks may be ahead of the broker's clock, because a driver owns time."""

    bootstrap: str
    datadir: Path
    instance: str = "1"
    session_timeout: float = 10.0
    commit_interval: float = 0.5
    stepped: bool = False
    #: A tick further ahead of its record's append time than this is refused: somebody's clock is wrong.
    tick_tolerance: float = 5.0
    #: Who is told of each step; it has no say in any decision.
    tracer: Tracer = UNTRACED


class Steps:
    """What is done with the records of one worker. `silent_for()` is how many seconds ago the group last knew it as a member."""

    def __init__(
        self, processor: Processor, log: DurableLog, options: WorkerOptions, silent_for: Callable[[], float]
    ) -> None:
        self.processor, self._log, self._options, self._silent_for = processor, log, options, silent_for
        self.changelog = catalogue().changelog_topic(f"{processor.name}-rows")
        self._codecs = {topic: codec(topic) for topic in processor.inputs}
        #: Where the changelog of each of our partitions ends, as far as we have read and written it.
        self._rows_end: dict[int, int] = {}
        self._writing: set[int] = set()
        #: How many records of each topic are done: outputs and rows durable.
        self.finished: Counter[str] = Counter()

    async def settle(self, state: PartitionState, topic: str, partition: int, records: deque[Any]) -> int:
        """Steps 1 to 3 for the first of the records, which are removed. Returns the offset after the last of them."""
        began = monotonic()
        entries: list[Entry] = []
        spans = []
        with at_hand():
            while records and monotonic() - began < self._options.session_timeout / 4:
                record = records.popleft()
                span = self._options.tracer.begin(
                    "process", topic, carried(record.headers), place=(partition, record.offset)
                )
                known(receipt="", contact="", traceparent=span.traceparent)
                entries += _on_trace(self.decide(state, topic, record), span.traceparent)
                spans.append(span)
        failpoint("outputs-due")
        self.still_member()
        await self._log.append(entries)
        failpoint("outputs-durable")
        self.still_member()
        failpoint("rows-due")
        await self.append_rows(partition, state.take_dirty())
        failpoint("rows-durable")
        after = int(record.offset) + 1
        state.durable(topic, after)
        self.finished[topic] += len(spans)
        for span in spans:
            span.end()
        return after

    def decide(self, state: PartitionState, topic: str, record: Any) -> list[Entry]:
        """Step 1 for one record, which has `key`, `value`, `headers`, `offset` and `timestamp` (ms)."""
        try:
            event = self._codecs[topic].decode(record.value)
        except Undecodable as error:
            return [_set_aside(topic, record, str(error))]
        tick = self.processor.tick(event)
        if tick is not None and not self._options.stepped:
            ahead = tick.at.timestamp() - record.timestamp / 1000.0
            if ahead > self._options.tick_tolerance:
                return [_set_aside(topic, record, f"tick {ahead:.0f} s ahead of the broker's clock")]
        outputs: list[Output] = state.apply(topic, record.offset, event)
        for output in outputs:
            if output.topic == "quarantine":
                known(receipt=getattr(output.record, "receipt_id", ""))
                log.warning("a message of %s could not be understood and is in quarantine", topic)
        return [entry_of(output) for output in outputs]

    def is_member(self) -> bool:
        """Whether the group may still count this worker in."""
        return self._silent_for() <= self._options.session_timeout

    def still_member(self) -> None:
        """A worker paused past its session must not produce: its partitions belong to somebody else by now. It cannot
        have joined again meanwhile, because that waits for the batch in hand."""
        silent = self._silent_for()
        if silent > self._options.session_timeout:
            fail_stop(f"{self.processor.name}: no heartbeat for {silent:.1f} s, longer than the session")

    # -- rows

    async def append_rows(self, partition: int, rows: list[RowWrite]) -> None:
        """Write rows of our own to the changelog."""
        self._writing.add(partition)
        entries = [Entry(self.changelog, row.key.encode(), row.value, (), partition) for row in rows]
        places = await self._log.append(entries)
        self._writing.discard(partition)
        if rows:
            self._rows_end[partition] += len(rows)
            self._require_own(partition, max(offset for _, offset in places) + 1)

    def owned(self) -> list[int]:
        """The partitions whose changelog's end is known."""
        return list(self._rows_end)

    def require_all_own(self, ends: Mapping[int, int]) -> None:
        """Held against where changelogs end now; those that we write to at this moment say nothing."""
        for partition, end in ends.items():
            if partition in self._rows_end and partition not in self._writing:
                self._require_own(partition, end)

    def _require_own(self, partition: int, end: int) -> None:
        """Nobody else writes rows of our partition, except a worker that was paused past its session. Its older rows
        would be all that compaction leaves: stop, because recovery writes the newer ones again."""
        if end > self._rows_end[partition]:
            fail_stop(f"{self.processor.name}/{partition}: another worker wrote rows; they must be read before we go on")

    # -- after a start

    async def recovered(
        self,
        states: Mapping[int, PartitionState],
        *,
        rows_end: Mapping[int, int],
        committed: Mapping[tuple[str, int], int],
        ends: Mapping[tuple[str, int], int],
    ) -> Collection[int]:
        """Finish these partitions' states, whose rows were all restored, before their first event. `rows_end`: where each
        changelog was read to; `committed` and `ends` by topic and partition of the inputs. Returns the partitions in which
        rows of a paused worker were outvoted. Raises `RuntimeError` for a topic that was cut or replaced."""
        self._rows_end = dict(rows_end)
        outvoted = []
        for partition, state in states.items():
            for topic in self.processor.inputs:
                self._require_known(topic, partition, state.proved.get(topic, -1), ends[topic, partition])
            mine = {topic: offset for (topic, number), offset in committed.items() if number == partition}
            again = state.recovered(mine)
            if again:
                outvoted.append(partition)
                await self.append_rows(partition, again)
        return outvoted

    def _require_known(self, topic: str, partition: int, proved: int, end: int) -> None:
        if proved >= end:
            raise RuntimeError(
                f"the rows of {self.processor.name}/{partition} know of record {proved} of {topic}, which ends at {end}: "
                "the topic was cut or replaced. Restore it; or, to decide again from what it holds, delete the topic "
                f"{self.changelog} and the consumer group frontdoor-{self.processor.name}, and apply the topics"
            )


def _set_aside(topic: str, record: Any, why: str) -> Entry:
    """The dead letter of a record, and the line about it. `why` never quotes the payload."""
    known(**ids_of(record.headers))
    log.warning("a record of %s goes to quarantine (partition %s, offset %s): %s", topic, record.partition, record.offset, why)
    return dead_letter(topic, record, why)


def _on_trace(entries: list[Entry], traceparent: str) -> list[Entry]:
    """The entries with the trace of what they come of; a dead letter has it among its own headers."""
    if not traceparent:
        return entries
    header = (HEADER, traceparent.encode())
    return [entry if carried(entry.headers) else replace(entry, headers=(*entry.headers, header)) for entry in entries]


def safe_text(error: BaseException) -> str:
    """Our own errors speak without payload; a library's text might quote it, so only its type is told."""
    return str(error) if isinstance(error, NotDurable | RuntimeError) else "details withheld"
