"""`conform`: the hub's own connectors hold every case, and three partners who do it wrong are told what they do wrong."""

import json
import re
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from typer.testing import CliRunner

from connectors.registry import reader
from ops.cli import app
from ops.conform.cases import CASES
from ops.conform.messages import message
from schemas.catalogue import AGENCIES
from schemas.reading import Hint

from .conftest import Hub
from .tools import CHECKOUT

#: What a partner answers to a message: status and headers, from its key and bytes.
Answers = Callable[[str, bytes], tuple[int, dict[str, str]]]


@contextmanager
def partner(answers: Answers) -> Iterator[str]:
    """A gateway that a partner wrote: right in everything but what `answers` says of a message."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status, headers = answers(self.headers.get("idempotency-key", ""), body)
            self._say(status, headers)

        def do_GET(self) -> None:
            if self.path.startswith("/receipts/"):
                self._say(200, {"content-type": "application/json"}, b'{"status": "received"}')
            else:
                status = 405 if self.path == "/messages" else 404
                self._say(status, {"content-type": "application/problem+json"})

        def _say(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def taken(receipt: str) -> tuple[int, dict[str, str]]:
    return 202, {"x-receipt-id": receipt, "location": f"/receipts/{receipt}"}


def right(key: str, body: bytes) -> tuple[int, dict[str, str]]:
    return taken(str(uuid.uuid5(uuid.NAMESPACE_OID, f"{key}{body!r}") if key else uuid.uuid4()))


def says_ok(key: str, body: bytes) -> tuple[int, dict[str, str]]:
    """An integration engine that answers before anybody has stored anything."""
    return 200, {}


def counts_retries(key: str, body: bytes) -> tuple[int, dict[str, str]]:
    """A gateway that drops the key on the way, and validates what it does not understand."""
    return taken(str(uuid.uuid4())) if body[:1] in b"{[<" and body else (400, {})


def trusts_the_key(key: str, body: bytes) -> tuple[int, dict[str, str]]:
    """A simulator that takes the key for the message, and the bytes where there is none."""
    return taken(str(uuid.uuid5(uuid.NAMESPACE_OID, key or body.hex())))


def faults(target: str, agency: str = "education", *more: str) -> dict[str, str]:
    done = CliRunner().invoke(app, ["conform", agency, "--target", target, "--wait", "0", "--json", *more])
    found = {case["case"]: case["fault"] for case in json.loads(done.stdout)["cases"] if case["fault"]}
    assert done.exit_code == (1 if found else 0)
    return found


@pytest.mark.broker
@pytest.mark.parametrize("agency", ["education", "health"])
def test_the_hubs_own_connectors_hold_every_case(hub: Hub, agency: str) -> None:
    assert faults(hub.connector(agency).http, agency) == {}


def test_each_wrong_partner_is_told_its_faults_and_a_right_one_none() -> None:
    with partner(right) as target:
        assert faults(target) == {}
        assert faults(target, "police", "--token", "mine") == {
            "credential": "a wrong credential was answered 202, not 401 or 403: anybody may send"
        }
    with partner(says_ok) as target:
        found = faults(target)
        assert {"receipt", "again", "outcome"} <= set(found)
        assert found["receipt"] == "answered 200, not 202"
    with partner(counts_retries) as target:
        found = faults(target)
        assert set(found) == {"again", "unreadable", "empty"}
        assert "every retry becomes one more message" in found["again"]
        assert found["unreadable"].startswith("refused with 400")
    with partner(trusts_the_key) as target:
        found = faults(target)
        assert set(found) == {"other-bytes", "no-key"}
        assert "it is lost" in found["other-bytes"]


def test_people_get_a_table_and_who_is_not_there_is_said_to_be_away() -> None:
    with partner(trusts_the_key) as target:
        shown = CliRunner().invoke(app, ["conform", "police", "--target", target, "--wait", "0"], env={"COLUMNS": "200"})
    assert all(name in shown.output for name, _, _ in CASES)
    page = (CHECKOUT / "docs" / "connect-your-system.md").read_text()
    told = page.split("a gateway that takes the key for the message:\n\n```\n")[1].split("\n```")[0].splitlines()
    assert [line for line in told if line not in {*map(str.rstrip, shown.output.splitlines()), "…"}] == []
    assert re.findall(r"^\| `([a-z-]+)` \|", page.split("| Case | Right |")[1].split("\n\n")[0], re.MULTILINE) == [
        name for name, _, _ in CASES
    ]
    assert f"2 of {len(CASES) - 1} cases do not hold." in shown.output
    assert "not tried: no --token was given" in shown.output
    gone = CliRunner().invoke(app, ["conform", "police", "--target", target])
    assert (gone.exit_code, "Nobody answers" in gone.output) == (3, True)
    assert CliRunner().invoke(app, ["conform", "nobody", "--target", target]).exit_code == 2


@pytest.mark.parametrize("agency", AGENCIES)
def test_the_messages_it_sends_are_contacts_about_an_invented_child(agency: str) -> None:
    body, kind = message(agency)
    reading = reader(agency)(body, Hint(content_type=kind))
    reports = [*reading.reports, *(case.report for case in reading.case_reports if case.report)]
    assert [report.person.family for report in reports] == ["Field"]
    assert message(agency) != message(agency)
