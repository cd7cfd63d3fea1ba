"""How long the oldest record that a group has not finished has been on the log.

A count of records says little of a quiet topic, where one record behind may be a child who has waited for an hour. So
the record at the committed offset is read, for the broker's append time in it and nothing else.
"""

import time
from collections.abc import Iterable

from confluent_kafka import Consumer, KafkaError, TopicPartition

from ops.view.log_ends import Partition

#: Seconds for all records of one scrape.
_PATIENCE = 1.0

Spot = tuple[Partition, int]


class AppendTimes:
    """When records were appended. What has been read once is remembered while somebody still waits for it."""

    def __init__(self, bootstrap: str) -> None:
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "client.id": "frontdoor-metrics",
                # Required by the library; partitions are assigned by hand, so nobody joins this group.
                "group.id": "frontdoor-metrics",
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "earliest",
                "enable.partition.eof": True,
                # One record of a partition is enough, and it may hold a whole message.
                "fetch.message.max.bytes": 16384,
                "queued.max.messages.kbytes": 1024,
                "reconnect.backoff.max.ms": 1000,
                "log_level": 0,
            }
        )
        self._known: dict[Spot, float] = {}

    def of(self, spots: Iterable[Spot]) -> dict[Spot, float]:
        """Unix seconds at which the first record at or after each offset was appended; one that could not be read in
        time is left out."""
        wanted = set(spots)
        self._known = {spot: at for spot, at in self._known.items() if spot in wanted}
        missing = wanted - self._known.keys()
        deadline = time.monotonic() + _PATIENCE
        while missing and time.monotonic() < deadline:
            # Groups may stand at different offsets of one partition, which can be assigned only once.
            turn = dict(missing)
            self._known |= self._read(turn, deadline)
            missing -= turn.items()
        return dict(self._known)

    def close(self) -> None:
        """Let go of the broker."""
        self._consumer.close()

    def _read(self, turn: dict[Partition, int], deadline: float) -> dict[Spot, float]:
        found: dict[Spot, float] = {}
        left = dict(turn)
        self._consumer.assign([TopicPartition(topic, number, offset) for (topic, number), offset in turn.items()])
        while left and time.monotonic() < deadline:
            message = self._consumer.poll(max(0.0, deadline - time.monotonic()))
            if message is None:
                break
            error = message.error()
            partition = (message.topic() or "", -1 if (number := message.partition()) is None else number)
            if error is None:
                if partition in left:
                    found[(partition, left.pop(partition))] = message.timestamp()[1] / 1000
            elif error.code() == KafkaError._PARTITION_EOF:
                left.pop(partition, None)
        self._consumer.unassign()
        return found
