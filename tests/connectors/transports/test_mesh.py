"""A MESH mailbox: a message is acknowledged when all of it is stored, and nobody waits in it unnoticed."""

import logging
import os
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.transports.mesh import InboxAge

from ..running import Connector, Logged, eventually
from .mesh_sandbox import MAILBOX, PASSWORD, SHARED_KEY, Letter, MeshSandbox

broker = pytest.mark.broker


@pytest.fixture
def mesh() -> Iterator[MeshSandbox]:
    sandbox = MeshSandbox()
    yield sandbox
    sandbox.stop()


def senders_file(tmp_path: Path, mesh: MeshSandbox, **more: Any) -> tuple[Path, str]:
    sender = f"mesh-{uuid.uuid4().hex}"
    (tmp_path / "password").write_text(PASSWORD + "\n")
    (tmp_path / "key").write_text(SHARED_KEY)
    told = {
        "url": mesh.url, "mailbox": MAILBOX, "password": f"{{file: {tmp_path}/password}}",
        "shared_key": f"{{file: {tmp_path}/key}}", "every_seconds": 0.05, **more,
    }  # fmt: skip
    channel = ", ".join(f"{name}: {value}" for name, value in told.items())
    path = tmp_path / "senders.yaml"
    path.write_text(f"senders:\n  - {{id: {sender}, agency: health, transport: mesh, mesh: {{{channel}}}}}\n")
    return path, sender


def of(connector: Connector, sender: str) -> list[Logged]:
    return [one for one in connector.logged() if one.record.sender == sender]


@broker
def test_messages_are_stored_whole_and_then_acknowledged(
    mesh: MeshSandbox, own_connector: Callable[..., Connector], kafka: str, tmp_path: Path
) -> None:
    path, sender = senders_file(tmp_path, mesh)
    yesterday = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    stamp = yesterday.strftime("%Y%m%d%H%M%S")
    report_headers = {"Mex-MessageType": "REPORT", "Mex-StatusCode": "14", "Mex-LinkedMsgId": "OUT1", "Mex-Subject": "Zebedee"}
    chunks = [os.urandom(60_000), os.urandom(70_000), b"end"]
    mesh.letters = {
        "M1": Letter(
            [b'{"resourceType": "Bundle"}'],
            {"Mex-StatusTimestamp": stamp, "Mex-FileName": "r.json", "Mex-Content-Type": "application/fhir+json"},
        ),
        "M2": Letter(chunks),
        "M3": Letter([b""], report_headers),
        "M4": Letter([b"x" * 200_001]),
    }
    health = own_connector("health", kafka, senders_file=path, max_message_bytes=200_000)
    eventually(lambda: len(of(health, sender)) == 4, 30)
    referral, chunked, report, large = (one.record for one in of(health, sender))
    assert (referral.body, referral.received_at) == (b'{"resourceType": "Bundle"}', yesterday)
    assert (referral.file_name, referral.content_type) == ("r.json", "application/fhir+json")
    assert chunked.body == b"".join(chunks)
    assert b'"Mex-StatusCode": "14"' in report.body and b"OUT1" in report.body and b"Zebedee" not in report.body
    assert (large.truncated, large.size) == (True, 200_001)
    eventually(lambda: mesh.letters["M3"].acknowledged)
    # What is only recorded stays: its sender must hear that it was not taken.
    assert [letter.acknowledged for letter in mesh.letters.values()] == [True, True, True, False]
    eventually(lambda: mesh.asked.count(f"GET /messageexchange/{MAILBOX}/inbox") > 3)
    assert len(of(health, sender)) == 4


@broker
def test_what_did_not_arrive_whole_or_could_not_be_stored_is_not_acknowledged(
    mesh: MeshSandbox, own_connector: Callable[..., Connector], kafka: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = tmp_path / "store"
    store.write_text("in the way")
    path, sender = senders_file(tmp_path, mesh)
    mesh.letters = {"M1": Letter([b"first half", b"second half"], fails_after=3), "M2": Letter([b"whole"])}
    health = own_connector("health", kafka, senders_file=path, log_message_bytes=15, large_store=store)
    eventually(lambda: "stay where they are" in caplog.text, 30)
    eventually(lambda: mesh.letters["M2"].acknowledged, 30)
    assert not mesh.letters["M1"].acknowledged, "only that one has to wait"
    mesh.letters["M1"].fails_after = None
    eventually(lambda: "store of large messages" in caplog.text, 30)
    assert not mesh.letters["M1"].acknowledged and [one.record.body for one in of(health, sender)] == [b"whole"]
    store.unlink()
    eventually(lambda: mesh.letters["M1"].acknowledged, 30)
    assert {one.record.size for one in of(health, sender)} == {5, 21}
    # Fetched again, as after a crash before the acknowledgement: the same receipt.
    mesh.letters["M1"].acknowledged = False
    eventually(lambda: [one.record.size for one in of(health, sender)].count(21) >= 2, 30)
    assert len({one.record.receipt_id for one in of(health, sender)}) == 2


@broker
def test_a_refused_password_is_said_and_never_told(
    mesh: MeshSandbox, own_connector: Callable[..., Connector], kafka: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    mesh.password = "another"
    mesh.letters = {"M1": Letter([b"referral"])}
    path, sender = senders_file(tmp_path, mesh)
    with caplog.at_level(logging.DEBUG):
        health = own_connector("health", kafka, senders_file=path)
        eventually(lambda: "check mailbox, password and shared_key" in caplog.text, 30)
    assert PASSWORD not in caplog.text and SHARED_KEY not in caplog.text
    mesh.password = PASSWORD
    eventually(lambda: len(of(health, sender)) == 1, 30)


# -- nobody waits unnoticed

NOON = datetime(2026, 6, 5, 12, tzinfo=UTC)


class Hours:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.passed = 0.0

    def __call__(self) -> float:
        return self.passed * 3600


def test_a_message_that_waits_or_had_to_wait_is_said_once_an_hour(caplog: pytest.LogCaptureFixture) -> None:
    hours = Hours()
    age = InboxAge("st-marys", timedelta(hours=4), monotonic=hours)
    age.looked(["M1", "M2"])
    age.arrived("M1", NOON - timedelta(hours=3))
    age.say_if_old(NOON)
    assert caplog.text == ""
    hours.passed = 5
    age.looked(["M2"])
    age.say_if_old(NOON)
    age.say_if_old(NOON)
    assert caplog.text.count("5 hours") == 1
    hours.passed = 6.5
    age.looked([])
    age.say_if_old(NOON)
    assert caplog.text.count("hours in the MESH mailbox of st-marys") == 1, "it was taken"
    age.looked(["M3"])
    age.arrived("M3", NOON - timedelta(days=2))
    age.gone("M3")
    age.say_if_old(NOON)
    assert "48 hours" in caplog.text, "it is taken, and the next one may not be"


def test_a_mailbox_that_nobody_can_look_into_is_said(caplog: pytest.LogCaptureFixture) -> None:
    hours = Hours()
    age = InboxAge("st-marys", timedelta(hours=4), monotonic=hours)
    hours.passed = 3.9
    age.say_if_old(NOON)
    assert caplog.text == ""
    hours.passed = 4.1
    age.say_if_old(NOON)
    assert "nobody could look for 4 hours" in caplog.text
