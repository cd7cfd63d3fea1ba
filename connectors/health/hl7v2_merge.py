"""HL7 v2 merges (ADT^A40 and its kin): two of a sender's patient records are one child's. They open no contact.

What is taken are NHS numbers, for nothing in the hub is found by a sender's own number: PID has the number that stays,
MRG the one that goes. Whose child it is stays with linkage.
"""

from connectors.child_identifiers import is_nhs_number
from connectors.dates import is_over_age, read_instant
from connectors.health.hl7v2_message import Message, Repetition, Segment
from connectors.health.hl7v2_patient import child_of
from connectors.health.unmapped import Unmapped
from schemas.identifiers import check_nhs_number
from schemas.person import Identifier
from schemas.reading import Note, Statement

MERGES = frozenset({"A18", "A30", "A34", "A36", "A39", "A40"})
"""The trigger events that say that two patients are one. A24 only ties records, A37 unties them, the others move visits."""

_NO_NUMBER = Note(
    code="merge_without_nhs_number",
    field="MRG-1",
    text="The merged records have no NHS number; the hub finds no child by a sender's own number, so nothing changes here.",
)
_ADULT = Note(code="merge_of_adult", field="PID-7", text="The merged records are an adult's; nothing was taken from them.")


def statements_of(message: Message, notes: list[Note]) -> list[Statement]:
    """What a merge says of each child in it; notes say of whom nothing could be taken."""
    written = read_instant(message.first("MSH").text(7), "MSH-7").value
    found: list[Statement] = []
    for pid, merged in _groups(message):
        person = child_of(message, pid, "PID", written, [], Unmapped())
        if person.dob and is_over_age(person.dob, written):
            notes.append(_ADULT)
            continue
        stays = next((one.value for one in person.identifiers if one.kind == "nhs_number" and one.valid), "")
        goes = next((number for one in merged if (number := _nhs_number(one)) and number != stays), "")
        if not (stays or goes):
            notes.append(_NO_NUMBER)
            continue
        if not stays:
            person = person.model_copy(update={"identifiers": [Identifier(kind="nhs_number", value=goes), *person.identifiers]})
        found.append(Statement(person=person, former_nhs_number=goes if stays else ""))
    return found


def _groups(message: Message) -> list[tuple[Segment, list[Repetition]]]:
    """Each PID with the numbers that go: those of the MRG segments behind it (MRG-1, and MRG-4 of older versions)."""
    groups: list[tuple[Segment, list[Repetition]]] = []
    for segment in message.segments:
        if segment.name == "PID":
            groups.append((segment, []))
        elif segment.name == "MRG" and groups:
            groups[-1][1].extend([*segment.repetitions(1), *segment.repetitions(4)])
    return [group for group in groups if group[1]]


def _nhs_number(sent: Repetition) -> str:
    return check_nhs_number(sent.text(1)).value if is_nhs_number(sent.text(1)) else ""
