"""Reading the log as a stopwatch: the broker stamps each record with the time it was appended, in milliseconds."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec  # type: ignore[attr-defined]

from ops.durable_log import KafkaLog
from ops.group_offsets import GroupOffsets
from schemas.catalogue import catalogue
from schemas.ports import Entry

#: Offsets by partition of one topic.
Offsets = Mapping[int, int]

_PATIENCE = 10.0
_CHUNK = 2000


class TookTooLong(Exception):
    """What a measurement waited for did not come in its time; says what."""


@dataclass(frozen=True, slots=True)
class Appended:
    """A record as it stands in the log; `at` is the broker's clock, in seconds."""

    partition: int
    offset: int
    at: float
    value: bytes


class Log:
    """The log of one cluster."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self._admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2})
        self._groups = GroupOffsets(bootstrap, timeout=_PATIENCE)

    def make_topic(self, name: str, settings: Mapping[str, str]) -> None:
        """A topic with as many partitions as the keyed ones, ready when this returns."""
        topic = NewTopic(name, catalogue().keyed_partitions, 1, config=dict(settings))
        for made in self._admin.create_topics([topic]).values():
            made.result(_PATIENCE)
        wait(f"the topic {name}", lambda: self._served(name), _PATIENCE)

    def _served(self, name: str) -> bool:
        try:
            return bool(self.ends(name))
        except KafkaException:
            # Made, but not every partition has its leader yet.
            return False

    def topics(self) -> set[str]:
        """The names of all that exist."""
        return set(self._admin.list_topics(timeout=_PATIENCE).topics)

    def append(self, entries: Sequence[Entry]) -> None:
        """Append all, and wait until they are acknowledged. Raises `NotDurable`."""
        asyncio.run(self._append(entries))

    async def _append(self, entries: Sequence[Entry]) -> None:
        log = KafkaLog(self.bootstrap, "bench")
        try:
            for start in range(0, len(entries), _CHUNK):
                await log.append(entries[start : start + _CHUNK])
        finally:
            log.close()

    def ends(self, topic: str) -> dict[int, int]:
        """The offset after the last record of each partition."""
        latest: Any = OffsetSpec.latest()  # type: ignore[no-untyped-call]
        asked = {TopicPartition(topic, p): latest for p in range(catalogue().keyed_partitions)}
        return {tp.partition: f.result(_PATIENCE).offset for tp, f in self._admin.list_offsets(asked).items()}

    def appended(self, topic: str, since: Offsets) -> int:
        """How many records were appended to a topic since it ended there."""
        return sum(end - since[partition] for partition, end in self.ends(topic).items())

    def behind(self, group: str, topics: Sequence[str]) -> int:
        """Records that a group has not committed. Raises `TookTooLong` if its coordinator does not answer."""
        limit = time.monotonic() + _PATIENCE
        # A young cluster's coordinator has first to find its feet.
        while (done := self._groups.committed([group])[group]) is None:
            if time.monotonic() > limit:
                raise TookTooLong(f"nobody says what {group} has committed")
            time.sleep(0.2)
        return sum(end - done.get((t, p), 0) for t in topics for p, end in self.ends(t).items())

    def records(self, topic: str, since: Offsets) -> list[Appended]:
        """What was appended to a topic since then, up to now, in the order of time."""
        return sorted(self._read(topic, since), key=lambda one: one.at)

    def _read(self, topic: str, since: Offsets) -> Iterator[Appended]:
        left = {p: end for p, end in self.ends(topic).items() if end > since[p]}
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": "bench", "enable.auto.commit": False})
        consumer.assign([TopicPartition(topic, p, since[p]) for p in left])
        try:
            while left:
                for message in consumer.consume(1000, 1.0):
                    if message.error() is not None:
                        continue
                    partition, offset = message.partition() or 0, message.offset() or 0
                    if offset + 1 >= left.get(partition, 0):
                        left.pop(partition, None)
                    yield Appended(partition, offset, message.timestamp()[1] / 1000, message.value() or b"")
        finally:
            consumer.close()


def wait(what: str, ready: Callable[[], bool], seconds: float, pause: float = 0.1) -> None:
    """Until `ready()`. Raises `TookTooLong`."""
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            raise TookTooLong(f"waited {seconds:.0f} s for {what}")
        time.sleep(pause)
