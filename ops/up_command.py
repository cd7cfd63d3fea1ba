"""`frontdoor up`, `status` and `down`: the whole hub on the system's clock, in the background or here."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from ops.processes import WHERE_CONFIGURED
from ops.stack_state import StackState, clean_up_after_a_kill, is_supervised, read_state
from ops.supervisor import hold, up_stack
from ops.view.terminal import console
from schemas.settings import Settings

_TIME = re.compile(r"^\d{4}-\d\d-\d\dT\S+ ")
_START_LIMIT = 300.0
_STOP_LIMIT = 60.0

Json = Annotated[bool, typer.Option("--json", help="One JSON object for programs.")]


def up(
    foreground: Annotated[bool, typer.Option("--foreground", help="Stay here and stop with Ctrl-C.")] = False,
) -> None:
    """Start the hub: a Kafka (or the one that KAFKA_BOOTSTRAP_SERVERS names), its topics, every process.

    Exit code: 0 it is up (also if it was up before), 1 it could not start.
    """
    run_dir = Settings().run_dir.resolve()
    if is_supervised(run_dir):
        typer.echo(f"Already up, in {run_dir}.")
        _show(read_state(run_dir))
        return
    if foreground:
        raise typer.Exit(hold(up_stack(run_dir, typer.echo), typer.echo))
    _up_in_the_background(run_dir)
    _show(read_state(run_dir))


def status(as_json: Json = False) -> None:
    """Show every process: whether it is ready, where it listens, how often it was started again.

    Exit code: 0 everything is ready, 1 something is not, 3 the hub is not up.
    """
    run_dir = Settings().run_dir.resolve()
    running, state = is_supervised(run_dir), read_state(run_dir)
    if as_json:
        typer.echo(json.dumps(_as_json(run_dir, running, state), indent=2))
    elif running:
        _show(state)
    elif state is not None:
        typer.echo(f"Not up. The supervisor of {run_dir} ended without stopping (killed?); `up` cleans up after it.")
    else:
        typer.echo("Not up. `up` starts it.")
    raise typer.Exit(3 if not running else 0 if state is not None and state.ready else 1)


def down() -> None:
    """Stop the hub: every process finishes what it has begun, then Kafka. What is stored stays.

    Exit code: 0 it is down (also if it was before), 1 it would not stop.
    """
    run_dir = Settings().run_dir.resolve()
    if not is_supervised(run_dir):
        cleaned = clean_up_after_a_kill(run_dir)
        typer.echo("Not up." + (" Traces of a killed run are cleaned up." if cleaned else ""))
        return
    state = read_state(run_dir)
    if state is None:
        typer.echo("It is only just starting; try again in a moment.", err=True)
        raise typer.Exit(1)
    os.kill(state.supervisor, signal.SIGTERM)
    if not _until(lambda: not is_supervised(run_dir), _STOP_LIMIT):
        typer.echo(f"Process {state.supervisor} has not stopped within {_STOP_LIMIT:.0f} s.", err=True)
        raise typer.Exit(1)
    typer.echo("Down. What was stored stays in " + str(run_dir))


def _up_in_the_background(run_dir: Path) -> None:
    log = run_dir / "logs" / "supervisor.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    begin = log.stat().st_size if log.exists() else 0
    with log.open("ab") as output:
        daemon = subprocess.Popen(
            [sys.executable, "-m", "ops.supervisor"],
            env={**os.environ, "FRONTDOOR_RUN_DIR": str(run_dir)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        with log.open("rb") as lines:
            lines.seek(begin)
            ready = _until(lambda: _relay(lines, daemon, run_dir), _START_LIMIT)
    except KeyboardInterrupt:
        daemon.terminate()
        daemon.wait(_STOP_LIMIT)
        raise
    if not ready or daemon.poll() is not None:
        typer.echo(f"It could not start. The whole log: {log}", err=True)
        raise typer.Exit(1)


def _relay(lines: Any, daemon: "subprocess.Popen[bytes]", run_dir: Path) -> bool:
    """Show what the supervisor has said meanwhile; whether there is nothing left to wait for."""
    ended = daemon.poll() is not None
    state = read_state(run_dir)
    while line := lines.readline():
        typer.echo(_TIME.sub("", line.decode(errors="replace").rstrip()))
    return ended or (state is not None and state.supervisor == daemon.pid and state.ready)


def _until(condition: Any, limit: float) -> bool:
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False


def _as_json(run_dir: Path, running: bool, state: StackState | None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "up": running,
        "ready": running and state is not None and state.ready,
        "stale": not running and state is not None,
        "run_dir": str(run_dir),
    }
    return found | asdict(state) | {"not_set_up": _not_set_up(state)} if running and state is not None else found


def _show(state: StackState | None) -> None:
    if state is None:
        typer.echo("It is only just starting.")
        return
    table = Table("process", "state", "pid", "restarts", "listens on", box=None, header_style="bold")
    for each in state.processes:
        urls = "  ".join(f"{name} {url}" for name, url in each.urls.items())
        listens = state.bootstrap if each.name == "kafka" else urls
        table.add_row(each.name, each.state, str(each.pid or "-"), str(each.restarts), listens)
    console().print(table)
    if not state.embedded:
        typer.echo(f"Kafka: {state.bootstrap} (not ours to stop)")
    for role, settings in _not_set_up(state).items():
        typer.echo(f"{role} does not run: {settings} was not set when this hub was started")


def _not_set_up(state: StackState) -> dict[str, str]:
    """The processes that this hub could have and does not, and by what each is set up."""
    names = {each.name for each in state.processes}
    return {role: settings for role, settings in WHERE_CONFIGURED.items() if role not in names}
