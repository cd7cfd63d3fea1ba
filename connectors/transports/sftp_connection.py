"""A connection to a partner's SFTP server, for fetching from it and for putting there."""

import asyncssh

from connectors.channels import SftpServer

#: What a key of ours that cannot be used raises.
KEY_ERRORS = (asyncssh.KeyImportError, asyncssh.KeyEncryptionError)
#: Seconds for connecting and logging in.
_CONNECT_SECONDS = 20.0


async def connect(server: SftpServer) -> asyncssh.SSHClientConnection:
    """Log in to the server that the host key pins. Raises `asyncssh.Error`, `KEY_ERRORS`, `OSError`, `TimeoutError`."""
    pinned = asyncssh.import_public_key(server.host_key)
    return await asyncssh.connect(
        server.host,
        server.port,
        username=server.user,
        known_hosts=([pinned], [], []),
        client_keys=[str(server.private_key)],
        passphrase=server.passphrase.read() if server.passphrase else None,
        # Nothing of this machine's own set-up decides whom we trust or who we are.
        config=None,
        agent_path=None,
        connect_timeout=_CONNECT_SECONDS,
        login_timeout=_CONNECT_SECONDS,
        keepalive_interval=15,
    )
