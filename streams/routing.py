"""Routing: who gets a contact, and what of it. Pure, and without state.

Until a sharing policy says more, the case system gets every contact whole. Where schools are listed, a child's school gets
the notice of a police contact that the law gives it; where another authority's front door is listed, it gets the contacts that
name that authority. Nothing else leaves the hub.
"""

from collections.abc import Mapping

from schemas.contact import Contact
from schemas.identity import output_id
from schemas.outbound import CASE_SYSTEM, ItemKind, OutboundItem
from schemas.record import Record
from streams.processor import Decision, Output, Rows, Timeless
from streams.school_notices import SchoolNotices


class Routing(Timeless):
    """The processor. Without `schools` no school is told of anything. `authorities` gives the recipient of each other
    authority, by its DfE code, to which a contact that names it is forwarded."""

    name = "routing"
    inputs = ("contacts",)

    def __init__(self, schools: SchoolNotices | None = None, authorities: Mapping[str, str] | None = None) -> None:
        self._schools = schools
        self._authorities = authorities or {}

    def parse_row(self, text: bytes) -> Record:
        """Routing keeps nothing."""
        raise ValueError("routing has no rows")

    def decide(self, rows: Rows, event: Record) -> Decision:
        """One item for the case system; later versions go as corrections, a cancellation as a request. One for a school, and one
        for the other authority that it names: it arrived there when it arrived here."""
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
        notice = self._schools.of(event, kind) if self._schools is not None else None
        return Decision([_output(one) for one in (item, notice, self._forwarded(item)) if one is not None])

    def _forwarded(self, item: OutboundItem) -> OutboundItem | None:
        """The item for the authority that the message itself names. A postcode alone forwards nothing: it may be wrong, and a
        person transfers the case."""
        contact = item.contact
        assert contact is not None
        other = self._authorities.get(contact.authority.code) if contact.authority.how == "message" else None
        if other is None:
            return None
        item_id = output_id(item.contact_id, f"forward-v{contact.version}", other)
        return item.model_copy(update={"item_id": item_id, "recipient": other})


def _output(item: OutboundItem) -> Output:
    return Output(f"outbound.{item.agency}", f"{item.recipient} {item.contact_id}", item)
