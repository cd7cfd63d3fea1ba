"""A mail server and a webhook's receiver, real ones, that can be away or refuse."""

import threading
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller

#: Whose mail the server never takes.
REFUSED = "nobody@council.example"


class MailServer:
    """aiosmtpd on loopback; it stays on its port when it is started again. While `busy` it turns everybody away, and counts
    how often somebody tried."""

    def __init__(self) -> None:
        self.busy = False
        self.turned_away = 0
        self.messages: list[EmailMessage] = []
        self.recipients: list[str] = []
        self._controller: Controller | None = None
        self.port = 0

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        """aiosmtpd's hook for a sender."""
        if self.busy:
            self.turned_away += 1
            return "421 closing"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        """aiosmtpd's hook for a recipient."""
        if address == REFUSED:
            return "550 no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """aiosmtpd's hook for a whole message."""
        message = BytesParser(_class=EmailMessage, policy=default).parsebytes(envelope.content)
        self.messages.append(message)
        self.recipients += envelope.rcpt_tos
        return "250 taken"

    def start(self) -> "MailServer":
        """Listen."""
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        if self.port == 0:
            self._controller = Controller(self, hostname="127.0.0.1", port=_free_port())
        self._controller.start()
        self.port = self._controller.port
        return self

    def stop(self) -> None:
        """Go away."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None


class Receiver:
    """A webhook's receiver. `answers` are the status codes it gives, the last one for ever; 500 to what names `chokes_on`."""

    def __init__(self, *answers: int, chokes_on: bytes = b"") -> None:
        self.posts: list[tuple[dict[str, str], bytes]] = []
        waiting = list(answers) or [204]
        posts = self.posts

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                posts.append(({name.lower(): value for name, value in self.headers.items()}, body))
                chokes = chokes_on and chokes_on in body
                self.send_response(500 if chokes else waiting.pop(0) if len(waiting) > 1 else waiting[0])
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        """Go away."""
        self._server.shutdown()
        self._server.server_close()


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
