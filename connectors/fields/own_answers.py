"""The hub's own answers, come back: a mail loop or a forwarding rule must not make a contact of them.

Only a message that holds nothing but the fields of such an answer is one. Somebody who writes a worry under it has sent a concern.
"""

from typing import Any

from connectors.fields.naming import fold
from connectors.fields.shapes import Opened
from schemas.reading import Reading

_FORMATS = ("frontdoor-outcome/", "frontdoor-school-notice/", "frontdoor-referral/")
_FIELDS = frozenset(
    map(
        fold,
        "format notice_id receipt_id contact_id your_reference your_message_id outcome decision reason meaning at change given_name "
        "family_name date_of_birth school incident_at present welfare_check police_reference force due_before message message_id "
        "frontdoor_contact_id sent_at".split(),
    )
)


def own_answer(opened: Opened) -> Reading | None:
    """ "Not a contact" for a body that is one of the hub's own outcomes or notices; None for anything else."""
    value = opened.table.rows if opened.table is not None else opened.value
    found = value if isinstance(value, list) else [value]
    if not found or not all(map(_is_answer, found)):
        return None
    return Reading(
        outcome="not_a_contact",
        reason_code="answer",
        reason="This is an answer that the front door sent itself. If you are worried about a child, send a concern.",
        notes=opened.notes,
    )


def _is_answer(value: Any) -> bool:
    if isinstance(value, dict) and len(value) == 1:
        value = next(iter(value.values()))
    if not isinstance(value, dict):
        return False
    said = {fold(str(name)): text for name, text in value.items()}
    return str(said.get("format", "")).startswith(_FORMATS) and said.keys() <= _FIELDS
