"""A small HTTP server of the hub: a few addresses to ask on loopback, announced, and answering until it is told to stop."""

import json
import logging
import signal
import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from ops.endpoints import announce
from schemas.settings import Settings

log = logging.getLogger("frontdoor.serving")

LOOPBACK = "127.0.0.1"
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, and a text of a content type."""

    status: int
    text: str
    content_type: str = JSON

    @classmethod
    def of(cls, status: int, said: Any) -> "Answer":
        """`said` as JSON."""
        return cls(status, json.dumps(said))


class LoopbackServer(ThreadingHTTPServer):
    """A server on a port of loopback, 0 for a free one. Raises `OSError` when the port is taken."""

    daemon_threads = True

    def __init__(self, port: int, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__((LOOPBACK, port), handler)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{LOOPBACK}:{self.server_address[1]}"


class Answering(LoopbackServer):
    """Answers GET at a few paths."""

    def __init__(self, port: int, routes: Mapping[str, Callable[[], Answer]]) -> None:
        self.routes = routes
        super().__init__(port, _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: Answering
    server_version, sys_version = "frontdoor", ""
    #: Seconds that a client may take to ask.
    timeout = 10.0

    def do_GET(self) -> None:
        asked = self.server.routes.get(self.path.partition("?")[0])
        if asked is None:
            self._send(Answer.of(404, {"status": "not found", "ask": sorted(self.server.routes)}))
            return
        try:
            self._send(asked())
        except BrokenPipeError:
            return
        except Exception as error:
            # An error's own text may quote a row, so only its type and place are told.
            place = traceback.extract_tb(error.__traceback__)[-1]
            log.error("no answer: %s at %s line %s", type(error).__name__, Path(place.filename).name, place.lineno)
            self._send(Answer.of(500, {"status": "failed; see the log"}))

    def _send(self, answer: Answer) -> None:
        body = answer.text.encode()
        self.send_response(answer.status)
        self.send_header("content-type", answer.content_type)
        self.send_header("content-length", str(len(body)))
        self.send_header("cache-control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """No line for each question."""


def serve_until_told(server: LoopbackServer, settings: Settings, role: str) -> None:
    """Answer until SIGTERM or SIGINT."""
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    threading.Thread(target=server.serve_forever, name="http", daemon=True).start()
    announce(settings, role, {"http": server.url})
    told.wait()
    server.shutdown()
    settings.endpoint_file(role).unlink(missing_ok=True)
