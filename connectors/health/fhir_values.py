"""Reading FHIR JSON by hand, where the strict parser refuses: any element may be missing, single, repeated or mistyped."""

from datetime import datetime
from typing import Any

from connectors.decoding import one_line
from connectors.fields.address import tidy_postcode
from schemas.person import Address

Node = dict[str, Any]

_LARGEST_NODE = 200
"""Elements of one object among which a misspelt name is looked for; no real resource has as many."""

MOST_ITEMS = 200
"""Repeats of one element that are read. A name with a thousand given names is no name."""


def element(node: Any, name: str) -> Any:
    """An element of an object by its FHIR name, also when its capitals are wrong; None when it is not there."""
    if not isinstance(node, dict):
        return None
    if name in node:
        return node[name]
    if len(node) <= _LARGEST_NODE:
        folded = name.casefold()
        for key, value in node.items():
            if len(key) == len(name) and key.casefold() == folded:
                return value
    return None


def items(node: Any, name: str) -> list[Any]:
    """A repeating element as a list: empty when missing, one long when it was not sent as a list."""
    value = element(node, name)
    if value is None:
        return []
    return value[:MOST_ITEMS] if isinstance(value, list) else [value]


def nodes(node: Any, name: str) -> list[Node]:
    """The objects of a repeating element."""
    return [item for item in items(node, name) if isinstance(item, dict)]


def first(node: Any, name: str) -> Node:
    """The first object of an element, or an empty one."""
    found = nodes(node, name)
    return found[0] if found else {}


def text(node: Any, name: str) -> str:
    """An element as one line; the first one where it repeats."""
    for item in items(node, name):
        line = one_line(item)
        if line:
            return line
    return ""


def codes(concept: Any) -> list[tuple[str, str, str]]:
    """(system, code, display) of a CodeableConcept, a Coding, or a bare code."""
    if isinstance(concept, str):
        return [("", one_line(concept), "")]
    if not isinstance(concept, dict):
        return []
    codings = nodes(concept, "coding") or ([concept] if element(concept, "code") is not None else [])
    return [(text(coding, "system"), text(coding, "code"), text(coding, "display")) for coding in codings]


def words(concept: Any) -> str:
    """What a CodeableConcept, Coding or bare code says to a person: its text, else its displays, else its codes."""
    said = text(concept, "text")
    if said:
        return said
    found = codes(concept)
    return "; ".join(dict.fromkeys(display or code for _, code, display in found if display or code))


def first_code(concept: Any) -> str:
    """The first code of a concept, or ""."""
    return next((code for _, code, _ in codes(concept) if code), "")


def extensions(node: Any, *parts: str) -> list[Node]:
    """Extensions (at any depth) whose url holds one of `parts`, whatever its capitals."""
    found: list[Node] = []
    waiting = [(extension, 0) for extension in nodes(node, "extension") + nodes(node, "modifierExtension")]
    while waiting and len(found) < MOST_ITEMS:
        extension, depth = waiting.pop(0)
        url = text(extension, "url").casefold()
        if any(part in url for part in parts):
            found.append(extension)
        if depth < 4 and len(waiting) < MOST_ITEMS:
            waiting += [(inner, depth + 1) for inner in nodes(extension, "extension")]
    return found


def value_of(node: Any) -> Any:
    """The `value[x]` of an extension, observation or answer: whichever type it has; None without one."""
    if isinstance(node, dict) and len(node) <= _LARGEST_NODE:
        for key, value in node.items():
            if key.startswith("value") and value is not None:
                return value
    return None


def value_words(value: Any) -> str:
    """A `value[x]` as a person reads it."""
    if not isinstance(value, dict):
        return one_line(value)
    quantity = element(value, "value")
    if quantity is not None:
        return " ".join(filter(None, (one_line(quantity), text(value, "unit") or text(value, "code"))))
    return words(value) or text(value, "display") or text(value, "start") or text(value, "reference")


def address_of(node: Node) -> Address:
    """A FHIR address. Its parts, or its `text` when it has none; the postcode tidy where it could be understood."""
    lines = [one_line(item, 120) for item in items(node, "line")]
    lines += [text(node, name) for name in ("city", "district", "state")]
    postcode = text(node, "postalCode")
    if not any(lines) and (whole := text(node, "text")):
        lines = [part.strip() for part in whole.split(",")]
        postcode = postcode or tidy_postcode(whole)
    tidy = tidy_postcode(postcode) or postcode.upper()
    kept = [line for line in dict.fromkeys(lines) if line and tidy_postcode(line) != line.upper()]
    return Address(lines=kept[:8], postcode=tidy[:20])


def has_ended(node: Node, written: datetime | None) -> bool:
    """Whether a name, address or identifier was over when the message was written: by its use, or by its period's end.

    Without a time of writing only an end far ahead ("until further notice" is often written as the year 9999) is no end.
    """
    end = text(first(node, "period"), "end")[:10]
    return text(node, "use").casefold() == "old" or bool(end) and end < (written.date().isoformat() if written else "2100")


def whole_number(value: Any, otherwise: int) -> int:
    """A small whole number, also when it was sent as text (as in XML)."""
    if isinstance(value, int):
        return value
    line = one_line(value, 12)
    return int(line) if line.isascii() and line.isdigit() else otherwise


def human_name(name: Node) -> tuple[list[str], str, str]:
    """(given names, family name, whole text) of a HumanName."""
    given = [one_line(part, 100) for part in items(name, "given")]
    family = " ".join(one_line(part, 100) for part in items(name, "family"))
    return [part for part in given if part][:10], one_line(family, 100), text(name, "text")


def telecom(node: Node, system: str) -> str:
    """The preferred phone or email (lowest rank, then order); a number without a system counts as a phone."""
    found = [
        (whole_number(element(point, "rank"), 99), place, text(point, "value"))
        for place, point in enumerate(nodes(node, "telecom"))
        if (text(point, "system").casefold() or "phone") in ((system, "sms") if system == "phone" else (system,))
        and text(point, "use").casefold() != "old"
    ]
    return min(found, default=(0, 0, ""))[2][:120]
