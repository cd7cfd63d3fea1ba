"""Reading the log with another client than the worker's consumer: whole topics, their ends, what is committed."""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from confluent_kafka import Consumer, Message, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from ops.group_offsets import GroupOffsets
from schemas.catalogue import catalogue

PARTITIONS = range(catalogue().keyed_partitions)
#: Seconds until a broker that does not answer counts as a failure.
PATIENCE = 20.0

#: (topic, partition)
Place = tuple[str, int]


def new_admin(bootstrap: str) -> AdminClient:
    """A client that knows nothing yet; its answers die with it."""
    return AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})


#: One client a broker.
admin = cache(new_admin)


def _offsets(bootstrap: str, topics: Iterable[str], which: Any) -> dict[Place, int]:
    asked = {TopicPartition(topic, p): which for topic in topics for p in PARTITIONS}
    found = admin(bootstrap).list_offsets(asked, request_timeout=PATIENCE)
    return {(tp.topic, tp.partition): answer.result(PATIENCE).offset for tp, answer in found.items()}


def ends(bootstrap: str, *topics: str) -> dict[Place, int]:
    """Where each partition ends: the offset of the next record."""
    return _offsets(bootstrap, topics, OffsetSpec.latest())


def beginnings(bootstrap: str, *topics: str) -> dict[Place, int]:
    """Where each partition begins."""
    return _offsets(bootstrap, topics, OffsetSpec.earliest())


def committed(bootstrap: str, group: str, *topics: str) -> dict[Place, int]:
    """The group's committed offsets, where there are any; waits while the broker still reads them."""
    end = time.monotonic() + PATIENCE
    with GroupOffsets(bootstrap) as groups:
        while (found := groups.committed([group])[group]) is None:
            assert time.monotonic() < end, f"nobody says what {group} has committed"
            time.sleep(0.1)
    return {(topic, p): found[topic, p] for topic in topics for p in PARTITIONS if (topic, p) in found}


class Follower:
    """Reads topics on from where it ended the last time, in order within each partition."""

    def __init__(self, bootstrap: str, *topics: str) -> None:
        self._bootstrap = bootstrap
        self._topics = topics
        self._next = beginnings(bootstrap, *topics)

    def new(self) -> list[Message]:
        """Every record up to the present ends that was not returned before."""
        wanted = {place for place, end in ends(self._bootstrap, *self._topics).items() if end > self._next[place]}
        found: list[Message] = []
        reader = Consumer(
            {
                "bootstrap.servers": self._bootstrap,
                "group.id": "reading",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "auto.offset.reset": "error",
                "isolation.level": "read_uncommitted",
                "log_level": 0,
            }
        )
        try:
            reader.assign([TopicPartition(topic, p, self._next[topic, p]) for topic, p in wanted])
            heard = time.monotonic()
            while wanted:
                # It waits until it has so many, or that long.
                for message in reader.consume(5000, timeout=0.1):
                    heard = time.monotonic()
                    place = (message.topic() or "", message.partition() or 0)
                    if message.error() is None:
                        self._next[place] = (message.offset() or 0) + 1
                        found.append(message)
                    else:
                        # The end of a partition; anything else is a failure.
                        assert message.error().name() == "_PARTITION_EOF", message.error()
                        wanted.discard(place)
                silent = time.monotonic() - heard
                assert silent < PATIENCE, f"the broker sent nothing for {silent:.0f} s; still waiting for {wanted}"
        finally:
            reader.close()
        return found


def read(bootstrap: str, *topics: str) -> list[Message]:
    """Every record of the topics up to their present ends."""
    return Follower(bootstrap, *topics).new()


@dataclass(frozen=True)
class ChangelogRow:
    """One record of a changelog."""

    key: str
    partition: int
    place: int
    topic: str
    offset: int
    row: dict[str, Any]


def row_of(message: Message) -> ChangelogRow:
    """A changelog record."""
    loaded = json.loads(message.value() or b"")
    key = (message.key() or b"").decode()
    origin, row = (loaded["topic"], loaded["offset"]), loaded["row"]
    return ChangelogRow(key, message.partition() or 0, message.offset() or 0, *origin, row)


def changelog(bootstrap: str, topic: str) -> list[ChangelogRow]:
    """Every row version in the changelog."""
    return [row_of(message) for message in read(bootstrap, topic) if message.value() is not None]


def newest_rows(rows: Iterable[ChangelogRow]) -> dict[str, ChangelogRow]:
    """The row of each key whose origin is newest: what a worker must restore."""
    newest: dict[str, ChangelogRow] = {}
    for row in rows:
        if row.key not in newest or row.offset >= newest[row.key].offset:
            newest[row.key] = row
    return newest


def last_rows(rows: Iterable[ChangelogRow]) -> dict[str, ChangelogRow]:
    """The row of each key that was written last: what compaction leaves."""
    return {row.key: row for row in rows}
