"""One body that holds several messages: a list of concerns, a batch object, lines of JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.fields.naming import fold
from connectors.fields.vocabulary import MESSAGE, PERSON, concept_of
from connectors.fields.who import is_background, who_is_in

#: A list under such a name may hold messages about one and the same child.
_SAME_CHILD = frozenset(
    "concerns concern referrals notices ppns reports incidents contacts submissions entries notifications messages".split()
)
_NUMBERS = frozenset({"notice_number", "concern_number", "reference", "incident_number", "record_id"})
_TELLING = frozenset({"narrative", "weak_narrative", "risk", "need", "danger", "incident", "written", "bare_date"})
_PERSONAL = frozenset({"given", "family", "full", "dob", "upn", "nhs_number", "expected_dob"})
_DEPTH = 6


@dataclass(frozen=True, slots=True)
class Part:
    """One message of a body; `outer` is what stood around the list it came from."""

    value: Mapping[str, Any]
    outer: Mapping[str, Any] | None = None


def messages_in(value: Any) -> list[Part]:
    """The messages in a JSON or XML value; one for most bodies, none when it holds no object."""
    return _split(value, 0)


def _split(value: Any, depth: int) -> list[Part]:
    if isinstance(value, list):
        return [part for entry in value for part in _split(entry, depth + 1)] if depth < _DEPTH else []
    if not isinstance(value, dict):
        return []
    if depth < _DEPTH:
        for key, inner in value.items():
            entries = _entries(str(key), inner)
            if entries:
                around = {other: part for other, part in value.items() if other != key}
                return [
                    Part(part.value, {**around, **part.outer} if part.outer else around or None)
                    for entry in entries
                    for part in _split(entry, depth + 1)
                ]
        if len(value) == 1:
            (inner,) = value.values()
            if isinstance(inner, dict) and not _names_somebody(str(next(iter(value)))):
                parts = _split(inner, depth + 1)
                # The lone object's name (PPN, Referral) tells something: it stays unless a list was taken out of it.
                if len(parts) > 1 or any(part.outer is not None for part in parts):
                    return parts
    return [Part(value)]


def _entries(key: str, inner: Any) -> list[Any]:
    """The messages under a field: a list of objects each with a child or a reference of its own. Else none."""
    if not isinstance(inner, list) or not inner or not all(isinstance(entry, dict) for entry in inner):
        return []
    folded = fold(key)
    if _names_somebody(key) or is_background(folded):
        return []
    if all(_has_child(entry) and (len(inner) > 1 or _tells(entry)) for entry in inner):
        return inner
    numbered = len(inner) > 1 and folded in _SAME_CHILD and all(_has(entry, _NUMBERS) and _tells(entry) for entry in inner)
    return inner if numbered else []


def _names_somebody(key: str) -> bool:
    return who_is_in(fold(key)) is not None


def _has(entry: Mapping[str, Any], wanted: frozenset[str]) -> bool:
    return any(concept_of((fold(str(key)),), MESSAGE)[0] in wanted for key in entry)


def _tells(entry: Mapping[str, Any]) -> bool:
    """Whether an object says something about a concern, itself or in an object just inside it."""
    return _has(entry, _TELLING | _NUMBERS) or any(
        isinstance(part, dict) and _has(part, _TELLING) for part in entry.values()
    )


def _has_child(entry: Mapping[str, Any], depth: int = 0) -> bool:
    """Whether an object has a child of its own: an object named so, or a child's fields."""
    personal = 0
    for key, part in entry.items():
        folded = fold(str(key))
        who = who_is_in(folded)
        if who and who.kind != "organisation" and who.role in ("child", "") and part not in (None, "", [], {}, True, False):
            return True
        if concept_of((folded,), PERSON)[0] in _PERSONAL:
            personal += 1
        if folded.startswith(("child", "pupil", "student", "youngperson")) and isinstance(part, str):
            personal += 1
    if personal >= 2:
        return True
    return depth < 2 and any(isinstance(part, dict) and _has_child(part, depth + 1) for part in entry.values())
