"""Slow and many senders: bounded in time and memory, and told so."""

import asyncio
import hashlib
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from fastapi import FastAPI, Request
from starlette.requests import ClientDisconnect

from connectors.room import Room
from connectors.transports.http_body import NoRoom, TooSlow, read_body
from connectors.transports.http_server import HttpServer, listen


async def chunks(*pieces: bytes, pause: float = 0.0, end: BaseException | None = None) -> AsyncIterator[bytes]:
    for piece in pieces:
        await asyncio.sleep(pause)
        yield piece
    if end is not None:
        raise end


async def test_a_body_is_the_sum_of_its_pieces_and_its_room_is_accounted_for() -> None:
    room = Room(100)
    body = await read_body(chunks(b"ab", b"", b"c"), limit=10, room=room, seconds=5, declared=None)
    assert (body.data, body.size, body.too_large, body.held) == (b"abc", 3, False, 3)
    assert not room.take(98)
    room.give_back(body.held)
    assert room.take(100)


async def test_a_body_that_takes_too_long_is_given_up_and_its_room_with_it() -> None:
    room = Room(100)
    with pytest.raises(TooSlow):
        await read_body(chunks(*[b"x"] * 90, pause=0.02), limit=100, room=room, seconds=0.2, declared=None)
    assert room.take(100)


async def test_when_too_much_is_unfinished_a_sender_is_told_to_come_back() -> None:
    room = Room(100)
    assert room.take(60)
    with pytest.raises(NoRoom):
        await read_body(chunks(b"x" * 30, b"x" * 30), limit=1000, room=room, seconds=5, declared=None)
    assert room.take(40)


async def test_a_large_body_holds_no_room_and_is_known_by_its_digest() -> None:
    room = Room(100)
    pieces = [bytes([number]) * 50 for number in range(10)]
    body = await read_body(chunks(*pieces), limit=80, room=room, seconds=5, declared=None)
    assert (body.size, body.too_large, body.held) == (500, True, 0)
    assert body.digest == hashlib.sha256(b"".join(pieces)).hexdigest()
    assert room.take(100)


@pytest.mark.parametrize("declared", [None, 900])
async def test_a_large_body_whose_sender_went_away_has_arrived(declared: int | None) -> None:
    room = Room(1000)
    pieces = chunks(b"x" * 100, b"x" * 50, end=ClientDisconnect())
    body = await read_body(pieces, limit=120, room=room, seconds=5, declared=declared)
    assert (body.too_large, body.digest, body.size) == (True, "", declared or 150)
    with pytest.raises(ClientDisconnect):
        await read_body(chunks(b"x", end=ClientDisconnect()), limit=120, room=room, seconds=5, declared=90)
    assert room.take(1000)


@pytest.fixture
def impatient() -> Iterator[tuple[str, int]]:
    """A server that waits half a second for headers."""
    app = FastAPI()

    @app.post("/slow")
    async def slow(request: Request) -> dict[str, int]:
        return {"size": len(await request.body())}

    listener = listen("127.0.0.1", 0)
    server = HttpServer(app, drain_seconds=2, header_seconds=0.5)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])))
    thread.start()
    yield listener.getsockname()[:2]
    server.should_exit = True
    thread.join()


@pytest.mark.parametrize("said", [b"", b"POST /slow HT", b"POST /slow HTTP/1.1\r\nHost: x\r\nA: "])
def test_headers_may_not_take_for_ever(impatient: tuple[str, int], said: bytes) -> None:
    with socket.create_connection(impatient, timeout=10) as connection:
        connection.sendall(said)
        assert connection.recv(100) == b""


def test_a_slow_body_after_quick_headers_is_waited_for(impatient: tuple[str, int]) -> None:
    def slowly() -> Iterator[bytes]:
        for _ in range(4):
            time.sleep(0.25)
            yield b"x"

    with httpx.Client(base_url=f"http://{impatient[0]}:{impatient[1]}", trust_env=False) as client:
        assert client.post("/slow", content=slowly()).json() == {"size": 4}
        time.sleep(0.7)
        # And a kept connection is not taken for a slow one.
        assert client.post("/slow", content=b"xy").json() == {"size": 2}
