"""What a sender is told of what it sent, in codes and in one plain sentence: the same in every agency's format.

An outcome names no child and no worker. `reference` and `message_id` are the sender's own, where the item carries them;
the receipt, which the sender had at once, always says which message is meant.
"""

from dataclasses import dataclass
from datetime import datetime

from connectors.decoding import one_line
from connectors.writing import CannotWrite
from schemas.outbound import OutboundItem

FORMAT = "frontdoor-outcome/1"
"""The name of the published outcome notice: `connectors/formats/outcome-notice.schema.json` and `.xsd`."""

SENTENCES = {
    "received": "Your message was received and stored. No person has read it yet.",
    "risk_assessed": "The risk to the child has been assessed.",
    "decision": "The next step has been decided.",
    "no_further_action": "Children's social care will take no further action on this contact.",
    "closed": "The case has been closed.",
    "transferred": "The case has been transferred.",
    "transfer_accepted": "Another authority has accepted the case.",
    "not_a_contact": "Your message opened no contact. If you are worried about a child, send a concern or ring the front door.",
    "not_understood": "Your message could not be read. A person looks at it today; please ring the front door or send it again.",
    "not_delivered": "What you sent has not reached the case system yet. If you have heard nothing today, ring the front door.",
}
"""Every outcome a sender can be told, with what it means to a person."""

REFUSALS = frozenset({"not_understood", "not_delivered"})
"""Outcomes that say that something did not work and that the sender should act."""

_LONGEST_CODE = 100
_LONGEST_REASON = 400


@dataclass(frozen=True, slots=True)
class Told:
    """One outcome. `code` is one of `SENTENCES`; `decision` the short next step, for example `s47`; `reason` why a message
    could not be read, in the hub's own words."""

    code: str
    sentence: str
    at: datetime
    notice_id: str
    contact_id: str
    receipt_id: str
    decision: str = ""
    reason: str = ""
    reference: str = ""
    message_id: str = ""

    def rows(self) -> dict[str, str]:
        """The fields that are known, by the names of `outcome-notice.schema.json`, in its order."""
        found = {
            "notice_id": self.notice_id,
            "receipt_id": self.receipt_id,
            "contact_id": self.contact_id,
            "your_reference": self.reference,
            "your_message_id": self.message_id,
            "outcome": self.code,
            "decision": self.decision,
            "reason": self.reason,
            "meaning": self.sentence,
            "at": iso(self.at),
        }
        return {name: text for name, text in found.items() if text}


def told(item: OutboundItem) -> Told:
    """The outcome in an item. Raises `CannotWrite` for an item that is none, or whose outcome no sender is told."""
    said = item.outcome
    code = said.get("outcome", "")
    if item.kind != "outcome":
        raise CannotWrite(f"A {item.kind} is no outcome.")
    if code not in SENTENCES:
        raise CannotWrite("This outcome is not one that senders are told.")
    return Told(
        code=code,
        sentence=SENTENCES[code],
        at=item.at,
        notice_id=item.item_id,
        contact_id=item.contact_id,
        receipt_id=item.receipt_id,
        decision=one_line(said.get("decision", ""), _LONGEST_CODE),
        reason=one_line(said.get("reason", ""), _LONGEST_REASON),
        reference=one_line(said.get("reference", ""), _LONGEST_CODE),
        message_id=one_line(said.get("message_id", ""), 2 * _LONGEST_CODE),
    )


def iso(at: datetime) -> str:
    """An instant as ISO 8601 in UTC, to the second or finer, ending in Z."""
    return at.isoformat().replace("+00:00", "Z")
