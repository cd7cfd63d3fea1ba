"""The DfE Common Transfer File (XML): a pupil moves school. It identifies children and carries no concern.

Source: shape of CTF 18 to 25, `CTfile > Header, CTFpupilData > Pupil(UPN, Surname, Forename, DOB, …)`.
"""

from collections.abc import Iterator
from typing import Any

from connectors.fields.naming import fold
from connectors.fields.shapes import Opened
from schemas.identifiers import check_upn
from schemas.reading import Note, Reading

_ROOTS = frozenset({"ctfile", "ctf", "commontransferfile"})


def is_transfer_file(opened: Opened) -> bool:
    """Whether a body is a Common Transfer File."""
    return opened.shape == "xml" and fold(opened.root) in _ROOTS


def read_transfer_file(opened: Opened) -> Reading:
    """Not a contact, with how many pupils the file names and how many of their UPNs cannot be right."""
    pupils = list(_pupils(opened.value))
    upns = [check_upn(text) for pupil in pupils if (text := _field(pupil, "upn"))]
    notes = [*opened.notes, Note(code="pupils", field="pupil", text=f"The file identifies {len(pupils)} pupils.")]
    wrong = sum(not upn.valid for upn in upns)
    if wrong:
        notes.append(Note(code="upn_invalid", field="pupil.upn", text=f"{wrong} of {len(upns)} UPNs cannot be right."))
    temporary = sum(upn.temporary for upn in upns)
    if temporary:
        notes.append(Note(code="upn_temporary", field="pupil.upn", text=f"{temporary} UPNs are temporary."))
    if len(upns) < len(pupils):
        notes.append(Note(code="upn_missing", field="pupil.upn", text=f"{len(pupils) - len(upns)} pupils have no UPN."))
    return Reading(
        outcome="not_a_contact",
        reason_code="common_transfer_file",
        reason=(
            "A Common Transfer File identifies pupils who move school and carries no concern. "
            "If you are worried about one of them, send a safeguarding concern."
        ),
        notes=notes,
    )


def _pupils(value: Any) -> Iterator[dict[str, Any]]:
    """Every `Pupil` element, at whatever depth."""
    waiting = [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting.extend(node)
        elif isinstance(node, dict):
            for key, inner in node.items():
                if fold(key) == "pupil":
                    yield from (entry for entry in (inner if isinstance(inner, list) else [inner]) if isinstance(entry, dict))
                else:
                    waiting.append(inner)


def _field(pupil: dict[str, Any], name: str) -> str:
    """A field of a pupil, directly or one level down (`BasicDetails`)."""
    for key, value in pupil.items():
        if fold(key) == name and isinstance(value, str):
            return value
        if isinstance(value, dict):
            for inner, text in value.items():
                if fold(inner) == name and isinstance(text, str):
                    return text
    return ""
