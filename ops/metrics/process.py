"""The process that Prometheus scrapes: GET /metrics, /healthz and /readyz, on loopback; it changes nothing."""

import json
import logging
import sys
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

from ops.serving import serve_until_told
from schemas.settings import Settings

if TYPE_CHECKING:
    from ops.metrics.scrape import Scraper

log = logging.getLogger("frontdoor.metrics")

_LOOPBACK = "127.0.0.1"
_JSON = "application/json"
#: Seconds; every wait inside a scrape is bounded, and all of them together by far less.
_STUCK_AFTER = 60.0


class MetricsServer(ThreadingHTTPServer):
    """Answers for one hub. Raises `OSError` when the port is taken."""

    daemon_threads = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._making = threading.Lock()
        self._scraper: Scraper | None = None
        super().__init__((_LOOPBACK, settings.metrics_port), _Answer)

    @property
    def scraper(self) -> "Scraper":
        """Made when first asked for, so that a start of the whole hub does not wait for what it imports."""
        from ops.metrics.scrape import Scraper

        with self._making:
            if self._scraper is None:
                self._scraper = Scraper(self._settings)
            return self._scraper

    @property
    def stuck(self) -> bool:
        """Whether a scrape has been running for so long that none will ever end."""
        return self._scraper is not None and self._scraper.running_seconds > _STUCK_AFTER


class _Answer(BaseHTTPRequestHandler):
    server: MetricsServer
    server_version, sys_version = "frontdoor", ""
    #: Seconds that a client may take to ask.
    timeout = 10.0

    def do_GET(self) -> None:
        routes = {"/metrics": self._metrics, "/healthz": self._health, "/readyz": self._ready}
        answer = routes.get(self.path.partition("?")[0])
        if answer is None:
            self._send(404, _JSON, json.dumps({"status": "not found", "ask": sorted(routes)}))
            return
        try:
            answer()
        except BrokenPipeError:
            return
        except Exception as error:
            # An error's own text may quote a row, so only its type and place are told.
            place = traceback.extract_tb(error.__traceback__)[-1]
            log.error("a scrape failed: %s at %s line %s", type(error).__name__, Path(place.filename).name, place.lineno)
            self._send(500, _JSON, json.dumps({"status": "failed; see the log of metrics"}))

    def _metrics(self) -> None:
        from ops.metrics.exposition import CONTENT_TYPE, exposition

        self._send(200, CONTENT_TYPE, exposition(self.server.scraper.scrape().samples))

    def _health(self) -> None:
        stuck = self.server.stuck
        self._send(503 if stuck else 200, _JSON, json.dumps({"status": "stuck" if stuck else "alive"}))

    def _ready(self) -> None:
        missing = self.server.scraper.scrape().missing
        said = {"status": "not ready", "missing": missing} if missing else {"status": "ready"}
        self._send(503 if missing else 200, _JSON, json.dumps(said))

    def _send(self, status: int, content_type: str, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(body)))
        self.send_header("cache-control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """No line for each scrape."""


def main(settings: Settings) -> None:
    """Answer until asked to stop (SIGTERM, SIGINT). Raises `SystemExit` when the port is taken."""
    try:
        server = MetricsServer(settings)
    except OSError as error:
        sys.exit(f"frontdoor: metrics cannot listen on port {settings.metrics_port} of {_LOOPBACK}: {error.strerror}")
    serve_until_told(server, settings, "metrics", f"http://{_LOOPBACK}:{server.server_address[1]}")
