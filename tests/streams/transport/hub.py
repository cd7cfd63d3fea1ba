"""A broker for the tests of a module, and for each test a group, a changelog and an empty log of its own."""

import asyncio
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic, ResourceType

from ops.durable_log import KafkaLog
from ops.embedded_kafka import EmbeddedKafka
from ops.topics import apply_topics
from schemas.case_event import CaseEvent
from schemas.catalogue import catalogue, codec
from schemas.ports import Entry
from tests.streams.transport import log_reading
from tests.streams.transport.log_reading import PATIENCE, Place
from tests.streams.transport.worker_process import WorkerProcesses, until

NOW = datetime(2026, 5, 1, 9, 0, tzinfo=UTC)
INPUT, OUTPUT = "case-events", "narratives"
#: Seconds; the broker lets nobody ask for less.
SESSION = 6.0
_USED = (INPUT, OUTPUT, "quarantine", "received.police", "received.education")


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory, fast_start: None) -> Iterator[EmbeddedKafka]:
    """One broker for the module, with the catalogue applied and an impatient log cleaner."""
    cluster = EmbeddedKafka(tmp_path_factory.mktemp("kafka"), settings={"log.cleaner.backoff.ms": "300"})
    cluster.start()
    try:
        apply_topics(cluster.bootstrap)
        yield cluster
    finally:
        cluster.kill()


@pytest.fixture
def hub(kafka: EmbeddedKafka, tmp_path: Path) -> Iterator["Hub"]:
    made = Hub(kafka, tmp_path)
    try:
        yield made
    finally:
        made.workers.close()


class Hub:
    """What one test works with. `name` is its processor's."""

    def __init__(self, kafka: EmbeddedKafka, directory: Path) -> None:
        self.kafka = kafka
        self.bootstrap = kafka.bootstrap
        self.name = f"counting-{uuid.uuid4().hex[:8]}"
        self.group = f"frontdoor-{self.name}"
        self.changelog = catalogue().changelog_topic(f"{self.name}-rows")
        self.inputs: tuple[str, ...] = (INPUT,)
        self.workers = WorkerProcesses(directory, {})
        self.make_topic(self.changelog)
        self._empty()
        self.work_with(directory)

    def work_with(self, directory: Path, inputs: tuple[str, ...] = (INPUT,)) -> None:
        """Workers started from now on read these inputs."""
        self.inputs = inputs
        self.workers = WorkerProcesses(
            directory,
            {
                "KAFKA_BOOTSTRAP_SERVERS": self.bootstrap,
                "FRONTDOOR_BOOTSTRAP_SERVERS": self.bootstrap,
                "FRONTDOOR_SESSION_TIMEOUT_SECONDS": str(SESSION),
                "COUNTING_NAME": self.name,
                "COUNTING_INPUTS": ",".join(inputs),
            },
        )

    # -- topics

    def make_topic(self, name: str, partitions: int | None = None, **settings: str) -> None:
        """A topic with a changelog's settings and these over them; underscores stand for dots."""
        config = {**catalogue().changelog_config(), **{key.replace("_", "."): v for key, v in settings.items()}}
        topic = NewTopic(name, partitions or catalogue().keyed_partitions, 1, config=config)
        [answer] = log_reading.admin(self.bootstrap).create_topics([topic], request_timeout=PATIENCE).values()
        answer.result(PATIENCE)
        until(f"{name} is served", lambda: self._served(name))

    def _served(self, name: str) -> bool:
        try:
            return bool(log_reading.ends(self.bootstrap, name))
        except KafkaException:
            return False

    def delete_topic(self, name: str) -> None:
        [answer] = log_reading.admin(self.bootstrap).delete_topics([name], request_timeout=PATIENCE).values()
        answer.result(PATIENCE)
        client = log_reading.admin(self.bootstrap)
        until(f"{name} is gone", lambda: name not in client.list_topics(timeout=PATIENCE).topics)

    def set_topic(self, name: str, setting: str, value: str) -> None:
        entry = ConfigEntry(setting, value, incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(ResourceType.TOPIC, name, incremental_configs=[entry])
        [answer] = log_reading.admin(self.bootstrap).incremental_alter_configs([resource]).values()
        answer.result(PATIENCE)

    def _empty(self) -> None:
        """What earlier tests left is before the beginning now."""
        marks = [TopicPartition(topic, p, -1) for topic in _USED for p in log_reading.PARTITIONS]
        for answer in log_reading.admin(self.bootstrap).delete_records(marks, request_timeout=PATIENCE).values():
            answer.result(PATIENCE)

    # -- what is in them

    def append(self, entries: Sequence[Entry]) -> list[tuple[int, int]]:
        async def go() -> list[tuple[int, int]]:
            log = KafkaLog(self.bootstrap, "test")
            try:
                return await log.append(entries)
            finally:
                log.close()

        return asyncio.run(go())

    def committed(self) -> dict[Place, int]:
        return log_reading.committed(self.bootstrap, self.group, *self.inputs)

    def lag(self) -> int:
        """Records of the inputs that are not committed yet."""
        done, first = self.committed(), log_reading.beginnings(self.bootstrap, *self.inputs)
        return sum(
            end - done.get(place, first[place]) for place, end in log_reading.ends(self.bootstrap, *self.inputs).items()
        )

    def count(self, topic: str) -> int:
        """How many records a topic holds."""
        first = log_reading.beginnings(self.bootstrap, topic)
        return sum(end - first[place] for place, end in log_reading.ends(self.bootstrap, topic).items())

    def await_no_lag(self, timeout: float = 60.0) -> None:
        until("everything is committed", lambda: self.lag() == 0, timeout, pause=0.1)


def event(event_id: str, contact: str, kind: str = "note", at: datetime = NOW) -> CaseEvent:
    return CaseEvent(event_id=event_id, type=kind, contact_id=contact, at=at)


def entry(record: CaseEvent, partition: int | None = None) -> Entry:
    return Entry(INPUT, record.contact_id.encode(), codec(INPUT).encode(record), (), partition)


def entries(count: int, contacts: int, prefix: str = "e") -> list[Entry]:
    """`count` events over so many contacts, in turn."""
    return [entry(event(f"{prefix}{i}", f"c{i % contacts}")) for i in range(count)]

