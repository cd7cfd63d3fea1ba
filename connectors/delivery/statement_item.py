"""A sender's signed statement of one day, as an item that is delivered like any other. Pure.

It leaves as it was signed, as JSON, whatever the recipient's own format is: a statement in other words could not be checked.
"""

from datetime import datetime

from connectors.delivery.recipients import Recipient
from connectors.writing import CannotWrite, Writer, Written, file_name
from schemas.identity import derived_id
from schemas.outbound import OutboundItem


def statement_item(recipient: Recipient, day: str, document: str, at: datetime) -> OutboundItem:
    """The item: one for a recipient and London day (ISO), however often it is made."""
    return OutboundItem(
        item_id=derived_id("statement", recipient.id, day),
        kind="statement",
        recipient=recipient.id,
        agency=recipient.agency,
        contact_id="",
        receipt_id="",
        at=at,
        outcome={"day": day},
        document=document,
    )


def with_statements(write: Writer) -> Writer:
    """A recipient's writer that passes statements on as they are. Raises `CannotWrite` for one that is empty."""

    def either(item: OutboundItem) -> Written:
        if item.kind != "statement":
            return write(item)
        if not item.document:
            raise CannotWrite("This statement is empty.")
        return Written(item.document.encode(), "application/json", file_name(item, "json"))

    return either
