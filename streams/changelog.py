"""Reads the rows of partitions back, from the changelog: what a worker waits for after each start.

By librdkafka, which fetches ahead in threads of its own: a row costs a few microseconds here, and ten times that where every
record goes through Faust's queue, buffers and bookkeeping. A hundred thousand cases with ten updates behind each are a
million records.
"""

import logging
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaError, TopicPartition

from connectors.log_ends import log_ends

log = logging.getLogger(__name__)

#: Records taken at once; nothing else of the process runs between them.
_TAKEN = 500
#: Seconds for the broker to say where a partition ends, before it is asked again.
_ANSWER = 1.0


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
        nothing came for `wait` seconds, or the broker does not say yet where the changelog ends. Raises `RuntimeError` if it
        cannot be read."""
        ends: dict[int, int] = {}
        while missing := [(self._topic, partition) for partition in starts if partition not in ends]:
            # Before there is a fetch, behind which the question would wait.
            ends |= {partition: end for (_, partition), end in log_ends(self._consumer, missing, _ANSWER).items()}
            yield []
        unread = {partition for partition, start in starts.items() if start < ends[partition]}
        self._consumer.assign([TopicPartition(self._topic, partition, starts[partition]) for partition in unread])
        while unread:
            batch = []
            for message in self._consumer.consume(_TAKEN, wait):
                error, partition, next_offset = message.error(), message.partition() or 0, message.offset() or 0
                if error is None:
                    key, value = message.key() or b"", message.value()
                    batch.append(RowRecord(partition, next_offset, _text(key), _bytes(value)))
                    next_offset += 1
                elif error.code() != KafkaError._PARTITION_EOF:
                    raise RuntimeError(f"rows cannot be read: {error.name()}")
                if next_offset >= ends[partition]:
                    unread.discard(partition)
            yield batch
        self._consumer.unassign()

    def close(self) -> None:
        """Let the connections go."""
        self._consumer.close()


def _text(key: str | bytes) -> str:
    return key if isinstance(key, str) else key.decode()


def _bytes(value: str | bytes | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value
