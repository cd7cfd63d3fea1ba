"""What intake itself tells a sender of a message: that it could not be read, or that it came. Pure; see `intake`.

All later answers are `answers`' to give. These need what nobody else has: why, and the sender's id of the message.
"""

from schemas.identity import output_id
from schemas.outbound import OutboundItem
from schemas.own_numbers import OwnNumbers
from schemas.reading import Reading
from schemas.received import Received

#: Topic, key and item.
Told = tuple[str, str, OutboundItem]

#: Ways in that have no answer of their own: a sender by any other has its receipt at once.
WITHOUT_ANSWER = frozenset({"sftp", "mesh"})

#: Reasons that are the hub's own fault: what to do about them is said to the hub's people alone.
_OURS = ("large_message_", "reader_failed")


def not_understood(event: Received, contact: str, reading: Reading) -> Told:
    """Tells the sender of a message in quarantine. `contact` stands for it meanwhile."""
    ours = reading.reason_code.startswith(_OURS)
    reason = {} if ours or not reading.reason else {"reason": reading.reason}
    return _told(event, contact, "not_understood", {**reason, **OwnNumbers(message_id=reading.transport_id).named()})


def received(event: Received, contact: str, reading: Reading) -> Told:
    """Tells who has no answer from its way in that the message is here; `contact` is the first that it opened."""
    reference = next((report.reference for report in reading.reports), "")
    return _told(event, contact, "received", OwnNumbers(reference=reference, message_id=reading.transport_id).named())


def _told(event: Received, contact: str, code: str, more: dict[str, str]) -> Told:
    item = OutboundItem(
        item_id=output_id(event.receipt_id, code, event.sender),
        kind="outcome",
        recipient=event.sender,
        agency=event.agency,
        contact_id=contact,
        receipt_id=event.receipt_id,
        at=event.received_at,
        outcome={"outcome": code, **more},
    )
    return f"outbound.{event.agency}", f"{event.sender} {contact}", item
