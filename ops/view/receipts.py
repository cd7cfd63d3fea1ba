"""What became of one message, in words a sender understands, and what people have done about it since."""

from datetime import datetime

from pydantic import BaseModel

from ops.view.case_summary import CaseSummary, Deed
from ops.view.same_day import ClockState
from ops.view.snapshot import Answer, Snapshot
from schemas.case_event import CaseEvent
from schemas.disposition import Disposition
from schemas.identity import unreadable_contact_id
from schemas.reading import Note

#: Reason code of the receipt that a repair or retry of another receipt gets.
REPAIR = "repair"

NOT_READ_BY_A_PERSON = "no person has read it yet"


class ContactSince(BaseModel):
    """What happened to one contact of a message. `worker` is empty until a named person holds it. `repeat_of`: the contact
    that says the very same and came by another channel."""

    contact_id: str
    kind: str
    risk: str
    worker: str
    allocated_at: datetime | None
    assessed: bool
    assessed_by: str
    assessed_level: str
    assessed_at: datetime | None
    clock_state: ClockState
    due_at: datetime
    read: Deed | None
    decision: Deed | None
    ended: Deed | None
    became: list[str]
    repeat_of: str


class EventSince(BaseModel):
    """What became of one case event of a message. `problem` says why it counts for nothing; empty when it counts.
    `opened` is whether its contact is known here: an event without one waits, and is then listed as unmatched. `unanswered`: it
    is a signature, and whether the signer may sign is not known yet."""

    event_id: str
    contact_id: str
    type: str
    at: datetime
    problem: str
    opened: bool
    unanswered: bool = False


class ReceiptAnswer(Answer):
    """`status` and `person` are sentences; `disposition` is empty and `version` 0 until the message has been read."""

    receipt_id: str
    status: str
    person: str
    read_by_a_person: bool
    disposition: str
    version: int
    reason_code: str
    reason: str
    sender: str
    agency: str
    transport: str
    received_at: datetime
    size: int
    duplicate_of: str
    contact_ids: list[str]
    event_ids: list[str]
    deliveries: int
    repaired_by: str
    repair_of: str
    notes: list[Note]
    contacts: list[ContactSince]
    events: list[EventSince]


def receipt_answer(at: Snapshot, receipt_id: str) -> ReceiptAnswer | None:
    """What is known of a receipt; None when the log has not shown it."""
    disposition = at.disposition(receipt_id)
    row = at.db.execute(
        "SELECT sender, agency, transport, received_at, size, repair_of FROM received WHERE receipt_id = ?",
        (receipt_id,),
    ).fetchone()
    if disposition is None and row is None:
        return None
    repair_of = row[5] if row else ""
    if disposition is None:
        return ReceiptAnswer(
            as_of=at.now, behind_records=at.behind_records, receipt_id=receipt_id, status="received, not read yet",
            person=NOT_READ_BY_A_PERSON, read_by_a_person=False, disposition="", version=0, reason_code="", reason="",
            sender=row[0], agency=row[1], transport=row[2], received_at=row[3], size=row[4], duplicate_of="",
            contact_ids=[], event_ids=[], deliveries=1, repaired_by="", repair_of=repair_of, notes=[], contacts=[],
            events=[],
        )  # fmt: skip
    contacts = [since for contact in contacts_of(at, disposition) if (since := _since(at, contact)) is not None]
    read = next((contact.read for contact in contacts if contact.read is not None), None)
    return ReceiptAnswer(
        as_of=at.now, behind_records=at.behind_records, receipt_id=receipt_id, status=in_words(disposition),
        person=_person(disposition, read), read_by_a_person=read is not None, disposition=disposition.disposition,
        version=disposition.version, reason_code=disposition.reason_code, reason=disposition.reason,
        sender=disposition.sender, agency=disposition.agency, transport=disposition.transport,
        received_at=disposition.received_at, size=disposition.size, duplicate_of=disposition.duplicate_of,
        contact_ids=disposition.contact_ids, event_ids=disposition.event_ids, deliveries=disposition.deliveries,
        repaired_by=disposition.repaired_by, repair_of=repair_of, notes=disposition.notes, contacts=contacts,
        events=_events(at, disposition),
    )  # fmt: skip


def contacts_of(at: Snapshot, disposition: Disposition) -> list[str]:
    """The contacts a message led to: a duplicate's are those of what it repeats, an unreadable one's stands for it."""
    if disposition.disposition == "duplicate":
        original = at.disposition(disposition.duplicate_of)
        if original is not None and original.disposition != "duplicate":
            return contacts_of(at, original)
    if disposition.contact_ids:
        return disposition.contact_ids
    return [unreadable_contact_id(disposition.receipt_id)] if disposition.disposition == "quarantined" else []


def in_words(disposition: Disposition) -> str:
    """What became of a message, as one sentence."""
    repaired = f" (repaired by {disposition.repaired_by})" if disposition.repaired_by else ""
    why = f": {disposition.reason}" if disposition.reason else ""
    match disposition.disposition:
        case "contact":
            count = len(disposition.contact_ids)
            return f"read{repaired}: {count} {'contact' if count == 1 else 'contacts, one for each child'}"
        case "case_events":
            count = len(disposition.event_ids)
            return f"read{repaired}: {count} {'entry' if count == 1 else 'entries'} in the case record"
        case "duplicate" if disposition.reason_code == REPAIR:
            return f"a repair of receipt {disposition.duplicate_of}; see there for what became of it"
        case "duplicate":
            return f"the same message as receipt {disposition.duplicate_of}, nothing new in it"
        case "not_a_contact":
            return f"read{repaired}: not a contact{why}"
        case "quarantined":
            return f"could not be read{why}; it is kept, and its same-day clock runs until a person has dealt with it"


def _person(disposition: Disposition, read: Deed | None) -> str:
    if read is not None:
        return f"read by {read.by}"
    if disposition.disposition in ("case_events", "not_a_contact"):
        return "no person needs to read it"
    return NOT_READ_BY_A_PERSON


def _since(at: Snapshot, contact_id: str) -> ContactSince | None:
    held = at.case(contact_id)
    if held is None:
        return None
    summary: CaseSummary = held.case.summary
    current = held.case.current
    evidence = current.evidence
    return ContactSince(
        contact_id=contact_id, kind=summary.kind, risk=summary.risk, worker=summary.worker,
        allocated_at=summary.allocated_at, assessed=evidence is not None,
        assessed_by=evidence.by if evidence else "", assessed_level=evidence.level if evidence else "",
        assessed_at=evidence.at if evidence else None, clock_state=at.clock_state(held, current),
        due_at=current.due_at, read=summary.read, decision=summary.decision, ended=summary.ended,
        became=summary.became, repeat_of=summary.repeat_of,
    )  # fmt: skip


def _events(at: Snapshot, disposition: Disposition) -> list[EventSince]:
    found = []
    for event_id in disposition.event_ids:
        row = at.db.execute("SELECT record FROM case_events WHERE event_id = ?", (event_id,)).fetchone()
        if row is not None:
            event = CaseEvent.model_validate_json(row[0])
            opened = at.case(event.contact_id) is not None
            asked = event.type == "risk_assessment_signed_off" and not event.problem and opened
            answer = _answer(at, event) if asked else None
            found.append(
                EventSince(
                    event_id=event_id, contact_id=event.contact_id, type=event.type, at=event.at,
                    problem=answer.problem if answer else event.problem, opened=opened, unanswered=asked and answer is None,
                )
            )  # fmt: skip
    return found


def _answer(at: Snapshot, signature: CaseEvent) -> CaseEvent | None:
    """What the rota said of a signature."""
    row = at.db.execute(
        "SELECT record FROM case_events WHERE contact_id = ? AND type = 'sign_off_checked' "
        "AND json_extract(record, '$.details.signature') = ?",
        (signature.contact_id, signature.event_id),
    ).fetchone()
    return CaseEvent.model_validate_json(row[0]) if row is not None else None
