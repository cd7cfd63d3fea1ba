"""One broker with a planted log for the commands that read it."""

from collections.abc import Iterator

import pytest

from ops.embedded_kafka import EmbeddedKafka
from ops.topics import apply_topics

from .planted import Planted, child


@pytest.fixture(scope="package")
def planted_log(tmp_path_factory: pytest.TempPathFactory, fast_start: None) -> Iterator[str]:
    """host:port of a broker on which one child was assessed a day late, and the hub saw it."""
    planted = Planted()
    contact_id = planted.arrives("K-1", "2026-03-02 09:00", child("Zebedee", la="LA0001", disabilities=["AUT"]))
    planted.happens(contact_id, "allocated", "2026-03-02 09:01", by="Ben Hughes")
    planted.happens(contact_id, "risk_assessed", "2026-03-03 10:00")
    planted.ticks("2026-03-02 08:00", "2026-03-05 12:00")
    with EmbeddedKafka(tmp_path_factory.mktemp("planted") / "kafka") as kafka:
        apply_topics(kafka.bootstrap)
        planted.write(kafka.bootstrap)
        yield kafka.bootstrap
