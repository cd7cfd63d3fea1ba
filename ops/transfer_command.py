"""`frontdoor transfer`: hand a case to another authority. Our clocks run until somebody there accepts it, by name."""

import json
from typing import Annotated

import typer

from ops.case_entry import contact_of, enter
from ops.dry_run import DryRun
from ops.entry_options import Json, Timeout, Token, require_named
from ops.view.client import USAGE, ViewClient, fail, plain_errors
from ops.view.terminal import console, plain
from schemas.authorities import authorities
from schemas.settings import Settings

transfer_app = typer.Typer(no_args_is_help=True, help="Offer a case to another authority, and record its acceptance.")

Contact = Annotated[str, typer.Argument(metavar="CONTACT", help="Contact id, receipt, or receipt/2.")]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who did it: a person's name.")]


@transfer_app.command("offer")
def offer(
    contact: Contact,
    to: Annotated[str, typer.Option("--to", metavar="CODE", help="The authority: DfE three digits or GSS code.")],
    by: By,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, in a few words.")] = "",
    as_json: Json = False,
    token: Token = "",
    timeout: Timeout = 30.0,
    dry_run: DryRun = False,
) -> None:
    """Offer a case to another authority. No clock of ours stops.

    Exit code: 0 kept and it counts, 1 it does not count, 2 wrong command, 3 no stack is running, 4 kept, not read yet.
    """
    why = {"reason": reason} if reason.strip() else {}
    said = _transfer("transfer_offered", contact, to, by, why, as_json, token, timeout, dry_run)
    if said:
        console().print(f"offered to {said}; our clocks run until it accepts", style="bold")


@transfer_app.command("accept")
def accept(
    contact: Contact,
    to: Annotated[str, typer.Option("--to", metavar="CODE", help="The authority that accepts: DfE three digits or GSS code.")],
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who accepts it there: a person's name.")],
    as_json: Json = False,
    token: Token = "",
    timeout: Timeout = 30.0,
    dry_run: DryRun = False,
) -> None:
    """Record that another authority accepts a case: our clocks end, but for the same-day one.

    Exit code: 0 kept and it counts, 1 it does not count, 2 wrong command, 3 no stack is running, 4 kept, not read yet.
    """
    said = _transfer("transfer_accepted", contact, to, by, {}, as_json, token, timeout, dry_run)
    if said:
        console().print(f"accepted by {said}; our clocks have ended, but for the same-day one", style="bold")


def _transfer(
    event: str, contact: str, to: str, by: str, more: dict[str, str], as_json: bool, token: str, timeout: float, dry_run: bool
) -> str:
    """The name of the authority; empty when all was said as JSON."""
    settings = Settings()
    if not contact.strip():
        fail("Which contact? Give its contact id, its receipt, or receipt/2 for the second child of one message.", USAGE)
    try:
        known = authorities(settings.own_authority)
    except ValueError:
        fail(f"FRONTDOOR_OWN_AUTHORITY {settings.own_authority!r} is no local authority: give its DfE number, like 383.", USAGE)
    where = known.responsible(to, "")
    if where.how != "message":
        fail(f"{plain(to)!r} is no local authority: give its DfE number (383) or its GSS code (E08000035).", USAGE)
    if where.code == known.own:
        fail(f"{where.name} is this front door's own authority.", USAGE)
    require_named(by)
    with plain_errors(), ViewClient(settings) as view:
        about = contact_of(view, contact.strip(), timeout)
        entry = {"event": event, "contact_id": about, "by": by, "receiving_authority": where.name, **more}
        outcome = enter(settings, view, entry, token, timeout, dry_run=dry_run)
    if as_json:
        typer.echo(json.dumps({"contact_id": about, "authority": where.code, "outcome": outcome}, indent=2))
        return ""
    return where.name
