"""One small hub for the tests of what partners and ops teams run themselves: a broker, connectors, the registry."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from confluent_kafka import Producer

from ops.embedded_kafka import EmbeddedKafka
from ops.registry.answers import Registry
from ops.registry.process import RegistryServer
from ops.registry.subjects import Subjects
from ops.topics import apply_topics, wanted_topics
from schemas.catalogue import catalogue
from schemas.settings import Settings

from ..connectors.running import Connector, InThread


@dataclass
class Hub:
    """What is running, for a test to point an outside tool at."""

    bootstrap: str
    run_dir: Path
    registry: str
    connectors: dict[str, InThread] = field(default_factory=dict)

    def put(self, topic: str, key: bytes, value: bytes) -> None:
        """One record on a topic, whatever it is."""
        producer = Producer({"bootstrap.servers": self.bootstrap, "partitioner": "murmur2_random"})
        producer.produce(topic, value, key=key)
        assert producer.flush(20) == 0

    def connector(self, agency: str) -> Connector:
        """The connector of an agency, started when first asked for."""
        if agency not in self.connectors:
            self.connectors[agency] = InThread(agency, Settings(run_dir=self.run_dir, bootstrap_servers=self.bootstrap))
        return self.connectors[agency]


@pytest.fixture(scope="package")
def hub(tmp_path_factory: pytest.TempPathFactory, fast_start: None) -> Iterator[Hub]:
    """A broker of its own with the committed catalogue, and the registry."""
    kafka = EmbeddedKafka(tmp_path_factory.mktemp("outside") / "kafka")
    kafka.start()
    server = RegistryServer(0, Registry(Subjects(catalogue())))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    running = Hub(kafka.bootstrap, tmp_path_factory.mktemp("outside") / "run", server.url)
    try:
        apply_topics(kafka.bootstrap, wanted=wanted_topics(Settings()))
        yield running
    finally:
        for connector in running.connectors.values():
            connector.stop()
        server.shutdown()
        kafka.kill()
