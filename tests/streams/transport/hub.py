"""What one test works with on the shared broker: a group, a changelog and an empty log of its own."""

import asyncio
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from confluent_kafka import ConsumerGroupState, KafkaException, TopicPartition
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic, OffsetSpec, ResourceType

from ops.durable_log import KafkaLog
from ops.embedded_kafka import EmbeddedKafka
from schemas.case_event import CaseEvent
from schemas.catalogue import catalogue, codec
from schemas.ports import Entry
from tests.streams.transport import log_reading
from tests.streams.transport.log_reading import PATIENCE, Place
from tests.streams.transport.worker_process import WorkerProcesses, until

NOW = datetime(2026, 5, 1, 9, 0, tzinfo=UTC)
INPUT, OUTPUT = "case-events", "narratives"
#: Seconds; a busy machine must not make a worker miss it.
SESSION = 6.0
_USED = (INPUT, OUTPUT, "quarantine", "received.police", "received.education")


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
        until(f"{name} is served", lambda: self._served(name, topic.num_partitions), 120, pause=0.1)

    def _served(self, name: str, partitions: int) -> bool:
        asked = {TopicPartition(name, p): OffsetSpec.latest() for p in range(partitions)}
        try:
            # A client of its own each time: one that has asked too early may go on for minutes without the leaders.
            client = log_reading.new_admin(self.bootstrap)
            for answer in client.list_offsets(asked, request_timeout=2.0).values():
                answer.result(PATIENCE)
        except KafkaException:
            return False
        return True

    def delete_topic(self, name: str) -> None:
        [answer] = log_reading.admin(self.bootstrap).delete_topics([name], request_timeout=PATIENCE).values()
        answer.result(PATIENCE)
        client = log_reading.admin(self.bootstrap)
        until(f"{name} is gone", lambda: name not in client.list_topics(timeout=PATIENCE).topics)

    def compact(self, key: str) -> None:
        """Let the broker's cleaner run over the changelog until only the last record of `key` is left; what comes
        after is kept for as long as the catalogue says."""
        for setting, value in {"min.compaction.lag.ms": "0", "min.cleanable.dirty.ratio": "0.001", "segment.ms": "100"}.items():
            self.set_topic(self.changelog, setting, value)

        def alone() -> bool:
            # The active segment is never compacted: a record in every partition closes it, once it is old enough.
            self.append([Entry(self.changelog, b"filler", None, (), p) for p in log_reading.PARTITIONS])
            return len([row for row in log_reading.changelog(self.bootstrap, self.changelog) if row.key == key]) == 1

        until("the changelog is compacted", alone, pause=0.3)
        self.set_topic(self.changelog, "min.compaction.lag.ms", "3600000")

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
        ends = log_reading.ends(self.bootstrap, *self.inputs)
        return sum(end - done.get(place, first[place]) for place, end in ends.items())

    def assigned(self) -> dict[str, list[Place]]:
        """What each worker owns now, by its name in the group; empty while the group is rebalancing."""
        [answer] = log_reading.admin(self.bootstrap).describe_consumer_groups([self.group], request_timeout=PATIENCE).values()
        group = answer.result(PATIENCE)
        if group.state != ConsumerGroupState.STABLE:
            return {}
        return {
            member.group_instance_id: sorted((tp.topic, tp.partition) for tp in member.assignment.topic_partitions)
            for member in group.members
        }

    def await_both_share(self) -> None:
        """Two workers, half of the partitions each."""

        def shared() -> bool:
            owned = [len(places) for places in self.assigned().values()]
            return len(owned) == 2 and owned[0] == owned[1]

        until("both workers have their share", shared, pause=0.1)

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
