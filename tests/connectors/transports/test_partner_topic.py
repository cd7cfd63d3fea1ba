"""A partner with Kafka of its own: what it writes is copied once by identity, stamped by our broker."""

import os
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Message, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from connectors.edge import KEPT_OF_TOO_LARGE
from connectors.runner import TransportFailed
from connectors.transports import partner_topic

from ..running import Connector, Logged, committed, eventually

pytestmark = pytest.mark.broker


@pytest.fixture
def topic(kafka: str) -> str:
    name = f"partner.{uuid.uuid4().hex}.in"
    settings = {"message.timestamp.type": "LogAppendTime"}
    admin = AdminClient({"bootstrap.servers": kafka})
    made = admin.create_topics([NewTopic(name, 1, 1, config=settings)])
    made[name].result(20)
    return name


def write(bootstrap: str, topic: str, *bodies: bytes | None, timestamp: int = 0) -> None:
    producer = Producer({"bootstrap.servers": bootstrap})
    for body in bodies:
        producer.produce(topic, body, key=b"theirs", headers={"content-type": b"text/csv"}, timestamp=timestamp)
    assert producer.flush(20) == 0


def trust(topic: str) -> str:
    """The sender that writes to the topic; others write to this broker too."""
    return "trust-" + topic.split(".")[1]


def senders_file(tmp_path: Path, topic: str) -> Path:
    path = tmp_path / "senders.yaml"
    path.write_text(
        f"senders:\n  - {{id: {trust(topic)}, agency: education, organisation: T1, transport: kafka, topic: {topic}}}\n"
    )
    return path


def of_trust(connector: Connector, count: int, topic: str) -> list[Logged]:
    def look() -> list[Logged]:
        found = [one for one in connector.logged() if one.record.sender == trust(topic)]
        return found if len(found) >= count else []

    found: list[Logged] = eventually(look, 30)
    return found


def test_what_a_partner_writes_is_copied_with_our_time_and_committed_after(
    own_connector: Callable[..., Connector], kafka: str, topic: str, tmp_path: Path
) -> None:
    education = own_connector(
        "education", kafka, senders_file=senders_file(tmp_path, topic), max_message_bytes=200_000
    )
    assert education.urls["kafka"] == topic
    large = os.urandom(300_000)
    long_ago = int((datetime.now(UTC) - timedelta(days=3)).timestamp() * 1000)
    write(kafka, topic, b"a,b\r\n1,2\r\n", None, large, timestamp=long_ago)
    first, empty, big = of_trust(education, 3, topic)
    assert first.record.body == b"a,b\r\n1,2\r\n"
    assert (first.record.sender, first.record.organisation, first.key) == (trust(topic), "T1", trust(topic).encode())
    assert (first.record.transport, first.record.content_type) == ("kafka", "text/csv")
    assert abs(first.record.received_at.timestamp() - datetime.now(UTC).timestamp()) < 60
    assert (empty.record.body, empty.record.size) == (b"", 0)
    assert (big.record.truncated, big.record.size, big.record.body) == (True, len(large), large[:KEPT_OF_TOO_LARGE])
    assert eventually(lambda: committed(kafka, "frontdoor-connector-education", topic) == 3)
    receipts = {one.record.receipt_id for one in (first, empty, big)}
    assert eventually(lambda: receipts <= {line["receipt_id"] for line in education.journal()})

    # An offset that was not committed in time is copied again, under the same receipt.
    education.stop()  # type: ignore[attr-defined]
    group = "frontdoor-connector-education"
    admin = AdminClient({"bootstrap.servers": kafka})
    admin.delete_consumer_groups([group])[group].result(20)
    again = own_connector(
        "education", kafka, senders_file=senders_file(tmp_path, topic), max_message_bytes=200_000
    )
    assert {one.record.receipt_id for one in of_trust(again, 6, topic)} == receipts


def test_a_topic_that_is_not_there_yet_stops_nothing(
    own_connector: Callable[..., Connector], kafka: str, tmp_path: Path
) -> None:
    education = own_connector(
        "education", kafka, senders_file=senders_file(tmp_path, f"partner.{uuid.uuid4().hex}.in")
    )
    assert education.http
    eventually(lambda: education.settings.endpoint_file("connector-education").exists())


class Deaf(Consumer):
    """Is sent nothing more once it has read something, as a client may over a change of its partition's leader."""

    def consume(self, num_messages: int = 1, timeout: float = -1) -> list[Message]:
        messages = super().consume(num_messages, timeout)
        if any(message.error() is None for message in messages):
            self.pause(self.assignment())
        return messages


def test_a_connector_that_is_sent_nothing_more_although_there_is_more_ends(
    own_connector: Callable[..., Connector], kafka: str, topic: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partner_topic, "_STALL_SECONDS", 2.0)
    monkeypatch.setattr(partner_topic, "Consumer", Deaf)
    education = own_connector("education", kafka, senders_file=senders_file(tmp_path, topic))
    write(kafka, topic, b"one")
    of_trust(education, 1, topic)
    write(kafka, topic, b"two")
    assert isinstance(education.wait(), TransportFailed)  # type: ignore[attr-defined]
    monkeypatch.undo()
    of_trust(own_connector("education", kafka, senders_file=senders_file(tmp_path, topic)), 2, topic)


def test_a_transactions_mark_at_the_end_of_a_topic_is_nothing_to_wait_for(
    own_connector: Callable[..., Connector], kafka: str, topic: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partner_topic, "_STALL_SECONDS", 1.0)
    education = own_connector("education", kafka, senders_file=senders_file(tmp_path, topic))
    producer = Producer({"bootstrap.servers": kafka, "transactional.id": topic})
    producer.init_transactions(20)
    looks: list[float] = []
    look = partner_topic.PartnerTopics._require_progress
    monkeypatch.setattr(
        partner_topic.PartnerTopics, "_require_progress", lambda self, consumer: (look(self, consumer), looks.append(0))[0]
    )
    for body in (b"one", b"two"):
        producer.begin_transaction()
        producer.produce(topic, body, key=b"theirs")
        producer.commit_transaction(20)
        seen = len(looks)
        eventually(lambda seen=seen: len(looks) > seen + 20, 30)
    assert [one.record.body for one in of_trust(education, 2, topic)] == [b"one", b"two"]
