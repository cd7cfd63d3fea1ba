"""What groups have committed, and how many are in them, is the broker's own knowledge, whatever state its coordinators are in."""

import time
from collections.abc import Mapping

import pytest
from confluent_kafka import Consumer, TopicPartition

from ops.embedded_kafka import EmbeddedKafka
from ops.group_offsets import Committed, GroupOffsets

pytestmark = pytest.mark.broker

GROUPS = [f"group-{number}" for number in range(30)]


def commit(bootstrap: str, group: str, partition: int, offset: int) -> None:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group})
    consumer.commit(offsets=[TopicPartition("contacts", partition, offset)], asynchronous=False)
    consumer.close()


def answered(offsets: GroupOffsets) -> Mapping[str, Committed | None]:
    limit = time.monotonic() + 30
    while None in (found := offsets.committed(GROUPS)).values():
        assert time.monotonic() < limit, found
        time.sleep(0.02)
    return found


def test_it_outlives_brokers_that_start_and_coordinators_that_are_not_there_yet(own_broker: EmbeddedKafka) -> None:
    with GroupOffsets(own_broker.bootstrap, timeout=2.0) as offsets:
        # From the broker's first moment on: nobody has committed, and the topic of commits is not there yet.
        assert answered(offsets) == {group: {} for group in GROUPS}
        commit(own_broker.bootstrap, "group-7", 2, 5)
        assert answered(offsets) == {group: {("contacts", 2): 5} if group == "group-7" else {} for group in GROUPS}
        assert offsets.members(["group-7", "group-8"]) == {"group-7": 0, "group-8": 0}
        own_broker.kill()
        assert offsets.committed(GROUPS) == dict.fromkeys(GROUPS)
        assert offsets.members(["group-7"]) == {"group-7": None}
        own_broker.start()
        assert answered(offsets)["group-7"] == {("contacts", 2): 5}
