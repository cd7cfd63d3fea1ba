"""Who a sender is: what the file may say, and who may send without one."""

import hashlib
from pathlib import Path

import pytest

from connectors.senders import Senders, SendersRefused, Unauthenticated, load_senders

TOKEN = "a long and random token"
DIGEST = hashlib.sha256(TOKEN.encode()).hexdigest()


def written(tmp_path: Path, *entries: str) -> Path:
    path = tmp_path / "senders.yaml"
    path.write_text("senders:\n" + "".join(f"  - {{{entry}}}\n" for entry in entries))
    return path


def test_without_a_file_each_agency_and_transport_has_one_sender() -> None:
    senders = load_senders(None)
    assert senders.by_authorization("health", "").id == "health-http"
    assert [one.id for one in senders.of("police", "folder")] == ["police-folder"]
    assert [one.topic_name for one in senders.of("education", "kafka")] == ["partner.example-education.in"]
    senders.check_reachable("health", "127.0.0.1")
    senders.check_reachable("health", "::1")
    senders.check_reachable("health", "localhost")


def test_where_senders_are_listed_only_listed_organisations_have_a_topic(tmp_path: Path) -> None:
    trust = "id: trust, agency: education, organisation: anytown-trust, transport: kafka"
    senders = load_senders(written(tmp_path, trust))
    assert senders.partner_topics() == ("partner.anytown-trust.in",)
    assert senders.of("health", "kafka") == ()


@pytest.mark.parametrize("bind", ["0.0.0.0", "::", "10.1.2.3", "hub.example"])
def test_nobody_unknown_may_send_from_another_machine(bind: str) -> None:
    with pytest.raises(SendersRefused, match="FRONTDOOR_SENDERS_FILE"):
        Senders().check_reachable("education", bind)


def test_a_listed_sender_with_a_credential_may_send_from_another_machine(tmp_path: Path) -> None:
    http = f"id: st-marys, agency: health, organisation: RXX01, transport: http, token_sha256: {DIGEST}"
    mllp = "id: st-marys-pas, agency: health, transport: mllp, port: 2575, allow_from: [10.1.2.0/24]"
    senders = load_senders(written(tmp_path, http, mllp))
    senders.check_reachable("health", "0.0.0.0")
    with pytest.raises(SendersRefused):
        # An open MLLP port has no credential at all.
        load_senders(written(tmp_path, http)).check_reachable("health", "0.0.0.0")
    pas = senders.of("health", "mllp")[0]
    assert pas.accepts_address("10.1.2.7")
    assert pas.accepts_address("::ffff:10.1.2.7")
    assert not pas.accepts_address("10.1.3.7")


def test_a_token_proves_its_sender_and_nobody_else(tmp_path: Path) -> None:
    other = hashlib.sha256(b"other").hexdigest()
    senders = load_senders(
        written(
            tmp_path,
            f"id: one, agency: health, transport: http, token_sha256: {DIGEST}",
            f"id: two, agency: education, transport: http, token_sha256: {other}",
        )
    )
    assert senders.by_authorization("health", f"Bearer {TOKEN}").id == "one"
    assert senders.by_authorization("health", f"bearer {TOKEN}").id == "one"
    for authorization in ("", "Bearer other", "Bearer ", f"Basic {TOKEN}", DIGEST, f"Bearer {DIGEST}"):
        with pytest.raises(Unauthenticated):
            senders.by_authorization("health", authorization)


def test_a_token_nobody_has_is_refused_even_where_none_is_needed() -> None:
    with pytest.raises(Unauthenticated):
        Senders().by_authorization("police", "Bearer something")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("id: a b, agency: health, transport: http", "entry 1 id"),
        ("id: a, agency: fire, transport: http", "agency must be one of"),
        ("id: a, agency: health, transport: fax", "entry 1 transport"),
        ("id: a, agency: health, transport: http, port: 3", "port cannot be given"),
        ("id: a, agency: police, transport: folder", "give the name of its folder"),
        ("id: a, agency: police, transport: folder, folder: ../up", "entry 1 folder"),
        ("id: a, agency: police, transport: folder, folder: done", "cannot be called"),
        ("id: a, agency: education, transport: kafka", "give topic"),
        ("id: a, agency: education, transport: kafka, topic: received.health", "entry 1 topic"),
        ("id: a, agency: health, transport: http, token: secret", "entry 1 token"),
        ("id: a, agency: health, transport: http, token_sha256: secret-by-mistake", "entry 1 token_sha256"),
    ],
)
def test_a_wrong_entry_is_named_without_its_secret(tmp_path: Path, entry: str, said: str) -> None:
    with pytest.raises(SendersRefused, match=said) as refused:
        load_senders(written(tmp_path, entry))
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ("id: a, agency: police, transport: http", "same id"),
        (f"id: b, agency: police, transport: http, token_sha256: {DIGEST}", "same token_sha256"),
    ],
)
def test_two_senders_must_differ(tmp_path: Path, second: str, said: str) -> None:
    first = f"id: a, agency: health, transport: http, token_sha256: {DIGEST}"
    with pytest.raises(SendersRefused, match=said):
        load_senders(written(tmp_path, first, second))


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"just text", b"[1, 2]", b"senders: 3"])
def test_what_is_no_senders_file_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "senders.yaml"
    path.write_bytes(content)
    with pytest.raises(SendersRefused, match="senders file"):
        load_senders(path)
    with pytest.raises(SendersRefused, match="cannot be read"):
        load_senders(tmp_path / "missing.yaml")
