"""`day FOLDER`: run a day from a timetable on the stepped clock, through the real transports."""

import json
import os
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from ops.day.page import write_page
from ops.day.progress import day_progress
from ops.day.result import DayResult, local, spoken
from ops.day.run import run_day
from ops.day.timetable import TimetableError, read_timetable
from ops.rota import RotaError
from ops.supervisor import EXPLAINED

#: A day longer than this is about more than the same-day clock.
_LONG = timedelta(days=14)


def day(
    folder: Annotated[Path, typer.Argument(help="Folder with timetable.csv and the files it names; rota.csv if it has one.")],
    json_out: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    page: Annotated[Path | None, typer.Option(help="Write the day as one HTML page.")] = None,
    keep: Annotated[bool, typer.Option(help="Keep the run's folder (log, rows, drop folders).")] = False,
) -> None:
    """Run a day of messages and case events on the stepped clock; says who was not assessed on the day of arrival.

    Exit code 0: ran and the audit holds. 1: the audit or a line failed. 2: the folder cannot be run. 3: the hub could
    not start.
    """
    console = Console(stderr=True)
    if page is not None:
        must_take_a_page(console, page)
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
    except EXPLAINED as error:
        raise could_not_start(console, error) from None
    if page is not None:
        write_page(page, result, f"{folder.name}", lines[0].at, lines[-1].at)
    if keep:
        console.print(f"Kept: {run_dir}", markup=False, highlight=False)
    if json_out:
        print(json.dumps(result.as_json(), indent=2))
    else:
        print_result(result, lines[-1].at)
        if lines[-1].at - lines[0].at > _LONG:
            print_clocks(result)
    raise typer.Exit(0 if result.audit.get("ok") and not result.problems else 1)


def must_take_a_page(console: Console, page: Path) -> None:
    """Ends the command with exit code 2, before the day and not after it, if `page` cannot be written."""
    if page.is_dir() or not os.access(page.parent, os.W_OK):
        console.print(f"{page} cannot be written: give --page a file in a folder that is there.", markup=False, highlight=False)
        raise typer.Exit(2)


def could_not_start(console: Console, error: Exception) -> typer.Exit:
    """Say why there was no hub to run on; the exit code for it."""
    console.print(f"The hub could not start: {error}", markup=False, highlight=False)
    return typer.Exit(3)


def print_clocks(result: DayResult) -> None:
    """Every other clock of each contact, with its limit and how it ended."""
    for one in result.clocks:
        late = ", recorded late" if one["recorded_late"] else ""
        turn = f", with the {one['with'].replace('-', ' ')}" if one["with"] and one["flag"] != "explained" else ""
        flag = f" (flag {one['flag']}{turn})" if one["state"] in ("missed", "not_verifiable") else ""
        nth = f" {one['opening']}" if one["opening"] > 1 else ""
        state = one["state"].replace("_", " ")
        typer.echo(f"  {one['ref']:<14} {one['clock'] + nth:<24} limit {one['due'][:16].replace('T', ' ')}  {state}{late}{flag}")


def print_result(result: DayResult, end: datetime) -> None:
    """The result for a person: how many, who was missed, whether the audit holds."""
    kinds = Counter(ref["disposition"] for ref in result.refs.values())
    said = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in sorted(kinds.items()))
    typer.echo(f"{len(result.refs)} messages until {spoken(local(end))}: {said}")
    standing = [flag for flag in result.flags if flag["state"] != "withdrawn"]
    typer.echo(f"{len(standing)} contacts were not risk assessed on the day they arrived{':' if standing else '.'}")
    stories = {story["contact_id"]: story for story in result.contacts}
    for flag in standing:
        typer.echo(_missed_line(flag, stories.get(flag["contact_id"], {})))
    if result.stories:
        told = "; ".join(" + ".join(story["contacts"]) for story in result.stories)
        typer.echo(f"{_count(result.stories, 'child', 'children')} reported more than once: {told}")
    if result.reviews:
        asked = "; ".join(f"{review['ref']} may be {', '.join(review['may_be']) or 'restricted'}" for review in result.reviews)
        typer.echo(f"{_count(result.reviews, 'contact waits', 'contacts wait')} for a person to say whose child it is: {asked}")
    for problem in result.problems:
        typer.echo(f"Problem: {problem}")
    verdict = "holds" if result.audit.get("ok") else "FAILED"
    typer.echo(f"Audit {verdict}. Set-up {result.setup_seconds:.1f} s, day {result.day_seconds:.1f} s.")
    for violation in result.audit.get("violations", [])[:20]:
        typer.echo(f"  {violation}")


def _count(things: list[dict[str, Any]], one: str, several: str) -> str:
    return f"{len(things)} {one if len(things) == 1 else several}"


def _missed_line(flag: dict[str, Any], story: dict[str, Any]) -> str:
    name = story.get("name") or ("(unreadable message)" if story.get("kind") == "unreadable" else "(no name)")
    arrived = spoken(story["arrived"]) if story.get("arrived") else ""
    result = "" if flag["result"] == "missed" else f"  {flag['result'].replace('_', ' ')}"
    held = story.get("worker") or "nobody"
    return f"  {name:<22} {story.get('agency', ''):<11} arrived {arrived:<16}  {flag['ref']:<14}  held by {held}{result}"
