"""Reads the rows of partitions back, from the changelog: what a worker waits for after each start.

By librdkafka, which fetches ahead in threads of its own: a row costs a few microseconds here, and ten times that where every
record goes through Faust's queue, buffers and bookkeeping. A hundred thousand cases with ten updates behind each are a
million records.
"""

import logging
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaError, TopicPartition

log = logging.getLogger(__name__)

#: Records taken at once; nothing else of the process runs between them.
_TAKEN = 500


class RowRecord(NamedTuple):
    """One record of a changelog; `value` None is a deletion."""

    partition: int
    offset: int
    key: str
    value: bytes | None


class Changelog:
    """The changelog `topic`, as it is when it is read. `close` it."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        self._topic = topic
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                # Required by the library; partitions are assigned by hand, so nobody joins this group.
                "group.id": f"{topic}-reader",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "auto.offset.reset": "earliest",
                "fetch.message.max.bytes": 4 * 1024 * 1024,
                "log_level": 2,
            },
            logger=log,
        )

    def read(self, starts: Mapping[int, int], wait: float) -> Iterator[list[RowRecord]]:
        """Each partition from its start (or where the changelog begins by now) to its end, in batches. One is empty when
        nothing came for `wait` seconds. Raises `RuntimeError` if the changelog cannot be read."""
        open_partitions = set(starts)
        self._consumer.assign([TopicPartition(self._topic, partition, start) for partition, start in starts.items()])
        while open_partitions:
            batch = []
            for message in self._consumer.consume(_TAKEN, wait):
                error = message.error()
                if error is None:
                    key, value = message.key() or b"", message.value()
                    batch.append(RowRecord(message.partition() or 0, message.offset() or 0, _text(key), _bytes(value)))
                elif error.code() == KafkaError._PARTITION_EOF:
                    open_partitions.discard(message.partition() or 0)
                else:
                    raise RuntimeError(f"rows cannot be read: {error.name()}")
            yield batch
        self._consumer.unassign()

    def close(self) -> None:
        """Let the connections go."""
        self._consumer.close()


def _text(key: str | bytes) -> str:
    return key if isinstance(key, str) else key.decode()


def _bytes(value: str | bytes | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value
