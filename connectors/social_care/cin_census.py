"""The children-in-need census file: a load of cases the authority has, not a message about a new concern.

Source: DfE CIN census XML, `Message > Header, Children > Child > CINdetails`. A case is open while it has no
`CINclosureDate`.
"""

from collections.abc import Iterator
from typing import Any

from connectors.fields.naming import fold
from connectors.fields.shapes import Opened
from schemas.reading import Note, Reading


def is_census(opened: Opened) -> bool:
    """Whether a body is a CIN census file: it says so in its header, or holds children with CIN details."""
    if opened.shape != "xml":
        return False
    collections = [text for text in _all(opened.value, "collection") if isinstance(text, str)]
    if any(text.strip().upper() == "CIN" for text in collections):
        return True
    return fold(opened.root) == "message" and next(_all(opened.value, "cindetails"), None) is not None


def read_census(opened: Opened) -> Reading:
    """Not a contact, with how many open and closed cases of how many children the file holds."""
    cases = [case for case in _all(opened.value, "cindetails") if isinstance(case, dict)]
    closed = sum(any(fold(key) == "cinclosuredate" and bool(value) for key, value in case.items()) for case in cases)
    children = sum(1 for _ in _all(opened.value, "child"))
    count = (
        f"The file holds {_many(len(cases) - closed, 'open case')} and {_many(closed, 'closed case')} "
        f"of {_many(children, 'child', 'children')}."
    )
    return Reading(
        outcome="not_a_contact",
        reason_code="cin_census",
        reason="A children-in-need census file is a load of cases, not a new contact: no contact was opened.",
        notes=[*opened.notes, Note(code="cin_cases", field="CINdetails", text=count)],
    )


def _many(count: int, one: str, several: str = "") -> str:
    return f"{count} {one if count == 1 else several or one + 's'}"


def _all(value: Any, name: str) -> Iterator[Any]:
    """Every element of a name, at whatever depth."""
    waiting = [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting.extend(node)
        elif isinstance(node, dict):
            for key, inner in node.items():
                if fold(key) == name:
                    yield from inner if isinstance(inner, list) else [inner]
                waiting.append(inner)
