"""One run: a stack under load and faults, then peace, then the audit and the verdict on the ledger."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ops.audit.auditor import audit
from ops.chaos.injection import Injection
from ops.chaos.ledger import Ledger
from ops.chaos.partners import Partners
from ops.chaos.plan import KINDS, Fault, schedule
from ops.chaos.proxy import Proxy
from ops.chaos.space import CannotMount, Space
from ops.clocks import SteppedClock, stepped_clock
from ops.day.log_watch import LogWatch
from ops.day.run import put_on_duty
from ops.day.settling import Settling
from ops.embedded_kafka import EmbeddedKafka
from ops.processes import ROLES, Command, Stack, hub_command
from ops.rota import DEFAULT_ROTA, read_rota
from schemas.avro import AVSC
from schemas.london import civil_date, midnight_after
from schemas.settings import Settings
from schemas.ticks import ticked_at, ticked_file

START = datetime(2026, 5, 1, 17, 0, tzinfo=UTC)
#: The hub's time runs so much faster than ours: a London day passes in about a minute and a half.
_FASTER = 960
_CLOCK_STEP = 0.5
#: Megabytes of the small file system under the broker.
_SPACE = 2000
#: Seconds that everything gets to drain after the last fault.
_SETTLE = 240.0
_VERDICT = Path(__file__).with_name("verdict.py")


@dataclass(frozen=True)
class Options:
    """What to run. `only` limits the kinds of faults; `sabotage` takes a protection away, see `ops.chaos.sabotaged`."""

    seed: int
    seconds: float
    nodes: int
    rate: float
    run_dir: Path
    only: Sequence[str] = ()
    sabotage: str = ""


class ClockHand(threading.Thread):
    """Moves the hub's clock on while a run lasts."""

    def __init__(self, clock: SteppedClock) -> None:
        super().__init__(name="clock", daemon=True)
        self._clock = clock
        self._ended = threading.Event()

    def run(self) -> None:
        """Until told to stop."""
        while not self._ended.wait(_CLOCK_STEP):
            self._clock.set(self._clock.now() + timedelta(seconds=_CLOCK_STEP * _FASTER))

    def stop(self) -> None:
        """Time stands still from now on."""
        self._ended.set()
        self.join()


def run(options: Options, say: Callable[[str], None], progress: Callable[[int, int, str], None]) -> dict[str, Any]:
    """Run, and return what was found: `ok`, what the ledger's program and the audit say, and the faults by kind.

    Raises as `EmbeddedKafka.start` and `Stack.start` do, and `DayStuck` when the hub does not drain.
    """
    run_dir = options.run_dir
    run_dir.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    with ExitStack() as ending:
        space = _space(run_dir / "kafka", options, say)
        if space is not None:
            ending.callback(space.close)
        proxy, kafka = _broker(run_dir / "kafka", options.nodes)
        if proxy is not None:
            ending.callback(proxy.close)
        kafka.start()
        ending.callback(kafka.stop)
        stack = _stack(run_dir, kafka.bootstrap, options, say)
        clock = stepped_clock(Settings(run_dir=run_dir))
        clock.set(START)
        ending.enter_context(stack)
        put_on_duty(stack.settings, read_rota(DEFAULT_ROTA), START - timedelta(days=1))
        ledger = Ledger(run_dir / "ledger.jsonl")
        ending.callback(ledger.close)
        watch = LogWatch(stack.bootstrap)
        ending.callback(watch.close)
        partners = Partners(
            stack.settings, run_dir / "messages", ledger, watch, seed=options.seed, rate=options.rate, now=clock.now
        )
        injection = Injection(stack, kafka, proxy, space, {"poison": partners.poison, "duplicate-storm": partners.storm})
        hand = ClockHand(clock)
        partners.start()
        hand.start()
        try:
            _harm(injection, _faults(options, space), ledger, progress)
        finally:
            injection.heal()
            hand.stop()
            partners.stop(patience=90.0)
        say("No more faults; the hub drains.")
        settling = Settling(stack.bootstrap, watch)
        ending.callback(settling.close)
        settling.settle(_SETTLE)
        # Past the midnight at which the clocks of all that came are due, and one more.
        for _ in range(2):
            _next_day(clock, ticked_file(run_dir), watch, settling)
        say("The auditor re-reads the log, and the ledger is compared with it.")
        verdict = audit(stack.bootstrap, journal_dir=run_dir / "journal", now=clock.now(), stepped=True)
        judged = judge(stack.bootstrap, run_dir / "ledger.jsonl")
    return {
        "ok": verdict.ok and judged["ok"],
        "seed": options.seed,
        "nodes": options.nodes,
        "sabotage": options.sabotage,
        "seconds": round(time.monotonic() - began),
        "ledger": judged,
        "audit": verdict.model_dump(mode="json"),
    }


def judge(bootstrap: str, ledger: Path) -> dict[str, Any]:
    """What the program that imports nothing of ours says. Raises `RuntimeError` if it could not look."""
    command = [sys.executable, "-I", str(_VERDICT), "--bootstrap", bootstrap, "--ledger", str(ledger), "--schemas", str(AVSC)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        found: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise RuntimeError(f"the verdict on the ledger failed: {done.stderr[-500:]}") from None
    return found


def _space(directory: Path, options: Options, say: Callable[[str], None]) -> Space | None:
    if options.nodes != 1 or (options.only and "disk-full" not in options.only):
        return None
    try:
        return Space(directory, _SPACE)
    except CannotMount as error:
        say(f"No full disks in this run, they need a file system of their own: {error}")
        return None


def _broker(directory: Path, nodes: int) -> tuple[Proxy | None, EmbeddedKafka]:
    if nodes != 1:
        return None, EmbeddedKafka(directory, nodes)
    proxy = Proxy(lambda: kafka.client_port())
    kafka = EmbeddedKafka(directory, advertised=[proxy.port])
    return proxy, kafka


def _stack(run_dir: Path, bootstrap: str, options: Options, say: Callable[[str], None]) -> Stack:
    command: Command = hub_command
    if options.sabotage:
        command = lambda role: [sys.executable, "-m", "ops.chaos.sabotaged", options.sabotage, role]  # noqa: E731
    return Stack(
        run_dir,
        bootstrap,
        clock="stepped",
        roles=[role for role in ROLES if role not in ("metrics", "registry")],
        command=command,
        env={"FRONTDOOR_COMMIT_INTERVAL_SECONDS": "0.2", "FRONTDOOR_SESSION_TIMEOUT_SECONDS": "6"},
        say=lambda line: None,
    )


def _faults(options: Options, space: Space | None) -> list[Fault]:
    without = set() if space is not None else {"disk-full"}
    if options.only:
        without |= set(KINDS) - set(options.only)
    return schedule(options.seed, options.seconds, options.nodes, without)


def _harm(injection: Injection, faults: list[Fault], ledger: Ledger, progress: Callable[[int, int, str], None]) -> None:
    for fault in faults:
        progress(fault.number, len(faults), f"{fault.kind} {fault.target}".strip())
        time.sleep(fault.pause)
        started = time.time()
        injection.do(fault)
        ledger.write("fault", number=fault.number, kind=fault.kind, target=fault.target, started_at=started, ended_at=time.time())
    progress(len(faults), len(faults), "")


def _next_day(clock: SteppedClock, ticked: Path, watch: LogWatch, settling: Settling) -> None:
    """Past the next midnight, with its tick in every partition."""
    to = midnight_after(civil_date(clock.now())) + timedelta(minutes=5)
    clock.set(to)
    watch.wait_for("the ticks of the next day", lambda: ticked_at(ticked) == to, 60.0)
    settling.settle(_SETTLE)
