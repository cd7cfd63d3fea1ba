"""How one attempt to deliver ended."""

from dataclasses import dataclass
from typing import Protocol

from connectors.writing import Written
from schemas.outbound import OutboundItem


@dataclass(frozen=True, slots=True)
class Delivered:
    """The recipient said that it has it."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The recipient has read it and will never take it as it is. `reason` is a code, never a partner's text."""

    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """Nobody knows whether it arrived, or it could not: worth another try, after `retry_after` seconds if that was asked."""

    reason: str
    retry_after: float = 0.0


Outcome = Delivered | Refused | Failed


class Outlet(Protocol):
    """One way to one recipient. `send` may be repeated for the same item: each way carries the item's id as its
    idempotency key."""

    async def send(self, item: OutboundItem, written: Written) -> Outcome:
        """One attempt; it is cancelled when its time is over. Faults of the recipient are outcomes, not exceptions."""
        ...

    async def close(self) -> None:
        """Let connections go."""
        ...
