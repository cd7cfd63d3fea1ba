"""Three brokers: what they have acknowledged outlives one of them, and is read whole once all have been away."""

import threading
import time
from collections.abc import Iterator

import pytest
from confluent_kafka import Producer

from ops.embedded_kafka import EmbeddedKafka
from ops.topics import apply_topics
from schemas.catalogue import catalogue
from streams.changelog import Changelog

pytestmark = [pytest.mark.broker, pytest.mark.usefixtures("fast_start")]

ROWS = catalogue().changelog_topic("cases-rows")
PARTITIONS = range(catalogue().keyed_partitions)
EACH = 50


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    """With the catalogue applied. After a kill every broker has forgotten up to where the others have what it has."""
    settings = {"replica.high.watermark.checkpoint.interval.ms": "3600000"}
    cluster = EmbeddedKafka(tmp_path_factory.mktemp("three"), nodes=3, settings=settings)
    cluster.start()
    assert apply_topics(cluster.bootstrap) == []
    yield cluster
    cluster.kill()


@pytest.fixture(scope="module")
def acknowledged(kafka: EmbeddedKafka) -> int:
    """How many rows there are of each partition."""
    errors: list[object] = []
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "acks": "all", "log_level": 0})
    for number in range(EACH):
        for partition in PARTITIONS:
            producer.produce(ROWS, b"{}", f"row {number}", partition, on_delivery=lambda error, _: errors.append(error))
    assert producer.flush(30) == 0
    assert set(errors) == {None}
    return EACH


def rows_read(bootstrap: str, seconds: float) -> dict[int, int] | None:
    """How many rows of each partition a worker finds; None when it has not finished by then."""
    changelog, found = Changelog(bootstrap, ROWS), dict.fromkeys(PARTITIONS, 0)
    deadline = time.monotonic() + seconds
    try:
        for batch in changelog.read(dict.fromkeys(PARTITIONS, 0), 0.05):
            for record in batch:
                found[record.partition] += 1
            if time.monotonic() > deadline:
                return None
        return found
    finally:
        changelog.close()


def test_what_was_acknowledged_survives_the_loss_of_one(kafka: EmbeddedKafka, acknowledged: int) -> None:
    kafka.kill(node=1)
    assert rows_read(kafka.bootstrap, 60) == dict.fromkeys(PARTITIONS, acknowledged)


def test_rows_are_read_whole_or_not_yet_while_brokers_come_back(kafka: EmbeddedKafka, acknowledged: int) -> None:
    for node in range(1, kafka.nodes + 1):
        kafka.kill(node)
    starting = threading.Thread(target=kafka.restart)
    starting.start()
    found: list[dict[int, int] | None] = []
    deadline = time.monotonic() + 90
    # From before the first broker answers until after all do: a worker may begin at any moment of it.
    while starting.is_alive() or not found or found[-1] is None:
        assert time.monotonic() < deadline
        found.append(rows_read(kafka.bootstrap, 0.7))
    starting.join()
    assert [rows for rows in found if rows is not None and rows != dict.fromkeys(PARTITIONS, acknowledged)] == []
