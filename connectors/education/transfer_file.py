"""The DfE Common Transfer File (XML): a pupil moves school. It identifies children and carries no concern.

What it says of who a pupil is goes to linkage as a statement each. Nothing else is taken: not the contacts, attendance,
needs, assessments or school history. Source: the CTF specifications 15 to 25, `CTfile > Header, CTFpupilData > Pupil`.
"""

from collections.abc import Iterator
from typing import Any

from connectors.child_identifiers import child_identifier
from connectors.dates import read_birth_date
from connectors.decoding import one_line
from connectors.fields.address import tidy_postcode
from connectors.fields.naming import fold
from connectors.fields.shapes import Opened
from schemas.identifiers import check_upn
from schemas.person import Address, IdentifierKind, Person, Sex
from schemas.reading import Note, Reading, Statement

MOST_PUPILS = 3_000
"""Pupils of one file whose identity is taken: more than the largest school in England has."""

_ROOTS = frozenset({"ctfile", "ctf", "commontransferfile"})
_NUMBERS: tuple[IdentifierKind, ...] = ("upn", "former_upn")
_SEX: dict[str, Sex] = {"M": "M", "F": "F", "1": "M", "2": "F"}
_LINES = tuple(f"addressline{number}" for number in range(1, 6))


def is_transfer_file(opened: Opened) -> bool:
    """Whether a body is a Common Transfer File."""
    return opened.shape == "xml" and fold(opened.root) in _ROOTS


def read_transfer_file(opened: Opened) -> Reading:
    """Not a contact: who each pupil is, how many pupils the file names and how many of their UPNs cannot be right."""
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
    if len(pupils) > MOST_PUPILS:
        text = f"Who the first {MOST_PUPILS} pupils are was taken, and of the others nothing."
        notes.append(Note(code="pupils_cut", field="pupil", text=text))
    people = map(_person, pupils[:MOST_PUPILS])
    return Reading(
        outcome="not_a_contact",
        reason_code="common_transfer_file",
        reason=(
            "A Common Transfer File identifies pupils who move school and carries no concern; it opens no contact. What it "
            "says of children who are known here was taken. If you are worried about one, send a safeguarding concern."
        ),
        statements=[Statement(person=person) for person in people if person.identifiers or (person.family and person.dob)],
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


def _person(pupil: dict[str, Any]) -> Person:
    """The pupil, by the fields that say who a child is."""
    born = read_birth_date(_field(pupil, "dob"), "pupil.dob", written=None)
    sex = one_line(_field(pupil, "sex") or _field(pupil, "gender"), 40)
    return Person(
        given=one_line(_field(pupil, "forename"), 100),
        family=one_line(_field(pupil, "surname"), 100),
        other_given=one_line(_field(pupil, "middlenames"), 100).split()[:10],
        known_as=one_line(_field(pupil, "preferredforename"), 100),
        dob=born.value,
        dob_text=born.text,
        sex=_SEX.get(sex[:1].upper(), ""),
        sex_source=sex,
        identifiers=[made for kind in _NUMBERS if (made := child_identifier(kind, _field(pupil, fold(kind)), "pupil", []))],
        address=_home(pupil),
    )


def _home(pupil: dict[str, Any]) -> Address:
    """The pupil's own address, in either of the two forms; the contacts' addresses stand elsewhere."""
    given: Any = next((value for key, value in pupil.items() if fold(key) == "address"), {})
    if not isinstance(given, dict):
        return Address()
    said = {name: _field(given, name) for name in ("saon", "paon", "street", "locality", "town", "posttown", "postcode", *_LINES)}
    street = " ".join(filter(None, (said["saon"], said["paon"], said["street"])))
    lines = [street, said["locality"], said["town"] or said["posttown"], *(said[line] for line in _LINES)]
    return Address(lines=[one_line(line, 120) for line in lines if line], postcode=tidy_postcode(said["postcode"])[:20])


def _field(element: dict[str, Any], name: str) -> str:
    """A field of an element, directly or one level down (`BasicDetails`, `BS7666Address`)."""
    for key, value in element.items():
        if fold(key) == name and isinstance(value, str):
            return value
    for value in element.values():
        if isinstance(value, dict):
            for inner, text in value.items():
                if fold(inner) == name and isinstance(text, str):
                    return text
    return ""
