"""What a supervisor says of its stack, in `stack.json`, and whether that is still true.

Alive is who holds the lock: the system takes it from a supervisor that was killed, and no other process can seem to
be it because it got the same number.
"""

import json
import os
import shutil
import signal
import subprocess
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from ops.children import wait_until_gone
from ops.file_lock import Held, is_locked, take_lock

RoleState = Literal["starting", "ready", "waiting to restart", "stopped"]


@dataclass(frozen=True, slots=True)
class ProcessState:
    """One process of a stack. `command` is as `ps` shows it; `last_exit` negative is a signal."""

    name: str
    state: RoleState
    pid: int | None
    restarts: int
    last_exit: int | None
    log: str
    command: str
    urls: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StackState:
    """A stack: its supervisor's process id, its Kafka and its processes."""

    supervisor: int
    started_at: str
    bootstrap: str
    embedded: bool
    clock: str
    processes: list[ProcessState]

    @property
    def ready(self) -> bool:
        """Whether every process is."""
        return bool(self.processes) and all(each.state == "ready" for each in self.processes)


def _file(run_dir: Path) -> Path:
    return run_dir / "stack.json"


def _lock(run_dir: Path) -> Path:
    return run_dir / "supervisor.lock"


def take_stack(run_dir: Path) -> Held | None:
    """Become the supervisor of `run_dir`; None if there is one already."""
    return take_lock(_lock(run_dir))


def is_supervised(run_dir: Path) -> bool:
    """Whether a supervisor lives."""
    return is_locked(_lock(run_dir))


def write_state(run_dir: Path, state: StackState) -> None:
    """Write it, whole or not at all."""
    new = _file(run_dir).with_suffix(".new")
    new.write_text(json.dumps(asdict(state), indent=1))
    os.replace(new, _file(run_dir))


def read_state(run_dir: Path) -> StackState | None:
    """What the last supervisor wrote, whether it lives or not; None if nothing legible is there."""
    try:
        found = json.loads(_file(run_dir).read_text())
        processes = [ProcessState(**each) for each in found.pop("processes")]
        return StackState(**found, processes=processes)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def clear_state(run_dir: Path) -> None:
    """Forget a stack that has ended: its state and where its processes were to be found."""
    _file(run_dir).unlink(missing_ok=True)
    shutil.rmtree(run_dir / "endpoints", ignore_errors=True)


def clean_up_after_a_kill(run_dir: Path) -> bool:
    """After a supervisor that ended without a word: see its processes gone and forget them. Whether there was one.

    They end by themselves; what is left after that, and still runs the command it was started with, is killed.
    """
    state = read_state(run_dir)
    if state is None:
        clear_state(run_dir)
        return False
    commands = {process.pid: process.command for process in state.processes if process.pid is not None}
    for pid in wait_until_gone(commands, 3.0):
        _kill_if_ours(pid, commands[pid])
    clear_state(run_dir)
    return True


def sweep_killed(runs: Path) -> None:
    """Delete what runs under `runs` left that were killed: their log holds messages, and nobody will ask for it.

    One that is alive has its supervisor; one that stopped in order, and was kept, has no state any more.
    """
    for state_file in runs.glob("*/stack.json"):
        run_dir = state_file.parent
        if not is_supervised(run_dir) and clean_up_after_a_kill(run_dir):
            shutil.rmtree(run_dir, ignore_errors=True)


def _kill_if_ours(pid: int, command: str) -> None:
    shown = subprocess.run(["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    if command and shown.stdout.strip() == command:
        os.kill(pid, signal.SIGKILL)
        wait_until_gone([pid], 5.0)
