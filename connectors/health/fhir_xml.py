"""FHIR XML as the same plain objects that FHIR JSON gives, so that one extraction reads both."""

from typing import Any
from xml.etree.ElementTree import Element, tostring

from connectors.decoding import LONGEST_TEXT
from connectors.health.fhir_values import Node
from connectors.safe_xml import local_name


def fhir_from_xml(root: Element) -> Node:
    """A resource element as an object: `value` attributes as text (true and false as booleans), repeats as lists.

    XML does not say which element may repeat: one that stands once is no list here (`fhir_strict` puts that right).
    """
    return {"resourceType": local_name(root), **_children(root)}


def _children(parent: Element) -> Node:
    found: Node = {}
    for name in ("id", "url"):
        if parent.get(name) is not None:
            found[name] = parent.get(name)
    for child in parent:
        name = local_name(child)
        value = _value(child, name)
        if _is_resource_name(name):  # an entry whose resource stands without the `resource` element
            found = {**found, **value}
            continue
        if child.get("value") is not None and len(child):
            found[f"_{name}"] = _children(child)
        if name not in found:
            found[name] = value
        elif isinstance(found[name], list):
            found[name].append(value)
        else:
            found[name] = [found[name], value]
    return found


def _value(child: Element, name: str) -> Any:
    if name == "div":
        return tostring(child, encoding="unicode")[:LONGEST_TEXT]
    if _is_resource_name(name):
        return fhir_from_xml(child)
    if name in ("resource", "contained") and len(child) and _is_resource_name(local_name(child[0])):
        return fhir_from_xml(child[0])
    sent = child.get("value")
    if sent is not None:
        return {"true": True, "false": False}.get(sent, sent)
    if not len(child) and not child.attrib:
        return (child.text or "").strip() or None
    return _children(child)


def _is_resource_name(name: str) -> bool:
    return name[:1].isupper()
