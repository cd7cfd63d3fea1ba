"""One broker for all proofs of the transport."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.embedded_kafka import EmbeddedKafka
from ops.topics import apply_topics
from tests.streams.transport.hub import Hub


@pytest.fixture(scope="package")
def kafka(tmp_path_factory: pytest.TempPathFactory, fast_start: None) -> Iterator[EmbeddedKafka]:
    """With the catalogue applied, an impatient log cleaner, and sessions as short as a test likes."""
    settings = {"log.cleaner.backoff.ms": "300", "group.min.session.timeout.ms": "1000"}
    cluster = EmbeddedKafka(tmp_path_factory.mktemp("kafka"), settings=settings)
    cluster.start()
    try:
        apply_topics(cluster.bootstrap)
        yield cluster
    finally:
        cluster.kill()


@pytest.fixture
def hub(kafka: EmbeddedKafka, tmp_path: Path) -> Iterator[Hub]:
    made = Hub(kafka, tmp_path)
    try:
        yield made
    finally:
        made.workers.close()
