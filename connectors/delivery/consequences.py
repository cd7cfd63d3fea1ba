"""What a delivery means for the contact it is about: case events, so that its sender hears of it and its clocks do. Pure."""

from schemas.case_event import CaseEvent
from schemas.catalogue import codec
from schemas.cloud_events import cloud_event
from schemas.delivery import Delivery
from schemas.identity import output_id
from schemas.outbound import CASE_SYSTEM
from schemas.ports import Entry

TOPIC = "case-events"

#: Who tells a school of a police contact: the hub, by its notice.
_CONTENT = frozenset({"referral", "correction", "cancel_request"})


def case_event_of(delivery: Delivery) -> CaseEvent | None:
    """The event that a state leads to; None for most.

    `not_delivered`: a contact did not reach the case system and a person must see to it. `school_told`: a school took the
    notice of its pupil. Another try of the same item is another event, with the time at which it ended.
    """
    if delivery.kind not in _CONTENT:
        return None
    if delivery.recipient == CASE_SYSTEM and delivery.state == "undelivered":
        return _event(delivery, "not_delivered")
    if delivery.agency == "education" and delivery.kind != "cancel_request" and delivery.state == "delivered":
        return _event(delivery, "school_told")
    return None


def _event(delivery: Delivery, kind: str) -> CaseEvent:
    return CaseEvent(
        event_id=output_id(delivery.item_id, kind, delivery.at.isoformat()),
        type=kind,
        contact_id=delivery.contact_id,
        at=delivery.at,
        receipt_id=delivery.receipt_id,
        reason_code=delivery.reason_code,
        details={"item": delivery.item_id},
    )


def case_event_entry(event: CaseEvent) -> Entry:
    """The log entry of an event, with CloudEvents headers."""
    headers = cloud_event(event.event_id, "CaseEvent", "delivery", event.at)
    return Entry(TOPIC, event.contact_id.encode(), codec(TOPIC).encode(event), headers)
