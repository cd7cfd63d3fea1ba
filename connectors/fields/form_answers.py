"""Fields that travel as pairs of a name and a value: the answers of a form, identifiers with their type, XML `<Field name=…>`."""

from collections.abc import Mapping
from typing import Any

from connectors.decoding import whole_text
from connectors.fields.looks import is_plain
from connectors.fields.naming import fold
from connectors.fields.xml_values import TEXT

_VALUE_NAMES = frozenset({fold(TEXT), "value", "val", "answer", "valuestring", "response"})
_TYPE_NAMES = frozenset({"type", "system", "kind", "scheme", "key", "label", "field", "question", "idtype", "fieldname"})
#: A form sends its fields as a list of such names with their answers.
_QUESTION_NAMES = frozenset({"question", "questiontext", "label", "field", "fieldname", "fieldlabel", "prompt", "key", "name"})


def answers_in(entries: list[Any]) -> dict[str, Any] | None:
    """The answers of a form by their questions when a list holds nothing else; a question asked twice has both answers."""
    answers: dict[str, Any] = {}
    for entry in entries:
        if not isinstance(entry, dict) or not 2 <= len(entry) <= 8:
            return None
        names = {fold(str(key)): part for key, part in entry.items()}
        asked = next((names[name] for name in names if name in _QUESTION_NAMES and isinstance(names[name], str)), "")
        value = next((name for name in names if name in _VALUE_NAMES), None)
        if not asked or value is None or not is_plain(names[value]):
            return None
        if asked in answers:
            before, more = answers[asked], names[value]
            answers[asked] = [*(before if isinstance(before, list) else [before]), *(more if isinstance(more, list) else [more])]
        else:
            answers[asked] = names[value]
    return answers if len(answers) >= 2 else None


def key_and_value(item: Mapping[str, Any]) -> tuple[str, Any] | None:
    """The folded name and the value of `{"type": "UPN", "value": "…"}`, which is the field `UPN`; None for anything else."""
    if not 2 <= len(item) <= 4 or not all(is_plain(part) for part in item.values()):
        return None
    names = {fold(str(key)): part for key, part in item.items()}
    value = next((names[name] for name in names if name in _VALUE_NAMES), None)
    said = next((names[name] for name in names if name in _TYPE_NAMES), None)
    if said is None and len(names) == 2:
        said = names.get("name")
    if value is None or said is None:
        return None
    kind = fold(whole_text(said, 200).rstrip("/").rpartition("/")[2])
    return (kind, value) if kind else None
