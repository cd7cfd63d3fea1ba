"""What tests of delivery share beside the broker."""

import uuid
from collections.abc import Iterator

import pytest

from ops.durable_log import KafkaLog

from .carrying import Written


@pytest.fixture
def durable(kafka: str) -> Iterator[KafkaLog]:
    log = KafkaLog(kafka, "test")
    yield log
    log.close()


@pytest.fixture
def written(kafka: str) -> Iterator[Written]:
    reader = Written(kafka)
    yield reader
    reader.close()


@pytest.fixture
def name() -> str:
    """A recipient nobody else has."""
    return f"r{uuid.uuid4().hex[:12]}"
