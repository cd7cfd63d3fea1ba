"""A recipient that nobody knows how to reach: what is for it is given up at once, so that a person sees to it."""

from connectors.delivery.outcome import Outcome, Refused
from connectors.writing import Written
from schemas.outbound import OutboundItem


class NoAddress:
    """Refuses everything."""

    async def send(self, item: OutboundItem, written: Written) -> Outcome:
        """Nobody is reached."""
        return Refused("no_address")

    async def close(self) -> None:
        """Nothing is open."""


def nothing(item: OutboundItem) -> Written:
    """There is nobody to write for."""
    return Written(b"", "", "")
