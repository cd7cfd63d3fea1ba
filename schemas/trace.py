"""W3C trace context: the thread by which one message is followed through the hub, and the port that spans are told to.

Every process hands the `traceparent` of what it reads on to what it writes. Spans are made only where somebody switched
them on (`ops.tracing`); `UNTRACED` makes none.
"""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

#: The Kafka and HTTP header.
HEADER = "traceparent"

#: What a process does with a message: makes it durable as it comes in, works on a record, brings an item to its recipient.
Operation = Literal["receive", "process", "deliver"]

_TRACEPARENT = re.compile(r"^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$")


class Span(Protocol):
    """One step of one message, from `Tracer.begin` to `end`."""

    @property
    def traceparent(self) -> str:
        """What goes on with everything that comes of this step; empty where no trace is known."""
        ...

    def end(self, failed: str = "") -> None:
        """The step is over. `failed`: the kind of error, never its text. Ended twice counts once."""
        ...


class Tracer(Protocol):
    """Where steps are told. It never raises, never waits, and never sees what a message says."""

    def begin(
        self, operation: Operation, topic: str, parent: str, *, message_id: str = "", place: tuple[int, int] | None = None
    ) -> Span:
        """A step with a record of `topic` begins, under `parent` (a `traceparent`, or empty). `place` is the record's
        partition and offset. Only `receive` begins a trace where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Unrecorded:
    """A step that nobody is told of: the trace goes on through it."""

    traceparent: str

    def end(self, failed: str = "") -> None:
        """Nothing."""


class _Untraced:
    def begin(
        self, operation: Operation, topic: str, parent: str, *, message_id: str = "", place: tuple[int, int] | None = None
    ) -> Span:
        return Unrecorded(next_traceparent(parent) if operation == "receive" else parent)


#: Carries traces on and records nothing.
UNTRACED: Tracer = _Untraced()


def next_traceparent(incoming: str = "") -> str:
    """The `traceparent` of the hub's own step: of the sender's trace when it gave one, else of a new trace."""
    given = parsed(incoming)
    if given is not None:
        return f"00-{given[0]}-{secrets.token_hex(8)}-{given[2]}"
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def parsed(traceparent: str) -> tuple[str, str, str] | None:
    """Trace id, span id and flags, in hex; None for what is no `traceparent` of version 00."""
    given = _TRACEPARENT.match(traceparent.strip())
    if given is None or set(given[1]) == {"0"} or set(given[2]) == {"0"}:
        return None
    return given[1], given[2], given[3]


def carried(headers: Iterable[tuple[str, bytes | None]] | None) -> str:
    """The `traceparent` in the headers of a record; empty without one. Whatever else it is, is not looked at."""
    for name, value in headers or ():
        if name == HEADER:
            text = (value or b"").decode("ascii", "replace")
            return text if parsed(text) is not None else ""
    return ""
