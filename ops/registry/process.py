"""The registry's process: HTTP on loopback in front of `Registry`. It needs no broker and writes nothing."""

import sys
from http.server import BaseHTTPRequestHandler

from ops.registry.answers import CONTENT_TYPE, Registry
from ops.registry.subjects import Subjects
from ops.serving import LOOPBACK, LoopbackServer, serve_until_told
from schemas.catalogue import catalogue
from schemas.settings import Settings

#: Bytes of a question; the largest committed schema has a tenth of that.
_LONGEST_QUESTION = 1024 * 1024


class RegistryServer(LoopbackServer):
    """Answers for a registry."""

    def __init__(self, port: int, registry: Registry) -> None:
        self.registry = registry
        super().__init__(port, _Answer)


class _Answer(BaseHTTPRequestHandler):
    server: RegistryServer
    server_version, sys_version = "frontdoor", ""
    protocol_version = "HTTP/1.1"
    #: Seconds that a kept connection may be silent.
    timeout = 30.0
    #: An answer's headers and body are two writes; the second must not wait for the first one's acknowledgement.
    disable_nagle_algorithm = True

    def _do(self) -> None:
        try:
            size = int(self.headers.get("content-length") or 0)
        except ValueError:
            size = -1
        if not 0 <= size <= _LONGEST_QUESTION:
            self.close_connection = True
            self.send_error(413 if size > 0 else 400)
            return
        answer = self.server.registry.answer(self.command, self.path, self.rfile.read(size))
        body = answer.text.encode()
        self.send_response(answer.status)
        self.send_header("content-type", CONTENT_TYPE)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _do

    def log_message(self, format: str, *args: object) -> None:
        """No line for each question."""


def main(settings: Settings) -> None:
    """Answer until asked to stop (SIGTERM, SIGINT). Raises `SystemExit` when the port is taken."""
    try:
        server = RegistryServer(settings.registry_port, Registry(Subjects(catalogue())))
    except OSError as error:
        sys.exit(f"frontdoor: registry cannot listen on port {settings.registry_port} of {LOOPBACK}: {error.strerror}")
    serve_until_told(server, settings, "registry")
