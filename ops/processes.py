"""A stack: a Kafka, its topics, and the hub's processes, started in order, kept alive and stopped in order.

A worker that cannot make its work durable ends itself (exit 70, by design) and is started again here, at first at
once, then ever more slowly. Everything ends with the process that holds the `Stack`, even if that is killed.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from ops.children import Child, Children
from ops.embedded_kafka import EmbeddedKafka, KafkaDidNotStart
from ops.file_lock import Held
from ops.stack_state import (
    ProcessState,
    StackState,
    clean_up_after_a_kill,
    clear_state,
    take_stack,
    write_state,
)
from ops.supervised import Supervised
from ops.topics import Change, TopicsNotApplied, apply_topics, wanted_topics
from schemas.catalogue import AGENCIES
from schemas.settings import Settings

#: In the order of their start: who decides and who shows first, then time, then who accepts messages, then who counts.
ROLES = (
    "intake",
    "routing",
    "allocation",
    "cases",
    "clocks",
    "answers",
    "linkage",
    "view",
    "ticker",
    *(f"connector-{agency}" for agency in AGENCIES),
    "metrics",
    "registry",
)
#: Who else there may be: one who calls recipients, one who tells people, one who compares with the case system, each where
#: somebody has set it up, by the settings named here.
WHERE_CONFIGURED = {
    "delivery": "FRONTDOOR_RECIPIENTS_FILE",
    "notices": "FRONTDOOR_SMTP_URL or FRONTDOOR_WEBHOOK_URL",
    "reconciliation": "FRONTDOOR_RECONCILE_SOURCE",
}
#: Who runs beside a stack and is none of its processes: it says so when the stack has fallen, supervisor and all.
BESIDE = ("watchdog",)

Command = Callable[[str], Sequence[str]]

_CHECKOUT = Path(__file__).resolve().parent.parent
#: Seconds that a process gets to finish what it has begun.
_DRAIN = 10.0
#: Seconds between two complaints of what cannot be done for now.
_COMPLAIN_EVERY = 60.0
#: Seconds between tries to bring Kafka back.
_KAFKA_PAUSE = 10.0


class AlreadyRunning(Exception):
    """Another supervisor holds this run directory."""


class NotReady(Exception):
    """The stack did not become ready. Names who is missing and what its log ended with."""


def hub_command(role: str) -> list[str]:
    """How a role of the hub is started."""
    return [sys.executable, "-m", "ops.run", role]


def configured_roles(settings: Settings) -> tuple[str, ...]:
    """The processes of a hub with these settings. Nobody is sent notices where no channel is configured, or called where there
    is no recipients file; nothing is reconciled without a source."""
    # Here, not above: it loads what sends mail, which most who import this never do.
    from ops.notices.configured import is_configured

    wanted = {
        "delivery": settings.recipients_file is not None,
        "notices": is_configured(settings),
        "reconciliation": settings.reconcile_source is not None,
    }
    return (*ROLES, *(role for role in WHERE_CONFIGURED if wanted[role]))


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
        self._command = command
        self._kafka_restarts = 0
        self._clock = clock
        self._env = dict(env or {})
        self._say = say
        self._children = Children()
        self._roles = {
            name: Supervised(
                name,
                command(name),
                log=self.run_dir / "logs" / f"{name}.log",
                endpoint_file=Settings(run_dir=self.run_dir).endpoint_file(name),
                children=self._children,
                environment=self._environment,
                say=say,
            )
            for name in roles
        }
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._keeper: threading.Thread | None = None
        self._held: Held | None = None
        self._written: StackState | None = None
        self._complained = -_COMPLAIN_EVERY
        self._started_at = ""

    # -- what it is

    @property
    def bootstrap(self) -> str:
        """`host:port` of its Kafka. Raises `RuntimeError` before the start."""
        return self._bootstrap or (self.kafka.bootstrap if self.kafka else "")

    @property
    def settings(self) -> Settings:
        """The settings that its processes run under."""
        told = {name.removeprefix("FRONTDOOR_").lower(): value for name, value in self._env.items()}
        given: dict[str, Any] = {name: value for name, value in told.items() if name in Settings.model_fields}
        return Settings(**given | {"bootstrap_servers": self.bootstrap, "run_dir": self.run_dir, "clock": self._clock})

    def state(self) -> StackState:
        """What it is doing now."""
        with self._lock:
            processes = [role.describe() for role in self._roles.values()]
        if self.kafka is not None:
            log = str(self.run_dir / "kafka" / "node-1" / "broker.log")
            running = self.kafka.commands
            processes[:0] = [
                ProcessState("kafka", "ready", pid, self._kafka_restarts, None, log, command)
                for pid, command in running.items()
            ] or [ProcessState("kafka", "waiting to restart", None, self._kafka_restarts, None, log, "")]
        return StackState(
            supervisor=os.getpid(),
            started_at=self._started_at,
            bootstrap=self._bootstrap or (self.kafka.bootstrap if self.kafka and (self.kafka.pids or self.kafka.fallen) else ""),
            embedded=self.kafka is not None,
            clock=self._clock,
            processes=processes,
        )

    def pid(self, role: str) -> int:
        """The process id of a role. Raises `ProcessLookupError` while it does not run."""
        child = self._roles[role].child
        if child is None:
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
            self.left = apply_topics(self.bootstrap, wanted=wanted_topics(self.settings))
            for change in self.left:
                self._say(f"Topics: {change.line()}")
            if any(change.kind == "refused" for change in self.left):
                raise TopicsNotApplied("the topics of this cluster do not fit; `topics plan` shows them")
            with self._lock:
                for role in self._roles.values():
                    role.start()
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
                # Whoever is told of it may look at once.
                self._record()
                return
            if len(missing) != said:
                said = len(missing)
                self._say(f"{len(self._roles) - said} of {len(self._roles)} processes are ready")
            hopeless = [role for role in missing if role.hopeless]
            if hopeless or time.monotonic() > deadline:
                raise NotReady("\n".join(role.explain() for role in hopeless or missing))
            time.sleep(0.05)

    def stop(self, drain: float = _DRAIN) -> None:
        """SIGTERM to every process, SIGKILL after `drain` seconds, then Kafka. Does nothing on a stopped stack."""
        self._stopping.set()
        if self._keeper is not None and self._keeper is not threading.current_thread():
            self._keeper.join()
        with self._lock:
            running = [role.child for role in self._roles.values() if role.child is not None]
            for child in running:
                child.signal(signal.SIGTERM)
            end = time.monotonic() + drain
            for child in running:
                child.wait(max(0.0, end - time.monotonic()))
            self._children.close()
            for role in self._roles.values():
                role.forget()
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

    def send_signal(self, role: str, number: signal.Signals) -> None:
        """Send a signal to a role, if it runs."""
        child = self._roles[role].child
        if child is not None:
            child.signal(number)

    def second(self, role: str, instance: str) -> Child:
        """Start one more process of a role, under another name of its own; nobody starts it again. It ends with the stack."""
        log = self.run_dir / "logs" / f"{role}-{instance}.log"
        return self._children.spawn(
            self._command(role), log=log, env={**self._environment(), "FRONTDOOR_INSTANCE": instance}
        )

    def restart(self, role: str) -> None:
        """Stop a role in order and start it again at once."""
        with self._lock:
            self._roles[role].restart(_DRAIN)

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

    def _keep(self) -> None:
        """Notice who is ready and who has ended, until the stack stops."""
        while not self._stopping.wait(0.1):
            for role in self._roles.values():
                with self._or_later(), self._lock:
                    role.look_after()
            if self.kafka is not None and self.kafka.fallen:
                self._raise_kafka(self.kafka)
            with self._or_later():
                self._record()

    @contextmanager
    def _or_later(self) -> Iterator[None]:
        """What cannot be done now, on a full disk say, is tried again: without a keeper nothing would be started anew."""
        try:
            yield
        except OSError as error:
            if time.monotonic() - self._complained > _COMPLAIN_EVERY:
                self._complained = time.monotonic()
                with suppress(OSError):
                    self._say(f"the stack cannot be looked after: {error.strerror}; trying again")

    def _raise_kafka(self, kafka: EmbeddedKafka) -> None:
        with self._or_later():
            self._say("Kafka ended by itself; starting it again")
        with self._or_later():
            # Said before the wait, so that nobody takes it for ready meanwhile.
            self._record()
        self._kafka_restarts += 1
        try:
            kafka.restart(timeout=20.0)
        except (KafkaDidNotStart, OSError) as error:
            with self._or_later():
                self._say(str(error))
            self._stopping.wait(_KAFKA_PAUSE)

    def _record(self) -> None:
        with self._lock:
            state = self.state()
            if state != self._written:
                write_state(self.run_dir, state)
                self._written = state
