"""One broker for all planted faults, emptied before each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.embedded_kafka import EmbeddedKafka
from ops.topics import apply_topics

from .log_builder import empty


@pytest.fixture(scope="session")
def _audited(tmp_path_factory: pytest.TempPathFactory, fast_start: None) -> Iterator[EmbeddedKafka]:
    with EmbeddedKafka(tmp_path_factory.mktemp("audited")) as kafka:
        apply_topics(kafka.bootstrap)
        yield kafka


@pytest.fixture
def cluster(_audited: EmbeddedKafka) -> str:
    """host:port of a broker with the catalogue's topics and no record in them."""
    empty(_audited.bootstrap)
    return _audited.bootstrap


@pytest.fixture
def journals(tmp_path: Path) -> Path:
    """Where the journal goes."""
    return tmp_path / "journal"
