"""Identifiers of a child as a reader writes them down: checked, and kept with the reason when they cannot be right."""

from connectors.decoding import one_line
from schemas.identifiers import check_identifier
from schemas.person import Identifier, IdentifierKind
from schemas.reading import Note

LONGEST_SYSTEM = 100
"""Characters kept of the name of who issued an identifier."""


def child_identifier(kind: IdentifierKind, text: object, where: str, notes: list[Note], system: str = "") -> Identifier | None:
    """The identifier, or None when the text says nothing. A bad one is kept as sent, noted, and never used to match.

    `where` names the field for the note, `system` who issued it. A `local` number has no check digit: it is taken as
    right among the messages of its own sender.
    """
    sent = one_line(text, 60)
    if not sent or not any(map(str.isalnum, sent)):
        return None
    issued_by = one_line(system, LONGEST_SYSTEM)
    if kind == "local":
        return Identifier(kind=kind, value=sent, system=issued_by)
    checked = check_identifier(kind, sent)
    if checked.valid:
        return Identifier(kind=kind, value=checked.value, system=issued_by)
    notes.append(
        Note(
            code=f"{kind}_{checked.reason}",
            field=where,
            text="The identifier cannot be right; it was kept as sent and is not used to find the child.",
        )
    )
    return Identifier(kind=kind, value=sent, system=issued_by, valid=False, problem=checked.reason)


def is_nhs_number(text: object) -> bool:
    """Whether a text can only be an NHS number: ten digits with the right check digit, in an issued range."""
    return check_identifier("nhs_number", one_line(text, 60)).valid


def without_repeats(identifiers: list[Identifier]) -> list[Identifier]:
    """The same identifiers in the same order, each once."""
    kept: dict[tuple[str, str], Identifier] = {}
    for identifier in identifiers:
        kept.setdefault((identifier.kind, identifier.value), identifier)
    return list(kept.values())
