"""Partners for the tests of delivery: servers that take messages, hang, fail or refuse, and remember what came in which order."""

import asyncio
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from connectors.transports.mllp_frame import framed

#: What a partner does with the n-th request it gets (from 0): an HTTP status, or one of the words.
Conduct = Callable[[int], int | str]


@dataclass
class Came:
    """One request as it came in."""

    headers: dict[str, str]
    body: bytes

    @property
    def item_id(self) -> str:
        return self.headers["idempotency-key"]


@dataclass
class HttpPartner:
    """Answers as `conduct` says: a status; `hang` until `release`; `cut` begins a 200 and drops the connection.

    It runs in a thread of its own, as a partner would on a machine of its own.
    """

    conduct: Conduct = lambda n: 200
    retry_after: str = ""
    came: list[Came] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._release = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._soon(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/in"

    def _soon(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)

    def release(self) -> None:
        """What hangs is answered."""
        self._loop.call_soon_threadsafe(self._release.set)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._exchange(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        came = Came(headers, await reader.readexactly(int(headers["content-length"])))
        self.came.append(came)
        conduct = self.conduct(len(self.came) - 1)
        if conduct == "hang":
            await self._release.wait()
            conduct = 200
        if conduct == "cut":
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{")
            await writer.drain()
            return False
        more = f"retry-after: {self.retry_after}\r\n" if self.retry_after else ""
        writer.write(f"HTTP/1.1 {conduct} X\r\n{more}content-length: 2\r\n\r\n{{}}".encode())
        await writer.drain()
        if 200 <= int(conduct) < 300:
            self.answered.append(came.item_id)
        return True


@dataclass
class MllpPartner:
    """An HL7 listener: acknowledges the n-th message with the code (and the ERR segment) that `conduct` gives."""

    conduct: Callable[[int], str]
    came: list[bytes] = field(default_factory=list)

    async def start(self) -> int:
        """The port it listens on."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                message = (await reader.readuntil(b"\x1c\r"))[1:-2]
                self.came.append(message)
                code, _, error = self.conduct(len(self.came) - 1).partition(" ")
                control_id = message.split(b"\r")[0].split(b"|")[9].decode()
                answer = f"MSH|^~\\&|X|X|FD|FD|20260102||ACK|1|P|2.4\rMSA|{code}|{control_id}\r"
                writer.write(framed((answer + (f"ERR|||{error}\r" if error else "")).encode()))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def close(self) -> None:
        self._server.close()


async def until(look: Callable[[], Any], seconds: float = 30.0) -> Any:
    """What `look` finds, as soon as it finds something."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not (found := look()):
        assert asyncio.get_running_loop().time() < deadline, "it did not happen"
        await asyncio.sleep(0.02)
    return found


def ids(came: list[Came]) -> list[str]:
    """The item ids, each as it came first."""
    return list(dict.fromkeys(one.item_id for one in came))


def said(came: Came) -> dict[str, Any]:
    """A JSON body."""
    found: dict[str, Any] = json.loads(came.body)
    return found

