"""The network between the broker and everybody else: a TCP proxy that cuts, delays and swallows."""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from typing import Literal

from ops.kafka_properties import HOST

#: open: passes on. cut: connections are reset, and refused. slow: answers come late, in pieces. half-open: what
#: clients write arrives, what the broker answers does not.
Mode = Literal["open", "cut", "slow", "half-open"]

_PIECE = 11_000
_DELAY = 0.2


class Proxy:
    """Listens on a port of its own on loopback from the moment it is made, in a thread of its own. `target()` is the
    broker's port now."""

    def __init__(self, target: Callable[[], int]) -> None:
        self._target = target
        self._mode: Mode = "open"
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        started = threading.Event()
        self.port = 0

        async def serve() -> None:
            server = await asyncio.start_server(self._serve, HOST, 0)
            self.port = server.sockets[0].getsockname()[1]
            started.set()

        self._loop.create_task(serve())
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        started.wait()

    def set(self, mode: Mode) -> None:
        """From now on. Coming back from anything but `slow` ends every connection, as a network that returns would find
        them gone."""
        asyncio.run_coroutine_threadsafe(self._change(mode), self._loop).result(5)

    def close(self) -> None:
        """End all connections and stop listening."""
        with contextlib.suppress(TimeoutError):
            self.set("cut")
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    async def _change(self, mode: Mode) -> None:
        before, self._mode = self._mode, mode
        if mode == "cut" or before in ("cut", "half-open"):
            for writer in list(self._writers):
                _reset(writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        there: asyncio.StreamWriter | None = None
        try:
            if self._mode == "cut":
                return
            from_broker, there = await asyncio.open_connection(HOST, self._target())
            self._writers.add(there)
            ways = [
                asyncio.create_task(self._pass_on(reader, there, answers=False)),
                asyncio.create_task(self._pass_on(from_broker, writer, answers=True)),
            ]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
        except OSError:
            pass
        finally:
            for one in (writer, there):
                if one is not None:
                    self._writers.discard(one)
                    _reset(one)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                if answers and self._mode == "half-open":
                    continue
                if answers and self._mode == "slow":
                    for start in range(0, len(data), _PIECE):
                        await asyncio.sleep(_DELAY)
                        writer.write(data[start : start + _PIECE])
                        await writer.drain()
                    continue
                writer.write(data)
                await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    """End a connection as a network does that lost it: with a reset, not in order."""
    with contextlib.suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
