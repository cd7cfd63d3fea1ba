"""HL7 over MLLP: what AA promises, and that a kept connection survives everything that comes over it."""

import asyncio
import os
import socket
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from connectors.edge import KEPT_OF_TOO_LARGE, Edge
from connectors.health.read import read
from connectors.journal import Journal
from connectors.room import room_for
from connectors.senders import default_sender
from connectors.transports.http_server import listen
from connectors.transports.mllp import MllpServer
from connectors.transports.mllp_frame import framed
from ops.clocks import SystemClock
from schemas.ports import Entry
from schemas.reading import Hint

from ..running import Connector, answers, eventually, exchange, hl7, msa

pytestmark = pytest.mark.broker


def control_id() -> str:
    return uuid.uuid4().hex[:20]


def receipt_of(answer: bytes) -> str:
    code, _, text, *_ = msa(answer)
    assert code == "AA", answer
    return text.split()[1].rstrip(";")


def test_aa_means_that_the_bytes_are_in_the_log_untouched(connector: Callable[[str], Connector]) -> None:
    health = connector("health")
    body = hl7(control_id())
    with health.mllp() as connection:
        answer = exchange(connection, body)
    code, repeated, text = msa(answer)[:3]
    assert (code, repeated) == ("AA", body.split(b"|")[9].decode())
    assert text == f"receipt {receipt_of(answer)}"
    (logged,) = health.by_receipt(receipt_of(answer))
    assert logged.record.body == body
    assert (logged.record.sender, logged.record.transport) == ("health-mllp", "mllp")
    assert eventually(lambda: [one for one in health.journal() if one["receipt_id"] == receipt_of(answer)])


def test_several_in_flight_are_answered_in_order_on_one_kept_connection(
    connector: Callable[[str], Connector],
) -> None:
    health = connector("health")
    ids = [control_id() for _ in range(60)]
    with health.mllp() as connection:
        connection.sendall(b"".join(framed(hl7(each)) for each in ids))
        received = answers(connection, len(ids))
    assert [msa(answer)[1] for answer in received] == ids
    offsets = {one.record.receipt_id: one.offset for one in health.logged()}
    in_log = [offsets[receipt_of(answer)] for answer in received]
    assert in_log == sorted(in_log)


def test_garbage_between_frames_and_single_bytes_harm_nobody(connector: Callable[[str], Connector]) -> None:
    health = connector("health")
    first, second = control_id(), control_id()
    with health.mllp() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(b"\x00\xff noise \x1c\r\x1c")
        for byte in framed(hl7(first)):
            connection.sendall(bytes([byte]))
        connection.sendall(b"\r\nmore\r\n" + framed(hl7(second)))
        received = answers(connection, 2)
    assert [msa(answer)[1] for answer in received] == [first, second]


def test_what_cannot_be_read_is_stored_and_says_so(connector: Callable[[str], Connector]) -> None:
    health = connector("health")
    with health.mllp() as connection:
        for body in (b"not HL7 at all", b"\x00", b"MSH|", b"MSH|^~\\&|A|B|C|D|2026||REF^I12|X1|P|2.4\r", b"\xff" * 100):
            answer = exchange(connection, body)
            assert msa(answer)[2] != f"receipt {receipt_of(answer)}", "a person must hear that it was not read"
            (logged,) = health.by_receipt(receipt_of(answer))
            assert logged.record.body == body
            assert not logged.record.truncated


def test_above_the_limit_the_arrival_is_recorded_and_the_connection_stays(
    connector: Callable[[str], Connector],
) -> None:
    health = connector("health")
    body = hl7(control_id()) + b"OBX|1|ED|||" + os.urandom(16).hex().encode() + b"A" * 600_000 + b"\r"
    with health.mllp() as connection:
        answer = exchange(connection, body)
        code, repeated, text = msa(answer)[:3]
        assert (code, repeated) == ("AR", body.split(b"|")[9].decode())
        assert "too large" in text
        receipt = text.split()[1].rstrip(";")
        (logged,) = health.by_receipt(receipt)
        assert (logged.record.truncated, logged.record.size) == (True, len(body))
        assert logged.record.body == body[:KEPT_OF_TOO_LARGE]
        # Engines repeat what was not accepted; that must not open a clock each time.
        assert msa(exchange(connection, body))[2] == text
        assert msa(exchange(connection, hl7(control_id())))[0] == "AA"


def test_an_empty_frame_is_refused_because_nothing_could_be_stored(connector: Callable[[str], Connector]) -> None:
    with connector("health").mllp() as connection:
        assert msa(exchange(connection, b""))[0] == "AR"
        assert msa(exchange(connection, hl7(control_id())))[0] == "AA"


def test_half_a_message_is_not_stored_and_not_answered(connector: Callable[[str], Connector]) -> None:
    health = connector("health")
    mark = control_id()
    with health.mllp() as connection:
        connection.sendall(framed(hl7(mark))[:-1])
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(100) == b""
    assert not [one for one in health.logged() if mark.encode() in one.record.body]


def test_idle_connections_are_kept(connector: Callable[[str], Connector]) -> None:
    with connector("health").mllp() as connection:
        for _ in range(3):
            assert msa(exchange(connection, hl7(control_id())))[0] == "AA"
            time.sleep(0.3)


def test_each_port_is_a_sender_and_others_are_turned_away(
    own_connector: Callable[..., Connector], kafka: str, tmp_path: Path
) -> None:
    senders = tmp_path / "senders.yaml"
    entry = "  - {{id: {id}, agency: health, transport: mllp, organisation: {org}, allow_from: [{net}], port: {port}}}\n"
    ports = []
    for _ in range(2):
        with socket.create_server(("127.0.0.1", 0)) as free:
            ports.append(free.getsockname()[1])
    senders.write_text(
        "senders:\n"
        + entry.format(id="trust-one", org="RXX01", net="127.0.0.0/8", port=ports[0])
        + entry.format(id="trust-two", org="RXX02", net="10.9.9.0/24", port=ports[1])
    )
    health = own_connector("health", kafka, senders_file=senders)
    with health.mllp() as connection:
        answer = exchange(connection, hl7(control_id()))
    (logged,) = health.by_receipt(receipt_of(answer))
    assert (logged.record.sender, logged.record.organisation) == ("trust-one", "RXX01")
    with socket.create_connection(("127.0.0.1", ports[1])) as connection:
        assert connection.recv(100) == b""


def test_a_connection_that_never_speaks_mllp_is_closed_and_others_go_on(connector: Callable[[str], Connector]) -> None:
    health = connector("health")
    with health.mllp() as stranger, health.mllp() as connection:
        try:
            stranger.sendall(b"GET / HTTP/1.1\r\n" * 100_000)
            assert stranger.recv(100) == b""
        except ConnectionError:
            # Closed while it was still sending.
            pass
        assert msa(exchange(connection, hl7(control_id())))[0] == "AA"


def test_a_message_broken_off_by_the_next_one_loses_neither(connector: Callable[[str], Connector]) -> None:
    health = connector("health")
    broken, whole = hl7(control_id()), hl7(control_id())
    with health.mllp() as connection:
        connection.sendall(b"\x0b" + broken + framed(whole))
        (answer,) = answers(connection, 1)
    (logged,) = health.by_receipt(receipt_of(answer))
    assert broken in logged.record.body and whole in logged.record.body
    assert len(read(logged.record.body, Hint()).reports) == 2


class Log:
    """Keeps what is appended."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    async def append(self, entries: Sequence[Entry]) -> list[tuple[int, int]]:
        self.entries += entries
        return [(0, place) for place in range(len(entries))]


async def test_a_message_that_comes_too_slowly_ends_its_connection_and_a_quick_one_is_taken(tmp_path: Path) -> None:
    log, journal = Log(), Journal(tmp_path / "journal.jsonl")
    failures: list[BaseException] = []
    server = MllpServer(
        Edge("health", log, SystemClock()), journal, default_sender("health", "mllp"), room_for(200_000),
        limit=200_000, failed=failures.append, frame_seconds=0.2,
    )  # fmt: skip
    listener = listen("127.0.0.1", 0)
    await server.start(listener)
    reader, writer = await asyncio.open_connection(*listener.getsockname())
    try:
        writer.write(framed(hl7(control_id())) + b"\x0b" + hl7(control_id())[:40])
        answered = await asyncio.wait_for(reader.read(), 10)
        assert answered.count(b"MSA|AA|") == 1
        assert len(log.entries) == 1 and failures == []
    finally:
        writer.close()
        await server.stop(1)
        journal.close()
