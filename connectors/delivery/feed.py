"""The engine's connection to the log: reads items and their states, and commits how far both are done.

States are read before items: when a partition is taken over, `deliveries` is read to its end first, from the oldest
state that was still needed when the last commit was made. Both positions are committed in one request, so they fit.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Sequence

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from connectors.delivery.engine import TOPIC, WRITER_HEADER, Deliverer
from connectors.log_ends import log_ends
from connectors.stall import PATIENCE, Place, Stalled, StallWatch
from schemas.at_hand import at_hand
from schemas.catalogue import AGENCIES, codec
from schemas.outbound import OutboundItem
from schemas.trace import HEADER, carried
from schemas.wire import Undecodable

log = logging.getLogger("frontdoor.delivery")

GROUP = "frontdoor-delivery"
OUTBOUND = tuple(f"outbound.{agency}" for agency in AGENCIES)

_BATCH = 100
_POLL_SECONDS = 0.1
_COMMIT_SECONDS = 0.5
#: How many looks fit into the patience with a reading that has stopped; how long the broker may take to answer one.
_LOOKS, _ANSWER_SECONDS = 6, 2.0


class Feed:
    """Feeds one deliverer until told to stop. `session_seconds` is how long the group waits for a silent process; one that
    starts again under the same `instance` need not wait for that. `stall_seconds` is how long a partition may have more than
    is read."""

    def __init__(
        self, bootstrap: str, deliverer: Deliverer, *, instance: str, session_seconds: float, stall_seconds: float = PATIENCE
    ) -> None:
        self._deliverer = deliverer
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": GROUP,
                "group.instance.id": f"{GROUP}-{instance}",
                "client.id": GROUP,
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                # States and items of one partition must be with the same process.
                "partition.assignment.strategy": "range",
                "session.timeout.ms": int(session_seconds * 1000),
                "enable.partition.eof": True,
                "fetch.wait.max.ms": 100,
                "queued.max.messages.kbytes": 16384,
                "log_level": 2,
            }
        )
        self._rebalances: deque[tuple[bool, list[TopicPartition]]] = deque()
        self._read_to: dict[int, int] = {}
        self._recovering: set[int] = set()
        #: Of the partitions that wait for their states, where there was no more to fetch.
        self._states_fetched_to: dict[Place, int] = {}
        self._committed: dict[Place, int] = {}
        #: Of each partition what is read next.
        self._next: dict[Place, int] = {}
        self._stall, self._look_every = StallWatch(stall_seconds), stall_seconds / _LOOKS

    async def run(self, stop: asyncio.Event) -> None:
        """Read until `stop`. Raises `KafkaException`; `Stalled` when nothing more comes although there is more."""
        # Raised by the consumer's own thread while it polls; handled between two polls.
        self._consumer.subscribe([TOPIC, *OUTBOUND], on_assign=self._assigned, on_revoke=self._revoked)
        due = look_at = time.monotonic()
        try:
            while not stop.is_set() and not self._deliverer.failed:
                first = await asyncio.to_thread(self._consumer.poll, _POLL_SECONDS)
                await self._take_all([] if first is None else [first])
                if first is not None:
                    # Only what is there already: `consume` would wait for a whole batch, or its whole time.
                    await self._take_all(await asyncio.to_thread(self._consumer.consume, _BATCH, 0))
                if self._states_fetched_to:
                    await self._go_on_with_what_has_its_states()
                if time.monotonic() >= due:
                    await self._commit()
                    due = time.monotonic() + _COMMIT_SECONDS
                if time.monotonic() >= look_at:
                    await self._look()
                    look_at = time.monotonic() + self._look_every
        finally:
            with contextlib.suppress(KafkaException):
                await self._commit()
            await asyncio.to_thread(self._consumer.close)

    # -- who has which partition

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        starts = consumer.committed(partitions, timeout=10)
        for one in starts:
            if one.offset < 0:
                one.offset = consumer.get_watermark_offsets(one, timeout=10)[0]
        consumer.assign(starts)
        consumer.pause([one for one in starts if one.topic != TOPIC])
        self._rebalances.append((True, list(starts)))

    def _revoked(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._rebalances.append((False, list(partitions)))

    def _rebalance(self) -> None:
        while self._rebalances:
            gained, partitions = self._rebalances.popleft()
            numbers = {one.partition for one in partitions}
            for number in numbers:
                self._read_to.pop(number, None)
            self._committed = {place: at for place, at in self._committed.items() if place[1] not in numbers}
            self._next = {place: at for place, at in self._next.items() if place[1] not in numbers}
            if gained:
                places = {(one.topic, one.partition): one.offset for one in partitions if one.topic != TOPIC}
                self._read_to |= {one.partition: one.offset for one in partitions if one.topic == TOPIC}
                self._next |= {(one.topic, one.partition): one.offset for one in partitions}
                self._recovering |= numbers
                self._deliverer.assign(places, numbers)
            else:
                self._recovering -= numbers
                self._deliverer.revoke(numbers)
            self._states_fetched_to = {place: at for place, at in self._states_fetched_to.items() if place[1] not in numbers}

    async def _go_on_with_what_has_its_states(self) -> None:
        """What was fetched may not be all of them yet: where the log ends says so."""
        for place, end in (await self._ends(list(self._states_fetched_to))).items():
            if end <= self._states_fetched_to[place]:
                del self._states_fetched_to[place]
                self._recovered(place[1])

    def _recovered(self, number: int) -> None:
        self._recovering.discard(number)
        self._deliverer.recovered(number)
        self._consumer.resume([TopicPartition(topic, number) for topic in OUTBOUND])

    # -- records

    async def _take_all(self, messages: Sequence[Message]) -> None:
        self._rebalance()
        for message in messages:
            await self._take(message)

    async def _take(self, message: Message) -> None:
        error = message.error()
        # First of all: what is fatal is told of no topic and no partition, and the client reads nothing after it.
        if error is not None and error.code() == KafkaError._FATAL:
            raise KafkaException(error)
        topic, partition, offset = message.topic() or "", message.partition(), message.offset()
        if partition is None or offset is None:
            return
        if error is not None:
            if error.code() == KafkaError._PARTITION_EOF:
                self._next[topic, partition] = offset
                if topic == TOPIC and partition in self._recovering:
                    self._states_fetched_to[topic, partition] = offset
            else:
                log.warning("the broker reports %s", error.name())
            return
        if partition not in self._read_to:
            # Fetched before the partition was taken away.
            return
        self._next[topic, partition] = offset + 1
        if topic == TOPIC:
            self._state(message, partition, offset)
        else:
            await self._item(message, topic, partition, offset)

    def _state(self, message: Message, partition: int, offset: int) -> None:
        self._read_to[partition] = offset + 1
        self._states_fetched_to.pop((TOPIC, partition), None)
        if partition not in self._recovering and _header(message, WRITER_HEADER) == self._deliverer.writer.encode():
            return
        try:
            self._deliverer.observe(codec(TOPIC).decode(message.value()), offset)
        except Undecodable:
            log.error("a record of %s is damaged: partition %s, offset %s", TOPIC, partition, offset)

    async def _item(self, message: Message, topic: str, partition: int, offset: int) -> None:
        value, traceparent = message.value(), carried([(HEADER, _header(message, HEADER))])
        try:
            item = codec(topic).decode(value)
        except Undecodable:
            # The view lists it; nobody can be sent what nobody can read.
            with at_hand(traceparent=traceparent):
                log.error("a record of %s is damaged: partition %s, offset %s", topic, partition, offset)
            self._deliverer.passed(topic, partition, offset)
            return
        await self._deliverer.offer(item, partition, offset, len(value or b""), traceparent)

    async def _look(self) -> None:
        """Whether every partition that has more is read on. Those that wait for their states are not meant to be."""
        read_to = {place: at for place, at in self._next.items() if place[0] == TOPIC or place[1] not in self._recovering}
        # Where the broker is away, or a partition has no leader, the next look begins anew.
        stalled = self._stall.look(time.monotonic(), read_to, await self._ends(list(read_to)))
        if stalled is not None:
            raise Stalled(f"{stalled[0]}/{stalled[1]} has more, and nothing of it has come for a while")

    async def _ends(self, places: Sequence[Place]) -> dict[Place, int]:
        return await asyncio.to_thread(log_ends, self._consumer, places, _ANSWER_SECONDS)

    # -- commits

    async def _commit(self) -> None:
        # What is still needed of the states stands below what was read of them.
        reached = {(TOPIC, number): at for number, at in self._read_to.items() if number not in self._recovering}
        found = self._deliverer.positions()
        moved = {}
        for place, at in {**reached, **found}.items():
            at = min(at, reached.get(place, at))
            if place[1] in self._read_to and place[1] not in self._recovering and self._committed.get(place) != at:
                moved[place] = at
        if not moved:
            return
        offsets = [TopicPartition(topic, number, at) for (topic, number), at in moved.items()]
        try:
            await asyncio.to_thread(self._consumer.commit, offsets=offsets, asynchronous=False)
        except KafkaException as error:
            # The group has given the partitions away, or its coordinator is moving: the next commit says the same.
            log.warning("a commit was not taken: %s", error.args[0].name())
            return
        self._committed |= moved


class ItemReader:
    """Reads single items from the log again. One at a time: what waits for a recipient that is down is read seldom."""

    def __init__(self, bootstrap: str) -> None:
        self._lock = asyncio.Lock()
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "client.id": f"{GROUP}-reader",
                # Required by the library; partitions are assigned by hand, so nobody joins this group.
                "group.id": f"{GROUP}-reader",
                "enable.auto.commit": False,
                "auto.offset.reset": "error",
                "fetch.wait.max.ms": 20,
                "queued.max.messages.kbytes": 1024,
                "log_level": 2,
            }
        )

    async def read(self, topic: str, partition: int, offset: int) -> OutboundItem | None:
        """The item there; None when the log holds it no longer. Raises `TimeoutError` while the broker does not answer."""
        async with self._lock:
            return await asyncio.to_thread(self._read, topic, partition, offset)

    def _read(self, topic: str, partition: int, offset: int) -> OutboundItem | None:
        self._consumer.assign([TopicPartition(topic, partition, offset)])
        try:
            message = next(iter(self._consumer.consume(1, 5.0)), None)
        finally:
            self._consumer.unassign()
        if message is None:
            raise TimeoutError
        error = message.error()
        if error is not None:
            if error.code() in (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE):
                return None
            raise KafkaException(error)
        try:
            found: OutboundItem = codec(topic).decode(message.value())
        except Undecodable:
            return None
        return found

    async def close(self) -> None:
        """Let go of the broker."""
        await asyncio.to_thread(self._consumer.close)


def _header(message: Message, wanted: str) -> bytes:
    carried: Sequence[tuple[str, bytes | str | None]] = message.headers() or []  # type: ignore[assignment]
    found = next((value for name, value in carried if name == wanted), None)
    return found.encode() if isinstance(found, str) else found or b""
