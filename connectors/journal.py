"""The journal of one connector: a line for each receipt that was handed out, written after it was handed out.

What stands in the journal and not in the log is lost, and the audit says so by name. Lines hold ids and times only.
"""

import fcntl
import json
import os
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

#: How many receipts are remembered for senders who ask while the view is away.
_REMEMBERED = 50_000
#: Bytes read back from the end of an old journal: enough for that many lines.
_READ_BACK = 16 * 1024 * 1024


class JournalInUse(Exception):
    """Another process keeps this journal; the text says what to do."""


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One receipt that was handed out. `received_at` is ISO 8601 in UTC."""

    receipt_id: str
    received_at: str
    transport: str
    sender: str


class Journal:
    """Append-only JSON lines in `path`, each handed to the operating system before `note` returns.

    Raises `JournalInUse`, and `OSError` when the file cannot be written: then nothing more may be promised.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._file)
            raise JournalInUse(
                f"Another connector already keeps the journal {path.name}. Stop it first, or give this one a run "
                "directory of its own (FRONTDOOR_RUN_DIR)."
            ) from None
        self._recent: OrderedDict[str, JournalLine] = OrderedDict()
        self._resume()

    def note(self, receipt_id: str, received_at: datetime, transport: str, sender: str) -> None:
        """Add a receipt that a sender was given."""
        line = JournalLine(receipt_id, received_at.isoformat(), transport, sender)
        told = {
            "receipt_id": line.receipt_id,
            "received_at": line.received_at,
            "transport": line.transport,
            "sender": line.sender,
        }
        data = json.dumps(told, separators=(",", ":")).encode() + b"\n"
        if os.write(self._file, data) != len(data):
            raise OSError("the journal took only a part of a line")
        self._remember(line)

    def find(self, receipt_id: str) -> JournalLine | None:
        """A receipt that was handed out lately, or None."""
        return self._recent.get(receipt_id)

    def close(self) -> None:
        """Let the file go."""
        os.close(self._file)

    def _remember(self, line: JournalLine) -> None:
        self._recent[line.receipt_id] = line
        if len(self._recent) > _REMEMBERED:
            self._recent.popitem(last=False)

    def _resume(self) -> None:
        size = os.fstat(self._file).st_size
        start = max(0, size - _READ_BACK)
        tail = os.pread(self._file, size - start, start)
        whole = tail.rfind(b"\n") + 1
        if whole < len(tail):
            # A crash cut the last line off. It promises nothing, and the next line must not be glued to it.
            os.ftruncate(self._file, start + whole)
        lines = tail[:whole].split(b"\n")
        for line in lines[1:] if start else lines:
            try:
                told = json.loads(line)
                self._remember(
                    JournalLine(told["receipt_id"], told["received_at"], told["transport"], told.get("sender", ""))
                )
            except (ValueError, KeyError, TypeError, AttributeError):
                continue
