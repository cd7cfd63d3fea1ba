"""An XML element tree as the nested objects and lists that JSON would give, so that both are read by the same rules."""

from typing import Any
from xml.etree.ElementTree import Element

from connectors.safe_xml import local_name

TEXT = "#text"
"""The name under which the text of an element stands that also has attributes or children."""

_MARKUP = frozenset("b strong i em u br p span div font sub sup li ul ol small a".split())
"""Elements that only mark up text: inside a text they are part of it."""


def as_values(root: Element) -> dict[str, Any]:
    """`{root name: value}`. Attributes and children become fields, repeated children a list, text alone a string.

    Bounded by the limits of `connectors.safe_xml`; comments and processing instructions are gone already.
    """
    return {local_name(root): _value(root)}


def _value(element: Element) -> Any:
    marked_up = len(element) > 0 and all(_is_markup(inner) for child in element for inner in child.iter())
    children = [] if marked_up else list(element)
    text = _marked_up(element) if marked_up else "".join([element.text or "", *(child.tail or "" for child in element)])
    text = text.strip()
    nil = any(key.rpartition("}")[2] == "nil" and value in ("true", "1") for key, value in element.attrib.items())
    if nil:
        return None
    if not children and not element.attrib:
        return text
    fields: dict[str, Any] = {}
    for name, value in element.attrib.items():
        if not name.startswith("{http://www.w3.org/"):
            _add(fields, name.rpartition("}")[2], value)
    for child in children:
        _add(fields, local_name(child), _value(child))
    if not fields:
        return text
    if text:
        _add(fields, TEXT, text)
    return fields


def _is_markup(element: Element) -> bool:
    return local_name(element).casefold() in _MARKUP


def _marked_up(element: Element) -> str:
    """The text of an element with markup in it, in order; a paragraph, list item or line break ends a line."""
    parts = [element.text or ""]
    for child in element:
        ends_line = local_name(child).casefold() in ("br", "p", "div", "li")
        parts += [_marked_up(child), "\n" if ends_line else "", child.tail or ""]
    return "".join(parts)


def _add(fields: dict[str, Any], name: str, value: Any) -> None:
    if name not in fields:
        fields[name] = value
    elif isinstance(fields[name], list):
        fields[name].append(value)
    else:
        fields[name] = [fields[name], value]
