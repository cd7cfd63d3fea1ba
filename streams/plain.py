"""The binding without Faust: the same processors and the same steps in a loop around a confluent-kafka consumer.

What it gives up is Faust's keeping of partitions through a rebalance: here every rebalance reads the rows of all assigned
partitions again. What it gains is one dependency less between the broker and a decision. docs/transport.md says when one
would switch; `FRONTDOOR_BINDING=plain` does.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import monotonic
from typing import Any

from confluent_kafka import OFFSET_INVALID, Consumer, KafkaError, KafkaException, Message, TopicPartition

from connectors.stall import StallWatch
from schemas.ports import DurableLog
from streams.changelog import Changelog
from streams.fail_stop import fail_stop, require_within
from streams.frontier import Frontier
from streams.partition import PartitionState
from streams.processor import Processor
from streams.steps import Steps, WorkerOptions, safe_text

log = logging.getLogger(__name__)

#: Records of one fetch; bounds a batch, and with it what a crash repeats.
_FETCH = 200
_FETCH_WAIT = 0.2
#: What asking again does not change.
_REFUSED = {
    KafkaError._FATAL, KafkaError.FENCED_INSTANCE_ID, KafkaError.INVALID_SESSION_TIMEOUT, KafkaError.INCONSISTENT_GROUP_PROTOCOL,
    KafkaError.GROUP_MAX_SIZE_REACHED, KafkaError.GROUP_AUTHORIZATION_FAILED, KafkaError.TOPIC_AUTHORIZATION_FAILED,
}  # fmt: skip
#: Seconds for an answer of the broker.
_ANSWER = 30.0
#: For so many sessions a partition may have more without one record read.
_SESSIONS = 3


@dataclass(frozen=True, slots=True)
class _Fetched:
    """A record as the steps want it."""

    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    partition: int
    offset: int
    timestamp: int

    @classmethod
    def of(cls, message: Message) -> "_Fetched":
        given: Any = message.headers() or ()
        headers = tuple((name, _bytes(value) or b"") for name, value in given)
        place = message.partition() or 0, message.offset() or 0
        return cls(_bytes(message.key()), _bytes(message.value()), headers, *place, message.timestamp()[1])


class PlainWorker:
    """One processor at work. `run` returns when `stop` was called; `ready` is called whenever all rows are back."""

    def __init__(self, processor: Processor, durable: DurableLog, options: WorkerOptions, ready: Callable[[], None]) -> None:
        self.processor, self._options, self._ready = processor, options, ready
        self.steps = Steps(processor, durable, options, lambda: monotonic() - self._turned)
        self._frontier = Frontier()
        self._states: dict[int, PartitionState] = {}
        self._turned = monotonic()
        self._committed_at = self._looked_at = 0.0
        self._stall = StallWatch(_SESSIONS * options.session_timeout)
        self._stopping = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._consumer = Consumer(
            {
                "bootstrap.servers": options.bootstrap,
                "group.id": f"frontdoor-{processor.name}",
                "group.instance.id": f"frontdoor-{processor.name}-{options.instance}",
                "client.id": f"frontdoor-{processor.name}",
                # The same partition numbers of every input, because an event's row is on the partition with its number.
                "partition.assignment.strategy": "range",
                "session.timeout.ms": int(options.session_timeout * 1000),
                "heartbeat.interval.ms": int(min(2.0, options.session_timeout / 3) * 1000),
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "earliest",
                "fetch.message.max.bytes": 128 * 1024,
                "log_level": 2,
            },
            logger=log,
        )
        #: Asks beside the group.
        self._reader = Consumer(
            {
                "bootstrap.servers": options.bootstrap,
                # Required by the library; partitions are assigned by hand, so nobody joins this group.
                "group.id": f"frontdoor-{processor.name}-rows",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "auto.offset.reset": "earliest",
                "log_level": 2,
            },
            logger=log,
        )

    def stop(self) -> None:
        """Ask `run` to finish the batch in hand, commit, leave the group and return."""
        self._stopping = True

    async def run(self) -> None:
        """Work. Anything that goes wrong ends the process."""
        self._loop = asyncio.get_running_loop()
        try:
            topics = list(self.processor.inputs)
            self._consumer.subscribe(topics, on_assign=self._assigned, on_revoke=self._revoked, on_lost=_lost)
            while not self._stopping:
                messages = await asyncio.to_thread(self._consumer.consume, _FETCH, _FETCH_WAIT)
                self._turned = monotonic()
                for (topic, partition), batch in _by_partition(messages).items():
                    await self._batch(topic, partition, batch)
                    self._turned = monotonic()
                self._commit(idle=not messages)
                self._look()
            self._commit(idle=True)
            await asyncio.to_thread(self._consumer.close)
            self._reader.close()
        except BaseException as error:
            fail_stop(f"{self.processor.name}: {type(error).__name__}: {safe_text(error)}")

    async def _batch(self, topic: str, partition: int, batch: list[_Fetched]) -> None:
        admitted = self._frontier.admit(topic, partition, batch)
        back_to = admitted.seek_to
        if back_to is not None:
            if self._holds_nothing_between(topic, partition, back_to, batch[0].offset):
                self._frontier.advance(topic, partition, batch[0].offset)
                admitted = self._frontier.admit(topic, partition, batch)
            else:
                log.warning("batch began after the frontier; back to %s/%s at %s", topic, partition, back_to)
                self._consumer.seek(TopicPartition(topic, partition, back_to))
                return
        records: deque[Any] = deque(admitted.records)
        while records:
            after = await self.steps.settle(self._states[partition], topic, partition, records)
            self._frontier.advance(topic, partition, after)

    def _holds_nothing_between(self, topic: str, partition: int, frontier: int, arrived: int) -> bool:
        """Whether the log itself has nothing there: the marks of a transaction take offsets."""
        require_within(topic, partition, frontier, *self._bounds(topic, partition))
        return self._first_record(topic, partition, frontier) == arrived

    def _first_record(self, topic: str, partition: int, offset: int) -> int | None:
        """The offset of the first record at or after `offset`, from the log; None where it ends before there is one."""
        self._reader.assign([TopicPartition(topic, partition, offset)])
        while (first := self._reader.poll(_FETCH_WAIT)) is None:
            pass
        # Every other question would wait behind its fetch.
        self._reader.unassign()
        error = first.error()
        if error is not None and error.code() != KafkaError._PARTITION_EOF:
            raise RuntimeError(f"{topic} cannot be read: {error.name()}")
        return first.offset() if error is None else None

    # -- commits

    def _commit(self, *, idle: bool) -> None:
        """The frontier, and nothing else: soon, and at once when there is nothing else to do."""
        moved = self._frontier.to_commit()
        due = idle or self._options.stepped or monotonic() - self._committed_at >= self._options.commit_interval
        if not moved or not due:
            return
        try:
            places = [TopicPartition(topic, partition, offset) for (topic, partition), offset in moved.items()]
            for place in self._consumer.commit(offsets=places, asynchronous=False) or []:
                if place.error is not None:
                    raise KafkaException(place.error)
        except KafkaException as error:
            if error.args[0].code() in (KafkaError.FENCED_INSTANCE_ID, KafkaError.UNKNOWN_MEMBER_ID):
                fail_stop("the group has given this worker up: its session ran out, or another has taken its name")
            # A rebalance under way, or a coordinator that moves: the next try tells.
            return
        self._frontier.committed(moved)
        self._committed_at = monotonic()

    def _look(self) -> None:
        """Once a session: whether somebody else wrote rows of our partitions, and whether we are still sent what there is."""
        if monotonic() - self._looked_at < self._options.session_timeout:
            return
        self._looked_at = monotonic()
        inputs = [(topic, partition) for topic in self.processor.inputs for partition in self._states]
        try:
            ends = {partition: self._bounds(self.steps.changelog, partition)[1] for partition in self._states}
            inputs_end = {place: self._bounds(*place)[1] for place in inputs}
        except KafkaException:
            # The next look will tell; meanwhile nothing is lost, compaction waits for an hour.
            return
        self.steps.require_all_own(ends)
        self._require_reading({place: self._frontier.position(*place) for place in inputs}, inputs_end)

    def _require_reading(self, read_to: dict[tuple[str, int], int], ends: dict[tuple[str, int], int]) -> None:
        """A client that has lost a partition says nothing, and gets it back by nothing but a new start."""
        place = self._stall.look(monotonic(), read_to, ends)
        if place is not None and self._first_record(*place, read_to[place]) is not None:
            fail_stop(f"{self.processor.name}: {place[0]}/{place[1]} has more, and nothing of it has come for a while")

    # -- assignment: called by librdkafka inside `consume`, in its thread

    def _assigned(self, consumer: Consumer, assigned: list[TopicPartition]) -> None:
        try:
            self._take(assigned)
        except BaseException as error:
            fail_stop(f"{self.processor.name}: after an assignment: {type(error).__name__}: {safe_text(error)}")

    def _take(self, assigned: list[TopicPartition]) -> None:
        self._require_copartitioned(assigned)
        partitions = sorted({place.partition for place in assigned})
        self._states = {partition: PartitionState(self.processor) for partition in partitions}
        found = self._consumer.committed(assigned, timeout=_ANSWER)
        committed = {(p.topic, p.partition): p.offset for p in found if p.offset is not None and p.offset != OFFSET_INVALID}
        for (topic, partition), offset in committed.items():
            self._states[partition].durable(topic, offset)
        rows_end = self._restore(partitions)
        bounds = {(place.topic, place.partition): self._bounds(place.topic, place.partition) for place in assigned}
        assert self._loop is not None
        recovering = self.steps.recovered(
            self._states, rows_end=rows_end, committed=committed, ends={place: end for place, (_, end) in bounds.items()}
        )
        for partition in asyncio.run_coroutine_threadsafe(recovering, self._loop).result():
            log.warning("%s/%s: rows of a paused worker outvoted", self.processor.name, partition)
        for place, (beginning, end) in bounds.items():
            frontier = committed.get(place, beginning)
            require_within(*place, frontier, beginning, end)
            self._frontier.start(*place, frontier)
        self._consumer.assign([TopicPartition(*place, self._frontier.position(*place)) for place in bounds])
        self._turned = self._looked_at = monotonic()
        self._ready()

    def _restore(self, partitions: list[int]) -> dict[int, int]:
        """Read the rows of these partitions; returns where each changelog was read to."""
        bounds = {partition: self._bounds(self.steps.changelog, partition) for partition in partitions}
        changelog = Changelog(self._options.bootstrap, self.steps.changelog)
        try:
            for batch in changelog.read({p: low for p, (low, high) in bounds.items() if high > low}, _FETCH_WAIT):
                for record in batch:
                    if record.value is not None:
                        self._states[record.partition].restore(record.key, record.value)
        finally:
            changelog.close()
        return {partition: high for partition, (_, high) in bounds.items()}

    def _revoked(self, consumer: Consumer, revoked: list[TopicPartition]) -> None:
        """Commit what is durable, then forget."""
        self._commit(idle=True)
        for place in revoked:
            self._frontier.drop(place.topic, place.partition)
        self._states = {}

    def _require_copartitioned(self, assigned: list[TopicPartition]) -> None:
        owned = {topic: sorted(p.partition for p in assigned if p.topic == topic) for topic in self.processor.inputs}
        if len(set(map(tuple, owned.values()))) > 1:
            fail_stop(f"{self.processor.name}: inputs were assigned apart: {owned}")

    def _bounds(self, topic: str, partition: int) -> tuple[int, int]:
        low, high = self._reader.get_watermark_offsets(TopicPartition(topic, partition), timeout=_ANSWER)
        return low, high


def _lost(consumer: Consumer, partitions: list[TopicPartition]) -> None:
    fail_stop("the group has given this worker up: its session ran out, or another has taken its name")


def _by_partition(messages: Iterable[Message]) -> dict[tuple[str, int], list[_Fetched]]:
    batches: dict[tuple[str, int], list[_Fetched]] = {}
    for message in messages:
        error = message.error()
        if error is None:
            batches.setdefault((message.topic() or "", message.partition() or 0), []).append(_Fetched.of(message))
        elif error.code() in _REFUSED:
            fail_stop(f"the group does not take this worker: {error.name()}")
    return batches


def _bytes(value: str | bytes | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value
