"""Rows are read to their end; a client that stands still on the way is given up, so that its process begins again."""

import time

import pytest
from confluent_kafka import Producer, TopicPartition

from ops.durable_log import producer_settings
from schemas.catalogue import catalogue
from streams.changelog import Changelog
from tests.streams.transport.hub import Hub

pytestmark = pytest.mark.broker

PARTITIONS = range(catalogue().keyed_partitions)


@pytest.fixture
def changelog_topic(hub: Hub) -> str:
    """With twenty rows in each partition."""
    producer = Producer(producer_settings(hub.bootstrap, "rows", 20))
    for number in range(20):
        for partition in PARTITIONS:
            producer.produce(hub.changelog, b"{}", f"row {number}", partition)
    assert producer.flush(20) == 0
    return hub.changelog


@pytest.fixture(autouse=True)
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that there is more after the first batch."""
    monkeypatch.setattr("streams.changelog._TAKEN", 10)


def test_a_client_that_is_sent_nothing_more_although_there_is_more_is_given_up(hub: Hub, changelog_topic: str) -> None:
    changelog = Changelog(hub.bootstrap, changelog_topic, stall_seconds=0.6)
    try:
        reading = changelog.read(dict.fromkeys(PARTITIONS, 0), 0.01)
        while not changelog._consumer.assignment():
            next(reading)
        # As a client that has lost its partitions.
        changelog._consumer.pause([TopicPartition(changelog_topic, partition) for partition in PARTITIONS])
        with pytest.raises(RuntimeError, match="has more rows"):
            list(reading)
    finally:
        changelog.close()


def test_a_reader_that_is_slow_itself_is_left_alone(hub: Hub, changelog_topic: str) -> None:
    changelog, found = Changelog(hub.bootstrap, changelog_topic, stall_seconds=1.0), 0
    try:
        for batch in changelog.read(dict.fromkeys(PARTITIONS, 0), 0.5):
            found += len(batch)
            # Longer than between two looks, as often as there are batches: longer in all than it may stand still.
            time.sleep(0.3 if batch else 0)
        assert found == 20 * len(PARTITIONS)
    finally:
        changelog.close()
