"""`day FOLDER`: run a day from a timetable on the stepped clock, through the real transports."""

import json
import os
from collections import Counter
from collections.abc import Sequence, Sized
from dataclasses import dataclass
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
        print_result(result, lines[-1].at, [answers_line(result)])
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


_BECAME = {
    "contact": "about a child", "case_events": "case events", "duplicate": "sent again", "not_a_contact": "no contact",
    "quarantined": "unreadable", "not_delivered": "not delivered",
}  # fmt: skip


def print_result(result: DayResult, end: datetime, answers: Sequence[str]) -> None:
    """The result for a person: how many, who was missed, who is one child, who was answered, whether the audit holds."""
    kinds = Counter(ref["disposition"] for ref in result.refs.values())
    said = ", ".join(f"{kinds[kind]} {words}" for kind, words in _BECAME.items() if kinds[kind])
    typer.echo(f"{_count(result.refs, 'message')} until {spoken(local(end))}: {said}.")
    contacts = {story["contact_id"]: story for story in result.contacts}
    standing = [flag for flag in result.flags if flag["state"] != "withdrawn"]
    missed = sorted((_missed(flag, contacts.get(flag["contact_id"], {})) for flag in standing), key=lambda one: one.arrived)
    still = sum(not one.assessed for one in missed)
    also = f"; {still} of them still {'is' if still == 1 else 'are'} not:" if still else ":" if missed else "."
    was = "contact was" if len(missed) == 1 else "contacts were"
    typer.echo(f"{len(missed)} {was} not risk assessed on the day of arrival{also}")
    for one in missed:
        typer.echo(one.line)
    _print_children(result)
    for line in answers:
        typer.echo(line)
    for problem in result.problems:
        typer.echo(f"Problem: {problem}")
    verdict = "holds" if result.audit.get("ok") else "FAILED"
    typer.echo(f"Audit {verdict}. Set-up {result.setup_seconds:.1f} s, day {result.day_seconds:.1f} s.")
    for violation in result.audit.get("violations", [])[:20]:
        typer.echo(f"  {violation}")


def answers_line(result: DayResult) -> str:
    """Which senders of contacts can be told what became of them, and which have the receipt alone."""
    refs = {ref: entry for ref, entry in result.refs.items() if entry["disposition"] in ("contact", "quarantined")}
    without = [ref for ref, entry in refs.items() if not entry["answers"]]
    told = sum(len(entry["answers"]) for entry in refs.values())
    more = f", and {len(without) - 6} more" if len(without) > 6 else ""
    alone = f"; the receipt alone: {', '.join(without[:6])}{more}" if without else ""
    return f"{_count(range(told), 'answer')} to the senders of {_count(refs, 'message')} (GET /outcomes){alone}."


def _print_children(result: DayResult) -> None:
    """Who is one child, who is not, and who may be."""
    of_ref = {story["ref"]: story for story in result.contacts}

    def named(ref: str) -> str:
        return f"{of_ref.get(ref, {}).get('name') or '(no name)'} ({ref})"

    def came(ref: str) -> str:
        story = of_ref.get(ref, {})
        return f"{ref} ({story.get('agency', '').replace('_', ' ')}, {spoken(story['arrived'])})" if story.get("arrived") else ref

    if result.stories:
        one, several = (
            "child was reported more than once, as one story",
            "children were reported more than once, each as one story",
        )
        typer.echo(f"{_count(result.stories, one, several)}:")
    for story in result.stories:
        name = of_ref.get(story["story"], {}).get("name") or "(no name)"
        typer.echo(f"  {name:<22} {' + '.join(map(came, story['contacts']))}")
    if result.households:
        typer.echo(f"{_count(result.households, 'household has', 'households have')} several children, kept apart:")
    for household in result.households:
        typer.echo(f"  {', '.join(map(named, household))}")
    if result.reviews:
        typer.echo(f"{_count(result.reviews, 'contact waits', 'contacts wait')} for a person to say whose child it is:")
    for review in result.reviews:
        typer.echo(f"  {named(review['ref'])} may be {', '.join(map(named, review['may_be'])) or 'a child of restricted access'}")


def _count(things: Sized, one: str, several: str = "") -> str:
    return f"{len(things)} {one if len(things) == 1 else several or one + 's'}"


@dataclass(frozen=True)
class _Missed:
    """One contact that was not assessed on its day, in words; `assessed` is when it was, empty when it never was."""

    arrived: str
    assessed: str
    line: str


def _missed(flag: dict[str, Any], story: dict[str, Any]) -> _Missed:
    name = story.get("name") or ("(unreadable message)" if story.get("kind") == "unreadable" else "(no name)")
    # A clock that a correction opened again started with the correction.
    clock: dict[str, str] = next(iter(story.get("clocks", [])[flag["opening"] - 1 : flag["opening"]]), {})
    arrived = clock.get("started") or story.get("arrived", "")
    done = clock.get("until", "") if clock.get("met") else ""
    assessed = f"assessed {spoken(done)}" if done else "not assessed"
    result = "" if flag["result"] == "missed" else f", {flag['result'].replace('_', ' ')}"
    agency = story.get("agency", "").replace("_", " ")
    return _Missed(
        arrived,
        done,
        f"  {name:<22} {agency:<11} {spoken(arrived) if arrived else '':<16}  {assessed + result:<25}  "
        f"with {story.get('worker') or 'nobody':<14} {flag['ref']}",
    )
