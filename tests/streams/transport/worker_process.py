"""Worker processes of a test, started, watched and killed from outside; all of them end with the test."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from ops.children import Child, Children

CHECKOUT = Path(__file__).resolve().parents[3]
#: Seconds until a start, an end or an expected effect that does not come is a failure.
PATIENCE = 40.0
#: sysexits.h, as the worker uses them.
FAIL_STOP, MISCONFIGURED = 70, 78


def until(what: str, done: Callable[[], bool], timeout: float = PATIENCE, pause: float = 0.02) -> None:
    """Wait until `done`; after `timeout` seconds it is a failure."""
    deadline = time.monotonic() + timeout
    while not done():
        assert time.monotonic() < deadline, f"not within {timeout:.0f} s: {what}"
        time.sleep(pause)


class WorkerProcess:
    """One worker. `log` is what it said."""

    def __init__(self, child: Child, run_dir: Path, log_file: Path) -> None:
        self.child = child
        self._run_dir = run_dir
        self._log_file = log_file

    @property
    def log(self) -> str:
        return self._log_file.read_text()

    @property
    def pid(self) -> int:
        return self.child.pid

    @property
    def ready(self) -> bool:
        """Whether its rows are back."""
        try:
            announced = json.loads((self._run_dir / "endpoints" / "counting.json").read_text())
        except (OSError, ValueError):
            return False
        return bool(announced["pid"] == self.pid)

    def await_ready(self) -> "WorkerProcess":
        until("the worker is ready", lambda: self.ready or self.child.returncode is not None)
        assert self.child.returncode is None, self.log
        return self

    def await_end(self, timeout: float = PATIENCE) -> int:
        """Its exit code, once it has ended by itself."""
        code = self.child.wait(timeout)
        assert code is not None, f"still running after {timeout:.0f} s; it said:\n{self.log}"
        return code

    def kill(self) -> None:
        self.child.signal(signal.SIGKILL)
        self.await_end()

    def pause(self) -> None:
        self.child.signal(signal.SIGSTOP)

    @property
    def paused(self) -> bool:
        """Whether it has stopped itself, at a failpoint."""
        shown = subprocess.run(["ps", "-o", "state=", "-p", str(self.pid)], capture_output=True, text=True, check=False)
        return shown.stdout.startswith("T")

    def resume(self) -> None:
        self.child.signal(signal.SIGCONT)

    def terminate(self) -> tuple[int, float]:
        """SIGTERM: its exit code, and how many seconds it took."""
        began = time.monotonic()
        self.child.signal(signal.SIGTERM)
        return self.await_end(), time.monotonic() - began


class WorkerProcesses:
    """Starts the workers of one test. `close` kills those that are left."""

    def __init__(self, directory: Path, environment: dict[str, str]) -> None:
        self._directory = directory
        self._environment = environment
        self._children = Children()
        self._started = 0

    def start(self, instance: str = "1", program: str = "counting_worker", **environment: str) -> WorkerProcess:
        self._started += 1
        run_dir = self._directory / f"run-{instance}"
        log_file = self._directory / f"worker-{self._started}.log"
        env = {
            **os.environ,
            "PYTHONPATH": str(CHECKOUT),
            "FRONTDOOR_RUN_DIR": str(run_dir),
            "FRONTDOOR_INSTANCE": instance,
            **self._environment,
            **environment,
        }
        argv = [sys.executable, "-m", f"tests.streams.transport.{program}"]
        return WorkerProcess(self._children.spawn(argv, log=log_file, env=env, cwd=CHECKOUT), run_dir, log_file)

    def close(self) -> None:
        self._children.close()
