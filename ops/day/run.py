"""Runs a day from a folder: a stack of its own on the stepped clock, the driver, the audit, the result."""

import asyncio
import os
import shutil
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from ops.audit.auditor import audit
from ops.bootstrap_choice import named_bootstrap
from ops.day.beside import PartnerSystems
from ops.day.driver import DayDriver
from ops.day.log_watch import LogWatch
from ops.day.result import DayResult, collect
from ops.day.timetable import Line
from ops.durable_log import KafkaLog
from ops.processes import ROLES, Stack
from ops.rota import DEFAULT_ROTA, OnDuty, publish_rota, read_rota
from ops.stack_state import sweep_killed
from ops.supervisor import EXPLAINED
from schemas.settings import Settings

Say = Callable[[str], None]
Progress = Callable[[int, int, datetime], None]

#: Nobody reads a day's metrics or asks for its schemas, and every process costs a start.
_ROLES = tuple(role for role in ROLES if role not in ("metrics", "registry"))
_RUNS = Path(__file__).resolve().parents[2] / ".frontdoor" / "runs"


@contextmanager
def day_stack(  # type: ignore[no-untyped-def]
    run_dir: Path, start: datetime, rota: list[OnDuty], say: Say, environment: Mapping[str, str] | None = None
):
    """A stack whose clock stands at `start`, with a rota on duty; everything is gone afterwards. It delivers if its
    `environment` names a recipients file."""
    given = dict(environment or {})
    run_dir.mkdir(parents=True, exist_ok=True)
    stack = Stack(
        run_dir,
        named_bootstrap(),
        clock="stepped",
        roles=(*_ROLES, "delivery") if "FRONTDOOR_RECIPIENTS_FILE" in given else _ROLES,
        env={"FRONTDOOR_COMMIT_INTERVAL_SECONDS": "0.2", **given},
        say=say,
    )
    from ops.clocks import stepped_clock

    stepped_clock(Settings(run_dir=run_dir)).set(start)
    with stack:
        put_on_duty(stack.settings, rota, start - timedelta(days=1))
        yield stack


def put_on_duty(settings: Settings, rota: list[OnDuty], at: datetime) -> None:
    """Publish a rota on the log, as from `at`. Raises `NotDurable`."""
    asyncio.run(_put_on_duty(settings, rota, at))


async def _put_on_duty(settings: Settings, rota: list[OnDuty], at: datetime) -> None:
    log = KafkaLog(settings.bootstrap_servers, "frontdoor-rota")
    try:
        await publish_rota(log, settings.team, rota, at, settings.hash_key)
    finally:
        log.close()


def new_run_dir() -> Path:
    """A folder for one run alone; what killed runs have left is deleted on the way."""
    sweep_killed(_RUNS)
    return _RUNS / f"{os.getpid()}-{uuid.uuid4().hex[:8]}"


def run_day(
    lines: list[Line],
    *,
    rota_file: Path | None = None,
    run_dir: Path | None = None,
    keep: bool = False,
    say: Say = lambda line: None,
    progress: Progress = lambda done, total, at: None,
    partners: PartnerSystems | None = None,
) -> tuple[DayResult, Path]:
    """Drive the lines; `partners` are the partner systems beside the stack, which are closed at the end.

    Returns the result and the run's folder, which is deleted unless `keep`, or unless the stack could not start: its
    explanation, one of `EXPLAINED`, names the logs there.
    """
    run_dir = run_dir or new_run_dir()
    began = time.monotonic()
    rota = read_rota(rota_file or DEFAULT_ROTA)
    try:
        with day_stack(run_dir, lines[0].at, rota, say, partners.environment if partners else None) as stack:
            watch = LogWatch(stack.bootstrap)
            try:
                if partners:
                    partners.begin(stack.settings)
                driver = DayDriver(stack.settings, watch, partners=partners, progress=progress)
                driver.start_at(lines[0].at)
                set_up = time.monotonic()
                say(f"Set-up took {set_up - began:.1f} s. The day begins.")
                driver.run(lines)
                if partners:
                    partners.end()
                result = collect(driver, watch)
                result.setup_seconds = set_up - began
                result.day_seconds = time.monotonic() - set_up
                say("The day is over. The auditor re-reads the log.")
                verdict = audit(stack.bootstrap, journal_dir=run_dir / "journal", now=lines[-1].at, stepped=True)
                result.audit = verdict.model_dump(mode="json")
            finally:
                watch.close()
        return result, run_dir
    except EXPLAINED:
        keep = True
        raise
    finally:
        if partners:
            partners.close()
        if not keep:
            shutil.rmtree(run_dir, ignore_errors=True)
