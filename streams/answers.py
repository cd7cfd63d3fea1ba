"""Answers: every sender learns what became of what it sent, in codes, never in content. Pure.

Source: a referrer is owed the decision (Working Together: one working day); silence is itself a failing.
"""

from pydantic import Field

from schemas.case_event import CaseEvent
from schemas.identity import output_id
from schemas.outbound import CASE_SYSTEM, OutboundItem
from schemas.own_numbers import OwnNumbers
from schemas.record import Record
from streams.processor import Decision, Output, Rows, Timeless

#: What a sender hears of. A worker's name and the level of risk are not among it.
_TOLD = frozenset(
    {"risk_assessed", "decision", "no_further_action", "closed", "transferred", "transfer_accepted", "not_delivered"}
)


class ToldOfLink(Record):
    """A link that a recipient heard of: the link's event, the item, and the recipient."""

    link: str
    item_id: str
    recipient: str
    story: str


class AnswerRow(Record):
    """Who sent a contact, and what it calls it (sealed); who was told of the link that stands. `early` are link events that
    came before the opening."""

    contact_id: str
    agency: str = ""
    sender: str = ""
    receipt_id: str = ""
    answer_to: str = ""
    told: list[ToldOfLink] = Field(default_factory=list)
    early: list[CaseEvent] = Field(default_factory=list)


class Answers(Timeless):
    """The processor. `hash_key` opens what intake sealed of the senders' own numbers."""

    name = "answers"
    inputs = ("case-events",)

    def __init__(self, hash_key: bytes) -> None:
        self._hash_key = hash_key

    def parse_row(self, text: bytes) -> Record:
        """A row from its JSON."""
        return AnswerRow.model_validate_json(text, extra="ignore")

    def decide(self, rows: Rows, event: Record) -> Decision:
        """Remember the sender at the opening; tell it of each outcome. Tell the case system of links that may act."""
        assert isinstance(event, CaseEvent)
        known = rows.get(event.contact_id)
        row = known if isinstance(known, AnswerRow) else None
        if event.type == "opened" and event.opened is not None:
            return self._opened(row, event)
        if event.type in ("linked", "unlinked"):
            row = row or AnswerRow(contact_id=event.contact_id)
            if not row.sender:
                return Decision([], {event.contact_id: row.model_copy(update={"early": [*row.early, event]})})
            row, outputs = _about_link(row, event)
            return Decision(outputs, {event.contact_id: row})
        if row is None or not row.sender or event.type not in _TOLD or event.problem:
            return Decision()
        own = OwnNumbers.opened(row.answer_to, self._hash_key, row.sender, event.contact_id)
        outcome = {"outcome": event.type, **own.named()}
        if "decision" in event.details:
            outcome["decision"] = event.details["decision"]
        return Decision([_item(row, event, row.sender, row.agency, outcome)])

    def _opened(self, known: AnswerRow | None, event: CaseEvent) -> Decision:
        assert event.opened is not None
        row = AnswerRow(
            contact_id=event.contact_id,
            agency=event.opened.agency,
            sender=event.opened.sender,
            receipt_id=event.receipt_id,
            answer_to=event.opened.answer_to,
            told=known.told if known is not None else [],
        )
        outputs: list[Output] = []
        for early in known.early if known is not None else []:
            row, more = _about_link(row, early)
            outputs += more
        return Decision(outputs, {event.contact_id: row})


def _about_link(row: AnswerRow, event: CaseEvent) -> tuple[AnswerRow, list[Output]]:
    """The case system hears, in ids alone, whose story a contact belongs to; whoever heard it hears of its undoing."""
    if event.type == "linked":
        story = event.details.get("story", "")
        if event.details.get("may_act") != "yes" or any(told.link == event.event_id for told in row.told):
            return row, []
        # It may have been told of an earlier story, which became part of this one.
        corrects = {"corrects": row.told[-1].item_id} if row.told else {}
        output = _item(row, event, CASE_SYSTEM, "social_care", {"outcome": "linked", "part_of": story, **corrects})
        assert isinstance(output.record, OutboundItem)
        told = ToldOfLink(link=event.event_id, item_id=output.record.item_id, recipient=CASE_SYSTEM, story=story)
        return row.model_copy(update={"told": [told]}), [output]
    link = event.details.get("link", "")
    taken_back = [told for told in row.told if told.link == link]
    outputs = [
        _item(
            row, event, told.recipient, "social_care",
            {"outcome": "link_withdrawn", "part_of": told.story, "corrects": told.item_id},
        )
        for told in taken_back
    ]  # fmt: skip
    return row.model_copy(update={"told": [told for told in row.told if told.link != link]}), outputs


def _item(row: AnswerRow, event: CaseEvent, recipient: str, agency: str, outcome: dict[str, str]) -> Output:
    item = OutboundItem(
        item_id=output_id(event.event_id, "outcome", recipient),
        kind="outcome",
        recipient=recipient,
        agency=agency,
        contact_id=event.contact_id,
        receipt_id=row.receipt_id,
        at=event.at,
        outcome=outcome,
    )
    return Output(f"outbound.{agency}", f"{recipient} {event.contact_id}", item)
