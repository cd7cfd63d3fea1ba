"""`receipts`: what became of every received message. Versions; the last one counts."""

from typing import Literal

from pydantic import Field

from schemas.reading import Note
from schemas.record import Instant, Record

#: What a message can end as. `duplicate` names the receipt it repeats.
DispositionKind = Literal["contact", "case_events", "duplicate", "not_a_contact", "quarantined"]


class Disposition(Record):
    """One version of one receipt's disposition. Free of personal data: ids, codes, keyed hashes.

    `transport_id_hash` and `file_name_hash` are keyed hashes of the sender's message id and file name, so that
    `find` can answer without the topic holding them. `deliveries` counts how often the sender sent these bytes
    under this receipt.
    """

    receipt_id: str
    version: int
    disposition: DispositionKind
    sender: str
    agency: str
    transport: str
    received_at: Instant
    size: int
    reason_code: str = ""
    reason: str = ""
    contact_ids: list[str] = Field(default_factory=list)
    event_ids: list[str] = Field(default_factory=list)
    duplicate_of: str = ""
    transport_id_hash: str = ""
    file_name_hash: str = ""
    deliveries: int = 1
    repaired_by: str = ""
    notes: list[Note] = Field(default_factory=list)
