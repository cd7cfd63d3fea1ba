"""Reads the rows of partitions back, from the changelog: what a worker waits for after each start.

By librdkafka, which fetches ahead in threads of its own: a row costs a few microseconds here, and ten times that where every
record goes through Faust's queue, buffers and bookkeeping. A hundred thousand cases with ten updates behind each are a
million records.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from time import monotonic
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaError, TopicPartition

from connectors.log_ends import log_ends
from connectors.stall import PATIENCE, StallWatch

log = logging.getLogger(__name__)

#: Records taken at once; nothing else of the process runs between them.
_TAKEN = 500
#: Seconds for the broker to say where a partition ends, before it is asked again.
_ANSWER = 1.0
#: How often the broker is asked whether there is more, in the time after which reading that stands still is given up.
_LOOKS = 6


class RowRecord(NamedTuple):
    """One record of a changelog; `value` None is a deletion."""

    partition: int
    offset: int
    key: str
    value: bytes | None


class Changelog:
    """The changelog `topic`, as it is when it is read. `close` it."""

    def __init__(self, bootstrap: str, topic: str, *, stall_seconds: float = PATIENCE) -> None:
        self._topic, self._stall_seconds = topic, stall_seconds
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                # Required by the library; partitions are assigned by hand, so nobody joins this group.
                "group.id": f"{topic}-reader",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "auto.offset.reset": "earliest",
                "fetch.message.max.bytes": 4 * 1024 * 1024,
                # What is fetched ahead is bounded, and gone long before the second that the library waits when it is full.
                "fetch.queue.backoff.ms": 20,
                "log_level": 2,
            },
            logger=log,
        )

    def read(self, starts: Mapping[int, int], wait: float) -> Iterator[list[RowRecord]]:
        """Each partition from its start (or where the changelog begins by now) to its end, in batches. One is empty when
        nothing came for `wait` seconds, or the broker does not say yet where the changelog ends. Raises `RuntimeError` if it
        cannot be read, or stands still for `stall_seconds` although the broker says that there is more."""
        ends: dict[int, int] = {}
        while missing := [partition for partition in starts if partition not in ends]:
            # Before there is a fetch, behind which the question would wait.
            ends |= self._ends(missing)
            yield []
        unread = {partition: start for partition, start in starts.items() if start < ends[partition]}
        self._consumer.assign([TopicPartition(self._topic, partition, start) for partition, start in unread.items()])
        stall, looked = StallWatch(self._stall_seconds), monotonic()
        while unread:
            batch = []
            for message in self._consumer.consume(_TAKEN, wait):
                error, partition, next_offset = message.error(), message.partition() or 0, message.offset() or 0
                if error is None:
                    key: bytes = message.key() or b""
                    value: bytes | None = message.value()
                    # Half the time of a call of the class, which counts where a million records are read.
                    batch.append(tuple.__new__(RowRecord, (partition, next_offset, key.decode(), value)))
                    next_offset += 1
                elif error.code() != KafkaError._PARTITION_EOF:
                    raise RuntimeError(f"rows cannot be read: {error.name()}")
                if next_offset >= ends[partition]:
                    unread.pop(partition, None)
                elif partition in unread:
                    unread[partition] = next_offset
            yield batch
            if batch:
                looked = monotonic()
            elif monotonic() - looked > self._stall_seconds / _LOOKS:
                read_to = {(self._topic, partition): offset for partition, offset in unread.items()}
                still_there = {(self._topic, partition): end for partition, end in self._ends(unread).items()}
                if (stalled := stall.look(monotonic(), read_to, still_there)) is not None:
                    raise RuntimeError(f"{stalled[0]}/{stalled[1]} has more rows, and none of them has come for a while")
                looked = monotonic()
        self._consumer.unassign()

    def _ends(self, partitions: Iterable[int]) -> dict[int, int]:
        places = [(self._topic, partition) for partition in partitions]
        return {partition: end for (_, partition), end in log_ends(self._consumer, places, _ANSWER).items()}

    def close(self) -> None:
        """Let the connections go."""
        self._consumer.close()

