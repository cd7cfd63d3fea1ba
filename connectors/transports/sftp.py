"""A folder on a partner's SFTP server: finished files are stored, then archived there (or deleted, if so set).

A file is finished when its size and time have not changed for a while; names that begin with a dot or end in `.part`,
`.tmp` or `.filepart` are left alone, so the best way is to write under such a name and rename. Arrival is when the hub
stored it: the server's times are the sender's to set. Names of files may hold names of children: none is logged.
"""

import asyncio
import contextlib
import hashlib
import logging
import posixpath
import time
from collections.abc import Iterator
from dataclasses import dataclass

import asyncssh

from connectors.channels import SftpChannel
from connectors.edge import KEPT_OF_TOO_LARGE, Stored
from connectors.transports.pulled import Away, Fetched, Inlet, keep_fetching
from connectors.transports.sftp_connection import KEY_ERRORS, connect
from schemas.at_hand import at_hand
from schemas.identity import derived_id

log = logging.getLogger("frontdoor.sftp")

_UNFINISHED = (".part", ".tmp", ".filepart")
_NAME_BYTES = 255
#: Seconds for a server to say what it has, and for one file: one may live, and not answer.
_ANSWER_SECONDS, _FILE_SECONDS = 60.0, 600.0
#: Bytes a second of a line that is slow and works.
_SLOWEST = 20_000


@dataclass(frozen=True, slots=True)
class _File:
    """A file as it was seen: all that says whether it is still the same."""

    name: str
    size: int
    modified: int


class SftpDrop:
    """One folder of one sender. The connection is kept between looks, and made anew when it breaks."""

    def __init__(self, inlet: Inlet, channel: SftpChannel) -> None:
        self._inlet = inlet
        self._channel = channel
        self._connection: asyncssh.SSHClientConnection | None = None
        self._sftp: asyncssh.SFTPClient | None = None
        #: When each unchanged file was first seen (monotonic seconds).
        self._since: dict[_File, float] = {}
        #: What is stored and could not be moved away: not to be stored again at every look.
        self._stuck: dict[_File, Stored] = {}
        self._unreadable: set[_File] = set()
        #: What was under way when the connection broke, or is: tried after the others.
        self._put_off: set[_File] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Take files until `stop`; one that is under way is finished first."""
        try:
            await keep_fetching(self._inlet.sender, lambda: self._look(stop), stop, every_seconds=self._channel.every_seconds)
        finally:
            await self._disconnect()

    async def _look(self, stop: asyncio.Event) -> bool:
        """Take what is finished. Raises `NotDurable`, `Away`."""
        try:
            with self._patience(_ANSWER_SECONDS):
                sftp = await self._connected()
                files = await self._finished(sftp)
            for file in files:
                if stop.is_set():
                    break
                # One that breaks the connection must not be in front of the others the next time.
                self._put_off.add(file)
                with self._patience(_FILE_SECONDS + file.size / _SLOWEST), at_hand():
                    await self._take(sftp, file)
                self._put_off.discard(file)
        except (asyncssh.Error, *KEY_ERRORS, OSError, TimeoutError) as error:
            await self._disconnect()
            raise Away(f"the SFTP server {self._channel.host} {_explained(error)}") from None
        return False

    @contextlib.contextmanager
    def _patience(self, seconds: float) -> Iterator[None]:
        """Break the connection off if this takes longer. What is only cancelled would wait on, for the server to close a file."""

        def over() -> None:
            if self._connection is not None:
                self._connection.abort()

        timer = asyncio.get_running_loop().call_later(seconds, over)
        try:
            yield
        finally:
            timer.cancel()

    async def _connected(self) -> asyncssh.SFTPClient:
        if self._sftp is None:
            self._connection = await connect(self._channel)
            # A server that is no Linux may have names in Latin-1: one of them would hold up the whole folder.
            self._sftp = await self._connection.start_sftp_client(path_errors="surrogateescape")
        return self._sftp

    async def _disconnect(self) -> None:
        connection, self._connection, self._sftp = self._connection, None, None
        if connection is not None:
            # Not waited for: a server that hangs would never answer that either.
            connection.abort()

    async def _finished(self, sftp: asyncssh.SFTPClient) -> list[_File]:
        """Files that are unchanged for long enough, oldest first."""
        present: list[_File] = []
        for entry in await sftp.readdir(self._channel.folder):
            name, attributes = str(entry.filename), entry.attrs
            if name.startswith(".") or "/" in name or name.lower().endswith(_UNFINISHED):
                continue
            if attributes.type == asyncssh.FILEXFER_TYPE_REGULAR:
                present.append(_File(name, attributes.size or 0, attributes.mtime or 0))
        now = time.monotonic()
        self._since = {file: self._since.get(file, now) for file in present}
        self._unreadable &= self._since.keys()
        self._put_off &= self._since.keys()
        self._stuck = {file: stored for file, stored in self._stuck.items() if file in self._since}
        quiet = [file for file in present if now - self._since[file] >= self._channel.stable_seconds]
        return sorted(quiet, key=lambda file: (file in self._put_off, file.modified, file.name))

    async def _take(self, sftp: asyncssh.SFTPClient, file: _File) -> None:
        stored = self._stuck.get(file)
        if stored is None:
            fetched = await self._read(sftp, file)
            if fetched is None:
                return
            stored = await self._inlet.store(fetched)
        if await self._put_away(sftp, file, stored):
            self._stuck.pop(file, None)
            self._inlet.note(stored)
        else:
            self._stuck[file] = stored

    async def _read(self, sftp: asyncssh.SFTPClient, file: _File) -> Fetched | None:
        """The bytes of a file, None if it is not what it was a moment ago."""
        path = posixpath.join(self._channel.folder, file.name)
        too_large = file.size > self._inlet.limit
        try:
            async with sftp.open(path, "rb") as opened:
                read = await opened.read(KEPT_OF_TOO_LARGE if too_large else file.size + 1)
                status = await opened.stat()
        except asyncssh.SFTPNoSuchFile:
            return None
        except (asyncssh.SFTPPermissionDenied, asyncssh.SFTPFailure) as error:
            # One file that cannot be read holds up no other.
            if file not in self._unreadable:
                self._unreadable.add(file)
                log.error(
                    "a file of %s with %d bytes cannot be read on the server (%s); give %s the right to",
                    self._inlet.sender.id, file.size, type(error).__name__, self._channel.user,
                )  # fmt: skip
            return None
        # Bytes, because the file was opened so.
        body = read if isinstance(read, bytes) else read.encode()
        if (status.size, status.mtime) != (file.size, file.modified) or (not too_large and len(body) != file.size):
            self._since.pop(file, None)
            return None
        digest = hashlib.sha256(body).hexdigest()
        name = file.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        return Fetched(
            body=body,
            size=file.size,
            receipt_id=derived_id("sftp", self._inlet.sender.id, name, str(file.size), str(file.modified), digest),
            file_name=name,
        )

    async def _put_away(self, sftp: asyncssh.SFTPClient, file: _File, stored: Stored) -> bool:
        """Archive or delete a stored file; whether that could be done."""
        path = posixpath.join(self._channel.folder, file.name)
        try:
            # Of a file above the limit only the beginning is stored.
            if self._channel.after == "delete" and file.size <= self._inlet.limit:
                await sftp.remove(path)
                return True
            archive = posixpath.join(self._channel.folder, self._channel.archive)
            await sftp.makedirs(archive, exist_ok=True)
            await _rename(sftp, path, posixpath.join(archive, _archived(file.name, stored)))
        except asyncssh.SFTPNoSuchFile:
            # Its sender took it back meanwhile; it is stored all the same.
            return True
        except (asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection):
            self._stuck[file] = stored
            raise
        except asyncssh.SFTPError as error:
            if file not in self._stuck:
                log.error(
                    "a file of %s is stored and cannot be moved away on the server (%s); give %s the right to",
                    self._inlet.sender.id, type(error).__name__, self._channel.user,
                )  # fmt: skip
            return False
        return True


async def _rename(sftp: asyncssh.SFTPClient, path: str, target: str) -> None:
    """Rename, also over an equal file that an earlier connection has archived, where the server can do that."""
    try:
        await sftp.posix_rename(path, target)
    except asyncssh.SFTPOpUnsupported:
        await sftp.rename(path, target)


def _archived(name: str, stored: Stored) -> str:
    """`<receipt>-<name>`, the name shortened from its front until it can be a file's name."""
    room = _NAME_BYTES - len(stored.receipt_id) - 1
    return f"{stored.receipt_id}-{name.encode('utf-8', 'surrogateescape')[-room:].decode('utf-8', 'ignore')}"


def _explained(error: BaseException) -> str:
    if isinstance(error, asyncssh.HostKeyNotVerifiable):
        return "is not the one whose host_key is in the senders file; ask the partner before you change it"
    if isinstance(error, asyncssh.PermissionDenied):
        return "does not let this user in; check user and private_key with the partner"
    if isinstance(error, KEY_ERRORS):
        return "cannot be used: host_key or the file of private_key is no key that can be read, or its passphrase is wrong"
    if isinstance(error, asyncssh.SFTPNoSuchFile):
        return "has no such folder; check folder"
    return f"cannot be used ({type(error).__name__})"
