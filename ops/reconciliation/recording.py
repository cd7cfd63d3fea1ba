"""What only the case system has, sent to the hub as a person's contact: through the door of the case system itself."""

from collections.abc import Iterable, Iterator
from datetime import date

import httpx

from ops.reconciliation.contacts import Theirs
from ops.view.client import Refused, StackNotUp, not_up, read, url_of
from schemas.identity import derived_id
from schemas.settings import Settings

#: How a contact found in the case system is said to have come.
METHOD = "case system"


def message_of(row: Theirs, by: str) -> dict[str, object]:
    """The case event that opens its contact. It carries what the case system knows of the child, and no concern."""
    message: dict[str, object] = {
        "event": "contact_recorded",
        "reference": row.reference,
        "happened_on": row.day.isoformat(),
        "method": METHOD,
        "child": dict(row.child),
    }
    return message | ({"source_code": row.source_code} if row.source_code else {}) | ({"by": by} if by else {})


def record(settings: Settings, rows: Iterable[Theirs], by: str, token: str) -> Iterator[tuple[Theirs, str]]:
    """Send each row; gives its receipt once it is stored. A row sent again gets the same receipt and counts once.

    Raises `StackNotUp`, or `Refused` with what the hub said; rows before that one are stored.
    """
    wanted = list(rows)
    keys = [derived_id("reconciled", row.reference, row.day.isoformat(), *sorted(row.identifiers.values())) for row in wanted]
    yield from zip(wanted, _sent(settings, zip(keys, [message_of(row, by) for row in wanted], strict=True), token), strict=True)


def tell(settings: Settings, contact_ids: Iterable[str], event: str, day: date, token: str) -> None:
    """Put on the log what the reconciliation of a day found of contacts of the hub: the same event again counts once.
    Raises as `record` does."""
    for one in contact_ids:
        message: dict[str, object] = {"event": event, "contact_id": one}
        for _ in _sent(settings, [(derived_id(event, one, day.isoformat()), message)], token):
            pass


def _sent(settings: Settings, entries: Iterable[tuple[str, dict[str, object]]], token: str) -> Iterator[str]:
    """The receipt of each message, sent under its key."""
    url = url_of(settings, "connector-social_care") + "/case-events"
    # A proxy from the environment must never see it.
    with httpx.Client(trust_env=False, timeout=30.0) as http:
        for key, message in entries:
            headers = {"Idempotency-Key": key} | ({"Authorization": f"Bearer {token}"} if token else {})
            try:
                answer = read(http.post(url, json=message, headers=headers))
            except httpx.TransportError:
                raise StackNotUp(not_up(settings)) from None
            receipt = answer.get("receipt_id")
            if not isinstance(receipt, str):
                raise Refused(502, "The connector gave no receipt; what answers there is not this product's.")
            yield receipt
