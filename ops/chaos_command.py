"""`frontdoor chaos`: a real stack under load while its parts are killed, paused, cut off and starved."""

import faulthandler
import json
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

from ops.chaos.plan import KINDS

#: Exit codes: every promise held; one was broken; the question makes no sense; the hub could not start or did not drain.
HOLDS, BROKEN, BAD_QUESTION, COULD_NOT_RUN = 0, 1, 2, 3


def chaos(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[RUN.json]...", help="With --summary: what --json wrote.")
    ] = None,
    minutes: Annotated[float, typer.Option(min=0.1, help="How long faults are done, in minutes.")] = 3.0,
    seed: Annotated[int, typer.Option(help="The same seed plans the same messages and faults.")] = 1,
    nodes: Annotated[int, typer.Option(help="How many brokers: 1 or 3.")] = 1,
    rate: Annotated[float, typer.Option(min=0.1, max=20, help="Messages a second of each of the four partners.")] = 2.0,
    only: Annotated[str, typer.Option(metavar="KINDS", help="Only these kinds of faults, with commas; 'list' prints them.")] = "",
    sabotage: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Take one protection away; 'list' prints them. The run must fail then. 'all': for each kind of "
            "fault (of --only) a short run without what protects from it.",
        ),
    ] = "",
    json_file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the whole result there.")] = None,
    summary: Annotated[bool, typer.Option(help="Print what these runs came to together, as Markdown, and run nothing.")] = False,
    keep: Annotated[bool, typer.Option(help="Keep the run's folder, with its logs and its ledger, also if all is well.")] = False,
) -> None:
    """Send messages of four agencies into a stack of its own while faults are done to it, then let it settle, audit the log,
    compare it with a ledger of what was sent and acknowledged, and decide everything on it again.

    Exit code 0: every promise held. 1: one was broken. 2: there is no such fault or sabotage. 3: the hub could not start,
    or a broker did not come back.
    """
    from ops.audit.verdict import CannotLook
    from ops.chaos.run import Options, run
    from ops.chaos.sabotaged import SABOTAGES
    from ops.chaos.summary import tables, trials_table
    from ops.chaos.trials import run_trials
    from ops.day.run import new_run_dir
    from ops.supervisor import EXPLAINED

    if only == "list" or sabotage == "list":
        for name, what in SABOTAGES.items() if sabotage else ((name, kind.what) for name, kind in KINDS.items()):
            typer.echo(f"{name:20} {what}")
        return
    if summary:
        _print_summary(files or [], tables)
    kinds = [name for name in only.split(",") if name]
    for unknown in [name for name in kinds if name not in KINDS] + (
        [sabotage] if sabotage not in {"", "all", *SABOTAGES} else []
    ):
        typer.echo(f"There is no {unknown!r}; --only list and --sabotage list tell what there is.", err=True)
        raise typer.Exit(BAD_QUESTION)
    if nodes not in (1, 3):
        typer.echo("--nodes is 1 or 3.", err=True)
        raise typer.Exit(BAD_QUESTION)
    console = Console(stderr=True)

    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False)

    def progress(done: int, total: int, what: str) -> None:
        if what and (console.is_terminal or done % 10 == 0):
            say(f"{done:4} of {total} faults; now {what}")

    run_dir = new_run_dir()
    ended = False
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    # Somebody's patience is at its end: what is it that takes so long? Said at once, also out of a call that does not return.
    faulthandler.register(signal.SIGTERM, file=2, chain=True)
    try:
        options = Options(seed, minutes * 60, nodes, rate, run_dir, kinds, sabotage)
        if sabotage == "all":
            results = run_trials(options, say, lambda done, total, what: None, lambda folder: None if keep else _forget(folder))
        else:
            found = run(options, say, progress)
            # What nobody asked to break is to be looked into.
            keep = keep or not (found["ok"] or sabotage)
        ended = True
    except (*EXPLAINED, CannotLook) as error:
        say(f"{error}\nThe run's folder, with its logs: {run_dir}")
        raise typer.Exit(COULD_NOT_RUN) from None
    except _Stopped as stopped:
        ended = True
        say("Stopped by a signal before the end: nothing is said about the promises.")
        raise typer.Exit(128 + stopped.args[0]) from None
    finally:
        if ended and not keep:
            _forget(run_dir)
    if sabotage == "all":
        if json_file is not None:
            json_file.write_text(json.dumps(results, indent=2) + "\n")
        print(trials_table(results, SABOTAGES))
        raise typer.Exit(HOLDS if all(one["red"] for one in results) else BROKEN)
    if json_file is not None:
        json_file.write_text(json.dumps(found, indent=2) + "\n")
    _print(found)
    if keep:
        say(f"Kept: {run_dir}")
    raise typer.Exit(HOLDS if found["ok"] else BROKEN)


class _Stopped(BaseException):
    """A signal: what was started and mounted must go first."""


def _stop(number: int, frame: object) -> None:
    raise _Stopped(number)


def _forget(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def _print_summary(files: list[Path], tables: Callable[[list[dict[str, Any]]], str]) -> NoReturn:
    if not files:
        typer.echo("--summary needs the files that --json wrote.", err=True)
        raise typer.Exit(BAD_QUESTION)
    try:
        runs = [json.loads(file.read_text()) for file in files]
    except (OSError, ValueError) as error:
        typer.echo(f"These are not results of runs: {error}", err=True)
        raise typer.Exit(BAD_QUESTION) from None
    print(tables(runs))
    raise typer.Exit(HOLDS if all(run["ok"] for run in runs) else BROKEN)


def _print(found: dict[str, Any]) -> None:
    ledger, audit, replayed = found["ledger"], found["audit"], found["replay"]
    faults = ", ".join(f"{kind} {count}" for kind, count in sorted(ledger["faults"].items()))
    print(f"{sum(ledger['faults'].values())} faults in {found['seconds']} s: {faults}")
    print(
        f"{ledger['messages']} messages, {ledger['acknowledged']} acknowledged, {ledger['unanswered_attempts']} attempts without "
        f"an answer, {ledger['contacts']} contacts, {ledger['assessments']} assessments, flags {ledger['flags']}"
    )
    for kind, felt in ledger["felt_seconds"].items():
        print(f"  {kind:18} felt for {felt[len(felt) // 2]} s (p50), {felt[-1]} s (max)")
    left = ledger["left"]
    print(
        f"{left['items']} items left, {left['offered']} offers, {left['undelivered']} undelivered; "
        f"{left['beside_one_that_was_down']} beside a recipient that was down waited {left['waited_beside']}"
    )
    print(f"{ledger['of_the_next_release']} records of the next release, repeated under one id: {ledger['repeated_records']}")
    print(
        f"{sum(replayed['records'].values())} records and {sum(replayed['rows'].values())} rows of the workers, decided again: "
        f"{sum(replayed['differences'].values())} differ"
    )
    if found["stuck"]:
        print(f"STUCK: {found['stuck']}")
    for promise, count in ledger["wrong"].items():
        print(f"LEDGER: {promise}: {count}, for example {ledger['examples'][promise][0]}")
    for violation in audit["violations"][:10]:
        print(f"AUDIT: {violation['invariant']}: {violation['explanation']} {' '.join(violation['record_ids'][:2])}")
    for what, count in replayed["differences"].items():
        print(f"REPLAY: {what}: {count}, for example {replayed['examples'][what][0]}")
    print("Every promise held." if found["ok"] else "A promise was BROKEN.")
