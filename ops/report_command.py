"""`frontdoor report`: are some children served later than the rest."""

import csv
import json
import sys
from datetime import date
from typing import Annotated

import typer

from ops.audit.verdict import CannotLook
from ops.casebook.reading import case_book, which_log
from ops.exports.safe_cells import safe
from ops.progress_bar import progress_bar
from ops.reports.gathering import Days, timeliness
from ops.reports.groups import DIMENSIONS
from ops.reports.shown import HEADINGS, as_data, as_rows, print_report
from ops.view.client import USAGE, fail
from ops.view.terminal import console
from schemas.calendars import SHIPPED_CALENDARS, CalendarError, DataFileError, load_calendars
from schemas.clock_policy import SHIPPED_POLICY, load_policy
from schemas.settings import Settings
from streams.clock_rules import ClockRules

report_app = typer.Typer(no_args_is_help=True, help="Reports from the log; no worker has to run.")

#: The log could not be read.
NO_LOG = 3
#: A day outside these years is a slip of the keyboard.
_YEARS = (1990, 2200)


@report_app.callback()
def _reports() -> None:
    """Reports from the log; no worker has to run."""


@report_app.command("timeliness")
def report_timeliness(
    first: Annotated[
        str, typer.Option("--from", metavar="DATE", help="First day of arrival, 2026-04-01; else from the beginning.")
    ] = "",
    last: Annotated[str, typer.Option("--to", metavar="DATE", help="Last day of arrival, included; else to the end.")] = "",
    by: Annotated[list[str] | None, typer.Option("--by", metavar="GROUP", help=f"Only by: {', '.join(DIMENSIONS)}.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for programs.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="One CSV table on standard output.")] = False,
    bootstrap: Annotated[
        str | None, typer.Option(help="host:port of the cluster; else the running stack's, else KAFKA_BOOTSTRAP_SERVERS.")
    ] = None,
) -> None:
    """Compare how soon each group of children is served with everyone else, from the log.

    Exit code: 0 reported, 1 a policy or calendar is unsound, 2 wrong command, 3 the log could not be read.
    """
    if as_json and as_csv:
        fail("Give --json or --csv, not both.", USAGE)
    days = days_from(first, last)
    for name in by or ():
        if name not in DIMENSIONS:
            fail(f"There is no group {name!r}. There are: {', '.join(DIMENSIONS)}.", USAGE)
    settings = Settings()
    log = which_log(settings, bootstrap)
    try:
        calendars = load_calendars(settings.calendars or SHIPPED_CALENDARS)
        rules = ClockRules(load_policy(settings.clock_policy or SHIPPED_POLICY, calendars=calendars), calendars)
        with progress_bar("reading the log") as told, case_book(log, progress=told) as book:
            now = log.now or book.ticked_to()
            if now is None:
                raise CannotLook("nobody has set its time: no tick is on the log")
            report = timeliness(book, rules, calendars, now=now, days=days, dimensions=by or DIMENSIONS, progress=told)
            unreadable = book.unreadable.total()
    except CannotLook as error:
        fail(f"Could not look: {error}", NO_LOG)
    except (CalendarError, DataFileError) as error:
        fail(str(error), 1)
    if unreadable:
        typer.echo(f"{unreadable} records could not be read and are not in it: see frontdoor audit.", err=True)
    if as_json:
        typer.echo(json.dumps({"from": first, "to": last, "as_of": now.isoformat(), **as_data(report)}, indent=2))
    elif as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(HEADINGS)
        writer.writerows([safe(cell) for cell in row] for row in as_rows(report))
    else:
        print_report(
            report, console(), f"Timeliness by group, contacts that arrived {first or 'from the beginning'} to {last or 'now'}"
        )


def days_from(first: str, last: str) -> Days:
    """The days of `--from` and `--to`. Ends the command when they are none."""
    days = Days(day_of("--from", first), day_of("--to", last))
    if days.first and days.last and days.first > days.last:
        fail(f"--from {first} lies after --to {last}.", USAGE)
    return days


def day_of(option: str, text: str) -> date | None:
    """The day that an option names, if it does. Ends the command when it is none."""
    if not text.strip():
        return None
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        fail(f"{option} {text!r} is not a date. Write it like 2026-04-01.", USAGE)
    if not _YEARS[0] <= day.year <= _YEARS[1]:
        fail(f"{option} {day}: no hub knows that year. Write the day like 2026-04-01.", USAGE)
    return day
