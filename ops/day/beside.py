"""What a day needs to know of partner systems that run beside its stack."""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Protocol

from schemas.settings import Settings


class PartnerSystems(Protocol):
    """Partner systems of a day: they take what the hub delivers, and send in ways that a file alone does not tell."""

    @property
    def environment(self) -> Mapping[str, str]:
        """What goes to the hub's processes: its senders and recipients files."""
        ...

    @property
    def reachable(self) -> Collection[str]:
        """The recipients whom the hub calls."""
        ...

    @property
    def ways(self) -> Mapping[str, Callable[[Path], str]]:
        """How else a file is sent, by the word in the timetable's column `via`; it gives the receipt, or raises
        `ops.delivery.NotDelivered`."""
        ...

    def begin(self, settings: Settings) -> None:
        """The stack is ready."""
        ...

    def end(self) -> None:
        """The day is over and all is delivered; the stack still runs: fetch what nobody brings."""
        ...

    def close(self) -> None:
        """Stop."""
        ...
