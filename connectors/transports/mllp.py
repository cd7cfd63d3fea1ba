"""HL7 v2 over MLLP: kept connections, each message stored as it came, each answered in its order.

AA only after the log has acknowledged. While the log does not answer, AR with error 207 on the kept connection: AE
would say that the message is at fault, and many engines then park it (domain fact: HL7 v2 table 0357, 207 =
application internal error).
"""

import asyncio
import contextlib
import logging
import socket
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from connectors.edge import Edge, Stored
from connectors.journal import Journal
from connectors.room import Room
from connectors.senders import Sender
from connectors.transports.mllp_frame import Frame, FrameDecoder, framed
from schemas.at_hand import at_hand
from schemas.identity import derived_id
from schemas.ports import NotDurable

log = logging.getLogger("frontdoor.mllp")

#: Seconds a message may take from its first byte to its last.
FRAME_SECONDS = 120.0
#: Seconds a sender may take to read an answer.
_ANSWER_SECONDS = 30.0
#: Messages of one connection that may be under way at once.
_IN_FLIGHT = 32
_CONNECTIONS = 500
#: Bytes outside frames after which a connection is closed: its other end does not speak MLLP.
_GARBAGE_LIMIT = 1024 * 1024
_READ = 65536

#: What a reader thinks of a stored message: empty, or why a person will have to look at it.
Misgiving = Callable[[bytes], str]


@dataclass(frozen=True, slots=True)
class _Answer:
    data: bytes
    stored: Stored | None = None


class MllpServer:
    """One port, one sender. `failed` is called when the process cannot keep its promises any more."""

    def __init__(
        self,
        edge: Edge,
        journal: Journal,
        sender: Sender,
        room: Room,
        *,
        limit: int,
        failed: Callable[[BaseException], None],
        misgiving: Misgiving = lambda body: "",
        frame_seconds: float = FRAME_SECONDS,
    ) -> None:
        self._edge = edge
        self._journal = journal
        self._sender = sender
        self.room = room
        self._limit = limit
        self._failed = failed
        self._misgiving = misgiving
        self.frame_seconds = frame_seconds
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self.stopping = asyncio.Event()

    async def start(self, listener: socket.socket) -> None:
        """Begin to serve on a listening socket."""
        self._server = await asyncio.start_server(self._connected, sock=listener)

    async def stop(self, seconds: float) -> None:
        """Take no more, answer what is under way for at most `seconds`, then let every connection go."""
        if self._server is not None:
            self._server.close()
        self.stopping.set()
        if self._connections:
            _, late = await asyncio.wait(self._connections, timeout=seconds)
            for connection in late:
                connection.cancel()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            peer = writer.get_extra_info("peername")
            if len(self._connections) > _CONNECTIONS:
                log.warning("a connection was refused: there are %d already", _CONNECTIONS)
            elif peer and not self._sender.accepts_address(peer[0]):
                log.warning("a connection was refused: its address is not one of sender %s", self._sender.id)
            else:
                await _Connection(self, reader, writer).serve()
        except (ConnectionError, TimeoutError):
            # The other end went away; what it was not answered, it will send again.
            pass
        finally:
            self._connections.discard(task)
            writer.close()
            with contextlib.suppress(Exception):
                await writer.wait_closed()

    async def answer(self, frame: Frame) -> _Answer:
        """Store one message and say what became of it."""
        with at_hand():
            try:
                return await self._store(frame)
            except NotDurable as error:
                log.warning("a message was not taken: %s", error)
                return _Answer(_ack(frame, "AR", "Not stored: the hub's log does not answer. Send it again.", "207"))
            except Exception as error:
                # A library's text may quote the message, so only its type is kept.
                log.error("taking a message failed: %s", type(error).__name__)
                return _Answer(_ack(frame, "AR", "The hub failed. Send it again.", "207"))
            finally:
                self.room.give_back(frame.held)

    async def _store(self, frame: Frame) -> _Answer:
        if frame.no_room:
            return _Answer(_ack(frame, "AR", "Not stored: too many messages at this moment. Send it again.", "207"))
        if frame.size == 0:
            return _Answer(_ack(frame, "AR", "Not stored: there was nothing between the frame bytes.", "100"))
        receipt = self._edge.too_large_receipt(self._sender, frame.digest) if frame.too_large else None
        stored = await self._edge.store(
            body=frame.body,
            sender=self._sender,
            transport="mllp",
            content_type="application/hl7-v2",
            receipt_id=receipt,
            size=frame.size,
            truncated=frame.too_large,
        )
        if frame.too_large:
            text = (
                f"receipt {stored.receipt_id}; too large: {frame.size} bytes, the limit is {self._limit}. Its arrival is "
                "recorded and a person will look at it. Send the documents apart."
            )
            return _Answer(_ack(frame, "AR", text, "", stored), stored)
        note = await asyncio.to_thread(self._misgiving, frame.body)
        text = f"receipt {stored.receipt_id}" + (f"; {note}" if note else "")
        return _Answer(_ack(frame, "AA", text, "", stored), stored)

    def note(self, stored: Stored) -> None:
        """The answer has been given: say so in the journal."""
        try:
            self._journal.note(stored.receipt_id, stored.received_at, "mllp", self._sender.id)
        except OSError as error:
            self._failed(error)

    def decoder(self) -> FrameDecoder:
        """For one connection."""
        return FrameDecoder(self._limit, self.room)


class _Connection:
    """Reads frames, stores several at once, answers in the order in which they came."""

    def __init__(self, server: MllpServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self._frames = server.decoder()
        self._answers: asyncio.Queue[asyncio.Task[_Answer] | None] = asyncio.Queue(_IN_FLIGHT)
        #: Whole, but not yet under way.
        self._waiting: deque[Frame] = deque()
        sock = writer.get_extra_info("socket")
        if sock is not None:
            # A kept connection whose other end lost its power must not stay for ever.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    async def serve(self) -> None:
        """Until the other end closes, or the server stops."""
        answering = asyncio.create_task(self._answer_in_order())
        taking = asyncio.create_task(self._take())
        stopping = asyncio.create_task(self._server.stopping.wait())
        try:
            await asyncio.wait({taking, stopping, answering}, return_when=asyncio.FIRST_COMPLETED)
            taking.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await taking
            if not answering.done():
                await self._answers.put(None)
            await answering
        finally:
            for task in (taking, answering, stopping):
                task.cancel()
            self._frames.abandon()
            for frame in self._waiting:
                self._server.room.give_back(frame.held)
            self._tell_garbage()

    async def _take(self) -> None:
        loop = asyncio.get_running_loop()
        deadline: float | None = None
        while True:
            try:
                async with asyncio.timeout_at(deadline):
                    data = await self._reader.read(_READ)
            except TimeoutError:
                data = b""
            if not data:
                if self._frames.inside:
                    log.warning("a connection ended inside a message; it was not stored and not answered")
                return
            before = self._frames.inside
            self._waiting.extend(self._frames.feed(data))
            any_whole = bool(self._waiting)
            while self._waiting:
                await self._answers.put(asyncio.create_task(self._server.answer(self._waiting.popleft())))
            if not self._frames.inside:
                deadline = None
            elif any_whole or not before:
                deadline = loop.time() + self._server.frame_seconds
            if self._frames.garbage > _GARBAGE_LIMIT:
                return

    async def _answer_in_order(self) -> None:
        while (task := await self._answers.get()) is not None:
            answer = await task
            self._writer.write(framed(answer.data))
            async with asyncio.timeout(_ANSWER_SECONDS):
                await self._writer.drain()
            if answer.stored is not None:
                self._server.note(answer.stored)

    def _tell_garbage(self) -> None:
        if self._frames.garbage:
            log.warning("%d bytes on a connection were outside frames, and were not stored", self._frames.garbage)


def _ack(
    frame: Frame, code: Literal["AA", "AE", "AR"], text: str, error_code: str = "", stored: Stored | None = None
) -> bytes:
    # Imported when first needed: readers of a sector are heavy, and only its own connector speaks its language.
    from connectors.health.hl7v2_ack import acknowledge

    about = stored.receipt_id if stored else frame.digest or "nothing"
    control_id = derived_id("acknowledgement", code, about).replace("-", "")[:20]
    return acknowledge(frame.body, code, text, control_id, error_code, stored.received_at if stored else None)
