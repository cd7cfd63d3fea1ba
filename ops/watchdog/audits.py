"""Whole audits beside the watchdog's looks: one after another, on a thread of its own, and what the last of them said."""

import threading
import time
from collections import Counter
from collections.abc import Callable

from ops.audit.verdict import CannotLook, Verdict
from ops.logs import place_of
from ops.watchdog.alarms import Alarm

#: Seconds until an audit that could not be finished is tried again.
_AGAIN = 60.0
#: Seconds after which an audit that has not ended is an alarm: at 20,000 records a second a log of forty millions takes as long.
PATIENCE = 2000.0


class Audits:
    """`examine` makes one audit; the next begins `every` seconds after the last began, never with 0. One that has not ended after
    `patience` seconds counts as one that could not be finished, until it does."""

    def __init__(self, examine: Callable[[], Verdict], every: float, patience: float = PATIENCE) -> None:
        self._examine, self._every, self._patience = examine, every, patience
        self._next = self._began = time.monotonic()
        self._thread: threading.Thread | None = None
        self._broken: list[Alarm] = []
        self._failed: list[Alarm] = []

    @property
    def under_way(self) -> bool:
        """Whether one is being made."""
        return self._thread is not None and self._thread.is_alive()

    def go_on(self) -> None:
        """Begin the next audit if its time has come and none is under way."""
        if self._every and not self.under_way and time.monotonic() >= self._next:
            self._began = time.monotonic()
            self._next = self._began + self._every
            self._thread = threading.Thread(target=self._audit, name="audit", daemon=True)
            self._thread.start()

    def broken(self) -> list[Alarm]:
        """The promises that the last finished audit found broken."""
        return self._broken

    def failed(self) -> list[Alarm]:
        """That the last audit could not be finished, and why, or that the one under way does not end; nothing once one was."""
        if self.under_way and time.monotonic() - self._began > self._patience:
            why = f"it has not ended in {self._patience / 60:.0f} minutes: the log is very long, or something stands still"
            return [*self._failed, Alarm("cannot-look", "audit under way", why)]
        return self._failed

    def _audit(self) -> None:
        try:
            verdict = self._examine()
        except CannotLook as error:
            self._fail(" ".join(str(error).split()))
        except Exception as error:
            # An error's own text may quote a record.
            self._fail(place_of((type(error), error, error.__traceback__)))
        else:
            times = Counter(violation.invariant for violation in verdict.violations)
            self._broken = [
                Alarm("promise-broken", promise, f"{count} times; `frontdoor audit` names the records")
                for promise, count in times.items()
            ]
            self._failed = []

    def _fail(self, why: str) -> None:
        self._failed = [Alarm("cannot-look", "audit", f"it could not be finished, so no promise is held now: {why}")]
        self._next = min(self._next, time.monotonic() + _AGAIN)
