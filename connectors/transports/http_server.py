"""The HTTP server around the application: uvicorn, told by the runner when to stop, patient but not for ever."""

import asyncio
import json
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

#: Seconds a sender may take from connecting, or from the end of one request, to the end of a request's headers.
HEADER_SECONDS = 20.0
#: Connections at once; more are told to come back.
_CONNECTIONS = 1000

_PROBLEM = "urn:frontdoor:problem:"


class PatientProtocol(H11Protocol):
    """HTTP/1.1 with a limit on how long headers may take, which uvicorn leaves open, and errors as problem+json."""

    header_seconds = HEADER_SECONDS
    _impatience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > _CONNECTIONS:
            transport.write(_plain_answer(503, "busy", "Too many connections", "Come back in a few seconds."))
            transport.close()
            return
        self._watch_headers()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_watching()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """What came is no HTTP request."""
        self.transport.write(_plain_answer(400, "not-http", "Not an HTTP request", "Nothing was stored."))
        self.transport.close()

    def _watch_headers(self) -> None:
        in_request = self.cycle is not None and not self.cycle.response_complete
        if in_request:
            self._stop_watching()
        elif self._impatience is None:
            self._impatience = self.loop.call_later(self.header_seconds, self._give_up)

    def _stop_watching(self) -> None:
        if self._impatience is not None:
            self._impatience.cancel()
            self._impatience = None

    def _give_up(self) -> None:
        self._impatience = None
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()


def _plain_answer(status: int, kind: str, title: str, detail: str) -> bytes:
    body = json.dumps({"type": _PROBLEM + kind, "title": title, "status": status, "detail": detail}).encode()
    head = (
        f"HTTP/1.1 {status} {title}\r\ncontent-type: application/problem+json\r\n"
        f"content-length: {len(body)}\r\nretry-after: 5\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body


class HttpServer(uvicorn.Server):
    """uvicorn on a socket of ours. The runner owns the signals; `should_exit` begins the drain."""

    def __init__(self, app: FastAPI, *, drain_seconds: int, header_seconds: float = HEADER_SECONDS) -> None:
        protocol = type("Protocol", (PatientProtocol,), {"header_seconds": header_seconds})
        super().__init__(
            uvicorn.Config(
                app,
                http=protocol,
                ws="none",
                lifespan="off",
                log_config=None,
                # A request's address may hold what somebody looks for.
                access_log=False,
                server_header=False,
                # A kept connection saves a partner's system the handshakes of a day.
                timeout_keep_alive=75,
                timeout_graceful_shutdown=drain_seconds,
            )
        )
        # Its error log holds tracebacks, and a traceback's text may quote a message.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the runner, which has other transports to stop too."""
        yield


def listen(bind: str, port: int) -> socket.socket:
    """A listening socket. Raises `OSError`."""
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    listener = socket.create_server((bind, port), family=family, backlog=1024)
    # An answer of two writes would wait 40 ms for the other side's delayed acknowledgement; connections inherit this.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener
