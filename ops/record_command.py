"""`frontdoor record`: a person's own entry about a contact, through the same intake as everyone's."""

import json
import re
import uuid
from datetime import date
from typing import Annotated, Any
from urllib.parse import quote

import httpx
import typer

from ops.deadline_command import UnreadableTimeError, read_time
from ops.view.client import (
    NOT_FOUND,
    NOT_UP,
    STILL_WAITING,
    USAGE,
    Refused,
    StackNotUp,
    ViewClient,
    fail,
    not_up,
    plain_errors,
    read,
    url_of,
)  # fmt: skip
from ops.view.terminal import console, plain, receipt_lines
from schemas.codes import CASE_EVENT_TYPES, RISK_LEVELS, case_event_type, is_named_worker, risk_level
from schemas.settings import Settings

_DATE_ALONE = re.compile(r"\d{4}-\d{2}-\d{2}")
_BY_A_PERSON = frozenset({"risk_assessed", "allocated", "flag_explained"})


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
    token: Annotated[
        str, typer.Option("--token", envvar="FRONTDOOR_TOKEN", help="The sender's token, if the stack asks for one.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for programs.")] = False,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Do not wait for what becomes of it.")] = False,
    timeout: Annotated[float, typer.Option("--timeout", help="Seconds to wait for what becomes of it.")] = 30.0,
) -> None:
    """Record what a person did about a contact, and say what became of the entry.

    Exit code: 0 recorded and it counts, 1 refused or it does not count, 2 something is missing here,
    3 no stack is running, 4 kept but not read yet.
    """
    entry = _entry(event, contact, by, level, reason, at, args)
    settings = Settings()
    with plain_errors(), ViewClient(settings) as view:
        if "contact_id" in entry:
            entry["contact_id"] = _contact(view, entry["contact_id"], timeout)
        receipt = _post(settings, entry, token)
        outcome = None if no_wait else view.wait(f"/receipts/{receipt}", _told, timeout)
        outcome = outcome if outcome and _told(outcome) else None
    if as_json:
        typer.echo(json.dumps({"receipt_id": receipt, "outcome": outcome}, indent=2))
    else:
        out = console()
        out.print(f"receipt {receipt}", style="bold")
        for line in receipt_lines(outcome) if outcome else []:
            out.print(f"  {line}")
    if outcome is None and not no_wait:
        fail(f"It is kept, and not read yet. Ask later: frontdoor find {receipt}", STILL_WAITING)
    if outcome is not None and not _counts(outcome):
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
    if type_ in _BY_A_PERSON and not is_named_worker(given["by"]):
        fail("--by needs a person's name: a desk or a team does not count as a named worker.", USAGE)
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


def _contact(view: ViewClient, reference: str, timeout: float) -> str:
    """The contact id of a receipt or `receipt/2`. What the view does not know is sent as it is: it may be on its way."""
    receipt = "/receipts/" + quote(reference.partition("/")[0], safe="")
    try:
        if not view.ask(receipt)["disposition"]:
            view.wait(receipt, lambda told: bool(told["disposition"]), timeout)
    except Refused as refused:
        if refused.status != 404:
            raise
    try:
        return str(view.ask("/cases/" + quote(reference))["contact_id"])
    except Refused as refused:
        if refused.status == 404:
            return reference
        raise


def _post(settings: Settings, entry: dict[str, Any], token: str) -> str:
    """The receipt of an entry. The same key goes with a second try, so an entry cannot count twice."""
    url = url_of(settings, "connector-social_care") + "/case-events"
    headers = {"Idempotency-Key": str(uuid.uuid4())} | ({"Authorization": f"Bearer {token}"} if token else {})
    # A proxy from the environment must never see it.
    with httpx.Client(trust_env=False, timeout=30.0) as http:
        for last in (False, True):
            try:
                answer = http.post(url, json=entry, headers=headers)
                break
            except httpx.ConnectError:
                raise StackNotUp(not_up(settings)) from None
            except httpx.TransportError:
                if last:
                    fail("No answer came, so nobody can say whether it was kept. Look with: frontdoor case", STILL_WAITING)
    try:
        content = read(answer)
    except Refused as refused:
        fail(f"Nothing was kept: {plain(refused)}", NOT_UP if refused.status == 503 else NOT_FOUND)
    receipt = content.get("receipt_id")
    if not isinstance(receipt, str):
        fail("The connector gave no receipt; what answers there is not this product's.", NOT_UP)
    return receipt


def _told(receipt: dict[str, Any]) -> bool:
    """Whether it has been read, and the view knows the events it led to."""
    return bool(receipt["disposition"]) and len(receipt["events"]) == len(receipt["event_ids"])


def _counts(receipt: dict[str, Any]) -> bool:
    kept = receipt["disposition"] in ("case_events", "contact", "duplicate")
    return kept and all(event["opened"] and not event["problem"] for event in receipt["events"])
