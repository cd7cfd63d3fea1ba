"""Folder out: each item a file, there whole or not at all. Its name holds the item's id, so a repeat replaces itself."""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from connectors.delivery.outcome import Delivered, Failed, Outcome
from connectors.writing import Written
from schemas.outbound import OutboundItem


class FolderOut:
    """Writes into one directory. A share that hangs takes this recipient's own thread and nobody else's."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="folder-out")

    async def send(self, item: OutboundItem, written: Written) -> Outcome:
        """Write under a name that readers skip, then rename."""
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._write, written)
        except OSError as error:
            return Failed(f"folder_{error.errno or 0}")
        return Delivered()

    def _write(self, written: Written) -> None:
        part = self._folder / f".{written.file_name}.part"
        # It may hold a child's details: who may read it is the directory's owner's to say, never everybody.
        with os.fdopen(os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o660), "wb") as file:
            file.write(written.body)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, self._folder / written.file_name)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    async def close(self) -> None:
        """Leave a hanging write to itself."""
        self._thread.shutdown(wait=False, cancel_futures=True)
