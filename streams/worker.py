"""The binding to Faust: one processor, one Faust app, one agent. It fetches, moves the frontier and commits; what is done with
a batch in between stands in `streams.steps`.

Once a batch's outputs and rows are durable the frontier moves, and is committed: soon, and at once when there is nothing
else to do. Anything that goes wrong stops the process.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Mapping
from time import monotonic
from typing import Any

from aiokafka.errors import KafkaError  # type: ignore[import-untyped]
from faust.serializers.schemas import Schema
from faust.types import TP

from connectors.stall import Place, StallWatch
from schemas.catalogue import catalogue
from schemas.ports import DurableLog
from streams.fail_stop import fail_stop
from streams.processor import Processor
from streams.recovery import RowTables
from streams.steps import Steps, WorkerOptions, safe_text
from streams.table import RowTable
from streams.transport import FrontierApp, FrontierConsumer, require_compiled_stream

log = logging.getLogger(__name__)

#: For so many sessions a partition may have more without one record processed.
_SESSIONS = 3


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
        self.options = options
        self.steps = Steps(processor, durable, options, lambda: self.consumer.seconds_since_heartbeat)
        self.app = self._build()
        self._idle = asyncio.Event()
        self._stall = StallWatch(_SESSIONS * options.session_timeout)

    def _build(self) -> FrontierApp:
        require_compiled_stream()
        o = self.options
        app = FrontierApp(
            f"frontdoor-{self.processor.name}",
            broker="kafka://" + o.bootstrap.replace(",", ";kafka://"),
            store="memory://",
            TableManager=RowTables,
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
        self.table.before_recovery = self._before_recovery
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
            fail_stop(f"{self.processor.name}: {type(error).__name__}: {safe_text(error)}")

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
        after = await self.steps.settle(self.table.partition_state(partition), topic, partition, records)
        self.consumer.frontier.advance(topic, partition, after)
        self._idle.set()

    async def _look(self) -> None:
        """Whether the changelog grows by rows of others, and whether what there is to read is read."""
        changelog, owned = self.table.changelog_topic_name, list(self.steps.owned())
        topics = (changelog, *self.processor.inputs)
        try:
            bounds = await self.consumer.bounds([TP(topic, partition) for topic in topics for partition in owned])
        except KafkaError:
            # The next look will tell; meanwhile nothing is lost, compaction waits for an hour.
            self._stall.forget()
            return
        if self.app.rebalancing:
            return
        # What was revoked may well grow.
        ends = {tp: bounds[tp][1] for tp in bounds.keys() & self.consumer.assignment()}
        self.steps.require_all_own({tp.partition: end for tp, end in ends.items() if tp.topic == changelog})
        await self._require_progress({(tp.topic, tp.partition): end for tp, end in ends.items() if tp.topic != changelog})

    async def _require_progress(self, ends: Mapping[Place, int]) -> None:
        """End rather than live and not read: a client library can lose a partition over a change of its leader."""
        frontier = self.consumer.frontier
        read_to = {place: frontier.position(*place) for place in ends if frontier.owns(*place)}
        stalled = self._stall.look(monotonic(), read_to, ends)
        if stalled is None:
            return
        if await self.consumer.has_record(TP(*stalled), read_to[stalled], ends[stalled]):
            fail_stop(f"{stalled[0]}/{stalled[1]} has more, and nothing of it has come for a while")
        # The marks of a transaction take offsets, and are nothing to wait for.
        self._stall.forget()

    async def _before_recovery(self, partitions: list[int]) -> None:
        inputs = [TP(topic, partition) for topic in self.processor.inputs for partition in partitions]
        for tp, offset in (await self.consumer.committed(inputs)).items():
            self.table.partition_state(tp.partition).durable(tp.topic, offset)

    async def _after_recovery(self, partitions: list[int]) -> None:
        inputs = [TP(topic, partition) for topic in self.processor.inputs for partition in partitions]
        rows = [TP(self.table.changelog_topic_name, partition) for partition in partitions]
        bounds = await self.consumer.bounds([*inputs, *rows])
        committed = await self.consumer.committed(inputs)
        outvoted = await self.steps.recovered(
            {partition: self.table.partition_state(partition) for partition in partitions},
            rows_end={tp.partition: max(self.table.persisted_offset(tp) + 1, bounds[tp][0]) for tp in rows},
            committed={(tp.topic, tp.partition): offset for tp, offset in committed.items()},
            ends={(tp.topic, tp.partition): bounds[tp][1] for tp in inputs},
        )
        for partition in outvoted:
            log.warning("%s/%s: rows of a paused worker outvoted", self.processor.name, partition)

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
            await self._look()
