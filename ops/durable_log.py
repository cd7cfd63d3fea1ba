"""The durable log on librdkafka: one idempotent producer a process, and appends that wait for the broker.

The partitioner is murmur2, because librdkafka's own default (CRC32) would put a key elsewhere than kafka-python,
aiokafka and Java clients do, and a sender's messages would lose their order.
"""

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from ops.process_numbers import count
from schemas.ports import Entry, NotDurable


def producer_settings(bootstrap: str, client_id: str, delivery_timeout: float) -> dict[str, Any]:
    """librdkafka settings; `delivery_timeout` in seconds bounds how long an append may stay undecided."""
    return {
        "bootstrap.servers": bootstrap,
        "client.id": client_id,
        "acks": "all",
        "enable.idempotence": True,
        "partitioner": "murmur2_random",
        # No lingering: a referral must not wait for company. Under load librdkafka still batches what queues up.
        "linger.ms": 0,
        "delivery.timeout.ms": int(delivery_timeout * 1000),
        "message.max.bytes": 10485760,
        "socket.keepalive.enable": True,
        "log_level": 2,
    }


#: librdkafka's errors that stay until there is a new producer.
_FINAL = ("_FATAL", "_FENCED")


class _Batch:
    """Counts down the acknowledgements of one append; resolves its future from the delivery thread."""

    def __init__(self, size: int, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.future: asyncio.Future[None] = loop.create_future()
        self.missing = size
        self.places: list[tuple[int, int]] = [(-1, -1)] * size
        self.error = ""

    def delivered(self, index: int, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self.error = error.name()
        else:
            self.places[index] = (message.partition() or 0, message.offset() or 0)
        self.missing -= 1
        if self.missing == 0:
            self.loop.call_soon_threadsafe(self._finish)

    def _finish(self) -> None:
        if not self.future.done():
            self.future.set_result(None)


class KafkaLog:
    """A `DurableLog` on a real broker. `close()` waits at most `delivery_timeout` for what is under way."""

    def __init__(self, bootstrap: str, client_id: str, *, delivery_timeout: float = 30.0) -> None:
        self._timeout = delivery_timeout
        self._producer = Producer(producer_settings(bootstrap, client_id, delivery_timeout))
        self._closing = False
        self._poller = threading.Thread(target=self._poll, name="delivery", daemon=True)
        self._poller.start()

    def _poll(self) -> None:
        while not self._closing:
            self._producer.poll(0.1)

    async def append(self, entries: Sequence[Entry]) -> list[tuple[int, int]]:
        """See `schemas.ports.DurableLog.append`."""
        if not entries:
            return []
        batch = _Batch(len(entries), asyncio.get_running_loop())
        for index, entry in enumerate(entries):
            await self._produce(batch, index, entry)
        await batch.future
        if batch.error:
            count("frontdoor_append_failures_total")
            raise NotDurable(f"the broker did not take a record: {batch.error}", final=batch.error in _FINAL)
        for entry in entries:
            count("frontdoor_appended_total", entry.topic)
        return batch.places

    async def _produce(self, batch: _Batch, index: int, entry: Entry) -> None:
        place: dict[str, Any] = {} if entry.partition is None else {"partition": entry.partition}
        if entry.headers:
            place["headers"] = list(entry.headers)
        while True:
            try:
                self._producer.produce(
                    entry.topic,
                    value=entry.value,
                    key=entry.key,
                    on_delivery=lambda error, message: batch.delivered(index, error, message),
                    **place,
                )
                return
            except BufferError:
                # librdkafka's queue is full: the delivery thread is draining it.
                await asyncio.sleep(0.005)
            except KafkaException as error:
                name = error.args[0].name()
                raise NotDurable(f"the producer refused a record: {name}", final=name in _FINAL) from None

    def close(self) -> None:
        """Wait for what is under way, then stop."""
        self._producer.flush(self._timeout)
        self._closing = True
        self._poller.join(timeout=1)
