"""`frontdoor reconcile`: contacts typed straight into the case system, and contacts that never got there."""

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from ops.audit.verdict import CannotLook
from ops.casebook.reading import WhichLog, case_book, which_log
from ops.dry_run import DryRun, show_instead
from ops.entry_options import require_named
from ops.progress_bar import progress_bar
from ops.reconciliation.contacts import CannotRead, Loaded, Ours, Theirs
from ops.reconciliation.reconciling import Reconciled, reconcile
from ops.reconciliation.recording import message_of, record
from ops.report_command import NO_LOG, day_of, days_from
from ops.reports.gathering import Days
from ops.running_stack import running_settings
from ops.view.client import NOT_UP, USAGE, Refused, StackNotUp, fail
from ops.view.terminal import console, plain, time_left
from ops.view.times import in_london, minutes_left
from schemas.london import civil_date
from schemas.settings import Settings

#: Exit code: something is in one and not in the other.
DIFFERS = 1


def reconcile_contacts(
    source: Annotated[
        str,
        typer.Argument(
            metavar="FILE", help="Annex A List 1 (.xlsx, .csv), a SQLite file or postgresql:// with the SSD's ssd_contacts."
        ),
    ],
    day: Annotated[
        str, typer.Option("--day", metavar="DATE", help="One day; else all days of a file, or yesterday of a database.")
    ] = "",
    first: Annotated[str, typer.Option("--from", metavar="DATE", help="First day.")] = "",
    last: Annotated[str, typer.Option("--to", metavar="DATE", help="Last day, included.")] = "",
    schema: Annotated[str, typer.Option("--schema", metavar="NAME", help="The database schema of the tables.")] = "",
    record_them: Annotated[
        bool, typer.Option("--record", help="Open a contact, with its clocks, for each that the case system alone has.")
    ] = False,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who records them: a person's name.")] = "",
    at_most: Annotated[
        int, typer.Option("--at-most", min=1, help="Record none if there are more: then it is the wrong list.")
    ] = 100,
    token: Annotated[
        str, typer.Option("--token", envvar="FRONTDOOR_TOKEN", help="The sender's token, if the stack asks for one.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for programs.")] = False,
    dry_run: DryRun = False,
    bootstrap: Annotated[
        str | None, typer.Option(help="host:port of the cluster; else the running stack's, else KAFKA_BOOTSTRAP_SERVERS.")
    ] = None,
) -> None:
    """Compare the case system's contacts with the hub's, both ways, and list what is in one and not in the other.

    Exit code: 0 nothing is missing, or all that the hub lacked was recorded or shown; 1 something is missing; 2 wrong command,
    or the list cannot be read; 3 the log could not be read, or no stack is running to record it.
    """
    if by:
        require_named(by)
    if day and (first or last):
        fail("Give --day, or --from and --to.", USAGE)
    if day:
        day_of("--day", day)
    settings = running_settings(Settings())
    log = which_log(settings, bootstrap)
    try:
        loaded, days = _load(source, days_from(day or first, day or last), log, schema)
        with progress_bar("reading the log") as told, case_book(log, ("contacts", "case-events"), told) as book:
            now = log.now or book.ticked_to()
            if now is None:
                raise CannotLook("nobody has set its time: no tick is on the log")
            done = reconcile(book, loaded.rows, days[0], days[1], now)
    except CannotRead as error:
        fail(str(error), USAGE)
    except CannotLook as error:
        fail(f"Could not look: {error}", NO_LOG)
    receipts: dict[str, str] = {}
    if record_them:
        _expected(done.found.only_theirs, at_most)
        if dry_run:
            show_instead("connector-social_care", [message_of(row, by) for row in done.found.only_theirs])
        receipts = _record(settings, done.found.only_theirs, by, token)
    if as_json:
        typer.echo(json.dumps(_as_data(done, loaded, receipts), indent=2))
    else:
        _tell(console(), done, loaded, receipts)
    missing = len(done.found.only_theirs) - len(receipts) + len(done.found.only_ours) + len(loaded.unusable)
    raise typer.Exit(DIFFERS if missing else 0)


def _load(source: str, asked: Days, log: WhichLog, schema: str) -> tuple[Loaded, tuple[date, date]]:
    """The rows, and the days to compare. Raises `CannotRead`."""
    # Here, not above: databases and workbooks are slow to load, and other commands do not need them.
    from ops.reconciliation.contact_table import is_database, read_contact_table
    from ops.reconciliation.list_1 import read_list_1

    first, last = asked.first, asked.last
    if is_database(source):
        if first is None and last is None:
            if log.now is None:
                raise CannotRead("Which day? Give --day, or --from and --to.")
            first = last = civil_date(log.now) - timedelta(days=1)
        first, last = first or date.min, last or date.max
        beside = timedelta(days=35)
        low = first - beside if first - date.min > beside else first
        high = last + beside if date.max - last > beside else last
        loaded = read_contact_table(source, low, high, schema or None)
    else:
        loaded = read_list_1(Path(source))
    held = [row.day for row in loaded.rows]
    if not held and (asked.first is None or asked.last is None) and first in (None, date.min):
        raise CannotRead(f"It holds no contact with a date that can be read. {'; '.join(loaded.unusable[:3])}")
    first = first if first not in (None, date.min) else min(held)
    last = last if last not in (None, date.max) else max(held, default=first)
    return loaded, (first, last)


def _expected(rows: list[Theirs], at_most: int) -> None:
    """Ends the command when there are so many to record that the list cannot be the right one."""
    if len(rows) > at_most:
        fail(
            f"{len(rows)} contacts are in the case system alone, more than --at-most {at_most}: nothing was recorded. "
            "Check the days and the list first.",
            USAGE,
        )


def _record(settings: Settings, rows: list[Theirs], by: str, token: str) -> dict[str, str]:
    """Receipts by reference. Ends the command when nothing answers."""
    receipts: dict[str, str] = {}
    try:
        for row, receipt in record(settings, rows, by, token):
            receipts[row.where] = receipt
    except StackNotUp as error:
        fail(f"{error}. {len(receipts)} of {len(rows)} were recorded; running it again counts none of them twice.", NOT_UP)
    except Refused as error:
        fail(f"The hub refused one: {plain(error)}. {len(receipts)} of {len(rows)} were recorded.", NOT_UP)
    return receipts


def _tell(out: Console, done: Reconciled, loaded: Loaded, receipts: dict[str, str]) -> None:
    found = done.found
    by_reference = sum(by == "reference" for _, _, by in found.pairs)
    out.print(
        f"Contacts of {done.first} to {done.last}: {done.rows} in the case system, {done.contacts} in the hub", style="bold"
    )
    out.print(f"the same: {by_reference} by reference, {len(found.pairs) - by_reference} by the child's identifiers")
    if found.only_theirs:
        out.print(f"\nin the case system alone: {len(found.only_theirs)}", style="bold red")
        table = Table("where", "contact date", "waiting", "", box=None, pad_edge=False, header_style="dim")
        for row in found.only_theirs:
            receipt = receipts.get(row.where)
            table.add_row(
                plain(row.where), str(row.day), _days(done.as_of, row), f"recorded, receipt {receipt}" if receipt else ""
            )
        out.print(table)
        if not receipts:
            out.print("They have no clock. Open them in the hub with --record.", style="dim")
    if found.only_ours:
        out.print(f"\nin the hub alone: {len(found.only_ours)}", style="bold red")
        table = Table("contact", "arrived (London)", "waiting", "from", "held by", box=None, pad_edge=False, header_style="dim")
        for one in found.only_ours:
            table.add_row(
                one.contact_id, in_london(one.arrived_at), _waiting(done.as_of, one),
                one.agency + _remark(one), plain(one.worker) or "nobody by name yet",
            )  # fmt: skip
        out.print(table)
    if found.likely:
        out.print(f"\nlikely the same, by birth, day and source alone; a person should look: {len(found.likely)}", style="yellow")
        for row, one in found.likely:
            out.print(f"  {plain(row.where)} ({row.day}) and contact {one.contact_id}")
    if loaded.unusable:
        out.print(f"\nrows that could not be used: {len(loaded.unusable)}", style="yellow")
        for line in loaded.unusable[:20]:
            out.print(f"  {plain(line)}")


def _remark(one: Ours) -> str:
    if not one.readable:
        return ", nobody could read it"
    return f", says the same as contact {one.repeat_of}" if one.repeat_of else ""


def _waiting(now: datetime, one: Ours) -> str:
    return time_left(minutes_left(one.arrived_at, now)).removesuffix(" late").removesuffix(" left")


def _days(now: datetime, row: Theirs) -> str:
    """A list says the day alone."""
    days = (civil_date(now) - row.day).days
    return f"{days} {'day' if days == 1 else 'days'}" if days > 0 else "today"


def _as_data(done: Reconciled, loaded: Loaded, receipts: dict[str, str]) -> dict[str, Any]:
    found = done.found
    return {
        "from": done.first.isoformat(),
        "to": done.last.isoformat(),
        "as_of": done.as_of.isoformat(),
        "case_system": done.rows,
        "hub": done.contacts,
        "same": {how: sum(by == how for _, _, by in found.pairs) for how in ("reference", "identifier")},
        "only_case_system": [
            {
                "where": row.where,
                "reference": row.reference,
                "day": row.day.isoformat(),
                "waiting_days": (civil_date(done.as_of) - row.day).days,
                "receipt_id": receipts.get(row.where, ""),
            }
            for row in found.only_theirs
        ],
        "only_hub": [
            {
                "contact_id": one.contact_id,
                "arrived_at": one.arrived_at.isoformat(),
                "waiting_minutes": -minutes_left(one.arrived_at, done.as_of),
                "agency": one.agency,
                "worker": one.worker,
                "readable": one.readable,
                "repeat_of": one.repeat_of,
            }
            for one in found.only_ours
        ],
        "likely": [{"where": row.where, "contact_id": one.contact_id} for row, one in found.likely],
        "unusable": loaded.unusable,
    }
