"""`frontdoor statement` and `verify-statement`: what the hub holds of a sender for one day, signed."""

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from connectors.statements import KeyRefused, StatementKey, is_genuine, public_key
from ops.view.client import NOT_FOUND, STILL_WAITING, USAGE, ViewClient, fail, plain_errors
from ops.view.terminal import console, plain, when
from schemas.london import civil_date
from schemas.settings import Settings

#: Seconds for the view to read what has just been written.
_PATIENCE = 10.0


def statement(
    sender: Annotated[str, typer.Argument(metavar="SENDER", help="Id of the sender, as in the senders file.")],
    day: Annotated[str, typer.Option("--day", metavar="DATE", help="London day as YYYY-MM-DD; else yesterday.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="The signed document.")] = False,
) -> None:
    """Say what a sender sent on one day, what became of it, and what still waits: signed, for the sender.

    Exit code: 0 made, 2 a day or key that cannot be used, 3 no stack is running, 4 the view has not read everything yet.
    """
    settings = Settings()
    with plain_errors(), ViewClient(settings) as view:
        chosen = _day(day) or civil_date(datetime.fromisoformat(view.ask("/progress")["as_of"])) - timedelta(days=1)
        question = f"/statements?sender={quote(sender, safe='')}&day={chosen}"
        answer = view.wait(question, lambda one: one["behind_records"] == 0, _PATIENCE)
    if answer is None or answer.pop("behind_records") != 0:
        fail("The view has not read all that is on the log, and nothing is signed that is not whole. Ask again.", STILL_WAITING)
    try:
        document = StatementKey.at(settings.statement_key_file, make=settings.statement_key is None).sign(answer)
    except KeyRefused as error:
        fail(str(error), USAGE)
    if as_json:
        typer.echo(json.dumps(document, indent=2))
    else:
        _tell(document)


def verify_statement(
    file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="A statement as JSON.")],
    key: Annotated[
        Path | None, typer.Option("--key", metavar="PEM", exists=True, dir_okay=False, help="The public key; else this hub's.")
    ] = None,
) -> None:
    """Check that a statement is what the hub signed, to the letter.

    Exit code: 0 it is, 1 it is not, 2 a file or key that cannot be used.
    """
    settings = Settings()
    try:
        own = settings.statement_key_file
        pem = key.read_bytes() if key else StatementKey.at(own, make=False).public_pem.encode()
        document = json.loads(file.read_text(encoding="utf-8"))
        genuine = is_genuine(document, public_key(pem))
    except KeyRefused as error:
        fail(str(error), USAGE)
    except (OSError, ValueError):
        fail(f"{file} is no statement as JSON.", USAGE)
    if not genuine:
        fail("It is NOT what the owner of this key signed.", NOT_FOUND)
    typer.echo("It is what the owner of this key signed.")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        fail("--day must be a date as 2026-06-06.", USAGE)


def _tell(document: dict[str, Any]) -> None:
    told, signature, out = document["statement"], document["signature"], console()
    out.print(f"{plain(told['sender'])} on {told['day']}, as of {when(told['as_of'])}", style="bold")
    if not told["over"]:
        out.print("the day is not over yet")
    out.print(f"you sent: {told['sent']} messages, {told['bytes']} bytes")
    for name, count in told["counts"].items():
        out.print(f"  {name.replace('_', ' ')}: {count}")
    waiting = ", ".join(f"{count} for {name}" for name, count in told["waiting"].items())
    out.print(f"still waiting: {waiting or 'nothing'}")
    out.print(f"outcomes for you: {told['outcomes']}; given up: {told['outcomes_undelivered']}")
    for one in told["messages"]:
        waits = f", waits for {one['waits_for']}" if one["waits_for"] else ""
        out.print(f"  {one['receipt_id']}  {when(one['received_at'])}  {one['state'].replace('_', ' ')}{waits}")
    out.print(f"signed with key {signature['key_id']}; --json prints the signed document", style="dim")
