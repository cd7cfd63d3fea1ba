"""Where is it now: from a sender's message id, a file name, a receipt or a contact id to what became of it.

The log holds only keyed hashes of message ids and file names, so what the person typed is hashed and compared.
"""

from pathlib import PurePosixPath, PureWindowsPath
from typing import Literal

from pydantic import BaseModel

from ops.view.receipts import ReceiptAnswer, receipt_answer
from ops.view.snapshot import Answer, Snapshot
from schemas.identity import keyed_hash

MatchedBy = Literal["receipt id", "contact id", "message id", "file name", "idempotency key", "event id", "flag id", "item id"]


class Match(BaseModel):
    """One thing that was found: a receipt, or a contact (then with the receipt it came in, when known)."""

    matched_by: MatchedBy
    contact_id: str
    receipt: ReceiptAnswer | None


class FindAnswer(Answer):
    """Everything that goes by the text, newest first; empty when nothing does."""

    matches: list[Match]


def find(at: Snapshot, text: str) -> FindAnswer:
    """What the log knows by a text."""
    text = text.strip()
    matches = _by_id(at, text) or _by_hash(at, text)
    return FindAnswer(as_of=at.now, behind_records=at.behind_records, matches=matches)


def _by_id(at: Snapshot, text: str) -> list[Match]:
    folded = text.casefold()
    receipt = receipt_answer(at, folded)
    if receipt is not None:
        return [Match(matched_by="receipt id", contact_id="", receipt=receipt)]
    for how, sql in (
        ("contact id", "SELECT contact_id FROM case_events WHERE contact_id = ? LIMIT 1"),
        ("contact id", "SELECT contact_id FROM contacts WHERE contact_id = ? LIMIT 1"),
        ("event id", "SELECT contact_id FROM case_events WHERE event_id = ?"),
        ("flag id", "SELECT contact_id FROM flags WHERE flag_id = ? LIMIT 1"),
        ("item id", "SELECT contact_id FROM outbound WHERE item_id = ?"),
    ):
        row = at.db.execute(sql, (folded,)).fetchone()
        if row is not None:
            return [_contact(at, how, row[0])]  # type: ignore[arg-type]
    return []


def _contact(at: Snapshot, how: MatchedBy, contact_id: str) -> Match:
    held = at.case(contact_id)
    receipt = receipt_answer(at, held.case.summary.receipt_id) if held else None
    return Match(matched_by=how, contact_id=contact_id, receipt=receipt)


def _by_hash(at: Snapshot, text: str) -> list[Match]:
    # A person may paste a path; senders' file names are bare.
    names = {text, PurePosixPath(text).name, PureWindowsPath(text).name}
    whole = keyed_hash(at.hash_key, text)
    files = sorted({hashed for name in names if (hashed := keyed_hash(at.hash_key, name))})
    marks = ", ".join("?" * len(files))
    found: dict[str, MatchedBy] = {}
    searches: list[tuple[MatchedBy, str, tuple[str, ...]]] = [
        ("message id", "SELECT receipt_id FROM dispositions WHERE transport_id_hash = ?", (whole,)),
        ("idempotency key", "SELECT receipt_id FROM received WHERE key_hash = ?", (whole,)),
        ("file name", f"SELECT receipt_id FROM dispositions WHERE file_name_hash IN ({marks})", tuple(files)),
        ("file name", f"SELECT receipt_id FROM received WHERE file_name_hash IN ({marks})", tuple(files)),
    ]
    for how, sql, wanted in searches:
        if all(wanted) and wanted:
            for (receipt_id,) in at.db.execute(sql, wanted).fetchall():
                found.setdefault(receipt_id, how)
    matches = [
        Match(matched_by=how, contact_id="", receipt=receipt_answer(at, receipt_id)) for receipt_id, how in found.items()
    ]
    matches.sort(key=lambda match: match.receipt.received_at if match.receipt else at.now, reverse=True)
    return matches
