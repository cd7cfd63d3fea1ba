"""GET /metrics, /healthz and /readyz of every process, on a free port of loopback that stands in its endpoint file.

*Alive* is a process whose event loop takes work within five seconds; nothing but a new start helps one that does not.
*Ready* is one that is alive, has announced itself, and that the group of its readers still counts in.
"""

import asyncio
import json
import os
import threading
from collections.abc import Callable

import ops.endpoints
from ops.metrics.exposition import CONTENT_TYPE, exposition
from ops.process_numbers import process_samples
from ops.serving import Answer, Answering
from schemas.settings import Settings

#: Seconds that an event loop may be busy with one thing.
_PATIENCE = 5.0

_doubts: list[Callable[[], str]] = []


def ready_unless(doubt: Callable[[], str]) -> None:
    """This process is not ready while `doubt` gives a reason; it is asked from another thread."""
    _doubts.append(doubt)


class ProcessEndpoint:
    """Serves from now on, until the process ends."""

    def __init__(self, settings: Settings, role: str) -> None:
        self._file = settings.endpoint_file(role)
        self._loop: asyncio.AbstractEventLoop | None = None
        server = Answering(0, {"/metrics": _metrics, "/healthz": self._health, "/readyz": self._ready})
        ops.endpoints.own_url = server.url
        ops.endpoints.when_announced = self._announced
        threading.Thread(target=server.serve_forever, name="process-endpoint", daemon=True).start()

    def _announced(self) -> None:
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:
            self._loop = None

    def _health(self) -> Answer:
        return _answer("alive", self._why_not_alive())

    def _ready(self) -> Answer:
        return _answer("ready", self._why_not_ready())

    def _why_not_alive(self) -> str:
        loop = self._loop
        if loop is None or loop.is_closed():
            return ""
        taken = threading.Event()
        try:
            loop.call_soon_threadsafe(taken.set)
        except RuntimeError:
            return ""
        return "" if taken.wait(_PATIENCE) else "its event loop stands still"

    def _why_not_ready(self) -> str:
        try:
            announced = json.loads(self._file.read_text())["pid"] == os.getpid()
        except (OSError, ValueError, KeyError):
            announced = False
        if not announced:
            return "it has not announced itself"
        return self._why_not_alive() or next((why for doubt in _doubts if (why := doubt())), "")


def _metrics() -> Answer:
    return Answer(200, exposition(process_samples()), CONTENT_TYPE)


def _answer(good: str, why_not: str) -> Answer:
    return Answer.of(503, {"status": f"not {good}", "why": why_not}) if why_not else Answer.of(200, {"status": good})
