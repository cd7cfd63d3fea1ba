"""The ports: what a process is handed from outside, so that its decisions never reach for the world."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Where a process at the edge gets the time to stamp. Decisions never see a clock: time comes in events."""

    def now(self) -> datetime:
        """The present instant, in UTC."""
        ...


class NotDurable(Exception):
    """The broker did not acknowledge; nothing may be promised about these entries. Says why, without payload. `final`: this
    process's producer will never write again, and only a new process can."""

    def __init__(self, text: str = "", *, final: bool = False) -> None:
        super().__init__(text)
        self.final = final


class LargeBodyUnavailable(Exception):
    """The bytes of a large message cannot be had. `code`: missing, damaged or unreachable; the text is for people, and
    holds nothing of the message."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Entry:
    """One record to append. `partition` None lets the key decide (murmur2, as every Kafka client here does)."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()
    partition: int | None = None


class DurableLog(Protocol):
    """Appends that count only when the broker has acknowledged them on disk."""

    async def append(self, entries: Sequence[Entry]) -> list[tuple[int, int]]:
        """(partition, offset) of each entry, in order, once all are acknowledged. Raises `NotDurable`."""
        ...


class LargeBodies(Protocol):
    """The bytes of messages too large for the log. They are named by their content, so reading them decides nothing: the
    same name always gives the same bytes, or none."""

    def read(self, sha256: str, size: int) -> bytes:
        """The bytes with this SHA-256 (hex) and size. Raises `LargeBodyUnavailable`."""
        ...
