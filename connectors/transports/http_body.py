"""Taking the body of a request: bounded in memory and in time, whatever the sender does."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from starlette.requests import ClientDisconnect

from connectors.edge import KEPT_OF_TOO_LARGE
from connectors.room import Room


class TooSlow(Exception):
    """The body did not come to its end in time."""


class NoRoom(Exception):
    """Too many unfinished messages at this moment."""


@dataclass(frozen=True, slots=True)
class Body:
    """`data` is the whole body, or the beginning of one that is `too_large`; `size` is that of the whole, in bytes.

    `digest` (SHA-256, hex) is over the whole body, and empty if the end of one that is too large was never seen.
    `held` bytes of the room are to be given back by whoever got the body.
    """

    data: bytes
    size: int
    too_large: bool
    digest: str
    held: int


async def read_body(
    chunks: AsyncIterator[bytes], *, limit: int, room: Room, seconds: float, declared: int | None
) -> Body:
    """The body of a request, to its end, also when it is too large: a sender who is still sending hears no answer.

    Raises `TooSlow`, `NoRoom`, or starlette's `ClientDisconnect`; of a body already known to be too large its
    beginning is returned instead, because that it arrived must be recorded.
    """
    kept, size, held = bytearray(), 0, 0
    too_large = declared is not None and declared > limit
    digest = hashlib.sha256()
    ended = False
    try:
        async with asyncio.timeout(seconds):
            async for chunk in chunks:
                size += len(chunk)
                digest.update(chunk)
                too_large = too_large or size > limit
                if too_large:
                    room.give_back(held)
                    held = 0
                    kept += chunk[: max(0, KEPT_OF_TOO_LARGE - len(kept))]
                    del kept[KEPT_OF_TOO_LARGE:]
                elif not room.take(len(chunk)):
                    raise NoRoom
                else:
                    held += len(chunk)
                    kept += chunk
            ended = True
    except (TimeoutError, ClientDisconnect) as error:
        if not too_large or not kept:
            room.give_back(held)
            raise (TooSlow if isinstance(error, TimeoutError) else ClientDisconnect) from None
    except BaseException:
        room.give_back(held)
        raise
    return Body(
        data=bytes(kept),
        size=size if ended else max(size, declared or 0),
        too_large=too_large,
        digest=digest.hexdigest() if ended else "",
        held=held,
    )
