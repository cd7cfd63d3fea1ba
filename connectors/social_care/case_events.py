"""Case events as case systems and people write them: one object, a list, a batch; flat or nested."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from connectors.dates import read_date
from connectors.decoding import one_line, whole_text
from connectors.fields.groups import Leaf, concepts, flat_fields
from connectors.fields.meaning import risk_of
from connectors.fields.naming import fold, words
from connectors.fields.narrative import is_prose
from connectors.fields.times import read_time
from connectors.fields.vocabulary import GUESSED, MESSAGE, PERSON, concept_of
from connectors.fields.who import who_is_in
from connectors.social_care.event_words import CODED, EVENT, event_type
from schemas.reading import CaseReport, Note

Found = dict[str, list[Leaf]]

_LONGEST_DETAIL = 80
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./:+-]{0,39}")
_CLOSURE_CODE = re.compile(r"[A-Z]{1,3}[0-9]{1,2}")
_LONGEST_DECISION = 40
_OF_A_CALL = frozenset({"method", "team", "worker_id", "time_as_sent"})
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?:/[0-9]{1,3})?", re.IGNORECASE)
_BATCH = frozenset(
    "events caseevents items records updates entries data messages activities eventlist caseevent event payload batch".split()
)
_NOT_INHERITED = frozenset("id uuid guid batchid messageid eventid type kind status count total version".split())


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
                outer = {
                    name: part
                    for name, part in value.items()
                    if name != key and fold(str(name)) not in _NOT_INHERITED
                }
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
        EVENT.get(fold(str(key)), ("", 0))[0] in ("event", "weak_event") and isinstance(part, str) and (
            EVENT[fold(str(key))][0] == "event" or bool(event_type(part))
        )
        for key, part in value.items()
    )


def _found(value: Mapping[str, Any]) -> Found:
    return concepts(flat_fields(value), EVENT)


def _item(value: Mapping[str, Any]) -> EventItem:
    item = EventItem(value, _found(value))
    for concept in ("event", "weak_event"):
        for leaf in item.found.get(concept, ()):
            if not item.type:
                item.type = event_type(leaf.text)
                item.strong = item.strong or concept == "event"
                item.word = leaf.text if item.type or concept == "event" else item.word
                leaf.used = bool(item.type)
    if not item.type and not item.word:
        item.type = _inferred(item)
    return item


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


def case_reports(item: EventItem) -> list[CaseReport]:
    """The case event in an item of known type: one for each contact it names, one without a contact when it names none."""
    found = item.found
    contacts = _contacts(found)
    by = _worker(item)
    details: dict[str, str] = {}
    level = _level(item, details)
    reason_code, reason = _reason(found)
    happened_at, happened_on = _when(item, details)
    reason = _decision(item, details, reason)
    for concept, key in (("team", "team"), ("method", "method"), ("how", "how")):
        text = _said(found, concept)
        if text:
            details[key] = text[:_LONGEST_DETAIL]
    for concept in ("to_id", "by_id"):
        text = _said(found, concept)
        if text and _CODE.fullmatch(text):
            details.setdefault("worker_id", text)
    if item.type == "allocated" and (giver := _said(found, "from")):
        details["allocated_by"] = giver[:_LONGEST_DETAIL]
    if item.type == "contact_recorded":
        details = {key: text for key, text in details.items() if key in _OF_A_CALL}
    else:
        reason = _others(item, details, reason)
    event = CaseReport(
        type=item.type,
        by=by,
        level=level,
        reason_code=reason_code,
        reason=reason,
        happened_at=happened_at,
        happened_on=happened_on,
        details=dict(sorted(details.items())[:40]),
    )
    return [event.model_copy(update={"contact": contact}) for contact in contacts or [""]]


def transport_id(items: list[EventItem]) -> str:
    """The sender's message id: of the batch or of its only event."""
    for item in items[:1]:
        text = _said(item.found, "message_id") or (_said(item.found, "id") if len(items) == 1 else "")
        return text[:200]
    return ""


def _said(found: Found, concept: str) -> str:
    for leaf in found.get(concept, ()):
        text = one_line(leaf.text)
        if text:
            leaf.used = True
            return text
    return ""


def _contacts(found: Found) -> list[str]:
    """The contacts an event is about: what looks like an id of the hub before what a field merely calls one."""
    named = [leaf for leaf in found.get("contact", []) if len(leaf.text) <= 400]
    receipts = [leaf for leaf in found.get("receipt", []) if len(leaf.text) <= 400]
    spare = found.get("id", [])
    for leaves in (named, receipts, spare):
        for leaf in leaves:
            if all(_UUID.fullmatch(value.strip()) for value in leaf.values):
                leaf.used = True
                return [_with_ordinal(value.strip(), found) if leaf in receipts else value.strip() for value in leaf.values]
    for leaf in [*named, *receipts]:
        values = [one_line(value, 120) for value in leaf.values if value.count(" ") <= 3]
        if values:
            leaf.used = True
            return [_with_ordinal(value, found) if leaf in receipts else value for value in values]
    return []


def _with_ordinal(receipt: str, found: Found) -> str:
    """A receipt with the number of the child in it: `receipt/2`."""
    ordinal = _said(found, "ordinal")
    return f"{receipt}/{int(ordinal)}" if "/" not in receipt and ordinal.isdecimal() and len(ordinal) <= 3 else receipt


def _worker(item: EventItem) -> str:
    """Who the event names: for an allocation who holds the case now, else who did it."""
    found = item.found
    order = ("to", "by") if item.type == "allocated" else ("by", "to", "from")
    for concept in order:
        first, last = _said(found, f"{concept}_first"), _said(found, f"{concept}_last")
        name = _said(found, concept) or f"{first} {last}".strip()
        if name:
            return name[:120]
    return ""


def _level(item: EventItem, details: dict[str, str]) -> str:
    for leaf in item.found.get("level", ()):
        level = risk_of(leaf.text)
        if level:
            leaf.used = True
            return level
    if item.type != "risk_assessed":
        return ""
    for leaf in item.found.get("decision", ()):
        level = risk_of(leaf.text)
        if level:
            leaf.used = True
            return level
    unread = next((leaf for leaf in item.found.get("level", ()) if len(leaf.text) <= 40), None)
    if unread is not None:
        unread.used = True
        details["level_as_sent"] = one_line(unread.text, 40)
        item.notes.append(
            Note(code="risk_not_understood", field="level", text="The level is not one that is known; send red, amber, green.")
        )
    return ""


def _reason(found: Found) -> tuple[str, str]:
    """(code, free text)."""
    code, texts = "", []
    for leaf in found.get("reason_code", ()):
        text = one_line(leaf.text, 300)
        leaf.used = True
        if not code and len(text) <= 20 and " " not in text:
            code = text
        else:
            texts.append(whole_text(leaf.text))
    for leaf in found.get("reason", ()):
        leaf.used = True
        text = "\n".join(leaf.values)
        if text and text not in texts:
            texts.append(text)
    if not code and len(texts) == 1 and _CLOSURE_CODE.fullmatch(texts[0]):
        code = texts[0]
    return code, "\n\n".join(texts)


def _when(item: EventItem, details: dict[str, str]) -> tuple[datetime | None, date | None]:
    """The sender's claim of when: an instant, or only a day."""
    clock = next(iter(item.found.get("clock", ())), None)
    for concept in ("happened", "clock", "recorded"):
        for leaf in item.found.get(concept, ()):
            seen: list[Note] = []
            time = read_time(leaf.text, "happened_at", seen, clock.text if clock and clock is not leaf else "")
            if time.value is None:
                if concept == "happened":
                    item.notes.extend(seen)
                    details.setdefault("time_as_sent", one_line(leaf.text, 40))
                continue
            leaf.used = True
            item.notes.extend(seen)
            if time.precision == "day":
                return None, read_date(leaf.text, "happened_on").value
            if clock is not None:
                clock.used = True
            details.pop("time_as_sent", None)
            return time.value, None
    return None, None


def _decision(item: EventItem, details: dict[str, str], reason: str) -> str:
    """The decision as a detail; a long one is somebody's sentences: they go to the reason, their first words stay."""
    for leaf in item.found.get("decision", ()):
        if leaf.used:
            continue
        leaf.used = True
        key = "decision" if item.type == "decision" or leaf.names[-1].startswith("decision") else "outcome"
        text = one_line(leaf.text)
        if len(text) > _LONGEST_DECISION:
            reason = f"{reason}\n\n{whole_text(leaf.text)}".strip()
            text = re.split(r"\s[-–]\s|[,:;.(]", text)[0].strip()
        if text and len(text) <= _LONGEST_DECISION:
            details.setdefault(key, text)
    return reason


def _others(item: EventItem, details: dict[str, str], reason: str) -> str:
    """Short coded fields into `details`; prose to the reason when there is none; what may name a child stays outside."""
    left_out = False
    for leaf in (leaf for leaves in item.found.values() for leaf in leaves):
        if leaf.used or concept_of(leaf.names, MESSAGE)[0] == "ignored":
            continue
        key = "_".join(words(leaf.path.rpartition(".")[2]))[:40]
        text = one_line(leaf.text, 200)
        if not text or _about_a_child(leaf):
            left_out = left_out or bool(text)
        elif _CODE.fullmatch(text) or (key in CODED and len(text) <= _LONGEST_DETAIL):
            details.setdefault(key or "value", text)
        elif is_prose(leaf.text) and not reason:
            reason = whole_text(leaf.text)
        else:
            left_out = True
    if left_out:
        item.notes.append(
            Note(code="fields_left_out", text="Fields that may be personal or are long stay in the stored message only.")
        )
    return reason


def _about_a_child(leaf: Leaf) -> bool:
    """Whether a field may tell who a child or a family is. Case events hold nothing of the kind."""
    for part in leaf.path.split("."):
        who = who_is_in(fold(part))
        if who and (who.kind == "child" or who.role in ("parent", "carer", "sibling", "household", "alleged_perpetrator")):
            return True
    concept, rank = concept_of(leaf.names, PERSON)
    return rank < GUESSED and concept not in ("", "local", "relation", "organisation", "title", "job", "school") or "name" in leaf.names[-1]
