"""An SFTP folder, on a real SSH server: only finished files are taken, none is moved before it is stored, and only from the
server that is meant."""

import asyncio
import os
import threading
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from connectors.transports import sftp
from connectors.transports.pulled import failing_seconds

from ..running import Connector, Logged, eventually

pytestmark = pytest.mark.broker


class SshServer:
    """A partner's SFTP server in a thread of its own. `root` is what it shows; `forbidden` operations are refused."""

    def __init__(self, root: Path, keys: Path) -> None:
        self.root = root
        self.forbidden: set[str] = set()
        self.hangs = self.hangs_moving = False
        self.host_key = asyncssh.generate_private_key("ssh-ed25519")
        client_key = asyncssh.generate_private_key("ssh-ed25519")
        self.private_key = keys / "client"
        client_key.write_private_key(self.private_key, "pkcs8-pem", passphrase="open sesame")
        (keys / "passphrase").write_text("open sesame\n")
        self.passphrase = keys / "passphrase"
        self._authorized = keys / "authorized"
        client_key.write_public_key(self._authorized)
        self._loop = asyncio.new_event_loop()
        self._server: asyncssh.SSHAcceptor
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self._thread.start()
        assert started.wait(20)
        self.port = self._server.get_port()

    def _run(self, started: threading.Event) -> None:
        outer = self

        class Files(asyncssh.SFTPServer):
            def __init__(self, channel: Any) -> None:
                super().__init__(channel, chroot=str(outer.root).encode())

            def open(self, path: bytes, pflags: int, attrs: Any) -> object:
                if path.endswith(b"locked.json"):
                    raise asyncssh.SFTPPermissionDenied("not for you")
                return super().open(path, pflags, attrs)

            async def scandir(self, path: bytes) -> AsyncIterator[Any]:
                while outer.hangs:
                    await asyncio.sleep(0.01)
                async for name in super().scandir(path):
                    yield name

            async def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
                while outer.hangs_moving:
                    await asyncio.sleep(0.01)
                if "rename" in outer.forbidden:
                    raise asyncssh.SFTPPermissionDenied("not for you")
                super().posix_rename(oldpath, newpath)

        async def serve() -> None:
            self._server = await asyncssh.listen(
                "127.0.0.1", 0, server_host_keys=[self.host_key], authorized_client_keys=str(self._authorized),
                sftp_factory=Files, allow_scp=False,
            )  # fmt: skip
            started.set()

        self._loop.run_until_complete(serve())
        self._loop.run_forever()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def channel(self, **more: Any) -> str:
        host_key = more.pop("host_key", self.host_key).export_public_key().decode().strip()
        told = {
            "host": "127.0.0.1", "port": self.port, "user": "frontdoor", "host_key": f"'{host_key}'", "folder": "outgoing",
            "private_key": self.private_key, "passphrase": f"{{file: {self.passphrase}}}",
            "stable_seconds": 0.2, "every_seconds": 0.05, **more,
        }  # fmt: skip
        return "{" + ", ".join(f"{name}: {value}" for name, value in told.items()) + "}"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SshServer]:
    (tmp_path / "theirs" / "outgoing").mkdir(parents=True)
    running = SshServer(tmp_path / "theirs", tmp_path)
    yield running
    running.stop()


def senders_file(tmp_path: Path, channel: str) -> tuple[Path, str]:
    sender = f"schools-{uuid.uuid4().hex}"
    path = tmp_path / "senders.yaml"
    path.write_text(f"senders:\n  - {{id: {sender}, agency: education, transport: sftp, sftp: {channel}}}\n")
    return path, sender


def of(connector: Connector, sender: str) -> list[Logged]:
    return [one for one in connector.logged() if one.record.sender == sender]


def test_finished_files_are_stored_and_archived_and_the_others_left_alone(
    server: SshServer, own_connector: Callable[..., Connector], kafka: str, tmp_path: Path
) -> None:
    path, sender = senders_file(tmp_path, server.channel())
    folder = server.root / "outgoing"
    (folder / "Zebedee Example.json").write_bytes(b'{"child": "Zebedee"}')
    (folder / "empty.csv").write_bytes(b"")
    (folder / "a locked.json").write_bytes(b"nobody may read it")
    (folder / "large.json").write_bytes(b"x" * 200_001)
    for left in ("half.json.part", "half.TMP", ".hidden"):
        (folder / left).write_bytes(b"not yet")
    (folder / "link.json").symlink_to("half.json.part")
    education = own_connector("education", kafka, senders_file=path, max_message_bytes=200_000)
    eventually(lambda: len(of(education, sender)) == 3, 30)
    by_name = {one.record.file_name: one.record for one in of(education, sender)}
    assert by_name["Zebedee Example.json"].body == b'{"child": "Zebedee"}'
    assert (by_name["empty.csv"].size, by_name["empty.csv"].transport) == (0, "sftp")
    assert (by_name["large.json"].size, by_name["large.json"].truncated) == (200_001, True)
    eventually(lambda: len(list((folder / "done").iterdir())) == 3, 30)
    assert {file.name for file in (folder / "done").iterdir()} == {
        f"{record.receipt_id}-{name}" for name, record in by_name.items()
    }
    assert {file.name for file in folder.iterdir()} == {
        "a locked.json",
        "done",
        "half.json.part",
        "half.TMP",
        ".hidden",
        "link.json",
    }
    # Renamed when it is finished.
    (folder / "half.json.part").rename(folder / "half.json")
    eventually(lambda: len(of(education, sender)) == 4, 30)
    assert eventually(lambda: {one.record.receipt_id for one in of(education, sender)} == {
        line["receipt_id"] for line in education.journal() if line["sender"] == sender
    })  # fmt: skip


def test_a_name_in_another_alphabets_bytes_holds_up_nothing(
    server: SshServer, own_connector: Callable[..., Connector], kafka: str, tmp_path: Path
) -> None:
    path, sender = senders_file(tmp_path, server.channel())
    folder = server.root / "outgoing"
    Path(os.fsdecode(os.fsencode(folder) + b"/Zo\xeb.json")).write_bytes(b"{}")
    (folder / "after.json").write_bytes(b"[]")
    education = own_connector("education", kafka, senders_file=path)
    eventually(lambda: {one.record.file_name for one in of(education, sender)} == {"Zo\ufffd.json", "after.json"}, 30)
    eventually(lambda: {file.name for file in folder.iterdir()} == {"done"}, 30)


def test_a_file_that_still_grows_is_not_taken(
    server: SshServer, own_connector: Callable[..., Connector], kafka: str, tmp_path: Path
) -> None:
    path, sender = senders_file(tmp_path, server.channel(after="delete", stable_seconds=1.5))
    education = own_connector("education", kafka, senders_file=path)
    marker = server.root / "outgoing" / "marker.txt"
    growing = server.root / "outgoing" / "growing.csv"
    with growing.open("ab", buffering=0) as out:
        out.write(b"a,b\n")
        marker.write_bytes(b"m")
        while marker.exists():
            out.write(b"1,2\n")
            threading.Event().wait(0.05)
        assert [one.record.file_name for one in of(education, sender)] == ["marker.txt"]
    whole = growing.read_bytes()
    eventually(lambda: not growing.exists(), 30)
    assert [one.record.body for one in of(education, sender)] == [b"m", whole]


def test_a_file_that_cannot_be_moved_away_is_stored_once_and_said_aloud(
    server: SshServer,
    own_connector: Callable[..., Connector],
    kafka: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    server.forbidden.add("rename")
    path, sender = senders_file(tmp_path, server.channel())
    file = server.root / "outgoing" / "Zebedee.json"
    file.write_bytes(b"{}")
    education = own_connector("education", kafka, senders_file=path)
    eventually(lambda: "cannot be moved away" in caplog.text, 30)
    (server.root / "outgoing" / "second.json").write_bytes(b"[]")
    eventually(lambda: len(of(education, sender)) == 2, 30)
    server.forbidden.clear()
    eventually(lambda: not file.exists(), 30)
    assert len(of(education, sender)) == 2
    assert "Zebedee" not in caplog.text


def test_a_server_with_another_key_gets_nothing_and_gives_nothing(
    server: SshServer,
    own_connector: Callable[..., Connector],
    kafka: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    path, sender = senders_file(tmp_path, server.channel(host_key=asyncssh.generate_private_key("ssh-ed25519")))
    (server.root / "outgoing" / "concern.json").write_bytes(b"{}")
    education = own_connector("education", kafka, senders_file=path)
    eventually(lambda: "host_key" in caplog.text, 30)
    assert of(education, sender) == []
    assert (server.root / "outgoing" / "concern.json").exists()


def test_a_server_that_lives_and_does_not_answer_is_asked_again(
    server: SshServer, own_connector: Callable[..., Connector], kafka: str, tmp_path: Path,
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(sftp, "_ANSWER_SECONDS", 0.3)
    path, sender = senders_file(tmp_path, server.channel())
    (server.root / "outgoing" / "concern.json").write_bytes(b"{}")
    server.hangs = True
    education = own_connector("education", kafka, senders_file=path)
    eventually(lambda: "stay where they are" in caplog.text, 30)
    server.hangs = False
    eventually(lambda: len(of(education, sender)) == 1, 30)


def test_a_server_that_hangs_while_a_file_is_moved_gets_it_stored_once_and_is_not_asked_for_rights(
    server: SshServer, own_connector: Callable[..., Connector], kafka: str, tmp_path: Path,
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(sftp, "_FILE_SECONDS", 0.3)
    path, sender = senders_file(tmp_path, server.channel())
    for name in ("a.json", "b.json"):
        (server.root / "outgoing" / name).write_bytes(b"{}")
    server.hangs_moving = True
    education = own_connector("education", kafka, senders_file=path)
    # The one that hangs is not in front of the other.
    eventually(lambda: {one.record.file_name for one in of(education, sender)} == {"a.json", "b.json"}, 30)
    assert failing_seconds() > 0 and "the right to" not in caplog.text
    server.hangs_moving = False
    eventually(lambda: len(list((server.root / "outgoing" / "done").iterdir())) == 2, 30)
    assert len({one.record.receipt_id for one in of(education, sender)}) == 2
    assert len(of(education, sender)) == 2


def test_what_cannot_be_made_durable_stays_where_it_is(
    server: SshServer,
    own_connector: Callable[..., Connector],
    kafka: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    path, sender = senders_file(tmp_path, server.channel(after="delete"))
    store = tmp_path / "store"
    store.write_text("in the way")
    large = server.root / "outgoing" / "photographs.json"
    large.write_bytes(b"x" * 1001)
    education = own_connector("education", kafka, senders_file=path, log_message_bytes=1000, large_store=store)
    eventually(lambda: "stay where they are" in caplog.text, 30)
    assert large.exists() and of(education, sender) == []
    store.unlink()
    eventually(lambda: not large.exists(), 30)
    assert [one.record.size for one in of(education, sender)] == [1001]
