"""What processes log: lines for people, or JSON lines for programs; neither ever holds the text of an exception.

The text of a library's error may quote what it was reading, so of an exception only its type and place are told.
"""

import json
import logging
import traceback
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Literal

Format = Literal["text", "json"]
#: What a caller may add (`log.warning(…, extra={"receipt": …})`) to follow one message through all processes. Ids only.
CORRELATION = ("receipt", "contact", "traceparent")

_Exception = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class Lines(logging.Formatter):
    """One line an event, for people."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def formatException(self, ei: _Exception) -> str:
        """Type and place, never the text."""
        return place_of(ei)


class JsonLines(logging.Formatter):
    """One JSON object an event: `at` (UTC), `level`, `role`, `logger`, `message`, and `error` and ids where there are any."""

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
            "message": record.getMessage(),
            **{name: str(value) for name in CORRELATION if (value := getattr(record, name, None)) is not None},
        }
        if record.exc_info:
            told["error"] = place_of(record.exc_info)
        return json.dumps(told, ensure_ascii=False)


def place_of(error: _Exception) -> str:
    """`ValueError at decoding.py line 12`."""
    kind, _, where = error
    if kind is None:
        return ""
    frames = traceback.extract_tb(where)
    return f"{kind.__name__} at {Path(frames[-1].filename).name} line {frames[-1].lineno}" if frames else kind.__name__


def log_as(format: Format, role: str) -> None:
    """Log warnings and above of this process to standard error, in that format, whoever set up logging before."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines(role) if format == "json" else Lines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
