"""One broker for all planted faults, emptied before each."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from ops.cli import app
from ops.embedded_kafka import EmbeddedKafka
from ops.topics import apply_topics

from .log_builder import empty


@dataclass(frozen=True)
class Audited:
    """A broker with the catalogue's topics, and what the command said of it `while_bare`, before it had any."""

    bootstrap: str
    while_bare: Result


@pytest.fixture(scope="package")
def audited(tmp_path_factory: pytest.TempPathFactory, fast_start: None) -> Iterator[Audited]:
    with EmbeddedKafka(tmp_path_factory.mktemp("audited")) as kafka:
        env = {"FRONTDOOR_RUN_DIR": str(tmp_path_factory.mktemp("run"))}
        while_bare = CliRunner().invoke(app, ["audit", "--bootstrap", kafka.bootstrap], env=env)
        apply_topics(kafka.bootstrap)
        yield Audited(kafka.bootstrap, while_bare)


@pytest.fixture
def cluster(audited: Audited) -> str:
    """host:port of a broker with the catalogue's topics and no record in them."""
    empty(audited.bootstrap)
    return audited.bootstrap


@pytest.fixture
def journals(tmp_path: Path) -> Path:
    """Where the journal goes."""
    return tmp_path / "journal"
