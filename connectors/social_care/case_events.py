"""What one case event says: which contact, who did it, when, the level, the reason, the details; flat or nested."""

import re
from collections.abc import Iterator
from datetime import date, datetime

from connectors.dates import read_date
from connectors.decoding import one_line, whole_text
from connectors.fields.groups import Leaf
from connectors.fields.meaning import risk_of
from connectors.fields.naming import fold, words
from connectors.fields.narrative import is_prose
from connectors.fields.times import read_time
from connectors.fields.vocabulary import GUESSED, MESSAGE, PERSON, concept_of
from connectors.fields.who import who_is_in
from connectors.social_care.event_items import UUID, EventItem, Found, said
from connectors.social_care.event_meaning import tells_how
from connectors.social_care.event_words import CODED, HOLDERS
from schemas.codes import is_named_worker
from schemas.reading import CaseReport, Note

_LONGEST_DETAIL = 80
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./:+-]{0,39}")
_CLOSURE_CODE = re.compile(r"[A-Z]{1,3}[0-9]{1,2}")
_LONGEST_DECISION = 40
_OF_A_CALL = frozenset({"method", "team", "worker_id", "time_as_sent"})


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
        text = said(found, concept)
        if text:
            details[key] = text[:_LONGEST_DETAIL]
    for concept in ("to_id", "by_id"):
        text = said(found, concept)
        if text and _CODE.fullmatch(text):
            details.setdefault("worker_id", text)
    if item.type == "allocated" and (giver := said(found, "from")):
        details["allocated_by"] = giver[:_LONGEST_DETAIL]
    if item.type == "transferred" and (taker := said(found, "to")):
        details["transferred_to"] = taker[:_LONGEST_DETAIL]
    if item.type == "risk_assessed":
        item.notes.extend(_missing(by if is_named_worker(by) else "", level, reason or reason_code))
    if item.type == "contact_recorded" and tells_how(by):
        by, details = "", {"method": by[:_LONGEST_DETAIL], **details}
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


def _missing(by: str, level: str, reason: str) -> Iterator[Note]:
    """What an assessment lacks that the same-day clock needs before it stops."""
    for text, where, what in ((by, "by", "a person's name"), (level, "level", "a level"), (reason, "reason", "a reason")):
        if not text:
            yield Note(
                code="assessment_incomplete", field=where, text=f"An assessment without {what} does not stop the same-day clock."
            )


def _contacts(found: Found) -> list[str]:
    """The contacts an event is about: what looks like an id of the hub before what a field merely calls one."""
    named = [leaf for leaf in found.get("contact", []) if len(leaf.text) <= 400]
    receipts = [leaf for leaf in found.get("receipt", []) if len(leaf.text) <= 400]
    spare = found.get("id", [])
    for leaves in (named, receipts, spare):
        for leaf in leaves:
            if all(UUID.fullmatch(value.strip()) for value in leaf.values):
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
    ordinal = said(found, "ordinal")
    return f"{receipt}/{int(ordinal)}" if "/" not in receipt and ordinal.isdecimal() and len(ordinal) <= 3 else receipt


def _worker(item: EventItem) -> str:
    """Who the event names: for an allocation who holds the case now, else who did it."""
    found = item.found
    if item.type == "allocated":
        return _name(found, "to") or _name(_of_holder(found), "by") or _name(found, "by")
    order = ("by", "from") if item.type == "transferred" else ("by", "to", "from")
    return next((name for concept in order if (name := _name(found, concept))), "")


def _name(found: Found, concept: str) -> str:
    first, last = said(found, f"{concept}_first"), said(found, f"{concept}_last")
    return (said(found, concept) or f"{first} {last}".strip())[:120]


def _of_holder(found: Found) -> Found:
    """Only what is said of the worker who has the case: `by` beside it is who gave it to them."""
    return {
        concept: [leaf for leaf in leaves if any(name.startswith(HOLDERS) for name in leaf.names)]
        for concept, leaves in found.items()
        if concept.startswith("by")
    }


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
    return (
        rank < GUESSED
        and concept not in ("", "local", "relation", "organisation", "title", "job", "school")
        or "name" in leaf.names[-1]
    )
