"""What values look like that stand for people: a person's object, a container of people, the text of a name."""

from collections.abc import Mapping
from typing import Any

from connectors.fields.naming import fold
from connectors.fields.vocabulary import MESSAGE, PERSON, concept_of
from connectors.fields.who import Who, who_is_in


def is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(isinstance(entry, str | int | float) or entry is None for entry in value)
    return not isinstance(value, dict)


def are_people(item: Any) -> bool:
    """Whether objects under a name that nobody listed are people: a name with a birth date, an age or a sex, and nothing
    that a message would say."""
    entries = item if isinstance(item, list) else [item]
    for entry in entries:
        if not isinstance(entry, dict):
            return False
        names = [fold(str(key)) for key in entry]
        personal = {concept_of((name,), PERSON)[0] for name in names}
        named = {"given", "family"} <= personal or "full" in personal
        other = {
            concept
            for name in names
            if not concept_of((name,), PERSON)[0] and (concept := concept_of((name,), MESSAGE)[0]) and concept not in _OF_A_CHILD
        }
        if other or not named or not personal & {"dob", "age", "sex", "expected_dob"}:
            return False
    return bool(entries)


#: What a message may grade or number for each of several children.
_OF_A_CHILD = frozenset({"risk", "need", "danger", "record_id"})


def only_holds_people(who: Who, item: Mapping[str, Any]) -> bool:
    """Whether an object is a list of people rather than a person: its structures are named after people, or numbered."""
    plain = {fold(str(key)) for key, part in item.items() if is_plain(part)}
    structured = {fold(str(key)): part for key, part in item.items() if not is_plain(part)}
    personal = {concept_of((name,), PERSON)[0] for name in plain | set(structured)}
    if who.role == "household":
        return not personal & {"given", "family", "full", "dob"}
    if not structured or any(concept_of((name,), PERSON)[0] in _WHO_SOMEBODY_IS for name in plain):
        return False
    if all(name.isdigit() for name in structured):
        return all(isinstance(part, dict) for part in structured.values())
    people = [who_is_in(name) for name in structured]
    return all(inside is not None and inside.kind != "organisation" for inside in people)


def is_somebody(part: Any) -> bool:
    """Whether an object, or a list of them, has a person's name or date of birth."""
    entries = part if isinstance(part, list) else [part]
    return all(
        isinstance(entry, dict)
        and any(concept_of((fold(str(key)),), PERSON)[0] in ("given", "family", "full", "dob") for key in entry)
        for entry in entries
    )


#: A person has at least one of these; an object without any of them is no person.
_WHO_SOMEBODY_IS = frozenset(
    {"given", "family", "full", "dob", "upn", "nhs_number", "expected_dob", "unborn", "age", "sex", "relation", "local"}
)


def may_be_a_name(text: str) -> bool:
    low = text.strip().casefold()
    if low in ("true", "false", "yes", "no", "y", "n", "none", "n/a", "unknown", "not known", "nil", "0", "1"):
        return False
    if low.replace(",", " ").replace("-", " ").split()[:1] in (["yes"], ["no"], ["none"], ["not"]):
        return False
    return sum(char.isalpha() for char in text) >= 2 and len(text) <= 120 and len(text.split()) <= 12


def looks_like_a_name(text: str) -> bool:
    parts = text.replace(",", " ").split()
    return 2 <= len(parts) <= 5 and all(part[:1].isupper() or "'" in part or "-" in part for part in parts)
