"""A whole hub takes messages full of marked names, right, broken and undeliverable: no log and no metric has one of them, every
line of a log is one JSON object, and what goes wrong with a message is told with its receipt and its trace."""

import base64
import contextlib
import json
import socket
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from confluent_kafka import Producer

from ops.endpoints import endpoint
from ops.processes import ROLES, Stack
from schemas.catalogue import catalogue
from tests.connectors.delivery.partners import HttpPartner
from tests.connectors.running import eventually, exchange

pytestmark = pytest.mark.stack

MARKED = ("Zebedee", "Quillfeather", "Marrowby Lane", "QQ7 7QQ", "whispered-secret")
CONCERN = {
    "concern_id": "Zebedee-77", "risk": "amber", "concern": "whispered-secret of Quillfeather",
    "child": {"given_name": "Zebedee", "family_name": "Quillfeather", "address": "Marrowby Lane", "postcode": "QQ7 7QQ"},
}  # fmt: skip
HL7 = (
    b"MSH|^~\\&|Quillfeather|RXX01|FRONTDOOR|383|20260102030405||REF^I12|Zebedee|P|2.4\r"
    b"PID|1||Zebedee^^^NHS||Quillfeather^Zebedee||not-a-date|F|||Marrowby Lane^^^QQ7 7QQ\rNTE|1||whispered-secret\r"
)
TRACE = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE}-b7ad6b7169203331-01"
#: The receipt of a message whose record was damaged on the log.
DAMAGED = "4f1f21de-2d9c-5a6b-8a51-a6b3c0de9d11"
#: Bytes above which a message goes to the store of large messages.
LARGE = 20_000
#: Who sets aside what cannot be read, and a topic of theirs.
WORKERS = {
    "intake": "received.police", "routing": "contacts", "allocation": "allocation-in", "cases": "case-events",
    "clocks": "case-events", "answers": "case-events", "linkage": "linkage-in", "delivery": "outbound.health",
}  # fmt: skip


#: How many of the messages of `send_broken` nobody can read.
UNREADABLE = 5


class Logged:
    """What the processes of a stack have logged."""

    def __init__(self, run_dir: Path) -> None:
        self._logs = run_dir / "logs"

    def texts(self) -> dict[str, str]:
        return {log.stem: log.read_text() for log in self._logs.iterdir()}

    def lines(self, role: str, about: str) -> list[dict[str, Any]]:
        """The lines of a role with these words in their message. Whatever it said must be JSON, a whole object a line."""
        *whole, _ = (self._logs / f"{role}.log").read_text().split("\n")
        return [told for told in map(json.loads, whole) if about in told["message"]]

    def await_lines(self, role: str, about: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = eventually(lambda: self.lines(role, about), 60)
        return found


def spellings(mark: str) -> set[str]:
    """A mark as it may stand in a text: as it is, in an address, and in base64, whatever stands before it."""
    coded = {
        base64.b64encode(b"x" * before + mark.encode()).decode().rstrip("=")[before + bool(before) : -1] for before in range(3)
    }
    return {mark.lower(), quote(mark).lower(), mark.replace(" ", "+").lower()} | {word.lower() for word in coded}


def named(text: str) -> set[str]:
    """The marks in a text."""
    folded = text.lower()
    return {mark for mark in MARKED if any(spelling in folded for spelling in spellings(mark))}


def asked(address: str) -> httpx.Response:
    return httpx.get(address, trust_env=False, timeout=30)


def send_broken(education: dict[str, str], health: dict[str, str]) -> None:
    """Cut in the middle, wrongly encoded, under a wrong key, asked for by name; HL7 that is broken, and that is none; a file."""
    url, whole = f"{education['http']}/concerns", json.dumps(CONCERN).encode()
    for body in (whole[:60], b"\xff" + whole, b"<Concern><Child>Zebedee Quillfeather", b"PK\x03\x04 Quillfeather"):
        headers = {"Idempotency-Key": "Zebedee Quillfeather", "Content-Disposition": 'attachment; filename="Zebedee.json"'}
        assert httpx.post(url, content=body, headers=headers, trust_env=False).status_code == 202
    assert httpx.post(f"{url}/Quillfeather?child=Zebedee", content=whole, trust_env=False).status_code == 404
    host, _, port = health["mllp"].rpartition(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        exchange(connection, HL7)
        exchange(connection, b"Zebedee Quillfeather")
    incoming = Path(education["folder"])
    (incoming / "Zebedee Quillfeather.csv").write_bytes(b"child,notes\nZebedee Quillfeather,whispered-secret\n\xff")
    eventually(lambda: not list(incoming.iterdir()), 60)


def put_damaged(bootstrap: str) -> None:
    """On every topic bytes that are no record, under the headers that a connector wrote, or as a foreign producer might."""
    producer = Producer({"bootstrap.servers": bootstrap})
    for topic in catalogue().topics:
        receipt, trace = (DAMAGED, TRACEPARENT) if topic == WORKERS["intake"] else ("Zebedee Quillfeather", "Zebedee")
        headers = {"ce_type": b"frontdoor.Received", "ce_id": receipt.encode(), "traceparent": trace.encode()}
        producer.produce(topic, b"\x00Quillfeather of Marrowby Lane", key=b"Zebedee", headers=list(headers.items()))
    assert producer.flush(30) == 0


def test_no_log_names_anybody_and_what_goes_wrong_with_a_message_is_found_by_its_receipt(
    fast_start: None, tmp_path: Path
) -> None:
    case_system, store = HttpPartner(conduct=lambda n: 500), tmp_path / "store"
    recipient = {"id": "case-system", "agency": "social_care", "http": {"url": case_system.url}}
    (tmp_path / "recipients.yaml").write_text(json.dumps({"recipients": [recipient]}))
    environment = {
        "FRONTDOOR_LOG_FORMAT": "json", "FRONTDOOR_RECIPIENTS_FILE": str(tmp_path / "recipients.yaml"),
        "FRONTDOOR_WEBHOOK_URL": case_system.url, "FRONTDOOR_WEBHOOK_SECRET": "a secret of eight words for the webhook here",
        "FRONTDOOR_LARGE_STORE": str(store), "FRONTDOOR_LOG_MESSAGE_BYTES": str(LARGE),
    }  # fmt: skip
    roles = (*ROLES, "delivery", "notices")
    logged = Logged(tmp_path / "run")
    with contextlib.closing(case_system), Stack(tmp_path / "run", roles=roles, env=environment) as stack:
        found = {role: endpoint(stack.settings, role) or {} for role in roles}
        education = found["connector-education"]["urls"]
        large = json.dumps({**CONCERN, "concern": "whispered-secret of Quillfeather. " * (LARGE // 30)}).encode()
        traced = {"Idempotency-Key": "Zebedee", "traceparent": TRACEPARENT}

        def send_large() -> httpx.Response:
            return httpx.post(f"{education['http']}/concerns", content=large, headers=traced, trust_env=False, timeout=30)

        store.write_text("where a directory is expected")
        assert send_large().status_code == 503
        store.unlink()
        receipt = send_large().headers["X-Receipt-Id"]
        [undelivered] = logged.await_lines("delivery", "case-system did not arrive and is tried again: http_500")
        send_broken(education, found["connector-health"]["urls"])
        put_damaged(stack.bootstrap)

        for role, topic in WORKERS.items():
            logged.await_lines(role, f"a record of {topic} ")
        view = found["view"]["urls"]["http"]
        eventually(lambda: len(asked(f"{view}/quarantine").json()["messages"]) == UNREADABLE, 60)
        assert asked(f"{view}/find?q=Zebedee").status_code == 200
        for address in (one["urls"]["http"] for one in found.values() if "http" in one["urls"]):
            asked(f"{address}/Quillfeather?name=Zebedee")
        pages = {role: asked(f"{one['own']}/metrics").text for role, one in found.items()}
        pages["hub"] = asked(f"{found['metrics']['urls']['http']}/metrics").text
    assert {one.name: one.last_exit for one in stack.state().processes if one.name in roles} == dict.fromkeys(roles, 0), (
        "told to stop, each drains and ends in the time that it has"
    )
    texts = logged.texts()
    assert texts.keys() >= set(roles)
    assert {(where, mark) for where, text in (*texts.items(), *pages.items()) for mark in named(text)} == set()
    assert {(role, line["role"]) for role in roles for line in logged.lines(role, "")} == {
        (role, role) for role in texts if texts[role]
    }

    [not_taken] = logged.lines("connector-education", "a message was not taken")
    for line in (not_taken, undelivered):
        assert line["receipt"] == receipt, "its sender had it when the same was sent again under the same key"
        assert line["traceparent"].split("-")[1] == TRACE
    assert "contact" in undelivered
    [damaged] = logged.lines("intake", f"a record of {WORKERS['intake']} ")
    assert (damaged["receipt"], damaged["traceparent"]) == (DAMAGED, TRACEPARENT)
    not_understood = logged.lines("intake", "could not be understood")
    assert len({line["receipt"] for line in not_understood}) == UNREADABLE
