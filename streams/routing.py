"""Routing: who gets a contact, and what of it. Pure, and without state.

Until a sharing policy says more, the case system gets every contact whole, and nothing else leaves the hub.
"""

from schemas.contact import Contact
from schemas.identity import output_id
from schemas.outbound import ItemKind, OutboundItem
from schemas.record import Record
from streams.processor import Decision, Output, Rows, Timeless

#: The recipient organisation that keeps the cases.
CASE_SYSTEM = "case-system"


class Routing(Timeless):
    """The processor."""

    name = "routing"
    inputs = ("contacts",)

    def parse_row(self, text: bytes) -> Record:
        """Routing keeps nothing."""
        raise ValueError("routing has no rows")

    def decide(self, rows: Rows, event: Record) -> Decision:
        """One item for the case system; later versions go as corrections, a cancellation as a request."""
        assert isinstance(event, Contact)
        kind: ItemKind = "referral"
        if event.version > 1:
            kind = "cancel_request" if event.report.action == "cancel" else "correction"
        item = OutboundItem(
            item_id=output_id(event.contact_id, f"route-v{event.version}", CASE_SYSTEM),
            kind=kind,
            recipient=CASE_SYSTEM,
            agency="social_care",
            contact_id=event.contact_id,
            receipt_id=event.receipt_id,
            at=event.received_at,
            contact=event,
        )
        return Decision([Output("outbound.social_care", f"{CASE_SYSTEM} {event.contact_id}", item)])
