"""A small process that starts others for its parent, and ends them all the moment its parent is gone.

A parent killed with SIGKILL can clean up nothing; its end of the channel closes all the same, on every Unix, and
this process sees that. It runs in a session of its own, so Ctrl-C at a terminal reaches the parent only, which then
stops things in order. Started by `ops.children`; speaks JSON lines over the socket on standard input:

    {"do": "spawn", "id": 1, "argv": [...], "env": {...}, "cwd": "...", "log": "..."}   → {"id": 1, "pid": 4711}
    {"do": "signal", "id": 1, "signal": 15}                                             → (nothing)
    a child ended                                                                       → {"id": 1, "exit": -15}

Only the standard library: it is started with `python -I -S` and should cost little.
"""

import ctypes
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import Any

_PR_SET_PDEATHSIG = 1


def _dying_with_this_process() -> Callable[[], None] | None:
    """On Linux: what makes the kernel end a child even if this process is itself killed with SIGKILL."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)

    def ask() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    return ask


class Guardian:
    """Starts, signals and reaps children by order of the parent at the other end of `channel`."""

    def __init__(self, channel: socket.socket, parent: int) -> None:
        self._channel = channel
        self._parent = parent
        self._children: dict[int, subprocess.Popen[bytes]] = {}
        self._before_exec = _dying_with_this_process()
        self._wake, wake_end = socket.socketpair()
        self._wake.setblocking(False)
        wake_end.setblocking(False)
        signal.set_wakeup_fd(wake_end.fileno(), warn_on_full_buffer=False)
        self._wake_end = wake_end
        # Handlers, not SIG_IGN: an ignored signal would stay ignored in the children.
        for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda _number, _frame: None)

    def run(self) -> None:
        """Serve until the parent is gone, then end every child."""
        try:
            self._serve()
        finally:
            self._end_all()

    def _serve(self) -> None:
        pending = b""
        while True:
            # The timeout: a child that the parent forked without exec would keep the channel open for it.
            ready, _, _ = select.select([self._channel, self._wake], [], [], 1.0)
            if os.getppid() != self._parent:
                return
            if self._wake in ready:
                self._drain()
            self._reap()
            if self._channel not in ready:
                continue
            data = self._channel.recv(65536)
            if not data:
                return
            *lines, pending = (pending + data).split(b"\n")
            for line in lines:
                self._obey(json.loads(line))

    def _drain(self) -> None:
        while True:
            try:
                self._wake.recv(4096)
            except BlockingIOError:
                return

    def _obey(self, order: dict[str, Any]) -> None:
        number = order["id"]
        if order["do"] == "spawn":
            try:
                child = self._spawn(order)
            except OSError as error:
                self._tell({"id": number, "error": f"{order['argv'][0]}: {error.strerror}"})
                return
            self._children[number] = child
            self._tell({"id": number, "pid": child.pid})
        elif child_now := self._children.get(number):
            self._signal(child_now, order["signal"])

    def _spawn(self, order: dict[str, Any]) -> subprocess.Popen[bytes]:
        with open(order["log"], "ab") as log:
            return subprocess.Popen(
                order["argv"],
                env=order["env"],
                cwd=order["cwd"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=self._before_exec,
            )

    def _signal(self, child: subprocess.Popen[bytes], number: int) -> None:
        """To the child's whole group. It is not reaped yet, so its id cannot be somebody else's."""
        try:
            os.killpg(child.pid, number)
        except (ProcessLookupError, PermissionError):
            # macOS answers "not permitted" for a group of which only the zombie is left.
            child.send_signal(number)

    def _reap(self) -> None:
        for number, child in list(self._children.items()):
            code = child.poll()
            if code is not None:
                del self._children[number]
                self._tell({"id": number, "exit": code})

    def _tell(self, answer: dict[str, Any]) -> None:
        try:
            self._channel.sendall(json.dumps(answer).encode() + b"\n")
        except OSError:
            # The parent is gone; the next read says so.
            return

    def _end_all(self) -> None:
        for child in self._children.values():
            self._signal(child, signal.SIGKILL)
        for child in self._children.values():
            child.wait()


if __name__ == "__main__":
    Guardian(socket.socket(fileno=0), int(sys.argv[1])).run()
