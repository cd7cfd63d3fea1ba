"""Which transport fetches the messages of a sender: loaded when first needed, because the libraries are heavy."""

import asyncio
from pathlib import Path
from typing import Protocol

from connectors.transports.pulled import Inlet


class Fetcher(Protocol):
    """Fetches one sender's messages."""

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; a message that is under way is finished first."""
        ...


def fetcher(inlet: Inlet, run_dir: Path) -> Fetcher:
    """The fetcher of the inlet's sender; `run_dir` is where it may keep what it needs to remember."""
    sender = inlet.sender
    if sender.sftp is not None:
        from connectors.transports.sftp import SftpDrop

        return SftpDrop(inlet, sender.sftp)
    if sender.mesh is not None:
        from connectors.transports.mesh import MeshMailbox

        return MeshMailbox(inlet, sender.mesh)
    if sender.ssd is not None:
        from connectors.transports.ssd import SsdTables

        return SsdTables(inlet, sender.ssd, run_dir / "ssd" / f"{sender.id}.sqlite")
    assert sender.outbox is not None
    from connectors.transports.outbox import Outbox

    return Outbox(inlet, sender.outbox)
