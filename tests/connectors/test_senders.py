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


# -- channels in which the hub fetches

HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHVuYm9ybiBjaGlsZHJlbiBhcmUgY2hpbGRyZW4h"
SFTP = f"host: sftp.example, user: fd, host_key: {HOST_KEY}, private_key: /etc/fd/key"
MESH = "url: https://mesh.example, mailbox: X26, password: {env: FD_TEST_PASSWORD}, shared_key: {env: FD_TEST_KEY}"


def fetched(transport: str, channel: str, agency: str = "social_care", sender: str = "a") -> str:
    return f"id: {sender}, agency: {agency}, transport: {transport}, {transport}: {{{channel}}}"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("id: a, agency: health, transport: mesh", "give mesh: .*docs/connectors.md"),
        ("id: a, agency: health, transport: http, mesh: {" + MESH + "}", "mesh cannot be given for transport http"),
        (fetched("mesh", MESH.replace("{env: FD_TEST_PASSWORD}", "secret")), "mesh password: this file must not hold a secret"),
        (fetched("mesh", MESH.replace("{env: FD_TEST_PASSWORD}", "{env: A, file: /b}")), "give one place"),
        (fetched("mesh", MESH.replace("https", "http")), "must begin with https"),
        (fetched("mesh", MESH + ", client_key: /etc/fd/key"), "both client_certificate and client_key"),
        (fetched("mesh", MESH + ", alarm_hours: 0"), "mesh alarm_hours"),
        (fetched("sftp", SFTP.replace(HOST_KEY, "trust-anybody")), "sftp host_key"),
        (fetched("sftp", SFTP + ", after: burn"), "sftp after"),
        (fetched("outbox", "url: 'postgresql://fd:secret@db/cases'"), "url must not hold a password"),
        (fetched("outbox", "url: 'postgresql://db/cases?password=secret'"), "url must not hold a password"),
        (fetched("outbox", "url: 'mssql://db/cases'"), "one of: sqlite, postgresql"),
        (fetched("outbox", "url: 'secret'"), "no database URL"),
        (fetched("outbox", "url: 'sqlite:////a.db', table: 'x; DROP TABLE y'"), "outbox table"),
        (fetched("ssd", "url: 'sqlite:////a.db'"), "ssd cut_over"),
    ],
)
def test_a_channel_that_cannot_be_used_is_said_to_whoever_wrote_it_without_its_secret(
    tmp_path: Path, entry: str, said: str
) -> None:
    with pytest.raises(SendersRefused, match=said) as refused:
        load_senders(written(tmp_path, entry))
    assert "secret@" not in str(refused.value) and "=secret" not in str(refused.value)


def test_nobody_fetches_without_being_told_where() -> None:
    assert [load_senders(None).of("health", transport) for transport in ("sftp", "mesh", "outbox", "ssd")] == [()] * 4  # type: ignore[arg-type]


def test_a_secret_that_is_missing_is_named_and_one_that_is_there_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    password = tmp_path / "password"
    channel = MESH.replace("{env: FD_TEST_PASSWORD}", f"{{file: {password}}}")
    senders = load_senders(written(tmp_path, fetched("mesh", channel, "health")))
    monkeypatch.setenv("FD_TEST_KEY", "the shared key")
    with pytest.raises(SendersRefused, match=r"Sender a: mesh password: the file .*password cannot be read"):
        senders.check_secrets("health")
    senders.check_secrets("police")
    password.write_text("\n")
    with pytest.raises(SendersRefused, match="is empty or not set"):
        senders.check_secrets("health")
    password.write_text("the password\nand a remark\n")
    senders.check_secrets("health")
    mesh = senders.listed[0].mesh
    assert mesh is not None and (mesh.password.read(), mesh.shared_key.read()) == ("the password", "the shared key")
    assert "the password" not in repr(senders.listed) and "the shared key" not in repr(senders.listed)


def test_a_database_password_comes_into_the_address_and_is_hidden_when_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FD_TEST_PASSWORD", "p@ss/word")
    url = "url: 'postgresql://fd@db/cases', password: {env: FD_TEST_PASSWORD}"
    (sender,) = load_senders(written(tmp_path, fetched("outbox", url))).listed
    assert sender.outbox is not None
    address = sender.outbox.address()
    assert (address.drivername, address.password) == ("postgresql+psycopg", "p@ss/word")
    assert "p@ss" not in str(address)


def test_two_senders_never_fetch_from_one_place(tmp_path: Path) -> None:
    both = [fetched("outbox", "url: 'sqlite:////a.db'", sender=sender) for sender in ("a", "b")]
    with pytest.raises(SendersRefused, match="same outbox place"):
        load_senders(written(tmp_path, *both))
