"""`outbound.<agency>`: what leaves the hub, one item for one recipient organisation."""

from typing import Literal

from pydantic import Field

from schemas.contact import Contact
from schemas.record import Instant, Record

ItemKind = Literal["referral", "correction", "cancel_request", "outcome", "statement"]

#: The recipient that keeps the cases; every other is a sender, to whom what became of its messages goes back.
CASE_SYSTEM = "case-system"
#: Stands for every school that the recipients file does not list: what is for it waits for a person.
UNLISTED_SCHOOL = "school-not-listed"


class OutboundItem(Record):
    """`item_id` is the idempotency key for the recipient. `contact` only where the recipient may have the content;
    an `outcome` carries codes alone, with the sender's own numbers. `document` is the signed text of a `statement`, which is
    about a day and no contact: its `outcome` names the day."""

    item_id: str
    kind: ItemKind
    recipient: str
    agency: str
    contact_id: str
    receipt_id: str
    at: Instant
    contact: Contact | None = None
    outcome: dict[str, str] = Field(default_factory=dict)
    document: str = ""
