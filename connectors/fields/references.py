"""The sender's business reference: the number under which a later message amends or cancels this one."""

from connectors.decoding import one_line
from connectors.fields.groups import Leaf
from connectors.fields.person import is_yes, said
from schemas.reading import Note

Found = dict[str, list[Leaf]]

_NO_REFERENCE = frozenset({"", "none", "null", "n/a", "na", "unknown", "tbc", "-", "0", "notapplicable", "nk"})


def reference_in(found: Found, order: tuple[str, ...], notes: list[Note]) -> tuple[str, bool]:
    """(reference, whether it is that of an earlier message which this one amends).

    `order` names the concepts that may hold it, the agency's own number first. An amending message keeps the reference of
    what it amends, whatever number of its own it has: the hub must find the contact again.
    """
    own = next((leaf for concept in order for leaf in found.get(concept, ()) if is_reference(leaf.text)), None)
    for leaf in found.get("amends", ()):
        if is_reference(leaf.text) and not is_yes(leaf.text) and leaf.text.casefold() not in ("false", "no"):
            leaf.used = True
            if own is not None and own.text != leaf.text:
                notes.append(
                    Note(
                        code="amends_other_reference",
                        field="reference",
                        text="The reference of the amended message was taken; the message's own is among the unmapped.",
                    )
                )
            return one_line(leaf.text, 100), True
    if own is None:
        return "", False
    own.used = True
    return one_line(own.text, 100), False


def incident_number(found: Found, reference: str) -> str:
    """The sender's number of what happened, where the message has another number of its own; it stays among the unmapped."""
    text = next((one_line(leaf.text, 100) for leaf in found.get("incident_number", ()) if is_reference(leaf.text)), "")
    return text if reference and text != reference else ""


def child_reference(own: Found, child: Found) -> str:
    """A reference that stands with the child, for a message that has none."""
    for concept in ("notice_number", "concern_number", "incident_number"):
        text = said(own, concept)
        if is_reference(text):
            return text[:100]
    text = said(child, "own_reference")
    return text[:100] if is_reference(text) else ""


def _words(line: str) -> int:
    return sum(any(map(str.isalnum, word)) for word in line.split())


def is_reference(text: str) -> bool:
    """Whether a text can be a number under which somebody files a message."""
    line = one_line(text, 100)
    plain = "".join(line.casefold().split())
    return plain not in _NO_REFERENCE and len(line) <= 80 and 1 <= _words(line) <= (8 if any(map(str.isdigit, line)) else 5)
