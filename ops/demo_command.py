"""`demo`: a long weekend on a real Kafka, checked against its script."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ops.day.page import write_page
from ops.day.progress import day_progress
from ops.day.result import DayResult
from ops.day.run import new_run_dir, run_day
from ops.day.timetable import read_timetable
from ops.day_command import could_not_start, must_take_a_page, print_result
from ops.demo.answered import answered
from ops.demo.partners import DemoPartners
from ops.demo.script import END, START, Expected
from ops.demo.weekend import write_weekend
from ops.supervisor import EXPLAINED


def demo(
    contacts: Annotated[int, typer.Option(min=1, help="How many contacts, at least the scenes.")] = 200,
    seed: Annotated[int, typer.Option(help="Another seed makes another weekend.")] = 1,
    keep: Annotated[bool, typer.Option(help="Keep the run's folder and the messages of the weekend.")] = False,
    json_out: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    page: Annotated[Path, typer.Option(help="Where the page of the weekend goes.")] = Path("day.html"),
) -> None:
    """Run a bank holiday weekend of four agencies' messages: who was not assessed on the day of arrival, who is one child,
    and whether every sender was answered.

    Exit code 0: script, flags, answers and audit agree. 1: they differ, and the differences are printed. 3: the hub
    could not start.
    """
    console = Console(stderr=True)
    must_take_a_page(console, page)
    run_dir = new_run_dir()
    folder = run_dir / "weekend"
    folder.mkdir(parents=True)
    try:
        expected = write_weekend(folder, contacts, seed)
        partners = DemoPartners(run_dir / "partners")
        lines = read_timetable(folder, partners.ways)
        with day_progress(console) as progress:
            result, _ = run_day(
                lines,
                run_dir=run_dir,
                keep=keep,
                say=lambda line: console.print(line, markup=False, highlight=False),
                progress=progress,
                partners=partners,
            )
    except EXPLAINED as error:
        raise could_not_start(console, error) from None
    told = answered(result, expected, partners.answers)
    differences = [*compare(result, expected), *told.missing, *partners.unread]
    write_page(page, result, "A bank holiday weekend at the front door", START, END)
    if keep:
        console.print(f"Kept: {run_dir}; the messages are in {folder}", markup=False, highlight=False)
    if json_out:
        print(json.dumps({**result.as_json(), "differences": differences, "answered": told.lines}, indent=2))
    else:
        print_result(result, END, told.lines)
        print(f"The page is {page}.")
        print("Script, flags, answers and audit agree." if not differences else "They DIFFER:")
        for difference in differences:
            print(f"  {difference}")
    raise typer.Exit(0 if not differences and result.audit.get("ok") and not result.problems else 1)


def compare(result: DayResult, expected: Expected) -> list[str]:
    """Where the day differs from its script; empty when it does not."""
    found = {ref: entry["disposition"] for ref, entry in result.refs.items()}
    differences = [
        f"{ref}: expected {expected.dispositions.get(ref, 'nothing')}, found {found.get(ref, 'nothing')}"
        for ref in sorted(expected.dispositions.keys() | found.keys())
        if expected.dispositions.get(ref) != found.get(ref)
    ]
    flags = {(flag["ref"], flag["opening"], _last_day(flag["due"]), flag["state"]) for flag in result.flags}
    differences += [f"no flag {flag}" for flag in sorted(expected.flags - flags)]
    differences += [f"a flag nobody expected: {flag}" for flag in sorted(flags - expected.flags)]
    differences += [f"a case event matched no contact: {line['contact_id']}" for line in result.unmatched]
    stories = {tuple(story["contacts"]) for story in result.stories}
    differences += [f"not one story: {', '.join(refs)}" for refs in sorted(expected.stories - stories)]
    differences += [f"one story, and not one child: {', '.join(refs)}" for refs in sorted(stories - expected.stories)]
    for refs in sorted(expected.apart):
        if any(len(set(refs) & set(told)) > 1 for told in stories):
            differences.append(f"written as one child: {', '.join(refs)}")
    differences += [f"{ref}: no review waits" for ref in sorted(expected.reviews - {one["ref"] for one in result.reviews})]
    unheld = [ref for ref, entry in result.refs.items() if not all(entry["allocated_workers"])]
    differences += [f"{ref}: no named worker" for ref in unheld]
    return differences


def _last_day(due: str) -> str:
    return (datetime.fromisoformat(due) - timedelta(seconds=1)).date().isoformat()
