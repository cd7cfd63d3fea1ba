"""`frontdoor quarantine`: messages nobody could read: list, show, repair, retry."""

import getpass
import json
import os
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.table import Table

from ops.dry_run import DryRun, show_instead
from ops.endpoints import endpoint
from ops.quarantine_repair import CannotRepair, Place, bytes_of, corrected, original_at, repaired_state, send
from ops.view.client import NOT_FOUND, STILL_WAITING, USAGE, ViewClient, fail, plain_errors, warn_if_behind
from ops.view.terminal import console, plain, receipt_lines, time_left, when
from schemas.codes import is_named_worker
from schemas.received import Received
from schemas.settings import Settings

quarantine_app = typer.Typer(
    help="Messages nobody could read: they are kept, and their same-day clock runs.", no_args_is_help=True
)

Json = Annotated[bool, typer.Option("--json", help="One JSON object for programs.")]
Receipt = Annotated[str, typer.Argument(metavar="RECEIPT", help="Receipt of the message.")]
Wait = Annotated[float, typer.Option("--timeout", help="Seconds to wait for what becomes of it.")]


@quarantine_app.command("list")
def list_(
    as_json: Json = False,
    everything: Annotated[bool, typer.Option("--all", help="Also those that have been repaired.")] = False,
) -> None:
    """List the messages that wait for a person, the oldest first.

    Exit code: 0, or 3 when no stack is running.
    """
    with plain_errors(), ViewClient(Settings()) as view:
        answer = view.ask("/quarantine")
    warn_if_behind(answer)
    if not everything:
        answer["messages"] = [one for one in answer["messages"] if one["state"] == "open"]
    if as_json:
        typer.echo(json.dumps(answer, indent=2))
        return
    out = console()
    if not answer["messages"] and not answer["undecodable"]:
        out.print("Nothing is in quarantine.")
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("receipt", "arrived", "time", "from", "held by", "state", "why"):
        table.add_column(name, no_wrap=name != "why")
    for one in answer["messages"]:
        table.add_row(
            one["receipt_id"], when(one["received_at"]), time_left(one["minutes_left"]),
            plain(f"{one['agency']} {one['sender']}"), plain(one["worker"]) or "nobody", one["state"], plain(one["reason"]),
        )  # fmt: skip
    out.print(table)
    for lost in answer["undecodable"]:
        place = lost["position"]
        out.print(f"damaged record: {place['topic']} {place['partition']} at {place['offset']}: {plain(lost['why'])}")


@quarantine_app.command()
def show(
    receipt: Receipt,
    save: Annotated[
        Path | None, typer.Option("--save", metavar="FILE", help="Write its bytes to a new file, to look at and correct.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show one message: why it could not be read, what was tried; with --save, its bytes.

    Exit code: 0, 1 no such message (or the file exists already), 3 no stack is running.
    """
    settings = Settings()
    with plain_errors(), ViewClient(settings) as view:
        answer = view.ask(f"/quarantine/{quote(receipt)}")
    warn_if_behind(answer)
    if save is not None:
        _save(save, _bytes_of(settings, _original(settings, answer)))
    if as_json:
        typer.echo(json.dumps(answer, indent=2))
        return
    out, one = console(), answer["message"]
    out.print(f"receipt {one['receipt_id']} · {one['state']}", style="bold")
    out.print(f"arrived {when(one['received_at'])} from {plain(one['sender'])} ({one['agency']}), {one['size']} bytes")
    out.print(plain(one["reason"]) or "no reason was given")
    for name, text in answer["errors"].items():
        out.print(f"{plain(name)}: {plain(text)}", style="dim")
    if one["minutes_left"] is not None:
        out.print(f"limit {when(one['due_at'])}, {time_left(one['minutes_left'])}, held by {plain(one['worker']) or 'nobody'}")
    for attempt in one["attempts"]:
        out.print(f"tried by {plain(attempt['by'])} ({plain(attempt['reason'])}): {plain(attempt['outcome']) or 'not read yet'}")
    if one["state"] == "repaired":
        out.print(f"repaired by {plain(one['repaired_by'])}: became {', '.join(one['contact_ids']) or one['disposition']}")
    if save is not None:
        out.print(f"its bytes are in {save}")


@quarantine_app.command()
def repair(
    receipt: Receipt,
    file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="The corrected message.")],
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who repairs it: a person's name.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="What was wrong and what was changed.")],
    as_json: Json = False,
    timeout: Wait = 30.0,
    dry_run: DryRun = False,
) -> None:
    """Send corrected bytes in place of a message nobody could read. Its time of arrival stays.

    Exit code: 0 read, 1 still unreadable or refused, 3 no stack is running, 4 not read yet.
    """
    if not is_named_worker(by):
        fail("--by needs a person's name: a desk or a team cannot answer for what was changed.", USAGE)
    if not reason.strip():
        fail("--reason needs a few words: what was wrong, and what was changed.", USAGE)
    settings = Settings()
    try:
        body = file.read_bytes()
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}", USAGE)
    if len(body) > settings.max_message_bytes:
        fail(f"{file} is larger than the hub takes ({settings.max_message_bytes} bytes). Send the documents apart.", USAGE)
    _send_again(settings, receipt, body, by, reason, as_json, timeout, dry_run)


@quarantine_app.command()
def retry(
    receipt: Receipt,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who asks for it; else the name of this account.")] = "",
    as_json: Json = False,
    timeout: Wait = 30.0,
    dry_run: DryRun = False,
) -> None:
    """Read the same bytes again, for example after the hub has learned their format.

    Exit code: 0 read, 1 still unreadable or refused, 3 no stack is running, 4 not read yet.
    """
    _send_again(Settings(), receipt, None, by.strip() or getpass.getuser(), "retry", as_json, timeout, dry_run)


def _send_again(
    settings: Settings, receipt: str, body: bytes | None, by: str, reason: str, as_json: bool, timeout: float, dry_run: bool
) -> None:
    with plain_errors(), ViewClient(settings) as view:
        answer = view.ask(f"/quarantine/{quote(receipt)}")
        if answer["message"]["state"] == "repaired":
            fail(f"It has been repaired already, by {plain(answer['message']['repaired_by'])}.", NOT_FOUND)
        original = _original(settings, answer)
        if body is None and original.truncated:
            fail("Only its beginning was kept, it was too large. Ask the sender for it in parts, and use repair.", NOT_FOUND)
        version, attempt = repaired_state(answer)
        body = _bytes_of(settings, original) if body is None else body
        try:
            record = corrected(
                original, body, settings, by=by, reason=reason, at=datetime.fromisoformat(answer["as_of"]), attempt=attempt
            )
            if dry_run:
                # Its bytes are somebody's report; the terminal need not keep them.
                show_instead(f"received.{record.agency}", record.model_dump(mode="json", exclude={"body"}))
            send(_bootstrap(settings), record)
        except CannotRepair as error:
            fail(str(error), 3)
        own = view.wait(f"/receipts/{record.receipt_id}", lambda one: bool(one["disposition"]), timeout)
        if own is None or not own["disposition"]:
            fail(f"Sent as receipt {record.receipt_id}, and not read yet. Ask later: frontdoor find {receipt}", STILL_WAITING)
        if own["reason_code"] == "repair":
            path = f"/receipts/{original.receipt_id}"
            own = view.wait(path, lambda one: one["version"] > version and _told(one), timeout) or own
    if as_json:
        typer.echo(json.dumps(own, indent=2))
    else:
        out = console()
        out.print(f"receipt {own['receipt_id']}", style="bold")
        for line in receipt_lines(own):
            out.print(f"  {line}")
    if own["disposition"] == "quarantined" or own["reason_code"] == "repair_without_quarantine":
        raise typer.Exit(NOT_FOUND)


def _told(receipt: dict[str, Any]) -> bool:
    """Whether everything the disposition speaks of has been read by the view too."""
    opened = {contact["contact_id"] for contact in receipt["contacts"]}
    return set(receipt["contact_ids"]) <= opened and len(receipt["events"]) == len(receipt["event_ids"])


def _original(settings: Settings, answer: dict[str, Any]) -> Received:
    position = answer["position"]
    place = Place(_bootstrap(settings), position["topic"], position["partition"], position["offset"])
    try:
        return original_at(place, answer["message"]["receipt_id"])
    except CannotRepair as error:
        fail(str(error), 3)


def _bytes_of(settings: Settings, record: Received) -> bytes:
    try:
        return bytes_of(record, settings)
    except CannotRepair as error:
        fail(str(error), NOT_FOUND)


def _bootstrap(settings: Settings) -> str:
    """The log that the view of this stack reads."""
    found = endpoint(settings, "view") or {}
    return str(found.get("urls", {}).get("kafka") or settings.bootstrap_servers)


def _save(path: Path, body: bytes) -> None:
    try:
        # It holds a child's details: nobody else on this machine may read it.
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
            out.write(body)
    except FileExistsError:
        fail(f"{path} exists already; give the name of a new file.", NOT_FOUND)
    except OSError as error:
        fail(f"{path} cannot be written: {error.strerror}", NOT_FOUND)
