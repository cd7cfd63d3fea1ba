"""Messages nobody could read: what they are, why, who deals with them, and where their bytes are."""

import json
from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from ops.view.receipts import REPAIR
from ops.view.snapshot import Answer, Snapshot
from ops.view.times import minutes_left
from schemas.disposition import Disposition
from schemas.identity import unreadable_contact_id
from schemas.received import Received

QuarantineState = Literal["open", "repaired"]


class Attempt(BaseModel):
    """One repair or retry of a message. `outcome` is empty until it has been read, `taken` when it counted, else why
    it did not."""

    receipt_id: str
    by: str
    reason: str
    outcome: str


class Quarantined(BaseModel):
    """One unreadable message. `state` is open until its last disposition says otherwise. `minutes_left` runs to the
    end of its same-day clock and is negative after it; null where there is no clock."""

    receipt_id: str
    state: QuarantineState
    disposition: str
    version: int
    agency: str
    sender: str
    organisation: str
    transport: str
    content_type: str
    received_at: datetime
    size: int
    truncated: bool
    reason_code: str
    reason: str
    contact_id: str
    worker: str
    due_at: datetime | None
    minutes_left: int | None
    repaired_by: str
    contact_ids: list[str]
    attempts: list[Attempt]


class Position(BaseModel):
    """Where a record is on the log."""

    topic: str
    partition: int
    offset: int


class LostRecord(BaseModel):
    """A record that is not what its topic says: it cannot be repaired here, an engineer must look at it."""

    position: Position
    why: str
    errors: dict[str, str]


class QuarantineAnswer(Answer):
    """Open ones first, the oldest first; then the repaired."""

    open: int
    messages: list[Quarantined]
    undecodable: list[LostRecord]


class QuarantinedAnswer(Answer):
    """One message with the headers its error left and the place of its bytes on the log."""

    message: Quarantined
    errors: dict[str, str]
    position: Position


def quarantine(at: Snapshot) -> QuarantineAnswer:
    """Every message that was ever quarantined and that the log still holds."""
    messages = [_quarantined(at, record) for record, _, _ in _newest(at).values()]
    messages.sort(key=lambda one: (one.state != "open", one.received_at, one.receipt_id))
    rows = at.db.execute("SELECT topic, partition, offset, why, errors FROM undecodable ORDER BY 1, 2, 3").fetchall()
    lost = [
        LostRecord(position=Position(topic=row[0], partition=row[1], offset=row[2]), why=row[3], errors=json.loads(row[4]))
        for row in rows
    ]
    return QuarantineAnswer(
        as_of=at.now, behind_records=at.behind_records, open=sum(one.state == "open" for one in messages),
        messages=messages, undecodable=lost,
    )  # fmt: skip


def quarantined(at: Snapshot, receipt_id: str) -> QuarantinedAnswer | None:
    """One quarantined message; the receipt of a repair leads to the message it repairs. None when unknown."""
    row = at.db.execute("SELECT repair_of FROM received WHERE receipt_id = ?", (receipt_id,)).fetchone()
    found = _newest(at, (row[0] if row else "") or receipt_id)
    for record, errors, position in found.values():
        return QuarantinedAnswer(
            as_of=at.now, behind_records=at.behind_records, message=_quarantined(at, record), errors=errors,
            position=position,
        )  # fmt: skip
    return None


def _newest(at: Snapshot, receipt_id: str = "") -> dict[str, tuple[Received, dict[str, str], Position]]:
    # An unresolved one is written again before it would expire, so the newest copy is the one to read.
    where, values = ("WHERE receipt_id = ?", (receipt_id,)) if receipt_id else ("", ())
    rows = at.db.execute(
        f"SELECT record, errors, partition, offset FROM quarantine {where} ORDER BY partition, offset", values
    )
    found = {}
    for text, errors, partition, offset in rows.fetchall():
        record = Received.model_validate({**json.loads(text), "body": b""})
        if record.repair is None:
            position = Position(topic="quarantine", partition=partition, offset=offset)
            found[record.receipt_id] = (record, json.loads(errors), position)
    return found


def _quarantined(at: Snapshot, record: Received) -> Quarantined:
    disposition = at.disposition(record.receipt_id)
    contact_id = unreadable_contact_id(record.receipt_id)
    held = at.case(contact_id)
    due_at = held.case.current.due_at if held else None
    still_open = disposition is None or disposition.disposition == "quarantined"
    return Quarantined(
        receipt_id=record.receipt_id, state="open" if still_open else "repaired",
        disposition=disposition.disposition if disposition else "", version=disposition.version if disposition else 0,
        agency=record.agency, sender=record.sender, organisation=record.organisation, transport=record.transport,
        content_type=record.content_type, received_at=record.received_at, size=record.size,
        truncated=record.truncated, reason_code=disposition.reason_code if disposition else "",
        reason=disposition.reason if disposition else "", contact_id=contact_id if held else "",
        worker=held.case.summary.worker if held else "", due_at=due_at,
        minutes_left=minutes_left(due_at, at.now) if due_at and still_open else None,
        repaired_by=disposition.repaired_by if disposition else "",
        contact_ids=disposition.contact_ids if disposition and not still_open else [],
        attempts=_attempts(at, record.receipt_id),
    )  # fmt: skip


def _attempts(at: Snapshot, receipt_id: str) -> list[Attempt]:
    rows = at.db.execute(
        "SELECT receipt_id, repaired_by, repair_reason FROM received WHERE repair_of = ? ORDER BY partition, offset",
        (receipt_id,),
    )
    found = []
    for attempt, by, reason in rows.fetchall():
        found.append(Attempt(receipt_id=attempt, by=by, reason=reason, outcome=_outcome(at.disposition(attempt))))
    return found


def _outcome(disposition: Disposition | None) -> str:
    if disposition is None:
        return ""
    return "taken" if disposition.reason_code == REPAIR else disposition.reason or disposition.disposition
