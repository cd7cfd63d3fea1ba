"""The drop folder: a finished file is stored as it is, then moved to `done/` with its receipt.

    <base>/in/                          what partners put there
    <base>/done/<receipt>-<name>        what was stored
    <base>/done/<name>.receipt.json     the answer
    <base>/failed/<receipt>-<name>      what was too large, with <receipt>-<name>.txt that says so in words

A crash between storing and moving gives the same receipt again. While the log does not answer the file stays. Names of
files may hold names of children: none is logged.
"""

import asyncio
import hashlib
import json
import logging
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from connectors.edge import KEPT_OF_TOO_LARGE, NOT_READ_YET, Edge, Stored
from connectors.journal import Journal
from connectors.senders import Sender
from connectors.transports.folder_watch import DONE_MARK, FolderWatch, Found
from connectors.transports.open_files import open_for_writing
from schemas.at_hand import at_hand
from schemas.identity import derived_id
from schemas.ports import NotDurable

log = logging.getLogger("frontdoor.folder")

#: A file is finished when it has not changed for so many real seconds.
STABLE_SECONDS = 1.0
_POLL_SECONDS = 0.2
#: While files keep coming the next look is sooner.
_BUSY_POLL_SECONDS = 0.03
_BUSY_FOR_SECONDS = 2.0
_LONGEST_RETRY_SECONDS = 2.0
_NAME_BYTES = 255

RECEIPT_SUFFIX = ".receipt.json"
_EXPLANATION_SUFFIX = ".txt"


def receipt_file_name(name: str) -> str:
    """What the receipt of a dropped file is called."""
    return _fitting(name, room_for=RECEIPT_SUFFIX) + RECEIPT_SUFFIX


@dataclass(frozen=True, slots=True)
class _Content:
    body: bytes
    size: int
    too_large: bool
    digest: str


class DropFolder:
    """One folder, one sender. `stepped`: a driver owns the time, so that the inode's change time means nothing."""

    def __init__(
        self,
        edge: Edge,
        journal: Journal,
        sender: Sender,
        base: Path,
        *,
        limit: int,
        stepped: bool,
        stable_seconds: float = STABLE_SECONDS,
    ) -> None:
        self._edge = edge
        self._journal = journal
        self._sender = sender
        self._limit = limit
        self._stepped = stepped
        self.incoming = base / "in"
        self._done = base / "done"
        self._failed = base / "failed"
        for folder in (self.incoming, self._done, self._failed):
            folder.mkdir(parents=True, exist_ok=True)
        self._watch = FolderWatch(self.incoming, stable_seconds, open_for_writing)
        self._unreadable: set[tuple[int, int]] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Take files until `stop`; one that is under way is finished first.

        Raises `OSError` when the folders cannot be used any more: a file that cannot be moved would be sent for ever.
        """
        busy_until, retry = 0.0, 0.0
        while not stop.is_set():
            try:
                if await self._take_all(stop):
                    busy_until = time.monotonic() + _BUSY_FOR_SECONDS
                retry = 0.0
            except NotDurable as error:
                # Once a stretch: the same line five times a second would hide everything else.
                if not retry:
                    log.warning("files stay in the drop folder: %s", error)
                retry = min(_LONGEST_RETRY_SECONDS, retry * 2 or _POLL_SECONDS)
            pause = retry or (_BUSY_POLL_SECONDS if time.monotonic() < busy_until else _POLL_SECONDS)
            try:
                await asyncio.wait_for(stop.wait(), pause)
            except TimeoutError:
                continue

    async def _take_all(self, stop: asyncio.Event) -> bool:
        found = await asyncio.to_thread(self._watch.look, time.monotonic())
        for file in found:
            if stop.is_set():
                break
            with at_hand():
                await self._take(file)
        return bool(found)

    async def _take(self, file: Found) -> None:
        content = await asyncio.to_thread(self._read, file)
        if content is None:
            return
        stored = await self._edge.store(
            body=content.body,
            sender=self._sender,
            transport="folder",
            file_name=_for_people(file.name),
            received_at=None if self._stepped else _instant(file.changed_ns),
            receipt_id=derived_id("drop", self._sender.id, _for_people(file.name), str(file.changed_ns), content.digest),
            size=content.size,
            truncated=content.too_large,
        )
        await asyncio.to_thread(self._answer, file, content, stored)
        self._journal.note(stored.receipt_id, stored.received_at, "folder", self._sender.id)

    def _read(self, file: Found) -> _Content | None:
        """The bytes of a file, None if it is not what it was a moment ago."""
        try:
            descriptor = os.open(file.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        except OSError as error:
            if file.identity not in self._unreadable:
                self._unreadable.add(file.identity)
                log.error(
                    "the file with inode %d in the drop folder of %s cannot be read (%s); give the connector the right to",
                    file.identity[1], self._sender.id, error.strerror,
                )  # fmt: skip
            return None
        with os.fdopen(descriptor, "rb") as opened:
            too_large = file.size > self._limit
            body = opened.read(KEPT_OF_TOO_LARGE if too_large else file.size + 1)
            status = os.fstat(descriptor)
        if (status.st_size, status.st_mtime_ns, status.st_ctime_ns) != (file.size, file.modified_ns, file.changed_ns):
            self._watch.again(file)
            return None
        # A file of many gigabytes is not read to its end: with its name, size and change time the beginning will do.
        digest = hashlib.sha256(body).hexdigest() + (f" of {file.size}" if too_large else "")
        return _Content(body, file.size, too_large, digest)

    def _answer(self, file: Found, content: _Content, stored: Stored) -> None:
        folder = self._failed if content.too_large else self._done
        kept = folder / _fitting(file.name, before=f"{stored.receipt_id}-", room_for=_EXPLANATION_SUFFIX)
        message = NOT_READ_YET
        if content.too_large:
            message = self._explanation(content, stored)
            _write(kept.with_name(kept.name + _EXPLANATION_SUFFIX), message + "\n")
        told = {
            "receipt_id": stored.receipt_id,
            "received_at": stored.received_at.isoformat(),
            "status": "too_large" if content.too_large else "received",
            "message": message,
        }
        _write(folder / receipt_file_name(file.name), json.dumps(told, indent=2) + "\n")
        try:
            os.rename(file.path, kept)
        except FileNotFoundError:
            # Its sender took it back meanwhile; what was read of it is stored all the same.
            log.warning("a file of %s was gone before it could be moved; it is stored", self._sender.id)
        (self.incoming / (file.name + DONE_MARK)).unlink(missing_ok=True)

    def _explanation(self, content: _Content, stored: Stored) -> str:
        return (
            f"This file has {content.size} bytes; the hub takes files of up to {self._limit}. That it arrived, and its "
            f"beginning, are recorded under receipt {stored.receipt_id}, and a person will look at it today. "
            "Send the documents apart."
        )


def _instant(nanoseconds: int) -> datetime:
    return datetime.fromtimestamp(nanoseconds / 1e9, UTC)


def _for_people(name: str) -> str:
    """A file name as text, whatever bytes it has."""
    return os.fsencode(name).decode("utf-8", "replace")


def _fitting(name: str, *, before: str = "", room_for: str = "") -> str:
    """`before` + `name`, the name shortened from its front until it and `room_for` can be a file's name."""
    room = _NAME_BYTES - len(before.encode()) - len(room_for.encode())
    return before + os.fsdecode(os.fsencode(name)[-room:])


def _write(path: Path, text: str) -> None:
    """The whole text or nothing: its reader may be waiting for it."""
    new = path.with_name(f".{os.getpid()}.new")
    new.write_text(text, encoding="utf-8")
    os.replace(new, path)
