"""What all transports share in which the hub fetches: durable first, then the partner's system is told; and again if it
could not be told, under the same receipt.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from connectors.edge import Edge, Stored
from connectors.journal import Journal
from connectors.senders import Sender
from schemas.ports import NotDurable

log = logging.getLogger("frontdoor.pulled")

#: Seconds before the second try; each further one waits twice as long.
_FIRST_RETRY_SECONDS = 0.5
_LONGEST_RETRY_SECONDS = 60.0
#: Seconds after which it is said again that nothing can be fetched.
_SAY_AGAIN_SECONDS = 3600.0

#: Since when the messages of a sender cannot be fetched, by its id, in this process.
_failing: dict[str, float] = {}


class Away(Exception):
    """The partner's system cannot be used now. The text holds no content and no secret."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """One message as it was fetched, or the beginning of one above the limit.

    `receipt_id` must follow from what the partner's system says about it, so that fetching it twice gives one receipt.
    `arrived_at` is that system's own stamp, None if it has none that its sender cannot set. `size` is that of the whole.
    """

    body: bytes
    size: int
    receipt_id: str
    arrived_at: datetime | None = None
    file_name: str = ""
    content_type: str = ""


class Inlet:
    """Where one sender's fetched messages go in. `stepped`: a driver owns the time, so that other stamps mean nothing."""

    def __init__(self, edge: Edge, journal: Journal, sender: Sender, *, limit: int, stepped: bool) -> None:
        self.edge = edge
        self.sender = sender
        self.limit = limit
        self._journal = journal
        self._stepped = stepped

    async def store(self, fetched: Fetched) -> Stored:
        """Make a message durable. Raises `NotDurable`; then the partner's system must keep it."""
        return await self.edge.store(
            body=fetched.body[: self.limit],
            sender=self.sender,
            transport=self.sender.transport,
            content_type=fetched.content_type,
            file_name=fetched.file_name,
            received_at=None if self._stepped else fetched.arrived_at,
            receipt_id=fetched.receipt_id,
            size=fetched.size,
            truncated=fetched.size > self.limit,
        )

    def note(self, stored: Stored) -> None:
        """The partner's system has been told: say so in the journal. Raises `OSError`."""
        self._journal.note(stored.receipt_id, stored.received_at, self.sender.transport, self.sender.id)


def failing_seconds() -> float:
    """For how long nothing could be fetched of the sender for whom that has lasted longest; 0 when all can be fetched."""
    return max((time.monotonic() - since for since in list(_failing.values())), default=0.0)


async def keep_fetching(
    sender: Sender, fetch: Callable[[], Awaitable[bool]], stop: asyncio.Event, *, every_seconds: float
) -> None:
    """Call `fetch` until `stop`: at once while it returns True (there is more), else after a pause.

    While the log or the partner's system is away it is tried ever more slowly, and that is said at first and once an hour.
    Anything else that goes wrong is raised.
    """
    try:
        await _fetch_again_and_again(sender, fetch, stop, every_seconds)
    finally:
        _failing.pop(sender.id, None)


async def _fetch_again_and_again(
    sender: Sender, fetch: Callable[[], Awaitable[bool]], stop: asyncio.Event, every_seconds: float
) -> None:
    retry = said = 0.0
    while not stop.is_set():
        try:
            pause = 0.0 if await fetch() else every_seconds
            if retry:
                log.warning("messages of %s can be fetched again", sender.id)
            retry = 0.0
            _failing.pop(sender.id, None)
        except (NotDurable, Away) as error:
            now = time.monotonic()
            _failing.setdefault(sender.id, now)
            if not retry or now - said > _SAY_AGAIN_SECONDS:
                said = now
                log.warning("messages of %s stay where they are: %s", sender.id, error)
            retry = min(_LONGEST_RETRY_SECONDS, retry * 2 or _FIRST_RETRY_SECONDS)
            pause = retry
        if pause:
            try:
                await asyncio.wait_for(stop.wait(), pause)
            except TimeoutError:
                continue
