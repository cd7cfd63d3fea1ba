"""A delivering process whose reading has stopped ends; one that has nothing to do is left alone."""

import asyncio
import uuid
from datetime import UTC, datetime
from functools import partial

import pytest
from confluent_kafka import KafkaException, TopicPartition

from connectors.delivery.engine import Deliverer
from connectors.delivery.feed import OUTBOUND, Feed, ItemReader
from connectors.stall import Stalled
from ops.clocks import SystemClock
from ops.durable_log import KafkaLog
from schemas.catalogue import catalogue

from .carrying import put
from .partners import until
from .test_delivery import item


@pytest.mark.broker
async def test_what_reads_no_more_although_there_is_more_ends(kafka: str, durable: KafkaLog, name: str) -> None:
    reader = ItemReader(kafka)
    deliverer = Deliverer({}, durable, SystemClock(), reader.read, lambda: datetime.now(UTC))
    feed = Feed(kafka, deliverer, instance=uuid.uuid4().hex, session_seconds=6, stall_seconds=0.5)
    stop = asyncio.Event()
    running = asyncio.create_task(feed.run(stop))
    numbers = range(catalogue().keyed_partitions)
    try:
        await until(lambda: running.done() or all(deliverer.holds(number) for number in numbers))
        assert not running.done(), "reading that goes on is left alone"
        # As a client that has lost its partitions.
        feed._consumer.pause([TopicPartition(topic, number) for topic in OUTBOUND for number in numbers])
        await put(durable, *(item(name, number) for number in range(40)))
        with pytest.raises(Stalled, match="has more"):
            await asyncio.wait_for(running, 30)
    finally:
        stop.set()
        await asyncio.gather(running, return_exceptions=True)
        await reader.close()


def _holds_some(deliverer: Deliverer) -> bool:
    return any(deliverer.holds(number) for number in range(catalogue().keyed_partitions))


@pytest.mark.broker
async def test_what_the_group_has_replaced_by_another_of_its_name_ends(kafka: str, durable: KafkaLog) -> None:
    reader, instance = ItemReader(kafka), uuid.uuid4().hex
    stop, running = asyncio.Event(), []
    try:
        for _ in range(2):
            deliverer = Deliverer({}, durable, SystemClock(), reader.read, lambda: datetime.now(UTC))
            feed = Feed(kafka, deliverer, instance=instance, session_seconds=6)
            running.append(asyncio.create_task(feed.run(stop)))
            await until(partial(_holds_some, deliverer))
        with pytest.raises(KafkaException, match="fenced"):
            await asyncio.wait_for(running[0], 30)
        assert not running[1].done()
    finally:
        stop.set()
        await asyncio.gather(*running, return_exceptions=True)
        await reader.close()
