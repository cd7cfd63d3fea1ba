"""`frontdoor export`: what inspectors, the Department for Education and analysts ask for."""

from calendar import monthrange
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import IO, Annotated, TypeVar

import typer

from ops.audit.log_reader import Progress as Told
from ops.audit.verdict import CannotLook
from ops.casebook.book import CaseBook
from ops.casebook.reading import case_book, which_log
from ops.exports.flags_table import write_flags
from ops.exports.whole_file import CannotWrite, whole_file
from ops.progress_bar import progress_bar
from ops.report_command import NO_LOG, days_from
from ops.view.client import USAGE, fail
from schemas.london import civil_date
from schemas.settings import Settings

_Result = TypeVar("_Result")

export_app = typer.Typer(no_args_is_help=True, help="Exports from the log; no worker has to run.")

Out = Annotated[Path, typer.Option("--out", metavar="FILE", help="The file to write; it is there whole or not at all.")]
First = Annotated[str, typer.Option("--from", metavar="DATE", help="First day.")]
Last = Annotated[str, typer.Option("--to", metavar="DATE", help="Last day, included.")]
Bootstrap = Annotated[
    str | None, typer.Option(help="host:port of the cluster; else the running stack's, else KAFKA_BOOTSTRAP_SERVERS.")
]


@export_app.command("annex-a")
def export_annex_a(out: Out, first: First = "", last: Last = "", bootstrap: Bootstrap = None) -> None:
    """Write Ofsted's Annex A, lists 1 to 6, as an .xlsx workbook; without days the six months up to today.

    Exit code: 0 written, 2 wrong command or the file cannot be written, 3 the log could not be read.
    """
    # Here, not above: what writes workbooks is slow to load, and other commands do not need it.
    from ops.exports.annex_a import COLUMNS, NOT_HELD, Period, write_annex_a

    days = days_from(first, last)
    with _book(("contacts", "case-events"), bootstrap) as source:
        end = days.last or civil_date(source.now)
        first_day = days.first or _months_before(end, 6)
        _require_order(first_day, end)
        period = Period(first_day, end)
        counts = _write(out, lambda file: write_annex_a(source.book, file, period, source.told))
    listed = ", ".join(f"list {number}: {count}" for number, count in counts.items())
    typer.echo(f"{out}: {period.first} to {period.last}; rows: {listed}", err=True)
    for number in COLUMNS:
        if number in NOT_HELD:
            typer.echo(f"List {number}: {NOT_HELD[number]}", err=True)


@export_app.command("cin")
def export_cin(out: Out, first: First = "", last: Last = "", bootstrap: Bootstrap = None) -> None:
    """Write the children-in-need census of the referrals that the hub holds, as XML; without days this census year.

    Exit code: 0 written, 2 wrong command or the file cannot be written, 3 the log could not be read.
    """
    from ops.exports.annex_a import Period
    from ops.exports.cin import Header, census_year, write_cin

    days = days_from(first, last)
    with _book(("contacts", "case-events"), bootstrap) as source:
        year = census_year(days.last or civil_date(source.now))
        period = Period(days.first or year.first, days.last or year.last)
        _require_order(period.first, period.last)
        header = Header(Settings().own_authority, period, source.now)
        written = _write(out, lambda file: write_cin(source.book, file, header, source.told))
    typer.echo(f"{out}: {written.episodes} episodes of {written.children} children", err=True)
    for what, count in sorted(written.left_out.items()):
        typer.echo(f"Not held: {count} {what}", err=True)


@export_app.command("flags")
def export_flags(out: Out, bootstrap: Bootstrap = None) -> None:
    """Write every flag with its evidence as a CSV. It names no child.

    Exit code: 0 written, 2 wrong command or the file cannot be written, 3 the log could not be read.
    """
    with _book(("case-events", "flags"), bootstrap) as source:
        count = _write(out, lambda file: write_flags(source.book, file, source.told))
    typer.echo(f"{out}: {count} flags", err=True)


@dataclass(frozen=True, slots=True)
class _Source:
    book: CaseBook
    now: datetime
    told: Told


@contextmanager
def _book(topics: tuple[str, ...], bootstrap: str | None) -> Iterator[_Source]:
    log = which_log(Settings(), bootstrap)
    try:
        with progress_bar("reading the log") as told, case_book(log, topics, told) as book:
            now = log.now or book.ticked_to()
            if now is None:
                raise CannotLook("nobody has set its time: no tick is on the log")
            yield _Source(book, now, told)
            if book.unreadable.total():
                typer.echo(
                    f"{book.unreadable.total()} records could not be read and are not in it: see frontdoor audit.", err=True
                )
    except CannotLook as error:
        fail(f"Could not look: {error}", NO_LOG)


def _write(out: Path, write: Callable[[IO[bytes]], _Result]) -> _Result:
    """The file, whole; ends the command where it cannot be written."""
    try:
        with whole_file(out) as file:
            return write(file)
    except CannotWrite as error:
        fail(str(error), USAGE)


def _months_before(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 - months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def _require_order(first: date, last: date) -> None:
    if first > last:
        fail(f"The first day, {first}, lies after the last, {last}: give --to, or an earlier --from.", USAGE)
