"""The children-in-need census file: a load of cases the authority has, not a message about a new concern.

Source: DfE CIN census XML, `Message > Header, Children > Child > ChildIdentifiers, CINdetails`. A case is open while it has no
`CINclosureDate` and more than no further action was decided.
"""

from collections.abc import Iterator
from typing import Any

from connectors.decoding import TOO_MANY_PARTS, Problem, decode
from connectors.fields.naming import fold
from connectors.fields.shapes import Opened
from connectors.social_care.annex_a import TOO_LARGE_TO_LOAD
from connectors.social_care.open_cases import Load, LoadRow
from schemas.open_case import Standing
from schemas.reading import Reading

KIND = "cin_census"

_START = 4096
_SET = frozenset({"1", "true", "y", "yes"})
#: What a case may have parts of: the part's element, its standing, its first and its last day, and what else says that it is over.
_PARTS: tuple[tuple[str, Standing, str, str, str], ...] = (
    ("assessments", "assessment", "AssessmentActualStartDate", "AssessmentAuthorisationDate", ""),
    ("section47", "section_47", "S47ActualStartDate", "DateOfInitialCPC", "icpcnotrequired"),
    ("childprotectionplans", "protection_plan", "CPPstartDate", "CPPendDate", ""),
)  # fmt: skip


def is_census(opened: Opened) -> bool:
    """Whether a body is a CIN census file: it says so in its header, or holds children with CIN details."""
    if opened.shape != "xml":
        return False
    collections = [text for text in _all(opened.value, "collection") if isinstance(text, str)]
    if any(text.strip().upper() == "CIN" for text in collections):
        return True
    return fold(opened.root) == "message" and next(_all(opened.value, "cindetails"), None) is not None


def too_large_census(problem: Problem, body: bytes) -> Reading | None:
    """Not a contact, and why no case of it is known, for a census file with too many parts for one message."""
    if problem.code != TOO_MANY_PARTS.code:
        return None
    start = "".join(decode(body[:_START]).text.split()).casefold()
    return TOO_LARGE_TO_LOAD if "collection>cin</" in start or "<children><child>" in start else None


def read_census(opened: Opened) -> Reading:
    """Not a contact, with the open cases that the file tells of."""
    load = Load(KIND)
    for place, child in enumerate(_all(opened.value, "child"), start=1):
        take_child(load, place, child)
    return load.reading(opened.notes)


def take_child(load: Load, place: int, child: Any) -> None:
    """The cases of one `Child`, the `place`-th of the file, as values."""
    number, dob, upn = (_text(child, name) for name in ("lachildid", "personbirthdate", "upn"))
    for nth, case in enumerate(_each(child, "cindetails"), start=1):
        referred, closed = _text(case, "cinreferraldate"), _text(case, "cinclosuredate")
        over = "no further action" if _is_set(case, "referralnfa") and not closed else ""
        shared = {"number": number, "dob": dob, "upn": upn, "place": f"Child {place}, case {nth}"}
        load.take(
            LoadRow(
                **shared, standing="child_in_need", over=over, since=("CINreferralDate", referred),
                until=("CINclosureDate", closed),
            )
        )  # fmt: skip
        if closed or over:
            continue
        for name, standing, first, last, needless in _PARTS:
            for part in _each(case, name):
                since, until = _text(part, fold(first)), _text(part, fold(last))
                if not until and not (needless and _is_set(part, needless)):
                    # An ended part of an open case is none of the file's closed cases.
                    load.take(LoadRow(**shared, standing=standing, since=(first, since), until=(last, "")))


def _each(value: Any, name: str) -> Iterator[Any]:
    """The elements of a name right under a value, however many."""
    for key, inner in value.items() if isinstance(value, dict) else ():
        if fold(key) == name:
            yield from inner if isinstance(inner, list) else [inner]


def _text(value: Any, name: str) -> str:
    """The first text of a name, right under a value or one level below."""
    for inner in _each(value, name):
        if isinstance(inner, str):
            return inner.strip()
    if isinstance(value, dict):
        for identifiers in _each(value, "childidentifiers"):
            return _text(identifiers, name)
    return ""


def _is_set(value: Any, name: str) -> bool:
    return _text(value, name).casefold() in _SET


def _all(value: Any, name: str) -> Iterator[Any]:
    """Every element of a name, at whatever depth, in the order of the file."""
    waiting = [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting.extend(reversed(node))
        elif isinstance(node, dict):
            for key, inner in node.items():
                if fold(key) == name:
                    yield from inner if isinstance(inner, list) else [inner]
            waiting.extend(reversed([*node.values()]))
