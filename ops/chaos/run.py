"""One run: a stack under load and faults, then peace, then the audit, the verdict on the ledger, and the replay."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaException

from ops.audit.auditor import audit
from ops.chaos.clock_hand import ClockHand
from ops.chaos.injection import Injection
from ops.chaos.ledger import Ledger
from ops.chaos.next_release import know_the_next, schemas_folder, write_schemas
from ops.chaos.partners import Partners
from ops.chaos.plan import KINDS, TRACKS, Fault, schedule
from ops.chaos.proxy import Proxy
from ops.chaos.recipients import Recipients
from ops.chaos.replayed import replay
from ops.chaos.space import CannotMount, Space
from ops.clocks import SteppedClock, stepped_clock
from ops.day.log_watch import DayStuck, LogWatch
from ops.day.run import put_on_duty
from ops.day.settling import Settling
from ops.embedded_kafka import EmbeddedKafka
from ops.processes import ROLES, Stack
from ops.rota import DEFAULT_ROTA, read_rota
from schemas.catalogue import AGENCIES
from schemas.london import civil_date, midnight_after
from schemas.settings import Settings
from schemas.ticks import ticked_at, ticked_file

#: The evenings before the two nights on which London's clocks change: every run passes one of them.
STARTS = (datetime(2026, 3, 27, 18, 0, tzinfo=UTC), datetime(2026, 10, 23, 18, 0, tzinfo=UTC))
#: Megabytes of the small file system under the broker.
_SPACE = 2000
#: Seconds that a sender goes on asking for an acknowledgement after the last fault.
_PATIENCE = 90.0
#: Seconds of draining until it is said what is still behind.
_NEWS = 30.0
_DELIVERY = {"frontdoor-delivery": ("deliveries", *(f"outbound.{agency}" for agency in AGENCIES))}
_VERDICT = Path(__file__).with_name("verdict.py")


@dataclass(frozen=True)
class Options:
    """What to run. `only` limits the kinds of faults, `targets` whom they hit; `sabotage` takes a protection away, see
    `ops.chaos.sabotaged`. After the last fault everything gets `settle` seconds to drain. `patient`: a process that is down
    is not hit before it is up again."""

    seed: int
    seconds: float
    nodes: int
    rate: float
    run_dir: Path
    only: Sequence[str] = ()
    sabotage: str = ""
    settle: float = 240.0
    targets: Sequence[str] = ()
    patient: bool = False


def run(options: Options, say: Callable[[str], None], progress: Callable[[int, int, str], None]) -> dict[str, Any]:
    """Run, and return what was found: `ok`, what the ledger's program, the audit and the replay say, whether the hub got
    `stuck` and did not drain.

    Raises as `EmbeddedKafka.start`, `Stack.start` and `replay` do, and `KafkaDidNotStart` when a broker does not come back.
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
        write_schemas(run_dir)
        know_the_next(run_dir)
        ending.callback(know_the_next, None)
        ledger = Ledger(run_dir / "ledger.jsonl")
        ending.callback(ledger.close)
        recipients = Recipients(run_dir / "recipients", ledger)
        ending.callback(recipients.close)
        stack = _stack(run_dir, kafka.bootstrap, options, recipients.file)
        clock, start = stepped_clock(Settings(run_dir=run_dir)), STARTS[options.seed % 2]
        clock.set(start)
        ending.enter_context(stack)
        put_on_duty(stack.settings, read_rota(DEFAULT_ROTA), start - timedelta(days=1))
        watch = LogWatch(stack.bootstrap)
        ending.callback(watch.close)
        partners = Partners(
            stack.settings, run_dir / "messages", ledger, watch, seed=options.seed, rate=options.rate, now=clock.now
        )
        hand = ClockHand(clock)
        injection = Injection(
            stack, kafka, proxy, space, recipients, hand, {"poison": partners.poison, "duplicate-storm": partners.storm}
        )
        partners.start()
        hand.start()
        patience = 0.0
        try:
            _harm(injection, _faults(options, space), ledger, progress, options.patient)
            patience = _PATIENCE
        finally:
            injection.heal()
            hand.stop()
            partners.stop(patience)
        say("No more faults; the hub drains.")
        settling = Settling(stack.bootstrap, watch, _DELIVERY)
        ending.callback(settling.close)
        stuck = _drain(clock, run_dir, watch, settling, options.settle, say)
        recipients.write_down_the_folder()
        ledger.write("clock", hub=clock.now().isoformat(), began=start.isoformat())
        say("The auditor re-reads the log, and the ledger is compared with it.")
        verdict = audit(stack.bootstrap, journal_dir=run_dir / "journal", now=clock.now(), stepped=True)
        judged = judge(stack.bootstrap, run_dir / "ledger.jsonl", schemas_folder(run_dir))
        say("Everything is decided again, undisturbed, and compared with the log.")
        replayed = replay(stack.settings)
    return {
        "ok": verdict.ok and judged["ok"] and replayed["ok"] and not stuck,
        "seed": options.seed,
        "nodes": options.nodes,
        "sabotage": options.sabotage,
        "seconds": round(time.monotonic() - began),
        "stuck": stuck,
        "ledger": judged,
        "audit": verdict.model_dump(mode="json"),
        "replay": replayed,
    }


def judge(bootstrap: str, ledger: Path, schemas: Path) -> dict[str, Any]:
    """What the program that imports nothing of ours says. Raises `RuntimeError` if it could not look."""
    command = [sys.executable, "-I", str(_VERDICT), "--bootstrap", bootstrap, "--ledger", str(ledger), "--schemas", str(schemas)]
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


def _stack(run_dir: Path, bootstrap: str, options: Options, recipients: Path) -> Stack:
    sabotage = [options.sabotage] if options.sabotage else []
    return Stack(
        run_dir,
        bootstrap,
        clock="stepped",
        roles=[*(role for role in ROLES if role not in ("view", "metrics", "registry")), "delivery"],
        command=lambda role: [sys.executable, "-m", "ops.chaos.process", role, *sabotage],
        env={
            "FRONTDOOR_COMMIT_INTERVAL_SECONDS": "0.2",
            "FRONTDOOR_SESSION_TIMEOUT_SECONDS": "8",
            "FRONTDOOR_RECIPIENTS_FILE": str(recipients),
            "FRONTDOOR_NEWER_SCHEMAS": str(schemas_folder(run_dir)),
        },
        say=lambda line: None,
    )


def _faults(options: Options, space: Space | None) -> list[Fault]:
    without = set() if space is not None else {"disk-full"}
    if options.only:
        without |= set(KINDS) - set(options.only)
    return schedule(options.seed, options.seconds, options.nodes, without, options.targets)


def _harm(
    injection: Injection, faults: list[Fault], ledger: Ledger, progress: Callable[[int, int, str], None], patient: bool
) -> None:
    """Every track's faults beside the others'. Raises what the first failure raises."""
    ended: list[int] = []

    def track(mine: list[Fault]) -> None:
        for fault in mine:
            progress(len(ended), len(faults), f"{fault.kind} {fault.target}".strip())
            if patient:
                injection.until_up(fault.target)
            if injection.rest(fault.pause):
                return
            facts = {"number": fault.number, "target": fault.target, "lasts": fault.seconds}
            started = time.time()
            kind = injection.do(fault)
            ledger.write("fault", kind=kind, **facts, started_at=started, ended_at=time.time())
            ended.append(fault.number)

    with ThreadPoolExecutor(len(TRACKS)) as threads:
        tracks = [threads.submit(track, [fault for fault in faults if fault.track == name]) for name in TRACKS]
        try:
            for done in as_completed(tracks):
                done.result()
        except BaseException:
            injection.give_up()
            raise
    progress(len(ended), len(faults), "")


def _drain(
    clock: SteppedClock, run_dir: Path, watch: LogWatch, settling: Settling, seconds: float, say: Callable[[str], None]
) -> str:
    """Until everything is done, past the midnight at which the clocks of all that came are due, and one more. Returns who
    did not get there, empty when all did."""
    ticked = ticked_file(run_dir)
    try:
        _settle(settling, seconds, say)
        for _ in range(2):
            to = midnight_after(civil_date(clock.now())) + timedelta(minutes=5)
            clock.set(to)
            watch.wait_for("the ticks of the next day", lambda day=to: ticked_at(ticked) == day, min(60.0, seconds))  # type: ignore[misc]
            _settle(settling, seconds, say)
    except DayStuck as stuck:
        # Time passes all the same: what should have been done by then is missing now.
        clock.set(midnight_after(civil_date(clock.now())) + timedelta(minutes=5))
        return str(stuck)
    return ""


def _settle(settling: Settling, seconds: float, say: Callable[[str], None]) -> None:
    """Until nothing is behind; says now and then what still is. A partition whose leader moves while it is asked is asked again.
    Raises `DayStuck`."""
    deadline = time.monotonic() + seconds
    while True:
        left = max(0.0, deadline - time.monotonic())
        try:
            settling.settle(min(left, _NEWS))
            return
        except KafkaException as error:
            if not left:
                raise DayStuck(f"the broker does not say where its topics end: {error.args[0].name()}") from None
            time.sleep(0.5)
        except DayStuck as stuck:
            if not left:
                raise DayStuck(f"not drained after {seconds:.0f} s; at last {stuck}") from None
            say(f"Not drained yet: {stuck}")
