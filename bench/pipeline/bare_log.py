"""What latency the log alone has: a record through two plain confluent-kafka loops, each of which only copies it on.

A referral is appended as often after its acceptance: to `contacts`, and to the queue of the case system.
"""

import struct
import threading
import time
from types import TracebackType
from typing import Self

from confluent_kafka import Consumer, Producer, TopicPartition

from bench.pipeline.log import Log, wait
from ops.durable_log import producer_settings
from schemas.catalogue import catalogue

_HOPS = ("bench-bare-accepted", "bench-bare-middle", "bench-bare-end")
#: As a small referral; the number of the record stands in front.
_BODY = bytes(1000)
_NUMBER = struct.Struct(">I")
_LIMIT = 30.0


class BareLog:
    """Topics and loops of its own; they end with the block."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._stop = threading.Event()
        existing = log.topics()
        for position, hop in enumerate(_HOPS):
            # The first stands for `received.*`: its acknowledgement means that the bytes are on disk.
            topic = "received.health" if position == 0 else "contacts"
            if hop not in existing:
                log.make_topic(hop, catalogue().desired()[topic])
        starts = [log.ends(hop) for hop in _HOPS[:2]]
        self._loops = [
            threading.Thread(target=self._copy, args=(here, there, start), name=f"copy to {there}", daemon=True)
            for here, there, start in zip(_HOPS, _HOPS[1:], starts, strict=False)
        ]
        for loop in self._loops:
            loop.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        for loop in self._loops:
            loop.join()

    def latencies(self, rate: int, number: int) -> list[float]:
        """Seconds from the first acknowledgement to the last append, of so many records at a steady rate."""
        since = self._log.ends(_HOPS[-1])
        producer = Producer(producer_settings(self._log.bootstrap, "bench", _LIMIT))
        accepted = []
        start = time.time() + 0.5
        for position in range(number):
            time.sleep(max(0.0, start + position / rate - time.time()))
            producer.produce(_HOPS[0], _NUMBER.pack(position) + _BODY, str(position))
            producer.flush(_LIMIT)
            accepted.append(time.time())
        wait("the bare loops", lambda: self._log.appended(_HOPS[-1], since) >= number, _LIMIT)
        arrived = {_NUMBER.unpack_from(one.value)[0]: one.at for one in self._log.records(_HOPS[-1], since)}
        return [arrived[position] - at for position, at in enumerate(accepted)]

    def _copy(self, here: str, there: str, start: dict[int, int]) -> None:
        consumer = Consumer({"bootstrap.servers": self._log.bootstrap, "group.id": "bench", "enable.auto.commit": False})
        consumer.assign([TopicPartition(here, partition, offset) for partition, offset in start.items()])
        producer = Producer(producer_settings(self._log.bootstrap, "bench", _LIMIT))
        while not self._stop.is_set():
            message = consumer.poll(0.1)
            producer.poll(0)
            if message is not None and message.error() is None:
                producer.produce(there, message.value(), message.key())
        producer.flush(_LIMIT)
        consumer.close()
