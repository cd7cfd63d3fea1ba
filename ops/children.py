"""Child processes that never outlive this one, not even when it is killed with SIGKILL."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

_PROGRAM = Path(__file__).with_name("guardian.py")


class CannotStart(Exception):
    """A child process could not be started. Says which program and why."""


class Child:
    """One process. `returncode` is None while it lives; negative is the signal that ended it. `command` is what it
    runs, as `ps` shows it."""

    def __init__(self, number: int, channel: "_Channel", command: str) -> None:
        self.command = command
        self._number = number
        self._channel = channel
        self.pid = 0
        self.returncode: int | None = None
        self._error = ""
        self._started = threading.Event()
        self._ended = threading.Event()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the child and whatever it started; nothing happens if it has ended."""
        if self.returncode is None:
            self._channel.send({"do": "signal", "id": self._number, "signal": int(number)})

    def wait(self, timeout: float | None = None) -> int | None:
        """Its return code, or None if it still lives after `timeout` seconds."""
        self._ended.wait(timeout)
        return self.returncode

    def stop(self, grace: float) -> int:
        """SIGTERM, then SIGKILL after `grace` seconds. Returns the return code once it has ended."""
        self.signal(signal.SIGTERM)
        while self.wait(grace) is None:
            self.signal(signal.SIGKILL)
        assert self.returncode is not None
        return self.returncode

    def hear(self, news: dict[str, Any]) -> None:
        """What the guardian says of this child."""
        self.pid = news.get("pid", self.pid)
        self._error = news.get("error", "")
        if "exit" in news or self._error:
            self.returncode = news.get("exit", -1)
            self._ended.set()
        self._started.set()

    def await_start(self) -> None:
        """Raises `CannotStart`."""
        self._started.wait()
        if self._error:
            raise CannotStart(self._error)


class _Channel:
    """One guardian process and the children it holds."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_PROGRAM), str(os.getpid())],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                start_new_session=True,
                cwd="/",
            )
        self._socket = ours
        self._sending = threading.Lock()
        self._children: dict[int, Child] = {}
        self.lost = False
        self._reader = threading.Thread(target=self._read, name="guardian", daemon=True)
        self._reader.start()

    def send(self, order: dict[str, Any]) -> None:
        with self._sending:
            try:
                self._socket.sendall(json.dumps(order).encode() + b"\n")
            except OSError:
                self.lost = True

    def add(self, child: Child, order: dict[str, Any]) -> None:
        self._children[order["id"]] = child
        self.send(order)
        if self.lost:
            child.hear({"error": "the process that guards children is gone"})

    def _read(self) -> None:
        with self._socket.makefile("rb") as lines, contextlib.suppress(OSError):
            for line in lines:
                news = json.loads(line)
                self._children[news["id"]].hear(news)
        self.lost = True
        for child in list(self._children.values()):
            if child.returncode is None:
                child.hear({"exit": -int(signal.SIGKILL)})

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
        self._process.wait()
        self._reader.join(timeout=5)
        self._socket.close()


class Children:
    """Starts processes that end with this one. `close()` ends those that are left, at once."""

    def __init__(self) -> None:
        self._channel: _Channel | None = None
        self._next = 0
        self._lock = threading.Lock()

    def spawn(
        self, argv: Sequence[str], *, log: Path, env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> Child:
        """Start `argv`; its output is appended to `log`. `env` replaces the environment. Raises `CannotStart`."""
        with self._lock:
            if self._channel is None or self._channel.lost:
                self._channel = _Channel()
            self._next += 1
            child = Child(self._next, self._channel, " ".join(argv))
            order = {
                "do": "spawn",
                "id": self._next,
                "argv": list(argv),
                "env": dict(os.environ if env is None else env),
                "cwd": str(cwd or Path.cwd()),
                "log": str(log.resolve()),
            }
            log.parent.mkdir(parents=True, exist_ok=True)
            self._channel.add(child, order)
        child.await_start()
        return child

    def close(self) -> None:
        """End every child that still lives with SIGKILL."""
        with self._lock:
            if self._channel is not None:
                self._channel.close()
                self._channel = None


def wait_until_gone(pids: Iterable[int], timeout: float) -> list[int]:
    """Which of these processes (not our children) still live after at most `timeout` seconds."""
    deadline, left = time.monotonic() + timeout, list(pids)
    while left := [pid for pid in left if _lives(pid)]:
        if time.monotonic() > deadline:
            break
        time.sleep(0.05)
    return left


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    with contextlib.suppress(OSError):
        # Dead, but in a container without an init process nobody may have asked for its exit code yet.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return True
