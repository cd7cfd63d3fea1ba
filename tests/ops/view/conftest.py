"""One broker for all tests of the view that need one."""

from collections.abc import Iterator

import pytest

from ops.embedded_kafka import EmbeddedKafka
from ops.topics import apply_topics


@pytest.fixture(scope="package")
def hub_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    """A cluster with the catalogue applied, shared by this package: what one test wrote the next one folds too."""
    kafka = EmbeddedKafka(tmp_path_factory.mktemp("hub") / "kafka")
    kafka.start()
    try:
        apply_topics(kafka.bootstrap)
        yield kafka
    finally:
        kafka.kill()
