"""Answers: every sender learns what became of what it sent, in codes, never in content. Pure.

Source: a referrer is owed the decision (Working Together: one working day); silence is itself a failing.
"""

from schemas.case_event import CaseEvent
from schemas.identity import output_id
from schemas.outbound import OutboundItem
from schemas.record import Record
from streams.processor import Decision, Output, Rows, Timeless

#: What a sender hears of. A worker's name and the level of risk are not among it.
_TOLD = frozenset({"risk_assessed", "decision", "no_further_action", "closed", "transferred"})


class AnswerRow(Record):
    """Who sent a contact."""

    contact_id: str
    agency: str
    sender: str
    receipt_id: str


class Answers(Timeless):
    """The processor."""

    name = "answers"
    inputs = ("case-events",)

    def parse_row(self, text: bytes) -> Record:
        """A row from its JSON."""
        return AnswerRow.model_validate_json(text)

    def decide(self, rows: Rows, event: Record) -> Decision:
        """Remember the sender at the opening; tell it of each outcome."""
        assert isinstance(event, CaseEvent)
        if event.type == "opened" and event.opened is not None:
            row = AnswerRow(
                contact_id=event.contact_id,
                agency=event.opened.agency,
                sender=event.opened.sender,
                receipt_id=event.receipt_id,
            )
            return Decision([], {event.contact_id: row})
        known = rows.get(event.contact_id) if event.type in _TOLD and not event.problem else None
        if not isinstance(known, AnswerRow):
            return Decision()
        outcome = {"outcome": event.type}
        if "decision" in event.details:
            outcome["decision"] = event.details["decision"]
        item = OutboundItem(
            item_id=output_id(event.event_id, "outcome", known.sender),
            kind="outcome",
            recipient=known.sender,
            agency=known.agency,
            contact_id=event.contact_id,
            receipt_id=known.receipt_id,
            at=event.at,
            outcome=outcome,
        )
        return Decision([Output(f"outbound.{known.agency}", f"{known.sender} {event.contact_id}", item)])
