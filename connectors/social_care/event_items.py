"""Which objects of a body are case events: one object, a list, a batch, an envelope; and what their event words mean."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.decoding import one_line
from connectors.fields.groups import Leaf, concepts
from connectors.fields.naming import fold
from connectors.fields.walk import flat_fields
from connectors.social_care.event_meaning import event_type, tells_how
from connectors.social_care.event_words import EVENT
from schemas.reading import Note

Found = dict[str, list[Leaf]]

_BATCH = frozenset(
    "events caseevents items records updates entries data messages activities eventlist caseevent event payload batch".split()
)
_NOT_INHERITED = frozenset("id uuid guid batchid messageid eventid type kind status count total version".split())

UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?:/[0-9]{1,3})?", re.IGNORECASE)
"""A contact or receipt of the hub; a receipt may say which of its children."""


@dataclass(slots=True)
class EventItem:
    """One object that may be a case event. `word` is what it calls itself, `type` what that means, `strong` whether
    the field that says so is only ever an event's name."""

    value: Mapping[str, Any]
    found: Found
    type: str = ""
    word: str = ""
    strong: bool = False
    notes: list[Note] = field(default_factory=list)


def event_items(value: Any, depth: int = 0) -> list[EventItem]:
    """The objects of a body, each with its event word if it has one; fields around a list count for all in it."""
    if isinstance(value, list):
        return [item for entry in value for item in event_items(entry, depth + 1)] if depth < 6 else []
    if not isinstance(value, dict):
        return []
    if depth < 6 and not _has_event_word(value):
        for key, inner in value.items():
            if not isinstance(inner, list) or not inner or not all(isinstance(entry, dict) for entry in inner):
                continue
            if fold(str(key)) in _BATCH or any(_has_event_word(entry) for entry in inner):
                outer = {name: part for name, part in value.items() if name != key and fold(str(name)) not in _NOT_INHERITED}
                return [item for entry in inner for item in event_items(_around(outer, entry), depth + 1)]
        if len(value) == 1:
            key, inner = next(iter(value.items()))
            named = event_type(str(key))
            if named and isinstance(inner, dict):
                return [EventItem(inner, _found(inner), named, named, True)]
            if named and isinstance(inner, list) and all(isinstance(entry, dict) for entry in inner):
                return [EventItem(entry, _found(entry), named, named, True) for entry in inner]
            if isinstance(inner, dict):
                items = event_items(inner, depth + 1)
                if len(items) > 1 or any(item.type for item in items):
                    return items
    return [_item(value)]


def _around(outer: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    own = {fold(str(key)) for key in entry}
    return {**{key: part for key, part in outer.items() if fold(str(key)) not in own}, **entry}


def _has_event_word(value: Mapping[str, Any]) -> bool:
    return any(
        EVENT.get(fold(str(key)), ("", 0))[0] in ("event", "weak_event")
        and isinstance(part, str)
        and (EVENT[fold(str(key))][0] == "event" or bool(event_type(part)))
        for key, part in value.items()
    )


def _found(value: Mapping[str, Any]) -> Found:
    return concepts(flat_fields(value), EVENT)


def _item(value: Mapping[str, Any]) -> EventItem:
    item = EventItem(value, _found(value))
    for concept in ("event", "weak_event"):
        for leaf in item.found.get(concept, ()):
            if item.type:
                continue
            item.type = event_type(leaf.text)
            item.strong = item.strong or concept == "event" or (bool(item.type) and _only_an_event(leaf, item.found))
            item.word = leaf.text if item.type or concept == "event" else item.word
            leaf.used = bool(item.type)
    if not item.type and tells_how(item.word) and not (item.found.get("contact") or item.found.get("receipt")):
        item.type = "contact_recorded"
    if not item.type and not item.word:
        item.type = _inferred(item)
    return item


def _only_an_event(leaf: Leaf, found: Found) -> bool:
    """Whether an object with an event word in a field such as `type` can be nothing but that event: the word is its name
    (a child's is never one) or a dotted event type, or it says which of our contacts it is about."""
    ours = any(
        name.startswith(("contact", "frontdoor", "hub")) and all(map(UUID.fullmatch, map(str.strip, contact.values)))
        for contact in found.get("contact", ())
        for name in contact.names
    )
    return ours or leaf.names[-1] == "name" or leaf.text.count(".") > 1


def _inferred(item: EventItem) -> str:
    """What an object without an event word can only be: somebody assessed a level, or somebody was given the case."""
    if not item.found.get("contact") and not item.found.get("receipt"):
        return ""
    names = {name for leaves in item.found.values() for leaf in leaves for name in leaf.names}
    found = ""
    if names & {"assessedby", "assessor", "riskassessor", "assessorname", "riskassessedby"} and item.found.get("level"):
        found = "risk_assessed"
    elif names & {"allocatedto", "assignedto", "allocatedworker", "allocatedtoname", "assignee"}:
        found = "allocated"
    if found:
        item.notes.append(
            Note(code="event_inferred", field="event", text="No field names the event; it was told from the other fields.")
        )
    return found


def said(found: Found, concept: str) -> str:
    """The first text of a concept, on one line, its field marked as used; "" when there is none."""
    for leaf in found.get(concept, ()):
        text = one_line(leaf.text)
        if text:
            leaf.used = True
            return text
    return ""


def transport_id(items: list[EventItem]) -> str:
    """The sender's message id: of the batch or of its only event."""
    for item in items[:1]:
        text = said(item.found, "message_id") or (said(item.found, "id") if len(items) == 1 else "")
        return text[:200]
    return ""
