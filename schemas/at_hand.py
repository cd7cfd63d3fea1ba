"""The message that is at hand while something is logged: its receipt, its contact and its trace, so that its way can be followed
through the logs of all processes.

Whoever takes a message up does so inside `at_hand`; what is learned of it on the way is added by `known`. Lines logged until
the end carry the ids (`ops.logs`), also those of libraries, and of the tasks and threads that work for it.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from schemas.trace import parsed

_HELD: ContextVar[dict[str, str] | None] = ContextVar("message_at_hand", default=None)
#: Every id that the hub makes of a message looks so; what a partner calls its own may hold a name.
_OURS = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@contextmanager
def at_hand(*, receipt: str = "", contact: str = "", traceparent: str = "") -> Iterator[None]:
    """One message, until the end of the block. Inside another block it stands in front of the other's."""
    held = {"receipt": receipt, "contact": contact, "traceparent": traceparent}
    before = _HELD.set(held)
    try:
        yield
    finally:
        # A connection that was opened meanwhile, and its task, stay when the message has gone.
        held.clear()
        _HELD.reset(before)


def known(**ids: str) -> None:
    """More ids of the message at hand, by the names of `at_hand`; without one, nothing."""
    held = _HELD.get()
    if held is not None:
        held.update(ids)


def ids_at_hand() -> dict[str, str]:
    """The ids of the message at hand, of those that the hub makes itself; whatever else was said to be one is left out."""
    held = _HELD.get() or {}
    return {name: value for name, value in held.items() if _OURS.fullmatch(value) or (name == "traceparent" and parsed(value))}
