"""Delivering files as partners do: `frontdoor send`, and the deliveries of a driven day."""

import json
import os
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer
from confluent_kafka.admin import AdminClient, NewTopic
from typer.testing import CliRunner

from ops.children import Children
from ops.delivery import Deliveries, NotDelivered
from ops.send_command import send

from ..running import Connector, eventually, hl7

pytestmark = pytest.mark.broker

app = typer.Typer()
app.command()(send)
run = CliRunner()


@pytest.fixture
def deliveries(connector: Callable[[str], Connector]) -> Iterator[Deliveries]:
    with Deliveries(connector("health").settings) as made:
        yield made


def file(tmp_path: Path, name: str, body: bytes = b"") -> Path:
    path = tmp_path / name
    path.write_bytes(body or b'{"n": "%s"}' % uuid.uuid4().hex.encode())
    return path


def invoke(connector: Connector, monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> Any:
    monkeypatch.setenv("FRONTDOOR_RUN_DIR", str(connector.run_dir))
    monkeypatch.setenv("FRONTDOOR_BOOTSTRAP_SERVERS", connector.bootstrap)
    return run.invoke(app, [str(each) for each in arguments])


@pytest.mark.parametrize(
    ("agency", "via", "name"),
    [("health", "http", "a b é.json"), ("health", "mllp", "referral.hl7"), ("police", "folder", "notice.xml")],
)
def test_each_way_gives_the_receipt_under_which_the_bytes_are_kept(
    connector: Callable[[str], Connector], deliveries: Deliveries, tmp_path: Path, agency: str, via: str, name: str
) -> None:
    running = connector(agency)
    path = file(tmp_path, name, hl7(uuid.uuid4().hex[:20]) if via == "mllp" else b"")
    receipts = [deliveries.deliver(agency, via, path) for _ in range(3)]
    assert len(set(receipts)) == 3
    for receipt in receipts:
        (logged,) = running.by_receipt(receipt)
        assert logged.record.body == path.read_bytes()
        assert logged.record.transport == via
        assert logged.record.file_name == ("" if via == "mllp" else name)


def test_an_idempotency_key_gives_one_receipt(
    connector: Callable[[str], Connector], deliveries: Deliveries, tmp_path: Path
) -> None:
    connector("education")
    path = file(tmp_path, "concern.json")
    assert deliveries.deliver("education", "http", path, "k1") == deliveries.deliver("education", "http", path, "k1")


def test_a_case_event_goes_where_the_case_system_sends_it(
    connector: Callable[[str], Connector], deliveries: Deliveries
) -> None:
    social_care = connector("social_care")
    body = json.dumps({"event": "closed", "n": uuid.uuid4().hex}).encode()
    (logged,) = social_care.by_receipt(deliveries.record(body))
    assert (logged.record.body, logged.record.content_type) == (body, "application/json")


@pytest.mark.parametrize(("agency", "via"), [("health", "http"), ("health", "mllp"), ("police", "folder")])
def test_what_was_too_large_has_a_receipt_and_a_reason(
    connector: Callable[[str], Connector], deliveries: Deliveries, tmp_path: Path, agency: str, via: str
) -> None:
    connector(agency)
    delivered = deliveries.send(agency, via, file(tmp_path, f"{uuid.uuid4().hex}.xml", b"<a>" * 100_000))
    assert "too large" in delivered.refused.lower() or "300000 bytes" in delivered.refused
    (logged,) = connector(agency).by_receipt(delivered.receipt_id)
    assert logged.record.truncated


def test_a_restart_of_the_connector_is_survived(
    own_connector: Callable[..., Connector], kafka: str, tmp_path: Path
) -> None:
    health = own_connector("health", kafka)
    path = file(tmp_path, "referral.hl7", hl7("x1"))
    with Deliveries(health.settings) as deliveries:
        for _ in range(2):
            assert deliveries.deliver("health", "mllp", path)
            assert deliveries.deliver("health", "http", path)
            health.stop()  # type: ignore[attr-defined]
            with pytest.raises(NotDelivered) as error:
                deliveries.deliver("health", "http", path)
            assert error.value.not_up
            health = own_connector("health", kafka)
        assert deliveries.deliver("health", "mllp", path)


def test_over_a_partners_own_topic(own_connector: Callable[..., Connector], kafka: str, tmp_path: Path) -> None:
    topic = f"partner.{uuid.uuid4().hex}.in"
    admin = AdminClient({"bootstrap.servers": kafka})
    settings = {"message.timestamp.type": "LogAppendTime"}
    admin.create_topics([NewTopic(topic, 2, 1, config=settings)])[topic].result(20)
    senders = tmp_path / "senders.yaml"
    senders.write_text(f"senders:\n  - {{id: trust, agency: education, transport: kafka, topic: {topic}}}\n")
    education = own_connector("education", kafka, senders_file=senders)
    path = file(tmp_path, "concerns.csv", b"a,b\r\n")
    with Deliveries(education.settings) as deliveries:
        (logged,) = education.by_receipt(deliveries.deliver("education", "kafka", path))
    assert logged.record.body == path.read_bytes()
    assert (logged.record.sender, logged.record.content_type) == ("trust", "text/csv")


# -- the command


def test_send_prints_receipts(
    connector: Callable[[str], Connector], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    health = connector("health")
    files = [file(tmp_path, f"{number}.json") for number in range(3)]
    result = invoke(health, monkeypatch, "health", *files)
    assert result.exit_code == 0, result.output
    for line, path in zip(result.stdout.splitlines(), files, strict=True):
        receipt, name = line.split("  ")
        assert name == str(path)
        assert health.by_receipt(receipt)[0].record.body == path.read_bytes()
    told = json.loads(invoke(health, monkeypatch, "health", *files, "--json").stdout)
    assert [one["via"] for one in told["sent"]] == ["http"] * 3
    assert all(one["receipt_id"] and not one["problem"] for one in told["sent"])


def test_send_says_what_was_not_taken(
    connector: Callable[[str], Connector], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    police = connector("police")
    large = file(tmp_path, "large.xml", b"<a>" * 100_000)
    result = invoke(police, monkeypatch, "police", large, "--via", "http", "--json")
    assert result.exit_code == 1
    (one,) = json.loads(result.stdout)["sent"]
    assert one["receipt_id"] and "200000 bytes" in one["problem"]
    result = invoke(police, monkeypatch, "police", large, "--via", "mllp")
    assert result.exit_code == 1
    assert "takes nothing by mllp" in result.stderr


def test_send_refuses_a_wrong_command_before_sending(
    connector: Callable[[str], Connector], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    police = connector("police")
    path = file(tmp_path, "a.xml")
    for arguments in (
        ("fire", path), ("police", tmp_path / "missing"), ("police", path, "--idempotency-key", "k"),
        ("police", path, path, "--via", "http", "--idempotency-key", "k"), ("police", path, "--via", "fax"),
    ):  # fmt: skip
        assert invoke(police, monkeypatch, *arguments).exit_code == 2
    monkeypatch.setenv("FRONTDOOR_RUN_DIR", str(tmp_path / "nothing"))
    result = run.invoke(app, ["police", str(path)])
    assert result.exit_code == 3
    assert "./frontdoor up" in result.stderr


# -- asking what became of it


def test_a_sender_may_ask_and_the_view_answers_through_the_connector(
    connector: Callable[[str], Connector], deliveries: Deliveries, tmp_path: Path
) -> None:
    education = connector("education")
    receipt = deliveries.deliver("education", "http", file(tmp_path, "concern.json"))
    children = Children()
    env = {
        **os.environ,
        "FRONTDOOR_RUN_DIR": str(education.run_dir),
        "FRONTDOOR_BOOTSTRAP_SERVERS": education.bootstrap,
    }
    try:
        children.spawn([sys.executable, "-m", "ops.run", "view"], log=tmp_path / "view.log", env=env)
        eventually(education.settings.endpoint_file("view").exists, 30)

        def answer() -> dict[str, Any]:
            got = httpx.get(f"{education.http}/receipts/{receipt}", trust_env=False)
            told: dict[str, Any] = got.json()
            return told if "read_by_a_person" in told else {}

        told = eventually(answer, 30)
        assert (told["receipt_id"], told["status"]) == (receipt, "received")
        assert told["read_by_a_person"] is False
        assert "No person has read it yet" in told["message"]
        eventually(
            lambda: httpx.get(f"{education.http}/receipts/{uuid.uuid4()}", trust_env=False).status_code == 404, 10
        )
        # Who works on it is nobody's business at this edge.
        assert "worker" not in json.dumps(told)
    finally:
        children.close()
        education.settings.endpoint_file("view").unlink(missing_ok=True)
