"""HTTP: what a sender is promised, and what it is told when nothing can be promised."""

import hashlib
import json
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from fhir.resources.R4B.operationoutcome import OperationOutcome

from connectors.edge import KEPT_OF_TOO_LARGE

from ..running import Connector, eventually

pytestmark = pytest.mark.broker

CHILD_FREE = b'{"no child": "at all", "n": "%s"}'


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=30, trust_env=False) as client:
        yield client


def some_body() -> bytes:
    return CHILD_FREE % uuid.uuid4().hex.encode()


def problem(answer: httpx.Response, status: int, kind: str) -> dict[str, object]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, object] = answer.json()
    assert told["status"] == status
    assert told["type"] == f"urn:frontdoor:problem:{kind}"
    assert told["title"] and told["detail"]
    return told


def raw(connector: Connector, data: bytes, *, seconds: float = 30) -> bytes:
    """Send bytes as they are; all that comes back until the connection is closed."""
    url = urlsplit(connector.http)
    with socket.create_connection((url.hostname, url.port), timeout=seconds) as connection:
        connection.sendall(data)
        received = b""
        while data := connection.recv(65536):
            received += data
        return received


def test_a_receipt_means_that_the_bytes_are_in_the_log_untouched(
    connector: Callable[[str], Connector], client: httpx.Client
) -> None:
    health = connector("health")
    body = b"\xff\x00 not even text\r\n" + some_body()
    before = datetime.now(UTC)
    answer = client.post(
        f"{health.http}/messages", content=body,
        headers={
            "Content-Type": "application/fhir+json",
            "Content-Disposition": "attachment; filename*=UTF-8''a%20name%20%C3%A9.json",
            "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        },
    )  # fmt: skip
    assert answer.status_code == 202
    told = answer.json()
    assert told["status"] == "received"
    assert "No person has read it yet" in told["message"]
    assert answer.headers["x-receipt-id"] == told["receipt_id"]
    assert answer.headers["location"] == told["status_url"] == f"/receipts/{told['receipt_id']}"

    (logged,) = health.by_receipt(told["receipt_id"])
    assert logged.record.body == body
    assert logged.record.size == len(body)
    assert logged.record.sender == "health-http" == logged.key.decode()
    assert (logged.record.transport, logged.record.content_type) == ("http", "application/fhir+json")
    assert logged.record.file_name == "a name é.json"
    assert before <= logged.record.received_at <= datetime.now(UTC)
    assert logged.record.received_at == datetime.fromisoformat(told["received_at"])
    assert logged.record.picked_up_at is None
    assert logged.headers["ce_id"] == told["receipt_id"]
    assert logged.headers["ce_specversion"] == "1.0"
    assert logged.headers["ce_type"] == "frontdoor.Received"
    assert logged.headers["ce_source"] and logged.headers["ce_time"]
    assert logged.headers["traceparent"].startswith("00-0af7651916cd43dd8448eb211c80319c-")
    assert eventually(lambda: [line for line in health.journal() if line["receipt_id"] == told["receipt_id"]])


@pytest.mark.parametrize(
    ("agency", "path"),
    [
        ("education", "/concerns"), ("education", "/messages"), ("police", "/notices"), ("police", "/messages"),
        ("social_care", "/case-events"), ("social_care", "/contacts"), ("social_care", "/messages"),
    ],
)  # fmt: skip
def test_each_agency_has_its_addresses(
    connector: Callable[[str], Connector], client: httpx.Client, agency: str, path: str
) -> None:
    answer = client.post(connector(agency).http + path, content=some_body())
    assert answer.status_code == 202, answer.text
    assert uuid.UUID(answer.json()["receipt_id"])


@pytest.mark.parametrize("path", ["/$process-message", "/%24process-message", "/ServiceRequest"])
def test_a_fhir_client_gets_an_operation_outcome(
    connector: Callable[[str], Connector], client: httpx.Client, path: str
) -> None:
    answer = client.post(connector("health").http + path, content=some_body())
    assert answer.status_code == 202
    assert answer.headers["content-type"] == "application/fhir+json"
    outcome = OperationOutcome.model_validate_json(answer.content)
    assert outcome.id == answer.headers["x-receipt-id"]
    assert outcome.issue[0].severity == "information"
    assert answer.headers["x-receipt-id"] in outcome.issue[0].diagnostics
    large = some_body() + b"x" * 300_000
    refused = client.post(connector("health").http + path, content=large, headers={"Accept": "application/fhir+json"})
    assert refused.status_code == 413
    assert OperationOutcome.model_validate_json(refused.content).issue[0].severity == "error"
    problem(client.post(connector("health").http + path, content=large), 413, "too-large")


def test_the_capability_statement_is_valid_fhir(
    connector: Callable[[str], Connector], client: httpx.Client
) -> None:
    answer = client.get(connector("health").http + "/metadata")
    statement = CapabilityStatement.model_validate_json(answer.content)
    assert statement.fhirVersion == "4.0.1"
    assert statement.rest[0].operation[0].name == "process-message"
    problem(client.get(connector("police").http + "/metadata"), 404, "not-found")


def test_the_same_key_and_bytes_give_the_same_receipt_and_other_bytes_another(
    connector: Callable[[str], Connector], client: httpx.Client
) -> None:
    url, body, key = connector("education").http + "/concerns", some_body(), {"Idempotency-Key": uuid.uuid4().hex}
    first = client.post(url, content=body, headers=key).json()["receipt_id"]
    assert client.post(url, content=body, headers=key).json()["receipt_id"] == first
    # A key used again for other content can never hide that content.
    assert client.post(url, content=some_body(), headers=key).json()["receipt_id"] != first
    assert client.post(url, content=body).json()["receipt_id"] != first
    long = {"Idempotency-Key": "k" * 3000}
    again = client.post(url, content=body, headers=long).json()["receipt_id"]
    assert client.post(url, content=body, headers=long).json()["receipt_id"] == again


def test_even_an_empty_message_is_kept_because_somebody_must_ask_what_it_should_have_been(
    connector: Callable[[str], Connector], client: httpx.Client
) -> None:
    education = connector("education")
    answer = client.post(education.http + "/concerns", content=b"")
    assert answer.status_code == 202
    (logged,) = education.by_receipt(answer.json()["receipt_id"])
    assert (logged.record.size, logged.record.body) == (0, b"")


@pytest.mark.parametrize("chunked", [False, True])
def test_of_a_message_above_the_limit_its_arrival_is_recorded(
    connector: Callable[[str], Connector], client: httpx.Client, chunked: bool
) -> None:
    police = connector("police")
    body = some_body() + b"x" * 5_000_000
    pieces = (body[start : start + 100_000] for start in range(0, len(body), 100_000))
    answer = client.post(police.http + "/notices", content=pieces if chunked else body)
    told = problem(answer, 413, "too-large")
    assert told["limit_bytes"] == 200000
    assert told["size_bytes"] == len(body)
    assert str(told["receipt_id"]) in str(told["detail"])
    (logged,) = police.by_receipt(str(told["receipt_id"]))
    assert logged.record.truncated
    assert logged.record.size == len(body)
    assert logged.record.body == body[:KEPT_OF_TOO_LARGE]
    # A machine that sends the same all day must not open a clock each time.
    assert client.post(police.http + "/notices", content=body).json()["receipt_id"] == told["receipt_id"]
    assert client.post(police.http + "/notices", content=body + b"x").json()["receipt_id"] != told["receipt_id"]


def test_a_sender_of_a_large_message_who_goes_away_has_still_arrived(connector: Callable[[str], Connector]) -> None:
    police = connector("police")
    mark = uuid.uuid4().hex.encode()
    url = urlsplit(police.http)
    with socket.create_connection((url.hostname, url.port)) as connection:
        connection.sendall(b"POST /notices HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n\r\n" + mark)
        time.sleep(0.2)
    found = eventually(lambda: [one for one in police.logged() if one.record.body == mark])
    assert (found[0].record.truncated, found[0].record.size) == (True, 900000)


def test_a_message_that_did_not_arrive_whole_is_not_taken(connector: Callable[[str], Connector]) -> None:
    police = connector("police")
    mark = uuid.uuid4().hex.encode()
    url = urlsplit(police.http)
    with socket.create_connection((url.hostname, url.port)) as connection:
        connection.sendall(b"POST /notices HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\n" + mark)
        time.sleep(0.2)
    time.sleep(0.5)
    assert not [one for one in police.logged() if mark in one.record.body]


def test_what_is_not_http_gets_a_problem(connector: Callable[[str], Connector]) -> None:
    answer = raw(connector("police"), b"MSH|^~\\&|this is not HTTP\r\n\r\n")
    assert b"400" in answer.split(b"\r\n")[0]
    assert b"application/problem+json" in answer


def test_unknown_addresses_and_methods_get_problems(
    connector: Callable[[str], Connector], client: httpx.Client
) -> None:
    education = connector("education")
    problem(client.post(education.http + "/notices", content=b"x"), 404, "not-found")
    problem(client.get(education.http + "/concerns"), 405, "method-not-allowed")
    # A redirect could be taken for success by a client that does not follow it.
    problem(client.post(education.http + "/concerns/", content=b"x"), 404, "not-found")


def test_a_page_in_a_browser_cannot_send(connector: Callable[[str], Connector], client: httpx.Client) -> None:
    url = connector("education").http + "/concerns"
    problem(client.post(url, content=b"x", headers={"Origin": "https://elsewhere.example"}), 403, "not-allowed")
    problem(client.post(url, content=b"x", headers={"Host": "rebound.example"}), 403, "not-allowed")


def test_the_openapi_document_names_what_may_be_sent(
    connector: Callable[[str], Connector], client: httpx.Client
) -> None:
    document = client.get(connector("health").http + "/openapi.json").json()
    bundle = document["paths"]["/$process-message"]["post"]
    assert "application/fhir+json" in bundle["requestBody"]["content"]
    assert set(bundle["responses"]) >= {"202", "401", "413", "503"}
    assert "200000 bytes" in bundle["requestBody"]["description"]
    assert {"/messages", "/ServiceRequest", "/receipts/{receipt_id}", "/metadata"} <= set(document["paths"])
    assert "/notices" in client.get(connector("police").http + "/openapi.json").json()["paths"]


def test_alive_and_ready(connector: Callable[[str], Connector], client: httpx.Client) -> None:
    assert client.get(connector("education").http + "/healthz").json() == {"status": "alive"}
    assert client.get(connector("education").http + "/readyz").json() == {"status": "ready"}


def test_while_the_view_is_away_a_receipt_says_what_the_connector_knows(
    connector: Callable[[str], Connector], client: httpx.Client
) -> None:
    education = connector("education")
    sent = client.post(education.http + "/concerns", content=some_body()).json()
    told = eventually(lambda: client.get(education.http + sent["status_url"]).json())
    assert told["receipt_id"] == sent["receipt_id"]
    assert told["received_at"] == sent["received_at"]
    assert told["status"] == "received"
    assert "No person has read it yet" in told["message"]
    problem(client.get(education.http + "/receipts/not-a-receipt"), 404, "not-found")
    # Without the view nobody knows whether an old receipt exists: that is not "no".
    problem(client.get(f"{education.http}/receipts/{uuid.uuid4()}"), 503, "not-durable")


def test_many_at_once_are_all_kept(connector: Callable[[str], Connector]) -> None:
    education = connector("education")
    bodies = [some_body() for _ in range(200)]
    with httpx.Client(timeout=30, trust_env=False) as client, ThreadPoolExecutor(16) as pool:
        receipts = list(
            pool.map(lambda body: client.post(education.http + "/concerns", content=body).json()["receipt_id"], bodies)
        )
    logged = {one.record.receipt_id: one.record.body for one in education.logged()}
    assert [logged[receipt] for receipt in receipts] == bodies


def test_a_token_decides_who_sends_and_who_may_ask(
    own_connector: Callable[..., Connector], kafka: str, tmp_path: Path, client: httpx.Client
) -> None:
    digests = {name: hashlib.sha256(name.encode()).hexdigest() for name in ("token-a", "token-b", "token-c")}
    senders = tmp_path / "senders.yaml"
    senders.write_text(
        "senders:\n"
        f"  - {{id: school-a, agency: education, organisation: A, transport: http, token_sha256: {digests['token-a']}}}\n"
        f"  - {{id: trust-a, agency: education, organisation: A, transport: http, token_sha256: {digests['token-b']}}}\n"
        f"  - {{id: school-c, agency: education, organisation: C, transport: http, token_sha256: {digests['token-c']}}}\n"
    )
    education = own_connector("education", kafka, senders_file=senders)

    def auth(token: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {token}"}

    url = education.http + "/concerns"
    answer = client.post(url, content=b"x")
    problem(answer, 401, "not-authenticated")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    problem(client.post(url, content=b"x", headers=auth("wrong")), 401, "not-authenticated")
    # In the message anybody can claim anything.
    body = json.dumps({"sender": "school-c", "n": uuid.uuid4().hex}).encode()
    sent = client.post(url, content=body, headers=auth("token-a")).json()
    (logged,) = education.by_receipt(sent["receipt_id"])
    assert (logged.record.sender, logged.record.organisation) == ("school-a", "A")
    asked = education.http + sent["status_url"]
    assert eventually(lambda: client.get(asked, headers=auth("token-a")).status_code == 200)
    assert client.get(asked, headers=auth("token-b")).status_code == 200
    problem(client.get(asked, headers=auth("token-c")), 404, "not-found")
    problem(client.get(asked), 401, "not-authenticated")


def test_it_is_not_reachable_from_elsewhere_without_credentials(
    own_connector: Callable[..., Connector], kafka: str, tmp_path: Path
) -> None:
    with pytest.raises(AssertionError, match="FRONTDOOR_SENDERS_FILE"):
        own_connector("education", kafka, bind="0.0.0.0")


def test_a_day_is_the_hubs_not_the_machines_under_the_stepped_clock(
    own_connector: Callable[..., Connector], kafka: str, tmp_path: Path, client: httpx.Client
) -> None:
    education = own_connector("education", kafka, clock="stepped")
    url = education.http + "/concerns"
    problem(client.post(url, content=b"x"), 503, "not-durable")
    moment = datetime(2026, 6, 5, 22, 59, tzinfo=UTC)
    (education.run_dir / "clock").write_text(moment.isoformat())
    sent = client.post(url, content=some_body()).json()
    assert datetime.fromisoformat(sent["received_at"]) == moment
    (education.incoming / "x.json").write_bytes(b"{}")
    (education.incoming / "x.json.done").touch()
    receipt = eventually(lambda: list((education.incoming.parent / "done").glob("x.json.receipt.json")))[0]
    assert datetime.fromisoformat(json.loads(receipt.read_text())["received_at"]) == moment
    assert datetime.now(UTC) - moment > timedelta(days=1)
