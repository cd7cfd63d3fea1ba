"""A small HTTP server as a process of the hub: announced, and answering until it is asked to stop."""

import signal
import threading
from http.server import HTTPServer

from ops.endpoints import announce
from schemas.settings import Settings


def serve_until_told(server: HTTPServer, settings: Settings, role: str, url: str) -> None:
    """Answer until SIGTERM or SIGINT."""
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    threading.Thread(target=server.serve_forever, name="http", daemon=True).start()
    announce(settings, role, {"http": url})
    told.wait()
    server.shutdown()
    settings.endpoint_file(role).unlink(missing_ok=True)
