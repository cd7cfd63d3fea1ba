"""The delivery process at work in a test: items put on the log, their states read from it."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from connectors.delivery.recipients import Recipient
from connectors.delivery.routes import routes_to
from ops.clocks import SystemClock
from ops.delivery_process import deliver
from ops.durable_log import KafkaLog
from schemas.catalogue import catalogue, codec
from schemas.delivery import Delivery
from schemas.outbound import OutboundItem
from schemas.ports import Entry
from schemas.settings import Settings
from schemas.trace import HEADER

#: The trace that every item is on.
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
FAST: dict[str, Any] = {"first_retry_seconds": 0.05, "longest_retry_seconds": 0.2}


async def put(durable: KafkaLog, *items: OutboundItem) -> None:
    entries = []
    for one in items:
        topic = f"outbound.{one.agency}"
        headers = ((HEADER, TRACE.encode()),)
        entries.append(Entry(topic, f"{one.recipient} {one.contact_id}".encode(), codec(topic).encode(one), headers))
    await durable.append(entries)


class Written:
    """The states on the log, read on from where it was."""

    def __init__(self, bootstrap: str) -> None:
        self._consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": uuid.uuid4().hex, "log_level": 0})
        self._consumer.assign([TopicPartition("deliveries", n, 0) for n in range(catalogue().keyed_partitions)])
        self._found: list[Delivery] = []

    def of(self, item_id: str) -> list[Delivery]:
        for message in self._consumer.consume(500, 0.05):
            if message.error() is None:
                self._found.append(codec("deliveries").decode(message.value()))
        return [one for one in self._found if one.item_id == item_id]

    def states(self, item_id: str) -> list[str]:
        return [one.state for one in self.of(item_id)]

    def close(self) -> None:
        self._consumer.close()


@asynccontextmanager
async def delivering(kafka: str, durable: KafkaLog, run_dir: Path, *recipients: Recipient) -> AsyncIterator[None]:
    settings = Settings(bootstrap_servers=kafka, run_dir=run_dir)
    stop = asyncio.Event()
    routes = routes_to(recipients, durable, settings.duty_manager)
    task = asyncio.create_task(deliver(routes, settings, SystemClock(), durable, stop))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(task, 20)
