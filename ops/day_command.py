"""`day FOLDER`: run a day from a timetable on the stepped clock, through the real transports."""

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ops.day.page import write_page
from ops.day.progress import day_progress
from ops.day.result import DayResult, local
from ops.day.run import run_day
from ops.day.timetable import TimetableError, read_timetable
from ops.rota import RotaError


def day(
    folder: Annotated[Path, typer.Argument(help="Folder with timetable.csv and the files it names; rota.csv if it has one.")],
    json_out: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    page: Annotated[Path | None, typer.Option(help="Write the day as one HTML page.")] = None,
    keep: Annotated[bool, typer.Option(help="Keep the run's folder (log, rows, drop folders).")] = False,
) -> None:
    """Run a day of messages and case events on the stepped clock; says who was not assessed on the day of arrival.

    Exit code 0: ran and the audit holds. 1: the audit or a line failed. 2: the folder cannot be run.
    """
    console = Console(stderr=True)
    try:
        lines = read_timetable(folder)
        rota = folder / "rota.csv"
        with day_progress(console) as progress:
            result, run_dir = run_day(
                lines,
                rota_file=rota if rota.is_file() else None,
                keep=keep,
                say=lambda line: console.print(line, markup=False, highlight=False),
                progress=progress,
            )
    except (TimetableError, RotaError) as error:
        console.print(f"{folder}: {error}", markup=False, highlight=False)
        raise typer.Exit(2) from None
    if page is not None:
        write_page(page, result, f"{folder.name}", lines[0].at, lines[-1].at)
    if keep:
        console.print(f"Kept: {run_dir}", markup=False, highlight=False)
    if json_out:
        print(json.dumps(result.as_json(), indent=2))
    else:
        print_result(Console(), result, lines[-1].at)
    raise typer.Exit(0 if result.audit.get("ok") and not result.problems else 1)


def print_result(console: Console, result: DayResult, end: datetime) -> None:
    """The result for a person: how many, who was missed, whether the audit holds."""
    kinds: dict[str, int] = {}
    for ref in result.refs.values():
        kinds[ref["disposition"]] = kinds.get(ref["disposition"], 0) + 1
    console.print(
        f"{len(result.refs)} messages until {local(end)}: " + ", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items()))
    )
    standing = [flag for flag in result.flags if flag["state"] != "withdrawn"]
    console.print(f"{len(standing)} contacts were not risk assessed on the day they arrived:")
    stories = {story["contact_id"]: story for story in result.contacts}
    for flag in standing:
        story = stories.get(flag["contact_id"], {})
        name = story.get("name") or ("(unreadable message)" if story.get("kind") == "unreadable" else "(no name)")
        worker = story.get("worker") or "nobody"
        arrived = story.get("arrived", "")[:16]
        line = f"  {name:<24} {story.get('agency', ''):<12} arrived {arrived}  {flag['ref']:<16} held by {worker}"
        console.print(line + ("" if flag["result"] == "missed" else f"  {flag['result']}"), markup=False, highlight=False)
    for problem in result.problems:
        console.print(f"Problem: {problem}", markup=False, highlight=False)
    verdict = "holds" if result.audit.get("ok") else "FAILED"
    console.print(f"Audit {verdict}. Set-up {result.setup_seconds:.1f} s, day {result.day_seconds:.1f} s.")
    for violation in result.audit.get("violations", [])[:20]:
        console.print(f"  {violation}", markup=False, highlight=False)
