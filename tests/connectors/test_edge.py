"""The edge's promise: what was acknowledged is in the log, untouched, whatever happens to the process."""

import asyncio
import signal
import socket
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import ops.connector_process
from connectors.edge import Edge
from connectors.runner import CannotRun, TransportFailed
from connectors.senders import Sender, default_sender
from ops.clocks import SteppedClock, SystemClock
from ops.durable_log import KafkaLog
from ops.embedded_kafka import EmbeddedKafka
from schemas.ports import NotDurable
from schemas.settings import Settings

from .running import Connector, InProcess, answers, eventually, everything_on, exchange, hl7, msa

pytestmark = pytest.mark.broker

SENDER = default_sender("education", "http")

MESSAGES = st.tuples(
    st.binary(max_size=300), st.text(max_size=30), st.text(max_size=300), st.text(max_size=30)
)  # fmt: skip


@pytest.fixture(scope="module")
def log(kafka: str) -> KafkaLog:
    return KafkaLog(kafka, "test-edge")


def test_any_bytes_under_any_name_are_stored_as_they_came(log: KafkaLog, kafka: str) -> None:
    stored: dict[str, bytes] = {}

    @settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(MESSAGES, max_size=5))
    def store(messages: list[tuple[bytes, str, str, str]]) -> None:
        async def run() -> None:
            edge = Edge("education", log, SystemClock())
            for body, content_type, file_name, key in messages:
                receipt = await edge.store(
                    body=body, sender=SENDER, transport="http", content_type=content_type, file_name=file_name,
                    idempotency_key=key,
                )  # fmt: skip
                stored[receipt.receipt_id] = body

        asyncio.run(run())

    store()
    found = {one.record.receipt_id: one.record.body for one in everything_on(kafka, "received.education")}
    assert {receipt: found.get(receipt) for receipt in stored} == stored


async def test_a_receipt_follows_from_sender_key_and_bytes(log: KafkaLog) -> None:
    edge = Edge("education", log, SystemClock())
    other = Sender(id="school-b", agency="education", transport="http")

    async def receipt(body: bytes, sender: Sender = SENDER, key: str = "") -> str:
        return (await edge.store(body=body, sender=sender, transport="http", idempotency_key=key)).receipt_id

    assert await receipt(b"a", key="k") == await receipt(b"a", key="k")
    assert await receipt(b"a", key="k") != await receipt(b"b", key="k")
    assert await receipt(b"a", key="k") != await receipt(b"a", sender=other, key="k")
    assert await receipt(b"a") != await receipt(b"a")
    assert await receipt(b"a", key="\ud800") == await receipt(b"a", key="\ud800")


async def test_nobody_arrives_later_than_now(log: KafkaLog) -> None:
    edge = Edge("education", log, SystemClock())
    ahead = datetime.now(UTC) + timedelta(days=400)
    stored = await edge.store(body=b"x", sender=SENDER, transport="folder", received_at=ahead)
    assert stored.received_at <= datetime.now(UTC)


async def test_without_a_time_there_is_no_receipt(log: KafkaLog, tmp_path: Path) -> None:
    edge = Edge("education", log, SteppedClock(tmp_path / "clock"))
    with pytest.raises(NotDurable, match="clock"):
        await edge.store(body=b"x", sender=SENDER, transport="http")


async def test_the_same_large_message_counts_once_a_london_day(log: KafkaLog, tmp_path: Path) -> None:
    clock = SteppedClock(tmp_path / "clock")
    edge = Edge("education", log, clock)
    clock.set(datetime(2026, 6, 5, 22, 59, tzinfo=UTC))
    friday = edge.too_large_receipt(SENDER, "ab")
    assert edge.too_large_receipt(SENDER, "ab") == friday
    assert edge.too_large_receipt(SENDER, "cd") != friday
    clock.set(datetime(2026, 6, 5, 23, 1, tzinfo=UTC))
    assert edge.too_large_receipt(SENDER, "ab") != friday


# -- processes that die


def send_until_it_dies(connector: Connector, answered: list[str]) -> list[threading.Thread]:
    def over_http() -> None:
        with httpx.Client(timeout=10, trust_env=False) as client:
            while True:
                try:
                    answer = client.post(f"{connector.http}/messages", content=uuid.uuid4().bytes)
                except httpx.TransportError:
                    return
                if answer.status_code == 202:
                    answered.append(answer.json()["receipt_id"])

    def over_mllp() -> None:
        with connector.mllp() as connection:
            while True:
                try:
                    code, _, text, *_ = msa(exchange(connection, hl7(uuid.uuid4().hex[:20])))
                except (OSError, AssertionError):
                    return
                if code == "AA":
                    answered.append(text.split()[1].rstrip(";"))

    threads = [threading.Thread(target=work) for work in (over_http, over_http, over_mllp)]
    for thread in threads:
        thread.start()
    return threads


def test_what_was_acknowledged_before_a_kill_is_in_the_log_and_the_journal_names_nothing_else(
    process: Callable[..., InProcess], kafka: str
) -> None:
    health = process("health", kafka)
    answered: list[str] = []
    for kill_after in (40, 170):
        if health.child.returncode is not None:
            health.start()
        threads = send_until_it_dies(health, answered)
        eventually(lambda enough=len(answered) + kill_after: len(answered) >= enough, 30)
        health.child.signal(signal.SIGKILL)
        for thread in threads:
            thread.join()
        assert health.child.wait(10) is not None
    logged = {one.record.receipt_id for one in health.logged()}
    assert len(answered) >= 210
    assert set(answered) <= logged
    noted = {line["receipt_id"] for line in health.journal()}
    assert noted <= logged
    # Each process may die between an answer and its line; no more than one a connection.
    assert len(set(answered) - noted) <= 6


def test_told_to_stop_it_answers_what_is_under_way_and_ends_in_time(
    process: Callable[..., InProcess], kafka: str
) -> None:
    health = process("health", kafka)
    with health.mllp() as idle, health.mllp() as connection:
        exchange(idle, hl7("idle"))
        connection.sendall(b"".join(b"\x0b" + hl7(str(number)) + b"\x1c\r" for number in range(100)))
        answers(connection, 1)
        began = time.monotonic()
        health.child.signal(signal.SIGTERM)
        received = b""
        while data := connection.recv(65536):
            received += data
        assert idle.recv(100) == b""
    assert health.child.wait(12) == 0
    assert time.monotonic() - began < 10
    logged = {one.record.receipt_id for one in health.logged()}
    told = [msa(part)[2].split()[1].rstrip(";") for part in received.split(b"\x1c\r") if b"MSA|AA" in part]
    assert set(told) <= logged
    assert not health.settings.endpoint_file("connector-health").exists()


def test_while_the_broker_is_away_nothing_is_promised_and_afterwards_everything_flows(
    own_broker: EmbeddedKafka, own_connector: Callable[..., Connector]
) -> None:
    health = own_connector("health", own_broker.bootstrap, append_seconds=3.0)
    url = f"{health.http}/messages"
    told: dict[str, Any] = {}
    with httpx.Client(timeout=30, trust_env=False) as client, health.mllp() as connection:
        # A broker that has just started may take longer than this connector waits.
        before = eventually(lambda: client.post(url, content=b"before").json().get("receipt_id"), 60)
        assert eventually(lambda: msa(exchange(connection, hl7("before")))[0] == "AA", 60)
        own_broker.kill()
        file = health.incoming / "referral.json"
        file.write_bytes(b"{}")
        arrived = file.stat().st_ctime
        (health.incoming / "referral.json.done").touch()
        thread = threading.Thread(target=lambda: told.update(mllp=exchange(connection, hl7("away"))))
        thread.start()
        answer = client.post(url, content=b"away")
        thread.join()
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert answer.headers["content-type"] == "application/problem+json"
        assert msa(told["mllp"])[:2] == ["AR", "away"]
        assert b"\rERR|" in told["mllp"] and b"207" in told["mllp"]
        assert client.get(f"{health.http}/readyz").status_code == 503
        assert client.get(f"{health.http}/healthz").status_code == 200
        assert file.exists()

        own_broker.restart()
        eventually(lambda: client.get(f"{health.http}/readyz").status_code == 200, 30)
        # The same kept connection goes on.
        answer_after = eventually(lambda: [a for a in [exchange(connection, hl7("after"))] if msa(a)[0] == "AA"], 30)
        after = client.post(url, content=b"after")
        assert after.status_code == 202
        eventually(lambda: not file.exists(), 30)
    by_receipt = {one.record.receipt_id: one.record for one in health.logged()}
    assert {before, after.json()["receipt_id"]} <= set(by_receipt)
    assert msa(answer_after[0])[2].split()[1].rstrip(";") in by_receipt
    dropped = [record for record in by_receipt.values() if record.transport == "folder"]
    # It arrived when it was dropped, however long the broker was away.
    assert len(dropped) == 1
    assert abs(dropped[0].received_at.timestamp() - arrived) < 0.01
    assert dropped[0].picked_up_at is not None and dropped[0].picked_up_at > dropped[0].received_at
    assert {line["receipt_id"] for line in health.journal()} <= set(by_receipt)


def test_a_second_connector_in_the_same_run_says_what_to_do(
    own_connector: Callable[..., Connector], kafka: str
) -> None:
    own_connector("police", kafka).settings.endpoint_file("connector-police").unlink()
    with pytest.raises(AssertionError, match="run directory of its own"):
        own_connector("police", kafka)


def test_a_taken_port_is_named(own_connector: Callable[..., Connector], kafka: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(AssertionError, match="FRONTDOOR_HTTP_PORT"):
        own_connector("police", kafka, http_port=taken.getsockname()[1])


def test_a_limit_above_the_logs_own_is_refused_at_start(own_connector: Callable[..., Connector], kafka: str) -> None:
    with pytest.raises(AssertionError, match="FRONTDOOR_MAX_MESSAGE_BYTES"):
        own_connector("police", kafka, max_message_bytes=50_000_000)


@pytest.mark.parametrize(("error", "code"), [(TransportFailed("folder: OSError"), 70), (CannotRun("change it"), 78)])
def test_the_exit_code_says_whether_to_start_anew_or_to_change_the_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: Exception, code: int
) -> None:
    async def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(ops.connector_process, "serve", fails)
    at_the_latest: list[int] = []
    monkeypatch.setattr(ops.connector_process, "end_within", at_the_latest.append)
    with pytest.raises(SystemExit) as ended:
        ops.connector_process.main("police", Settings(run_dir=tmp_path))
    assert ended.value.code == code
    assert at_the_latest == [code] * (code == 70)
