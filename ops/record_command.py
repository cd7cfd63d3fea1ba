"""`frontdoor record`: a person's own entry about a contact, through the same intake as everyone's."""

import json
import re
from datetime import date
from typing import Annotated, Any

import typer

from ops.case_entry import contact_of, counts, post, told
from ops.deadline_command import UnreadableTimeError, read_time
from ops.dry_run import DryRun
from ops.entry_options import Json, Timeout, Token, require_named
from ops.view.client import NOT_FOUND, STILL_WAITING, USAGE, ViewClient, fail, plain_errors
from ops.view.terminal import console, plain, receipt_lines
from schemas.codes import CASE_EVENT_TYPES, PERSONAL_EVENTS, RISK_LEVELS, case_event_type, risk_level
from schemas.settings import Settings

_DATE_ALONE = re.compile(r"\d{4}-\d{2}-\d{2}")
_BY_A_PERSON = frozenset({"risk_assessed", *PERSONAL_EVENTS})


def record(
    event: Annotated[str, typer.Argument(metavar="EVENT", help="What happened: assessed, allocated, decision, closed …")],
    contact: Annotated[
        str, typer.Argument(metavar="CONTACT", help="Contact id, receipt, or receipt/2; empty for contact_recorded.")
    ] = "",
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who did it: a person's name.")] = "",
    level: Annotated[str, typer.Option("--level", metavar="L", help="red, amber, green or blue.")] = "",
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, in a few words.")] = "",
    at: Annotated[
        str, typer.Option("--at", metavar="TIME", help="When it happened, if not now: London time, or with an offset.")
    ] = "",
    args: Annotated[str, typer.Option("--args", metavar="JSON", help="More fields, as one JSON object.")] = "",
    token: Token = "",
    as_json: Json = False,
    dry_run: DryRun = False,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Do not wait for what becomes of it.")] = False,
    timeout: Timeout = 30.0,
) -> None:
    """Record what a person did about a contact, and say what became of the entry.

    Exit code: 0 recorded and it counts, 1 refused or it does not count, 2 something is missing here,
    3 no stack is running, 4 kept but not read yet.
    """
    entry = _entry(event, contact, by, level, reason, at, args)
    settings = Settings()
    with plain_errors(), ViewClient(settings) as view:
        if "contact_id" in entry:
            entry["contact_id"] = contact_of(view, entry["contact_id"], timeout)
        receipt = post(settings, entry, token, dry_run=dry_run)
        outcome = None if no_wait else view.wait(f"/receipts/{receipt}", told, timeout)
        outcome = outcome if outcome and told(outcome) else None
    if as_json:
        typer.echo(json.dumps({"receipt_id": receipt, "outcome": outcome}, indent=2))
    else:
        out = console()
        out.print(f"receipt {receipt}", style="bold")
        for line in receipt_lines(outcome) if outcome else []:
            out.print(f"  {line}")
    if outcome is None and not no_wait:
        fail(f"It is kept, and not read yet. Ask later: frontdoor find {receipt}", STILL_WAITING)
    if outcome is not None and not counts(outcome):
        raise typer.Exit(NOT_FOUND)


def _entry(event: str, contact: str, by: str, level: str, reason: str, at: str, args: str) -> dict[str, Any]:
    """The entry as sent. Ends the command with what is missing, before anything is sent."""
    extra = _extra(args)
    said = {"by": by, "level": level, "reason": reason}
    given = {name: text.strip() or str(extra.get(name) or "").strip() for name, text in said.items()}
    type_ = case_event_type(event)
    if not type_:
        fail(f"{plain(event)!r} is not an event known here. Known: {', '.join(CASE_EVENT_TYPES)}", USAGE)
    if not contact.strip() and type_ != "contact_recorded":
        fail("Which contact? Give its contact id, its receipt, or receipt/2 for the second child of one message.", USAGE)
    if given["level"] and not risk_level(given["level"]):
        fail(f"{plain(given['level'])!r} is not a level: {', '.join(RISK_LEVELS)}", USAGE)
    if type_ == "risk_assessed":
        _complete_assessment(given)
    if type_ in _BY_A_PERSON:
        require_named(given["by"])
    given["level"] = risk_level(given["level"])
    sent: dict[str, Any] = {**extra, "event": type_, **{name: text for name, text in given.items() if text}}
    if contact.strip():
        sent["contact_id"] = contact.strip()
    return {**sent, **_happened(at)}


def _complete_assessment(given: dict[str, str]) -> None:
    missing = [f"--{name}" for name, text in given.items() if not text]
    if missing:
        what = "who assessed it, the level (red, amber, green, blue) and why"
        fail(f"A risk assessment counts only with {what}. Missing: {', '.join(missing)}", USAGE)


def _extra(args: str) -> dict[str, Any]:
    if not args.strip():
        return {}
    try:
        extra = json.loads(args)
    except ValueError as error:
        fail(f"--args is not JSON: {error}", USAGE)
    if not isinstance(extra, dict):
        fail('--args needs one JSON object, for example {"decision":"s47"}', USAGE)
    return extra


def _happened(at: str) -> dict[str, str]:
    text = at.strip()
    if not text:
        return {}
    try:
        if _DATE_ALONE.fullmatch(text):
            # A date says which day and no more: it must not be sent as its first instant.
            return {"happened_on": date.fromisoformat(text).isoformat()}
        instant, notes = read_time(text)
    except UnreadableTimeError as error:
        fail(str(error), USAGE)
    except ValueError:
        fail(f"{text!r} is not a date.", USAGE)
    for note in notes:
        typer.echo(note, err=True)
    return {"happened_at": instant.isoformat()}
