"""What a person enters about a contact: posted to the same door as a case system's events, and followed to what it became."""

import uuid
from typing import Any
from urllib.parse import quote

import httpx

from ops.dry_run import show_instead
from ops.view.client import (
    NOT_FOUND,
    NOT_UP,
    STILL_WAITING,
    Refused,
    StackNotUp,
    ViewClient,
    case_path,
    fail,
    not_up,
    read,
    url_of,
)  # fmt: skip
from ops.view.terminal import plain
from schemas.settings import Settings


def contact_of(view: ViewClient, reference: str, timeout: float) -> str:
    """The contact id of a receipt or `receipt/2`. What the view does not know is sent as it is: it may be on its way."""
    receipt = "/receipts/" + quote(reference.partition("/")[0], safe="")
    case = case_path(reference)
    try:
        if not view.ask(receipt)["disposition"]:
            view.wait(receipt, lambda known: bool(known["disposition"]), timeout)
    except Refused as refused:
        if refused.status != 404:
            raise
    try:
        return str(view.ask(case)["contact_id"])
    except Refused as refused:
        if refused.status == 404:
            return reference
        raise


def post(settings: Settings, entry: dict[str, Any], token: str, *, dry_run: bool = False) -> str:
    """The receipt of an entry. The same key goes with a second try, so an entry cannot count twice. With `dry_run` the entry
    is shown and the command ends."""
    if dry_run:
        show_instead("connector-social_care", entry)
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


def told(receipt: dict[str, Any]) -> bool:
    """Whether it has been read, and the view knows the events it led to and what the rota says of a signature."""
    known = bool(receipt["disposition"]) and len(receipt["events"]) == len(receipt["event_ids"])
    return known and not any(event["unanswered"] for event in receipt["events"])


def counts(receipt: dict[str, Any]) -> bool:
    kept = receipt["disposition"] in ("case_events", "contact", "duplicate")
    return kept and all(event["opened"] and not event["problem"] for event in receipt["events"])


def enter(
    settings: Settings, view: ViewClient, entry: dict[str, Any], token: str, timeout: float, *, dry_run: bool = False
) -> dict[str, Any]:
    """Post an entry and wait until the view knows what became of it. Ends the command when it is not read yet, does not
    count, or `dry_run` asks for no more than to be shown it."""
    receipt = post(settings, entry, token, dry_run=dry_run)
    outcome = view.wait(f"/receipts/{receipt}", told, timeout)
    if outcome is None or not told(outcome):
        fail(f"It is kept, and not read yet. Ask later: frontdoor find {receipt}", STILL_WAITING)
    if not counts(outcome):
        problems = "; ".join(event["problem"].replace("_", " ") for event in outcome["events"] if event["problem"])
        fail(f"It is kept and does not count: {plain(problems) or 'its contact was never opened'}.", NOT_FOUND)
    return outcome
