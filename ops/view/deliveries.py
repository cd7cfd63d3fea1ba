"""What is on its way to a recipient or was given up: for people who see to it, and for `frontdoor undelivered`."""

from datetime import datetime

from pydantic import BaseModel

from ops.view.fold import delivery_now
from ops.view.snapshot import Answer, Snapshot
from ops.view.times import as_instant
from schemas.delivery import Delivery, DeliveryState


class NotDelivered(BaseModel):
    """One item. `first_tried_at` is when the hub first took it up, whatever round it is in now; `age_seconds` since then."""

    item_id: str
    state: DeliveryState
    kind: str
    recipient: str
    agency: str
    contact_id: str
    receipt_id: str
    first_tried_at: datetime
    age_seconds: int
    attempts: int
    round: int
    reason_code: str
    owner: str
    next_try_at: datetime | None


class DeliveriesAnswer(Answer):
    """The oldest first."""

    items: list[NotDelivered]


class DeliveryAnswer(Answer):
    """One item's state, and all of its states in order."""

    delivery: Delivery
    history: list[Delivery]


def deliveries(at: Snapshot, states: tuple[DeliveryState, ...], recipient: str, now: datetime, limit: int) -> DeliveriesAnswer:
    """What is not delivered and in one of the states, of one recipient or (empty) of all. `now` is the machine's time."""
    marks = ", ".join("?" * len(states))
    rows = at.db.execute(
        f"SELECT item_id, since FROM undelivered WHERE state IN ({marks}) AND (? = '' OR recipient = ?) ORDER BY since LIMIT ?",
        (*states, recipient, recipient, limit),
    ).fetchall()
    items = []
    for item_id, since in rows:
        one = delivery_now(at.db, item_id)
        assert one is not None
        first = as_instant(since)
        items.append(
            NotDelivered(
                item_id=item_id, state=one.state, kind=one.kind, recipient=one.recipient, agency=one.agency,
                contact_id=one.contact_id, receipt_id=one.receipt_id, first_tried_at=first,
                age_seconds=max(0, int((now - first).total_seconds())), attempts=one.attempts, round=one.round,
                reason_code=one.reason_code, owner=one.owner, next_try_at=one.next_try_at,
            )
        )  # fmt: skip
    return DeliveriesAnswer(as_of=at.now, behind_records=at.behind_records, items=items)


def delivery(at: Snapshot, item_id: str) -> DeliveryAnswer | None:
    """How one item stands; None when it has no state."""
    newest = delivery_now(at.db, item_id)
    if newest is None:
        return None
    rows = at.db.execute("SELECT record FROM deliveries WHERE item_id = ? ORDER BY round, settled, attempts", (item_id,))
    history = [Delivery.model_validate_json(row[0]) for row in rows]
    return DeliveryAnswer(as_of=at.now, behind_records=at.behind_records, delivery=newest, history=history)


def deliveries_of(at: Snapshot, contact_id: str) -> list[Delivery]:
    """What happened to a contact's items on their way: outcomes, retries, and of what waits the newest state."""
    rows = at.db.execute(
        "SELECT record FROM deliveries WHERE contact_id = ? ORDER BY item_id, round, settled, attempts", (contact_id,)
    ).fetchall()
    found = [Delivery.model_validate_json(row[0]) for row in rows]
    newest = {one.item_id: one for one in found}
    return [one for one in found if one.state != "waiting" or newest[one.item_id] is one]
