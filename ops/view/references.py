"""What people name a contact by: its own id, a receipt, or `receipt/2` for the second child of one message."""

from dataclasses import dataclass

from ops.view.receipts import contacts_of
from ops.view.snapshot import Snapshot


@dataclass(frozen=True)
class SeveralContacts:
    """A receipt of several children: the reference does not say which is meant."""

    receipt_id: str
    contact_ids: list[str]


def resolve(at: Snapshot, reference: str) -> str | SeveralContacts | None:
    """The contact a reference names; None when the log has shown nothing of that name."""
    known = at.db.execute(
        "SELECT 1 FROM case_events WHERE contact_id = :id UNION ALL SELECT 1 FROM contacts WHERE contact_id = :id "
        "UNION ALL SELECT 1 FROM flags WHERE contact_id = :id LIMIT 1",
        {"id": reference},
    ).fetchone()
    if known:
        return reference
    receipt_id, _, ordinal = reference.partition("/")
    disposition = at.disposition(receipt_id)
    contacts = contacts_of(at, disposition) if disposition else []
    if ordinal:
        place = int(ordinal) if ordinal.isdecimal() else 0
        return contacts[place - 1] if 0 < place <= len(contacts) else None
    if len(contacts) > 1:
        return SeveralContacts(receipt_id, contacts)
    return contacts[0] if contacts else None
