"""A stack: a Kafka, its topics, and the hub's processes, started in order, kept alive and stopped in order.

A worker that cannot make its work durable ends itself (exit 70, by design) and is started again here, at first at
once, then ever more slowly. Everything ends with the process that holds the `Stack`, even if that is killed.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from ops.children import CannotStart, Child, Children
from ops.embedded_kafka import EmbeddedKafka, KafkaDidNotStart
from ops.endpoints import endpoint
from ops.file_lock import Held
from ops.stack_state import (
    ProcessState,
    RoleState,
    StackState,
    clean_up_after_a_kill,
    clear_state,
    take_stack,
    write_state,
)
from ops.topics import Change, TopicsNotApplied, apply_topics
from schemas.settings import Settings

#: In the order of their start: who decides and who shows first, then time, then who accepts messages.
ROLES = (
    "intake",
    "routing",
    "allocation",
    "cases",
    "answers",
    "view",
    "ticker",
    "connector-health",
    "connector-education",
    "connector-police",
    "connector-social_care",
)

Command = Callable[[str], Sequence[str]]

_CHECKOUT = Path(__file__).resolve().parent.parent
_DRAIN = 10.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 10.0
#: A process that lived so long has recovered: its next restart is at once again.
_HEALTHY_AFTER = 30.0
#: One that ended so often without ever being ready will not be.
_HOPELESS_AFTER = 5
_LOG_LIMIT = 10_000_000


class AlreadyRunning(Exception):
    """Another supervisor holds this run directory."""


class NotReady(Exception):
    """The stack did not become ready. Names who is missing and what its log ended with."""


def hub_command(role: str) -> list[str]:
    """How a role of the hub is started."""
    return [sys.executable, "-m", "ops.run", role]


class _Role:
    """One supervised process and its history."""

    def __init__(self, name: str, log: Path, command: Sequence[str]) -> None:
        self.name = name
        self.log = log
        self.command = list(command)
        self.child: Child | None = None
        self.started = 0.0
        self.restarts = 0
        self.failures = 0
        self.last_exit: int | None = None
        self.next_start = 0.0
        self.announced: dict[str, str] | None = None

    @property
    def running(self) -> bool:
        return self.child is not None and self.child.returncode is None

    @property
    def state(self) -> RoleState:
        if self.running:
            return "starting" if self.announced is None else "ready"
        return "stopped" if self.child is None and self.next_start == 0.0 else "waiting to restart"

    def describe(self) -> ProcessState:
        child = self.child if self.running else None
        return ProcessState(
            name=self.name,
            state=self.state,
            pid=child.pid if child else None,
            restarts=self.restarts,
            last_exit=self.last_exit,
            log=str(self.log),
            command=child.command if child else "",
            urls=self.announced or {},
        )

    def last_words(self) -> str:
        try:
            lines = self.log.read_text(errors="replace").splitlines()
        except OSError:
            lines = []
        return "\n".join(f"    {line}" for line in lines[-5:])


class Stack:
    """A running hub in `run_dir`. With `bootstrap` None it has a Kafka of its own there.

    `command` turns a role into what to run; `env` goes over this process's environment; `say` gets progress lines.
    """

    def __init__(
        self,
        run_dir: Path,
        bootstrap: str | None = None,
        *,
        clock: Literal["system", "stepped"] = "system",
        roles: Sequence[str] = ROLES,
        command: Command = hub_command,
        env: Mapping[str, str] | None = None,
        say: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.run_dir = run_dir.resolve()
        self.kafka = EmbeddedKafka(self.run_dir / "kafka") if bootstrap is None else None
        self.left: list[Change] = []
        self._bootstrap = bootstrap
        self._clock = clock
        self._env = dict(env or {})
        self._say = say
        self._children = Children()
        self._roles = {name: _Role(name, self.run_dir / "logs" / f"{name}.log", command(name)) for name in roles}
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._keeper: threading.Thread | None = None
        self._held: Held | None = None
        self._written: StackState | None = None
        self._started_at = ""

    # -- what it is

    @property
    def bootstrap(self) -> str:
        """`host:port` of its Kafka. Raises `RuntimeError` before the start."""
        return self._bootstrap or (self.kafka.bootstrap if self.kafka else "")

    @property
    def settings(self) -> Settings:
        """The settings that its processes run under."""
        return Settings(bootstrap_servers=self.bootstrap, run_dir=self.run_dir, clock=self._clock)

    def state(self) -> StackState:
        """What it is doing now."""
        with self._lock:
            processes = [role.describe() for role in self._roles.values()]
        if self.kafka is not None:
            log = str(self.run_dir / "kafka" / "node-1" / "broker.log")
            running = self.kafka.commands
            processes[:0] = [
                ProcessState("kafka", "ready", pid, 0, None, log, command) for pid, command in running.items()
            ] or [ProcessState("kafka", "waiting to restart", None, 0, None, log, "")]
        return StackState(
            supervisor=os.getpid(),
            started_at=self._started_at,
            bootstrap=self._bootstrap or (self.kafka.bootstrap if self.kafka and self.kafka.pids else ""),
            embedded=self.kafka is not None,
            clock=self._clock,
            processes=processes,
        )

    def pid(self, role: str) -> int:
        """The process id of a role. Raises `ProcessLookupError` while it does not run."""
        child = self._roles[role].child
        if child is None or child.returncode is not None:
            raise ProcessLookupError(role)
        return child.pid

    # -- its life

    def start(self, ready_timeout: float | None = 120.0) -> None:
        """Start everything and wait until it is ready (not with `ready_timeout` None).

        Raises `AlreadyRunning`, `NotReady`, `KafkaDidNotStart`, `TopicsNotApplied`, `ops.topics.ClusterUnavailable`;
        nothing is left running then.
        """
        self.run_dir.mkdir(parents=True, exist_ok=True)
        self._held = take_stack(self.run_dir)
        if self._held is None:
            raise AlreadyRunning(f"a supervisor is already running in {self.run_dir}")
        self._stopping.clear()
        try:
            if clean_up_after_a_kill(self.run_dir):
                self._say("An earlier run was killed; its traces are cleaned up.")
            self._started_at = datetime.now(UTC).isoformat(timespec="seconds")
            self._record()
            self._start_kafka()
            self.left = apply_topics(self.bootstrap)
            for change in self.left:
                self._say(f"Topics: {change.line()}")
            if any(change.kind == "refused" for change in self.left):
                raise TopicsNotApplied("the topics of this cluster do not fit; `topics plan` shows them")
            with self._lock:
                for role in self._roles.values():
                    self._spawn(role)
            self._keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)
            self._keeper.start()
            if ready_timeout is not None:
                self.wait_ready(ready_timeout)
        except BaseException:
            self.stop(drain=0.0)
            raise

    def wait_ready(self, timeout: float) -> None:
        """Until every role has announced itself. Raises `NotReady` after `timeout` seconds, or when one is hopeless."""
        deadline = time.monotonic() + timeout
        said = -1
        while True:
            missing = [role for role in self._roles.values() if role.state != "ready"]
            if not missing:
                return
            if len(missing) != said:
                said = len(missing)
                self._say(f"{len(self._roles) - said} of {len(self._roles)} processes are ready")
            hopeless = [role for role in missing if role.failures >= _HOPELESS_AFTER]
            if hopeless or time.monotonic() > deadline:
                raise NotReady(self._explain(hopeless or missing))
            time.sleep(0.05)

    def stop(self, drain: float = _DRAIN) -> None:
        """SIGTERM to every process, SIGKILL after `drain` seconds, then Kafka. Does nothing on a stopped stack."""
        self._stopping.set()
        if self._keeper is not None and self._keeper is not threading.current_thread():
            self._keeper.join()
        with self._lock:
            running = [role.child for role in self._roles.values() if role.child is not None and role.running]
            for child in running:
                child.signal(signal.SIGTERM)
            end = time.monotonic() + drain
            for child in running:
                child.wait(max(0.0, end - time.monotonic()))
            self._children.close()
            for role in self._roles.values():
                role.child, role.next_start = None, 0.0
        if self.kafka is not None:
            self.kafka.stop()
        if self._held is not None:
            clear_state(self.run_dir)
            self._held.release()
            self._held = None

    def __enter__(self) -> "Stack":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # -- for tests and drills

    def kill(self, role: str) -> None:
        """End a role with SIGKILL; it is started again like any other that ends."""
        child = self._roles[role].child
        if child is not None:
            child.signal(signal.SIGKILL)
            child.wait(5.0)

    def restart(self, role: str) -> None:
        """Stop a role in order and start it again at once."""
        with self._lock:
            one = self._roles[role]
            if one.child is not None:
                one.last_exit = one.child.stop(_DRAIN)
            one.restarts += 1
            self._spawn(one)

    # -- inside

    def _start_kafka(self) -> None:
        if self.kafka is not None:
            self._say("Starting Kafka …")
            self.kafka.start()

    def _environment(self) -> dict[str, str]:
        path = os.pathsep.join(filter(None, (str(_CHECKOUT), os.environ.get("PYTHONPATH"))))
        ours = {
            "FRONTDOOR_BOOTSTRAP_SERVERS": self.bootstrap,
            "FRONTDOOR_RUN_DIR": str(self.run_dir),
            "FRONTDOOR_CLOCK": self._clock,
            "PYTHONPATH": path,
            "PYTHONUNBUFFERED": "1",
        }
        return {**os.environ, **self._env, **ours}

    def _spawn(self, role: _Role) -> None:
        role.announced = None
        self.settings.endpoint_file(role.name).unlink(missing_ok=True)
        if role.log.exists() and role.log.stat().st_size > _LOG_LIMIT:
            os.replace(role.log, role.log.with_suffix(".log.1"))
        role.started = time.monotonic()
        role.child = self._children.spawn(role.command, log=role.log, env=self._environment())

    def _keep(self) -> None:
        """Notice who is ready and who has ended, until the stack stops."""
        while not self._stopping.wait(0.1):
            with self._lock:
                for role in self._roles.values():
                    self._look_after(role)
            if self.kafka is not None and self.kafka.fallen:
                self._raise_kafka(self.kafka)
            self._record()

    def _look_after(self, role: _Role) -> None:
        if role.running:
            if role.announced is None:
                self._look_for_announcement(role)
        elif role.child is not None:
            role.last_exit, role.child = role.child.returncode, None
            healthy = time.monotonic() - role.started > _HEALTHY_AFTER
            role.failures = 0 if role.announced is not None and healthy else role.failures + 1
            pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** max(0, role.failures - 1))
            role.next_start = time.monotonic() + pause
            self._say(f"{role.name} ended with code {role.last_exit}; starting it again in {pause:.1f} s")
        elif role.next_start and time.monotonic() >= role.next_start:
            role.restarts += 1
            try:
                self._spawn(role)
            except CannotStart as error:
                role.next_start = time.monotonic() + _LONGEST_PAUSE
                self._say(f"{role.name} cannot be started: {error}")

    def _look_for_announcement(self, role: _Role) -> None:
        assert role.child is not None
        found = endpoint(self.settings, role.name)
        # Not the word of an earlier process of that name.
        if found is not None and found.get("pid") == role.child.pid:
            role.announced = {str(name): str(url) for name, url in found.get("urls", {}).items()}

    def _raise_kafka(self, kafka: EmbeddedKafka) -> None:
        self._say("Kafka ended by itself; starting it again")
        try:
            kafka.restart(timeout=20.0)
        except KafkaDidNotStart as error:
            self._say(str(error))
            self._stopping.wait(_LONGEST_PAUSE)

    def _record(self) -> None:
        state = self.state()
        if state != self._written:
            write_state(self.run_dir, state)
            self._written = state

    def _explain(self, missing: Sequence[_Role]) -> str:
        parts = []
        for role in missing:
            code = "" if role.last_exit is None else f", last ended with code {role.last_exit}"
            parts.append(f"{role.name} is not ready ({role.state}{code}). Its log, {role.log}, ends:\n{role.last_words()}")
        return "\n".join(parts)
