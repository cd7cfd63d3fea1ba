"""A partner with Kafka of its own: what it writes is copied once by identity, stamped by our broker."""

import os
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from connectors.edge import KEPT_OF_TOO_LARGE

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
