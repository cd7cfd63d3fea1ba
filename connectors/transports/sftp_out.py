"""SFTP out: one file an item in a folder on the recipient's server, there whole or not at all."""

import asyncio
import contextlib
import posixpath

import asyncssh

from connectors.delivery.addresses import SftpAddress
from connectors.delivery.outcome import Delivered, Failed, Outcome
from connectors.transports.sftp_connection import KEY_ERRORS, connect
from connectors.writing import Written
from schemas.outbound import OutboundItem


class SftpOut:
    """Puts files into one folder. The connection is kept, and made anew after anything went wrong."""

    def __init__(self, address: SftpAddress) -> None:
        self._address = address
        self._turn = asyncio.Lock()
        self._connection: asyncssh.SSHClientConnection | None = None
        self._sftp: asyncssh.SFTPClient | None = None

    async def send(self, item: OutboundItem, written: Written) -> Outcome:
        """Write under a hidden name, then rename: a repeat has the same name and the same bytes."""
        async with self._turn:
            done = False
            try:
                await self._put(await self._connected(), written)
                done = True
                return Delivered()
            except (asyncssh.ConnectionLost, ConnectionError, TimeoutError):
                return Failed("unreachable")
            except (asyncssh.Error, *KEY_ERRORS) as error:
                return Failed(f"sftp_{type(error).__name__}")
            except OSError:
                return Failed("unreachable")
            finally:
                if not done:
                    await self._disconnect()

    async def _put(self, sftp: asyncssh.SFTPClient, written: Written) -> None:
        folder = self._address.folder
        hidden, path = posixpath.join(folder, f".{written.file_name}"), posixpath.join(folder, written.file_name)
        async with sftp.open(hidden, "wb") as file:
            await file.write(written.body)
            with contextlib.suppress(asyncssh.SFTPOpUnsupported):
                await file.fsync()
        try:
            await sftp.posix_rename(hidden, path)
        except asyncssh.SFTPOpUnsupported:
            # Such a server does not rename over a file: one of this name is an earlier try of the same item.
            with contextlib.suppress(asyncssh.SFTPNoSuchFile):
                await sftp.remove(path)
            await sftp.rename(hidden, path)

    async def _connected(self) -> asyncssh.SFTPClient:
        if self._sftp is None:
            self._connection = await connect(self._address)
            self._sftp = await self._connection.start_sftp_client()
        return self._sftp

    async def _disconnect(self) -> None:
        connection, self._connection, self._sftp = self._connection, None, None
        if connection is not None:
            # Not waited for: a server that hangs would hold up the end of the attempt.
            connection.abort()

    async def close(self) -> None:
        """Let the connection go."""
        await self._disconnect()
