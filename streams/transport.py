"""Faust's transport, made safe: one event per fetched batch, and only the frontier is ever committed.

Faust keeps what it is good at: group membership, assignment, table recovery. What it loses events by is replaced
(measured facts in docs/architecture.md): its acknowledgements are ignored, because they run ahead of durable outputs
and commit past holes; a batch that does not begin at the frontier is trimmed or sought back, never skipped.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

import faust
from aiokafka.errors import IllegalStateError, KafkaError  # type: ignore[import-untyped]
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage

from streams.fail_stop import fail_stop, require_within
from streams.frontier import Frontier
from streams.named_topics import share_named_topics

_FETCH_WAIT_MS = 200


def require_compiled_stream() -> None:
    """Refuse to run on Faust's pure-Python stream: it acknowledges stale events unseen after a rebalance."""
    from faust import streams as faust_streams

    if getattr(faust_streams, "_CStreamIterator", None) is None:
        raise RuntimeError(
            "faust-streaming was installed without its compiled stream iterator; "
            "install it from a wheel (Linux x86_64 or macOS), or build it with Cython and a C compiler"
        )


class _HeartbeatThread(driver.AIOKafkaConsumerThread):
    """The consumer thread, remembering when the group's coordinator last heard from it. A worker that the group no
    longer knows ends: its session ran out, or another took its place under its name. By itself it would join again,
    and two workers of one name would take the place from each other for ever."""

    last_heartbeat: float = 0.0

    def _create_consumer(self, loop: asyncio.AbstractEventLoop) -> Any:
        consumer = super()._create_consumer(loop)
        # Faust lets the broker hold an empty fetch for 1.5 s, and a seek or a question waits behind it: a worker that
        # takes over would be that much later.
        consumer._fetch_max_wait_ms = _FETCH_WAIT_MS
        return consumer

    async def on_start(self) -> None:
        await super().on_start()
        self.last_heartbeat = monotonic()
        coordinator = self._ensure_consumer()._coordinator
        beat = coordinator._do_heartbeat

        async def noted() -> Any:
            # When it was sent: an answer may have waited in the socket while the whole process was paused.
            sent = monotonic()
            accepted = await beat()
            if accepted:
                self.last_heartbeat = sent
            return accepted

        coordinator._do_heartbeat = noted
        forget = coordinator.reset_generation

        def expelled() -> None:
            if coordinator.generation > 0 and not self.app.should_stop:
                self.on_expelled()
            forget()

        coordinator.reset_generation = expelled
        # After an error that it cannot mend (a session that the group does not allow, rights that are missing) aiokafka
        # stands still until its user asks for it. Faust never asks, and the worker would be silent for ever.
        tell = coordinator._push_error_to_user

        def refused(error: Exception) -> Any:
            if not self.app.should_stop:
                fail_stop(f"the group does not take this worker: {type(error).__name__}")
            return tell(error)

        coordinator._push_error_to_user = refused
        share_named_topics(coordinator, self.app.conf.broker_session_timeout / 3, lambda: bool(self.app.should_stop))
        self._watch_tasks(self._ensure_consumer())

    def _watch_tasks(self, consumer: Any) -> None:
        """Faust never asks how aiokafka's own tasks are. Without the one a member would not beat, without another it would
        beat, be ready, and read nothing."""

        def ended(task: asyncio.Task[Any]) -> None:
            if not self.app.should_stop and not self.should_stop:
                error = None if task.cancelled() else task.exception()
                fail_stop(f"a task of the group's client has ended{f': {type(error).__name__}' if error else ''}")

        for task in (consumer._coordinator._coordination_task, consumer._fetcher._fetch_task, consumer._client._sync_task):
            task.add_done_callback(ended)

    def on_expelled(self) -> None:
        """The group goes on without this worker."""
        fail_stop("the group has given this worker up: its session ran out, or another has taken its name")

    async def on_partitions_assigned(self, assigned: Any, generation_id: int = 0) -> None:
        self.last_heartbeat = monotonic()
        await super().on_partitions_assigned(assigned, generation_id)

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Faust's livelock detector reads acknowledgements, which mean nothing here; lag is watched from outside."""


class _ReadOffsets(defaultdict[TP, int | None]):
    """Faust's note of how far it has read: always none. By it Faust drops, unseen, whatever begins earlier, and a note
    taken just after the consumer went back would drop the very records it went back for. Inputs have their frontier,
    and table recovery looks at offsets itself."""

    def __getitem__(self, tp: TP) -> int | None:
        return None


class FrontierConsumer(driver.Consumer):
    """Yields one message per fetched partition batch (its value is the list of records) and commits the frontier."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.frontier = Frontier()
        #: Frontiers that were behind what was fetched, when last looked at.
        self._behind: dict[TP, int] = {}
        super().__init__(*args, **kwargs)
        self._read_offset = _ReadOffsets()

    def _new_consumer_thread(self) -> _HeartbeatThread:
        return _HeartbeatThread(self, loop=self.loop, beacon=self.beacon)

    @property
    def seconds_since_heartbeat(self) -> float:
        """How long ago the group last accepted this worker as a member."""
        thread = self._thread
        assert isinstance(thread, _HeartbeatThread)
        return monotonic() - thread.last_heartbeat

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Any]]:
        """Fetched batches of the inputs; nothing of a changelog comes this way (`streams.recovery`).

        What was fetched before a rebalance, or for a partition that is paused now, is given back to the fetcher: it was
        taken from it, and nobody would come back for it.
        """
        if not self.flow_active:
            await self.wait(self.can_resume_flow)  # type: ignore[arg-type]
        generation = self.app.consumer_generation_id
        records, active = await self._wait_next_records(timeout)
        if records is None or self.should_stop:
            return
        unused: dict[TP, list[Any]] = {}
        for tp, batch in records.items():
            wanted = active is None or tp in active or tp in self._buffered_partitions
            valid = self.flow_active and self.app.consumer_generation_id == generation
            if wanted and valid and not self._is_changelog_tp(tp):
                yield tp, self._to_batch_message(tp, batch)
            else:
                unused[tp] = batch
        await self._give_back(unused)

    async def _give_back(self, unused: Mapping[TP, list[Any]]) -> None:
        """Fetch these again, where nobody has sought elsewhere since. Reading twice does no harm: inputs are trimmed at
        their frontier."""
        for tp, batch in unused.items():
            if tp not in self.assignment():
                continue
            try:
                position = await self.position(tp)
                if position is not None and position > batch[-1].offset:
                    await self._thread.seek_wait({tp: batch[0].offset})
            except IllegalStateError:
                # Revoked meanwhile.
                continue

    def _to_batch_message(self, tp: TP, batch: list[Any]) -> Any:
        first = batch[0]
        whole: Any = batch
        return ConsumerMessage(
            tp.topic,
            tp.partition,
            first.offset,
            first.timestamp / 1000.0,
            first.timestamp_type,
            [],
            None,
            whole,
            None,
            0,
            0,
            tp,
            generation_id=self.app.consumer_generation_id,
        )

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Gaps between message offsets are the batches themselves here."""

    async def perform_seek(self) -> None:
        """Seek to what was committed, and start each frontier there; where nothing was, at the partition's beginning."""
        await super().perform_seek()
        mine = [tp for tp in self.assignment() if not self._is_changelog_tp(tp)]
        for tp, (beginning, end) in (await self.bounds(mine)).items():
            frontier = self._committed_offset[tp] or beginning
            require_within(tp.topic, tp.partition, frontier, beginning, end)
            self.frontier.start(tp.topic, tp.partition, frontier)

    async def back_to(self, topic: str, partition: int, offset: int, arrived: int) -> bool:
        """A batch arrived that begins at `arrived`, after the frontier `offset`. Fetch again from the frontier; or, if
        the log itself has nothing between the two (the marks of a transaction take offsets), return True: go on."""
        tp = TP(topic, partition)
        require_within(topic, partition, offset, *(await self.bounds([tp]))[tp])
        if await self._first_record(tp, offset) == arrived:
            return True
        self.log.warning("batch began after the frontier; back to %s/%s at %s", topic, partition, offset)
        await self._thread.seek_wait({tp: offset})
        return False

    async def bounds(self, partitions: Collection[TP]) -> dict[TP, tuple[int, int]]:
        """First offset and end of each partition."""
        if not partitions:
            return {}
        async with self._asking() as reader:
            first, end = await reader.beginning_offsets(partitions), await reader.end_offsets(partitions)
        return {tp: (first[tp], end[tp]) for tp in partitions}

    async def _first_record(self, tp: TP, offset: int) -> int:
        """The offset of the first record at or after `offset`, from the log, past all that this consumer holds."""
        async with self._asking() as reader:
            reader.assign([tp])
            reader.seek(tp, offset)
            record = await asyncio.wait_for(reader.getone(), self.app.conf.broker_request_timeout)
            return int(record.offset)

    async def has_record(self, tp: TP, offset: int, end: int) -> bool:
        """Whether the log has a record from `offset` to before `end`, and not only marks of transactions; False if it does not
        say."""
        try:
            return await self._first_record(tp, offset) < end
        except (TimeoutError, KafkaError):
            return False

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[Any]:
        """A client beside the group. On the group's own connection every question would wait, up to 1.5 s, behind the
        fetch that is waiting for records."""
        assert isinstance(self.transport, driver.Transport)
        reader = self._thread._create_client_consumer(self.transport)
        await reader.start()
        try:
            yield reader
        finally:
            await reader.stop()

    async def committed(self, partitions: Iterable[TP]) -> dict[TP, int]:
        """The group's committed offsets, where there are any."""
        consumer = self._thread._ensure_consumer()
        found = {tp: await self._thread.call_thread(consumer.committed, tp) for tp in partitions}
        return {tp: offset for tp, offset in found.items() if offset is not None}

    async def rouse(self) -> None:
        """Go back to every frontier that has stood still, behind what was fetched, since the last call: records were
        dropped on the way, and no later batch has come to show it."""
        before, self._behind = self._behind, {}
        if self.app.rebalancing or not self.flow_active:
            return
        for tp in self.assignment():
            if not self.frontier.owns(*tp):
                continue
            frontier = self.frontier.position(*tp)
            try:
                fetched = await self.position(tp)
            except IllegalStateError:
                # Revoked meanwhile.
                continue
            if fetched is None or frontier >= fetched:
                continue
            if before.get(tp) == frontier:
                self.log.warning("nothing came of %s/%s since %s; fetching it again", tp.topic, tp.partition, frontier)
                await self._thread.seek_wait({tp: frontier})
            self._behind[tp] = frontier

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Commit what is durable, then forget the frontiers."""
        await super().on_partitions_revoked(revoked)
        for tp in revoked:
            self.frontier.drop(tp.topic, tp.partition)

    async def force_commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
        """Commit the frontier. Faust's acknowledgements only keep track of what is under way."""
        self._acked.clear()
        self._acked_index.clear()
        moved = self.frontier.to_commit()
        if not moved:
            return False
        assigned = self.assignment()
        offsets: Mapping[TP, int] = {TP(*tp): offset for tp, offset in moved.items() if TP(*tp) in assigned}
        if not offsets or not await self._commit(offsets):
            return False
        self._committed_offset.update(offsets)
        self.frontier.committed({(tp.topic, tp.partition): offset for tp, offset in offsets.items()})
        return True


class FrontierTransport(driver.Transport):
    """The aiokafka transport with the frontier's consumer."""

    Consumer = FrontierConsumer


class FrontierApp(faust.App):
    """A Faust app on the frontier transport."""

    def _new_transport(self) -> FrontierTransport:
        return FrontierTransport(self.conf.broker_consumer, self, loop=self.loop)
