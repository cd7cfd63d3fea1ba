"""One supervised process of a stack: started, watched until it says that it is ready, started again when it ends.

The first restart is at once; one that keeps ending is started ever more slowly.
"""

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ops.children import CannotStart, Child, Children
from ops.stack_state import ProcessState, RoleState

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 10.0
#: One that lived so long, in seconds, has recovered: its next restart is at once again.
_HEALTHY_AFTER = 30.0
#: One that ended so often without ever being ready will not be.
_HOPELESS_AFTER = 5
#: Bytes; a log that has grown over it is set aside as `.log.1` at the next start.
_LOG_LIMIT = 10_000_000


class Supervised:
    """A role's process and its history. `endpoint_file` is where it says that it is ready; `say` gets news lines."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        endpoint_file: Path,
        children: Children,
        environment: Callable[[], Mapping[str, str]],
        say: Callable[[str], None],
    ) -> None:
        self.name = name
        self.restarts = 0
        self._command = list(command)
        self._log = log
        self._endpoint_file = endpoint_file
        self._children = children
        self._environment = environment
        self._say = say
        self._child: Child | None = None
        self._started = 0.0
        self._next_start = 0.0
        self._failures = 0
        self._last_exit: int | None = None
        self._announced: dict[str, str] | None = None

    # -- what it is

    @property
    def child(self) -> Child | None:
        """The process, while it lives."""
        return self._child if self._child is not None and self._child.returncode is None else None

    @property
    def state(self) -> RoleState:
        """What it is doing now."""
        if self.child is not None:
            return "starting" if self._announced is None else "ready"
        return "stopped" if self._child is None and not self._next_start else "waiting to restart"

    @property
    def hopeless(self) -> bool:
        """Whether waiting for it has no point: it keeps ending without ever getting ready."""
        return self.state != "ready" and self._failures >= _HOPELESS_AFTER

    def describe(self) -> ProcessState:
        """Its line in the state of the stack."""
        child = self.child
        return ProcessState(
            name=self.name,
            state=self.state,
            pid=child.pid if child else None,
            restarts=self.restarts,
            last_exit=self._last_exit,
            log=str(self._log),
            command=child.command if child else "",
            urls=self._announced or {},
        )

    def explain(self) -> str:
        """Why it may not be ready: how it last ended, and what its log ends with."""
        try:
            lines = self._log.read_text(errors="replace").splitlines()[-5:]
        except OSError:
            lines = []
        code = "" if self._last_exit is None else f", last ended with code {self._last_exit}"
        said = "\n".join(f"    {line}" for line in lines)
        return f"{self.name} is not ready ({self.state}{code}). Its log, {self._log}, ends:\n{said}"

    # -- its life

    def start(self) -> None:
        """Start it. Raises `CannotStart`."""
        self._announced = None
        self._endpoint_file.unlink(missing_ok=True)
        if self._log.exists() and self._log.stat().st_size > _LOG_LIMIT:
            os.replace(self._log, self._log.with_suffix(".log.1"))
        self._started = time.monotonic()
        self._child = self._children.spawn(self._command, log=self._log, env=self._environment())

    def restart(self, drain: float) -> None:
        """Stop it in order, with `drain` seconds of patience, and start it again at once."""
        if self._child is not None:
            self._last_exit = self._child.stop(drain)
        self.restarts += 1
        self.start()

    def forget(self) -> None:
        """It has been stopped for good; how it ended is still known."""
        if self._child is not None:
            self._last_exit = self._child.returncode
        self._child, self._next_start = None, 0.0

    def look_after(self) -> None:
        """Notice that it is ready, or has ended; start it again when its pause is over."""
        if self.child is not None:
            if self._announced is None:
                self._announced = self._announcement(self.child.pid)
        elif self._child is not None:
            self._ended(self._child)
        elif self._next_start and time.monotonic() >= self._next_start:
            self.restarts += 1
            try:
                self.start()
            except (CannotStart, OSError) as error:
                self._next_start = time.monotonic() + _LONGEST_PAUSE
                self._say(f"{self.name} cannot be started: {error}")

    def _ended(self, child: Child) -> None:
        self._last_exit, self._child = child.returncode, None
        healthy = self._announced is not None and time.monotonic() - self._started > _HEALTHY_AFTER
        self._failures = 1 if healthy else self._failures + 1
        pause = pause_after(self._failures)
        self._next_start = time.monotonic() + pause
        self._say(f"{self.name} ended with code {self._last_exit}; starting it again in {pause:.1f} s")

    def _announcement(self, pid: int) -> dict[str, str] | None:
        try:
            found = json.loads(self._endpoint_file.read_text())
        except (OSError, ValueError):
            return None
        # Not the word of an earlier process of that name.
        return {str(name): str(url) for name, url in found["urls"].items()} if found["pid"] == pid else None


def pause_after(failures: int) -> float:
    """Seconds from the end of one that has ended so often in a row to its next start. There is always a next start: while the
    broker is away its workers end all night."""
    # Bounded before it is raised: no float holds the power that half a day of failures comes to.
    return min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(failures - 1, 10))
