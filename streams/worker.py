"""The binding: one processor, one Faust app, one agent. All errors are owned here.

The order inside a batch is the promise of this file:
 1. decode and decide records, in order, as many as fit into a quarter of the session (the others are the next batch);
 2. append all outputs and wait until the broker has acknowledged every one;
 3. append all changed rows and wait likewise;
 4. move the frontier;
 5. commit the frontier (soon, and at once when there is nothing else to do).
A crash between 2 and 3 repeats outputs under the same ids; between 3 and 5 the rows prove that nothing is owed.
A record that cannot be decoded goes to `quarantine`; anything else that goes wrong stops the process.
"""

import asyncio
import logging
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from aiokafka.errors import KafkaError  # type: ignore[import-untyped]
from faust.serializers.schemas import Schema
from faust.types import TP

from schemas.catalogue import catalogue, codec
from schemas.identity import output_id
from schemas.ports import DurableLog, Entry, NotDurable
from schemas.record import Record
from schemas.wire import Undecodable
from streams.envelope import dead_letter, entry_of
from streams.failpoints import failpoint
from streams.partition import PartitionState, RowWrite
from streams.processor import Output, Processor
from streams.table import RowTable
from streams.transport import FrontierApp, FrontierConsumer, fail_stop, require_compiled_stream

log = logging.getLogger(__name__)


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


class _RawSchema(Schema):  # type: ignore[type-arg]
    """Topics are bytes to Faust: what it cannot decode it would acknowledge before anybody could look."""

    def loads_key(self, app: Any, message: Any, **_: Any) -> Any:
        return message.key

    def loads_value(self, app: Any, message: Any, **_: Any) -> Any:
        return message.value


class Worker:
    """One processor at work. `start()` is Faust's to call; build with `build_app`."""

    def __init__(self, processor: Processor, durable: DurableLog, options: WorkerOptions) -> None:
        self.processor = processor
        self.log = durable
        self.options = options
        self.codecs = {topic: codec(topic) for topic in processor.inputs}
        self.app = self._build()
        self._idle = asyncio.Event()
        #: Where the changelog of each of our partitions ends, as far as we have read and written it.
        self._rows_end: dict[int, int] = {}
        self._writing: set[int] = set()

    def _build(self) -> FrontierApp:
        require_compiled_stream()
        o = self.options
        app = FrontierApp(
            f"frontdoor-{self.processor.name}",
            broker="kafka://" + o.bootstrap.replace(",", ";kafka://"),
            store="memory://",
            datadir=str(o.datadir),
            # The keyed topics have one partition count; a table without it would get 8 and every row would fail.
            topic_partitions=catalogue().keyed_partitions,
            # Topics are made by `topics apply`, with their settings, and never by a worker.
            topic_allow_declare=False,
            topic_disable_leader=True,
            # The web server would serve table rows to anybody on the machine.
            web_enabled=False,
            # A killed worker's partitions must not idle for the default minute.
            broker_session_timeout=o.session_timeout,
            broker_heartbeat_interval=min(2.0, o.session_timeout / 3),
            broker_commit_interval=o.commit_interval,
            # Bounds a batch, and with it what a crash repeats; and how long a quiet partition's one record waits its turn
            # while the others have a backlog.
            broker_max_poll_records=200,
            consumer_max_fetch_size=128 * 1024,
            broker_request_timeout=max(30.0, o.session_timeout * 2),
            consumer_group_instance_id=f"frontdoor-{self.processor.name}-{o.instance}",
            consumer_auto_offset_reset="earliest",
            # A rebalance waits for the batch in hand, so that its frontier is committed by its owner.
            stream_wait_empty=True,
            table_standby_replicas=0,
            stream_recovery_delay=0.0,
            producer_request_timeout=60.0,
        )
        self.table = RowTable(
            app,
            self.processor,
            name="rows",
            partitions=catalogue().keyed_partitions,
            key_type=bytes,
            value_type=bytes,
            schema=_RawSchema(),
        )
        app.tables.add(self.table)
        self.table.after_recovery = self._after_recovery
        # Each message is a whole batch, so few may wait: they stay in memory, and a rebalance throws them away.
        topic = app.topic(*self.processor.inputs, schema=_RawSchema(), internal=False, maxsize=2)

        async def run(stream: Any) -> None:
            await self._run(stream)

        app.agent(topic, name=self.processor.name, concurrency=1)(run)
        app.task(self._commit_when_idle)
        app.task(self._watch)
        return app

    @property
    def consumer(self) -> FrontierConsumer:
        """The app's consumer."""
        consumer = self.app.consumer
        assert isinstance(consumer, FrontierConsumer)
        return consumer

    async def _run(self, stream: Any) -> None:
        try:
            async for event in stream.events():
                message = event.message
                await self._batch(message.topic, message.partition, event.value)
        except BaseException as error:
            if isinstance(error, asyncio.CancelledError) and self.app.should_stop:
                raise
            fail_stop(f"{self.processor.name}: {type(error).__name__}: {_safe_text(error)}")

    async def _batch(self, topic: str, partition: int, fetched: list[Any]) -> None:
        frontier = self.consumer.frontier
        admitted = frontier.admit(topic, partition, fetched)
        if admitted.seek_to is not None:
            begins = fetched[0].offset
            if not await self.consumer.back_to(topic, partition, admitted.seek_to, begins):
                return
            frontier.advance(topic, partition, begins)
            admitted = frontier.admit(topic, partition, fetched)
        records = deque(admitted.records)
        while records:
            await self._settle(topic, partition, records)

    async def _settle(self, topic: str, partition: int, records: deque[Any]) -> None:
        """Steps 1 to 4 for the first of the records; they are removed."""
        began = monotonic()
        state = self.table.partition_state(partition)
        entries: list[Entry] = []
        while records and monotonic() - began < self.options.session_timeout / 4:
            record = records.popleft()
            entries += self._decide(state, topic, record)
        failpoint("outputs-due")
        self._still_member()
        await self.log.append(entries)
        failpoint("outputs-durable")
        self._still_member()
        failpoint("rows-due")
        await self._append_rows(partition, state.take_dirty())
        failpoint("rows-durable")
        state.durable(topic, record.offset + 1)
        self.consumer.frontier.advance(topic, partition, record.offset + 1)
        self._idle.set()

    def _decide(self, state: PartitionState, topic: str, record: Any) -> list[Entry]:
        try:
            event = self.codecs[topic].decode(record.value)
        except Undecodable as error:
            return [dead_letter(topic, record, str(error))]
        tick = self.processor.tick(event)
        if tick is not None and not self.options.stepped:
            ahead = tick.at.timestamp() - record.timestamp / 1000.0
            if ahead > self.options.tick_tolerance:
                return [dead_letter(topic, record, f"tick {ahead:.0f} s ahead of the broker's clock")]
        outputs: list[Output] = state.apply(topic, record.offset, event)
        return [entry_of(output) for output in outputs]

    async def _append_rows(self, partition: int, rows: list[RowWrite]) -> None:
        changelog = self.table.changelog_topic_name
        self._writing.add(partition)
        places = await self.log.append([Entry(changelog, row.key.encode(), row.value, (), partition) for row in rows])
        self._writing.discard(partition)
        if rows:
            self._rows_end[partition] += len(rows)
            self._require_own(partition, max(offset for _, offset in places) + 1)

    def _require_own(self, partition: int, end: int) -> None:
        """Nobody else writes rows of our partition, except a worker that was paused past its session. Its older rows
        would be all that compaction leaves: stop, because recovery writes the newer ones again."""
        if end > self._rows_end[partition]:
            fail_stop(f"{self.processor.name}/{partition}: another worker wrote rows; they must be read before we go on")

    async def _require_all_own(self) -> None:
        changelog = self.table.changelog_topic_name
        try:
            bounds = await self.consumer.bounds([TP(changelog, partition) for partition in self._rows_end])
        except KafkaError:
            # The next look will tell; meanwhile nothing is lost, compaction waits for an hour.
            return
        if self.app.rebalancing:
            return
        # What was revoked may well grow.
        for tp in bounds.keys() & self.consumer.assignment():
            if tp.partition not in self._writing:
                self._require_own(tp.partition, bounds[tp][1])

    def _still_member(self) -> None:
        """A worker paused past its session must not produce: its partitions belong to somebody else by now. It cannot
        have joined again meanwhile, because that waits for the batch in hand."""
        silent = self.consumer.seconds_since_heartbeat
        if silent > self.options.session_timeout:
            fail_stop(f"{self.processor.name}: no heartbeat for {silent:.1f} s, longer than the session")

    async def _after_recovery(self, partitions: list[int]) -> None:
        inputs = [TP(topic, partition) for topic in self.processor.inputs for partition in partitions]
        rows = [TP(self.table.changelog_topic_name, partition) for partition in partitions]
        bounds = await self.consumer.bounds([*inputs, *rows])
        committed = await self.consumer.committed(inputs)
        self._rows_end = {tp.partition: max(self.table.persisted_offset(tp) + 1, bounds[tp][0]) for tp in rows}
        for partition in partitions:
            state = self.table.partition_state(partition)
            for topic in self.processor.inputs:
                self._require_known(topic, partition, state.proved.get(topic, -1), bounds[TP(topic, partition)][1])
            again = state.recovered({tp.topic: offset for tp, offset in committed.items() if tp.partition == partition})
            if again:
                log.warning("%s/%s: %s rows of a paused worker outvoted", self.processor.name, partition, len(again))
                await self._append_rows(partition, again)

    def _require_known(self, topic: str, partition: int, proved: int, end: int) -> None:
        if proved >= end:
            raise RuntimeError(
                f"the rows of {self.processor.name}/{partition} know of record {proved} of {topic}, which ends at {end}: "
                "the topic was cut or replaced. Restore it; or, to decide again from what it holds, delete the topic "
                f"{self.table.changelog_topic_name} and the consumer group {self.app.conf.id}, and apply the topics"
            )

    async def _commit_when_idle(self) -> None:
        """Commit as soon as there is nothing to do, so that lag shows the truth. Not more often than the interval: a commit
        costs the broker more than a record does. Under the stepped clock at once, because the driver waits for it."""
        pause = 0.0 if self.options.stepped else self.options.commit_interval
        while not self.app.should_stop:
            await self._idle.wait()
            self._idle.clear()
            await self.consumer.commit()
            await asyncio.sleep(pause)

    async def _watch(self) -> None:
        while not self.app.should_stop:
            await asyncio.sleep(self.options.session_timeout)
            await self.consumer.rouse()
            await self._require_all_own()


def _safe_text(error: BaseException) -> str:
    """Our own errors speak without payload; a library's text might quote it, so only its type is told."""
    return str(error) if isinstance(error, NotDurable | RuntimeError) else "details withheld"


def event_id_of(topic: str, partition: int, offset: int) -> str:
    """An id for a record that carries none."""
    return output_id(f"{topic}/{partition}/{offset}", "record")


def decoded(topic: str, value: bytes) -> Record:
    """One record of a topic, decoded and validated."""
    record: Record = codec(topic).decode(value)
    return record
