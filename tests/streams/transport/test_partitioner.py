"""Every client of ours puts a key into the same partition; else a sender's messages would lose their order."""

import random

import pytest
from aiokafka.partitioner import DefaultPartitioner as AiokafkaPartitioner
from kafka.partitioner.default import murmur2

from schemas.ports import Entry
from tests.streams.transport.hub import OUTPUT, Hub
from tests.streams.transport.log_reading import PARTITIONS

pytestmark = pytest.mark.broker


def test_a_key_goes_to_the_same_partition_whichever_client_writes_it(hub: Hub) -> None:
    chance = random.Random(20260501)
    keys = [chance.randbytes(chance.randint(1, 48)) for _ in range(5000)] + ["Ålesund sjúkrahús".encode(), b"\x00", b"c1"]
    places = hub.append([Entry(OUTPUT, key, b"") for key in keys])
    partitions = list(PARTITIONS)
    aiokafka, ours = AiokafkaPartitioner(), [partition for partition, _ in places]
    assert ours == [aiokafka(key, partitions, partitions) for key in keys]
    assert ours == [(murmur2(key) & 0x7FFFFFFF) % len(partitions) for key in keys]
    assert set(ours) == set(partitions)
