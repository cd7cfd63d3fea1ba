"""Who is sent what leaves the hub: HTTP endpoints that answer, hang, fail or drop what they are sent, and a folder."""

import os
import re
import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal

from ops.chaos.ledger import Ledger
from ops.chaos.plan import RECIPIENTS
from ops.kafka_properties import HOST

#: takes: answers 200 and keeps. times-out: keeps, and never answers. 500: answers so, and keeps nothing. drops: begins to
#: answer 200, ends the connection, and keeps nothing.
Mode = Literal["takes", "times-out", "500", "drops"]

#: A partner that empties a folder cannot be down.
FOLDER = "police-folder"
_AGENCIES = {"case-system": "social_care", "health-http": "health", "education-http": "education"}
#: One of them is given up after so many tries: what is undelivered must stand on its list.
_IMPATIENT, _TRIES = "education-http", 3
#: Seconds that one who hangs holds a connection at most.
_HANGS = 30.0
#: Seconds from the beginning of an answer to its loss.
_HESITATES = 0.05
_FILE = re.compile(r"^[a-z_]+-(?P<item>[0-9a-f-]{36})\.")


class Recipients:
    """Listens from the moment it is made; each item that comes is a line of the ledger. `directory` takes the recipients
    file and the folder."""

    def __init__(self, directory: Path, ledger: Ledger) -> None:
        self._ledger = ledger
        self._folder = directory / FOLDER
        self._folder.mkdir(parents=True)
        self._modes: dict[str, Mode] = dict.fromkeys(RECIPIENTS, "takes")
        self._let_go = {name: threading.Event() for name in RECIPIENTS}
        self._server = _Server((HOST, 0), _Handler)
        self._server.recipients = self
        threading.Thread(target=self._server.serve_forever, name="recipients", daemon=True).start()
        #: The recipients file of the hub.
        self.file = directory / "recipients.yaml"
        self.file.write_text(self._yaml())
        for name in (*RECIPIENTS, FOLDER):
            ledger.write("recipient", recipient=name)

    def set(self, recipient: str, mode: Mode) -> None:
        """From now on."""
        self._modes[recipient] = mode
        self._let_go[recipient].set()
        self._let_go[recipient] = threading.Event()

    def heal(self) -> None:
        """Everybody answers."""
        for name in RECIPIENTS:
            self.set(name, "takes")

    def close(self) -> None:
        """Listen no more."""
        self.heal()
        self._server.shutdown()
        self._server.server_close()

    def write_down_the_folder(self) -> None:
        """What came by folder, once nothing more comes."""
        for path in sorted(self._folder.iterdir(), key=lambda one: one.stat().st_mtime):
            if (found := _FILE.match(path.name)) is not None:
                self._ledger.write("offered", recipient=FOLDER, item=found["item"], kept=True, kept_at=path.stat().st_mtime)

    def take(self, handler: "_Handler") -> None:
        """One POST."""
        recipient, item = handler.path.strip("/"), handler.headers.get("Idempotency-Key", "")
        handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        mode, let_go = self._modes[recipient], self._let_go[recipient]
        kept = mode in ("takes", "times-out")
        self._ledger.write("offered", recipient=recipient, item=item, kept=kept, mode=mode)
        match mode:
            case "takes":
                handler.answer(200)
            case "500":
                handler.answer(500)
            case "times-out":
                let_go.wait(_HANGS)
                handler.break_off()
            case "drops":
                handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{")
                time.sleep(_HESITATES)
                handler.break_off()

    def _yaml(self) -> str:
        port = self._server.server_address[1]
        patience = "attempt_seconds: 2, first_retry_seconds: 0.5, longest_retry_seconds: 4"
        lines = [
            f"  - {{id: {name}, agency: {agency}, {patience}, http: {{url: 'http://{HOST}:{port}/{name}'}}"
            f"{f', attempts: {_TRIES}' if name == _IMPATIENT else ''}}}"
            for name, agency in _AGENCIES.items()
        ]
        lines.append(f"  - {{id: {FOLDER}, agency: police, folder: {{path: '{self._folder}'}}}}")
        return "\n".join(["recipients:", *lines, ""])


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    recipients: Recipients

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller who has gone is no news here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        self.server.recipients.take(self)

    def answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def break_off(self) -> None:
        """End the connection with a reset, without an answer."""
        self.close_connection = True
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the terminal."""
