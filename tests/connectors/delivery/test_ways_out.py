"""SFTP, MESH and e-mail: what leaves is whole, a repeat can be told from a second message, and a refusal is one."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.delivery.addresses import MailAddress, MeshAddress, SftpAddress
from connectors.delivery.outcome import Delivered, Failed, Refused
from connectors.registry import writer_for
from connectors.transports.mail_out import MailOut
from connectors.transports.mesh_out import MeshOut
from connectors.transports.sftp_out import SftpOut
from schemas.outbound import OutboundItem
from tests.connectors.transports.mesh_sandbox import MAILBOX, PASSWORD, SHARED_KEY, MeshSandbox
from tests.connectors.transports.test_sftp import SshServer
from tests.ops.notices.servers import REFUSED, MailServer


def item(agency: str = "health", number: int = 1, **outcome: str) -> OutboundItem:
    said = {"outcome": "decision", "decision": "s47", "reference": "PPN/4711", **outcome}
    return OutboundItem(
        item_id=f"4f0e8a34-0c5b-5d7e-9a43-1d6a5a2f7c1{number}", kind="outcome", recipient="x", agency=agency, contact_id="c-1",
        receipt_id="r-1", at=datetime(2026, 6, 6, 10, 15, tzinfo=UTC), outcome=said,
    )  # fmt: skip


@pytest.fixture
def ssh(tmp_path: Path) -> Iterator[SshServer]:
    (tmp_path / "theirs" / "in").mkdir(parents=True)
    running = SshServer(tmp_path / "theirs", tmp_path)
    yield running
    running.stop()


async def test_a_file_is_there_whole_or_not_at_all_and_once_however_often_it_was_sent(ssh: SshServer) -> None:
    told: dict[str, Any] = {
        "host": "127.0.0.1", "port": ssh.port, "user": "frontdoor", "private_key": ssh.private_key, "folder": "in",
        "host_key": ssh.host_key.export_public_key().decode().strip(), "passphrase": {"file": str(ssh.passphrase)},
    }  # fmt: skip
    way, folder = SftpOut(SftpAddress.model_validate(told)), ssh.root / "in"
    written = writer_for("health", "hl7v2")(item())
    try:
        for _ in range(2):
            assert await way.send(item(), written) == Delivered()
        assert [path.name for path in folder.iterdir()] == [written.file_name]
        assert (folder / written.file_name).read_bytes() == written.body
        ssh.forbidden.add("rename")
        other = writer_for("health", "hl7v2")(item(number=2))
        assert isinstance(await way.send(item(number=2), other), Failed), "a right that is missing is not the message's fault"
        assert [path.name for path in folder.iterdir() if not path.name.startswith(".")] == [written.file_name]
        ssh.forbidden.clear()
        assert await way.send(item(number=2), other) == Delivered()
        assert sorted(path.name for path in folder.iterdir()) == sorted([written.file_name, other.file_name])
        elsewhere = SftpOut(SftpAddress.model_validate({**told, "folder": "nowhere"}))
        assert isinstance(await elsewhere.send(item(), written), Failed)
        await elsewhere.close()
    finally:
        await way.close()
    another = SshServer(ssh.root, ssh.private_key.parent)
    try:
        stranger = SftpOut(SftpAddress.model_validate({**told, "port": another.port}))
        assert await stranger.send(item(), written) == Failed("sftp_HostKeyNotVerifiable")
    finally:
        another.stop()


async def test_mesh_has_the_item_s_id_as_local_id_and_says_of_a_mailbox_that_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MESH_PASSWORD", PASSWORD)
    monkeypatch.setenv("MESH_KEY", SHARED_KEY)
    mesh = MeshSandbox()
    told: dict[str, Any] = {
        "url": mesh.url, "mailbox": MAILBOX, "password": {"env": "MESH_PASSWORD"}, "shared_key": {"env": "MESH_KEY"},
        "to": "X26PAS", "workflow": "SAFEGUARDING_OUTCOME",
    }  # fmt: skip
    written = writer_for("health", "fhir-json")(item())
    way = MeshOut(MeshAddress.model_validate(told))
    try:
        for _ in range(2):
            assert await way.send(item(), written) == Delivered()
        (headers, body), again = mesh.sent
        assert body == written.body == again[1]
        assert (headers["mex-localid"], headers["mex-to"]) == (item().item_id, "X26PAS")
        assert headers["mex-localid"] == again[0]["mex-localid"]
        assert (headers["mex-workflowid"], headers["mex-filename"]) == ("SAFEGUARDING_OUTCOME", written.file_name)
        assert "4711" not in str(headers), "a reference is in no header"
        mesh.password = "changed meanwhile"
        assert await way.send(item(), written) == Failed("mesh_403")
        mesh.password = PASSWORD
        assert await way.send(item(), written) == Delivered()
        nobody = MeshOut(MeshAddress.model_validate({**told, "to": "NOBODY"}))
        assert await nobody.send(item(), written) == Refused("mesh_417")
        await nobody.close()
    finally:
        mesh.stop()
        await way.close()
    gone = MeshOut(MeshAddress.model_validate(told))
    assert await gone.send(item(), written) == Failed("unreachable")
    await gone.close()


async def test_mail_has_the_item_s_id_as_message_id_and_no_reference_outside_its_body() -> None:
    server = MailServer().start()
    told: dict[str, Any] = {
        "host": "127.0.0.1", "port": server.port, "security": "none", "sender": "frontdoor@council.example",
        "to": "dsl@elm.example",
    }  # fmt: skip
    way = MailOut(MailAddress.model_validate(told))
    formats = (("education", "text"), ("police", "xml"))
    try:
        for agency, name in formats:
            written = writer_for(agency, name)(item(agency))
            for _ in range(2):
                assert await way.send(item(agency), written) == Delivered()
        assert server.recipients == ["dsl@elm.example"] * 4
        assert {message["Message-ID"] for message in server.messages} == {f"<{item().item_id}@frontdoor.invalid>"}
        for message in server.messages:
            assert "4711" not in "".join(map(str, message.values())) and message["Auto-Submitted"] == "auto-generated"
        text, notice = server.messages[0], server.messages[2]
        assert "PPN/4711" in text.get_content()
        [attached] = notice.iter_attachments()
        assert attached.get_content() == writer_for("police", "xml")(item("police")).body
        assert attached.get_filename() == "outcome-4f0e8a34-0c5b-5d7e-9a43-1d6a5a2f7c11.xml"
        written = writer_for("education", "text")(item("education"))
        nobody = MailOut(MailAddress.model_validate({**told, "to": REFUSED}))
        assert await nobody.send(item(), written) == Refused("smtp_550")
        server.busy = True
        assert isinstance(await way.send(item(), written), Failed)
        server.busy = False
        bare = MailOut(MailAddress.model_validate({**told, "security": "starttls"}))
        assert isinstance(await bare.send(item(), written), Failed), "never in the clear where encryption was asked for"
        assert len(server.messages) == 4
    finally:
        server.stop()
    assert await way.send(item(), written) == Failed("unreachable")


@pytest.mark.parametrize(
    ("address", "wrong"),
    [
        (MailAddress, {"host": "mail.council.example", "security": "none", "sender": "a@b.example", "to": "c@d.example"}),
        (MailAddress, {"host": "mail.council.example", "sender": "a@b.example", "to": "c@d.example", "user": "only"}),
        (MailAddress, {"host": "mail.council.example", "sender": "a@b.example", "to": "c@d.example>, <e@f.example"}),
        (MeshAddress, {"url": "http://msg.example", "mailbox": "A", "password": {"env": "P"}, "shared_key": {"env": "K"},
                       "to": "B", "workflow": "W"}),
    ],
)  # fmt: skip
def test_an_address_that_would_send_in_the_clear_or_elsewhere_is_refused(address: type[Any], wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        address.model_validate(wrong)
