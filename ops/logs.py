"""What processes log: lines for people, or JSON lines for programs; neither ever holds the text of an exception.

The text of a library's error may quote what it was reading, so of an exception only its type and place are told: also of one
that ends the process or a thread, of a warning, and of what asyncio says of its tasks.
"""

import json
import logging
import sys
import threading
import traceback
import warnings
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Literal, TextIO

from schemas.at_hand import ids_at_hand

Format = Literal["text", "json"]

_Exception = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]

log = logging.getLogger("frontdoor.process")


class Lines(logging.Formatter):
    """One line an event, for people; at its end the receipt of the message that it is about, else the contact."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line."""
        record.message = _told(record)
        ids = ids_at_hand()
        named = next((f" [{name} {ids[name]}]" for name in ("receipt", "contact") if name in ids), "")
        return super().formatMessage(record) + named

    def formatException(self, ei: _Exception) -> str:
        """Type and place, never the text."""
        return place_of(ei)


class JsonLines(logging.Formatter):
    """One JSON object an event: `at` (UTC), `level`, `role`, `logger` and `message`; where a message is at hand its `receipt`,
    `contact` and `traceparent`, as far as they are known; and `error`."""

    def __init__(self, role: str) -> None:
        super().__init__()
        self._role = role

    def format(self, record: logging.LogRecord) -> str:
        """The object as one line."""
        told = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "role": self._role,
            "logger": record.name,
            "message": _told(record),
            **ids_at_hand(),
        }
        if record.exc_info:
            told["error"] = place_of(record.exc_info)
        return json.dumps(told, ensure_ascii=False)


def _told(record: logging.LogRecord) -> str:
    # What follows in asyncio's lines describes tasks, and with them the exceptions that they ended with.
    return record.getMessage().partition("\n")[0] if record.name == "asyncio" else record.getMessage()


def place_of(error: _Exception) -> str:
    """`ValueError at decoding.py line 12`."""
    kind, _, where = error
    if kind is None:
        return ""
    frames = traceback.extract_tb(where)
    return f"{kind.__name__} at {Path(frames[-1].filename).name} line {frames[-1].lineno}" if frames else kind.__name__


def log_as(format: Format, role: str) -> None:
    """Log warnings and above of this process to standard error, in that format, whoever set up logging before; so is whatever
    Python itself would print there."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines(role) if format == "json" else Lines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    sys.excepthook = _process_ends
    threading.excepthook = _thread_ends
    sys.unraisablehook = _ignored
    warnings.showwarning = _warned


def _process_ends(kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
    log.critical("the process ends", exc_info=(kind, error, where))


def _thread_ends(told: threading.ExceptHookArgs) -> None:
    if told.exc_type is not SystemExit:
        log.error("a thread ends", exc_info=(told.exc_type, told.exc_value or told.exc_type(), told.exc_traceback))


def _ignored(told: "sys.UnraisableHookArgs") -> None:
    log.error("an exception was ignored", exc_info=(told.exc_type, told.exc_value or told.exc_type(), told.exc_traceback))


def _warned(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    log.warning("%s at %s line %d", category.__name__, Path(filename).name, lineno)
