"""The process that Prometheus scrapes: GET /metrics, /healthz, /readyz and /targets, on loopback; it changes nothing."""

import sys
import threading
from typing import TYPE_CHECKING

from ops.metrics.stack_side import own_endpoints
from ops.serving import LOOPBACK, Answer, Answering, serve_until_told
from schemas.settings import Settings

if TYPE_CHECKING:
    from ops.metrics.probe import Prober
    from ops.metrics.scrape import Scraper

#: Seconds; every wait inside a scrape is bounded, and all of them together by far less.
_STUCK_AFTER = 60.0


class Metrics:
    """What one hub is asked."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._making = threading.Lock()
        self._made: Scraper | None = None
        self._prober: Prober | None = None

    def probe(self, stop: threading.Event) -> None:
        """Probe the hub until `stop`; the first time when everything has long been ready."""
        from ops.metrics.probe import Prober

        self._prober = Prober(self._settings)
        self._prober.run(stop)

    def serve(self) -> Answering:
        """A server that answers, once somebody runs it. Raises `OSError` when the port is taken."""
        routes = {"/metrics": self._metrics, "/healthz": self._health, "/readyz": self._ready, "/targets": self._targets}
        return Answering(self._settings.metrics_port, routes)

    @property
    def _scraper(self) -> "Scraper":
        """Made when first asked for, so that a start of the whole hub does not wait for what it imports."""
        from ops.metrics.scrape import Scraper

        with self._making:
            if self._made is None:
                self._made = Scraper(self._settings)
            return self._made

    def _metrics(self) -> Answer:
        from ops.metrics.exposition import CONTENT_TYPE, exposition

        probed = self._prober.samples() if self._prober is not None else []
        return Answer(200, exposition([*self._scraper.scrape().samples, *probed]), CONTENT_TYPE)

    def _health(self) -> Answer:
        stuck = self._made is not None and self._made.running_seconds > _STUCK_AFTER
        return Answer.of(503 if stuck else 200, {"status": "stuck" if stuck else "alive"})

    def _ready(self) -> Answer:
        missing = self._scraper.scrape().missing
        said = {"status": "not ready", "missing": missing} if missing else {"status": "ready"}
        return Answer.of(503 if missing else 200, said)

    def _targets(self) -> Answer:
        """Where each process tells of itself, as Prometheus' HTTP service discovery reads it."""
        found = sorted(own_endpoints(self._settings).items())
        return Answer.of(200, [{"targets": [where], "labels": {"process": role}} for role, where in found])


def main(settings: Settings) -> None:
    """Answer until asked to stop (SIGTERM, SIGINT). Raises `SystemExit` when the port is taken."""
    metrics = Metrics(settings)
    try:
        server = metrics.serve()
    except OSError as error:
        sys.exit(f"frontdoor: metrics cannot listen on port {settings.metrics_port} of {LOOPBACK}: {error.strerror}")
    stop = threading.Event()
    if settings.probe_seconds:
        threading.Thread(target=metrics.probe, args=(stop,), name="probe", daemon=True).start()
    serve_until_told(server, settings, "metrics")
    stop.set()
