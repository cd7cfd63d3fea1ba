"""Connectors on a real broker, for the tests of the edges."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ops.bootstrap_choice import some_kafka
from ops.children import Children
from ops.topics import apply_topics
from schemas.settings import Settings

from .running import Connector, InProcess, InThread


@pytest.fixture(scope="package")
def kafka(tmp_path_factory: pytest.TempPathFactory, fast_start: None) -> Iterator[str]:
    """A cluster with the catalogue applied, shared by the tests of the edges: its bootstrap servers."""
    with some_kafka(tmp_path_factory.mktemp("edges")) as bootstrap:
        apply_topics(bootstrap)
        yield bootstrap


@pytest.fixture(scope="package")
def connector(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Connector]]:
    """The connector of an agency, started when first asked for and shared; a small message limit."""
    settings = Settings(run_dir=tmp_path_factory.mktemp("run"), bootstrap_servers=kafka, max_message_bytes=200_000)
    running: dict[str, InThread] = {}

    def of(agency: str) -> Connector:
        if agency not in running:
            running[agency] = InThread(agency, settings)
        return running[agency]

    yield of
    for each in running.values():
        each.stop()


@pytest.fixture
def own_connector(tmp_path: Path) -> Iterator[Callable[..., Connector]]:
    """Start a connector for this test alone: agency, bootstrap servers, more settings."""
    running: list[InThread] = []

    def start(agency: str, bootstrap: str, append_seconds: float = 8.0, **settings: Any) -> Connector:
        all_settings = Settings(run_dir=tmp_path / "run", bootstrap_servers=bootstrap, **settings)
        running.append(InThread(agency, all_settings, append_seconds))
        return running[-1]

    yield start
    for each in running:
        each.stop()


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Callable[..., InProcess]]:
    """Start a connector in a process of its own: agency, bootstrap servers, more settings."""
    children = Children()

    def start(agency: str, bootstrap: str, **settings: Any) -> InProcess:
        return InProcess(
            agency, Settings(run_dir=tmp_path / "run", bootstrap_servers=bootstrap, **settings), children
        )

    yield start
    children.close()
