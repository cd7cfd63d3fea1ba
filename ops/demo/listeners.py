"""The servers of the demo's partner systems: HTTP and MLLP, each real, in threads of their own."""

import socketserver
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class HttpPartners:
    """Several partners' addresses on one real server. `take` gets the partner, the kind, the item's id and the body; whatever
    it raises is answered with 503, and comes again."""

    def __init__(self, take: Callable[[str, str, str, bytes], None]) -> None:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                try:
                    take(self.path.strip("/"), self.headers["Frontdoor-Kind"], self.headers["Idempotency-Key"], body)
                    self.send_response(204)
                except Exception:
                    self.send_response(503)
                    self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name="http-partners", daemon=True).start()

    def url(self, name: str) -> str:
        """The address of one partner."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/{name}"

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


class MllpListener:
    """A hospital's HL7 listener: acknowledges what `take` has kept, by control id."""

    def __init__(self, take: Callable[[str, bytes], None]) -> None:
        class Handler(socketserver.StreamRequestHandler):
            disable_nagle_algorithm = True

            def handle(self) -> None:
                while frame := _frame(self.rfile):
                    control_id = frame.split(b"\r")[0].split(b"|")[9].decode()
                    take(control_id, frame)
                    answer = f"MSH|^~\\&|EPR|LEEDS|FRONTDOOR|LEEDS|20260828||ACK|{control_id}-A|P|2.4\rMSA|AA|{control_id}\r"
                    self.wfile.write(b"\x0b" + answer.encode() + b"\x1c\r")

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name="mllp-partner", daemon=True).start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


def _frame(stream: Any) -> bytes:
    """The next message between the frame bytes; empty at the end of the connection."""
    found = bytearray()
    while not found.endswith(b"\x1c\r"):
        byte = stream.read(1)
        if not byte:
            return b""
        found += byte
    return bytes(found[1:-2])
