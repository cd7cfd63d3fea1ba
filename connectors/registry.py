"""Which reader reads an agency's messages: the only place where decisions meet the partners' formats."""

from collections.abc import Callable
from functools import cache
from importlib import import_module

from schemas.reading import Reader

_READERS = {agency: f"connectors.{agency}.read" for agency in ("health", "education", "police", "social_care")}


def load_readers() -> None:
    """Load every reader, with what it needs: a process that will read calls this before it takes a message, because a
    missing package is a fault of the installation, never of a message.

    Raises `ImportError`.
    """
    for agency in _READERS:
        reader(agency)


@cache
def reader(agency: str) -> Reader:
    """The reader of an agency. Loaded when first asked for: a command pays only for the formats it meets.

    Raises `KeyError` for an agency nobody here reads, `ImportError` when something is not installed.
    """
    found: Callable[..., object] = import_module(_READERS[agency]).read
    return found  # type: ignore[return-value]
