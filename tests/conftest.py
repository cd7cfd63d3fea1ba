"""A real Apache Kafka for the tests that want one."""

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from ops.bootstrap_choice import some_kafka
from ops.embedded_kafka import EmbeddedKafka
from ops.kafka_fast_start import prepare_fast_start
from ops.topics import apply_topics, wanted_topics
from schemas.settings import Settings

# A suite in the background ignores Ctrl-C, and so would every command that it starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says nothing on a machine that does other things too. Each run has other examples: sixty are enough.
settings.register_profile("suite", deadline=None, max_examples=60)
settings.load_profile("suite")

# Where tests run side by side their output has a terminal's width; what is promised of a pipe has none.
os.environ.pop("COLUMNS", None)


#: Tests that share a broker, or a stack of their own: each row is run by one process, in a row, the dearest first. So a broker
#: is started once, ends with the last test that wants it, and nobody waits at the end for one long file alone.
TOGETHER: tuple[tuple[str, ...], ...] = (
    ("tests/streams/transport/",),
    ("tests/ops/chaos/test_short_run.py",),
    ("tests/ops/day/",),
    (
        "tests/connectors/transports/", "tests/connectors/delivery/",
        "tests/connectors/test_edge.py", "tests/connectors/test_large_store.py",
    ),
    # These two count what is on their log, so they come before anybody else writes to it.
    ("tests/ops/view/test_view_process.py", "tests/ops/view/test_what_leaves.py"),
    ("tests/ops/view/",),
    ("tests/ops/audit/",),
    ("tests/ops/casebook/",),
    ("tests/examples/",),
)  # fmt: skip


def row_of(test: str) -> int:
    """The row of `TOGETHER` that a test's id is in; its length for one that is in none."""
    return next((number for number, places in enumerate(TOGETHER) if test.startswith(places)), len(TOGETHER))


class _RowByRow(LoadFileScheduling):
    """Side by side: a row of `TOGETHER`, else a file, is one process's."""

    def _split_scope(self, nodeid: str) -> str:
        row = row_of(nodeid)
        return f"row {row}" if row < len(TOGETHER) else super()._split_scope(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    return _RowByRow(config, log) if config.getvalue("dist") == "loadfile" else None


@dataclass(frozen=True)
class Broker:
    """A running cluster that the whole session shares: use topics and groups with names of your own."""

    bootstrap: str


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The rows first, then files with a broker, then the others."""

    def cost(item: pytest.Item) -> int:
        return 1 if item.get_closest_marker("stack") or item.get_closest_marker("broker") else 0

    files: dict[Path, int] = {}
    for item in items:
        files[item.path] = max(files.get(item.path, 0), cost(item))
    items.sort(key=lambda item: (row_of(item.nodeid), -files[item.path]))


@pytest.fixture(scope="session", autouse=True)
def fast_start(request: pytest.FixtureRequest) -> None:
    """Where many tests start a broker, prepare for that once: each start then takes a third of the time."""
    items = request.session.items
    wanting = [item for item in items if item.get_closest_marker("broker") or item.get_closest_marker("stack")]
    if len(wanting) >= 5:
        prepare_fast_start()


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory, fast_start: None) -> Iterator[Broker]:
    """One cluster for the session: KAFKA_BOOTSTRAP_SERVERS if set, else embedded. The catalogue is not applied."""
    with some_kafka(tmp_path_factory.mktemp("kafka")) as bootstrap:
        yield Broker(bootstrap)


@pytest.fixture
def own_broker(tmp_path: Path, fast_start: None) -> Iterator[EmbeddedKafka]:
    """A fresh embedded cluster of one node for this test alone, with the committed catalogue applied.

    The test may stop, kill and restart it.
    """
    kafka = EmbeddedKafka(tmp_path / "kafka")
    kafka.start()
    try:
        apply_topics(kafka.bootstrap, wanted=wanted_topics(Settings()))
        yield kafka
    finally:
        kafka.kill()
