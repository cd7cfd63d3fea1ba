"""What children's social care sends: case events, contacts taken by telephone or letter, referrals, census files."""

from collections.abc import Mapping
from typing import Any

from connectors.decoding import Problem
from connectors.fields.batches import messages_in
from connectors.fields.concern import Concern, read_concern
from connectors.fields.dialect import Dialect
from connectors.fields.groups import MOST_FIELDS, TooManyFields, count_fields
from connectors.fields.naming import fold
from connectors.fields.own_answers import own_answer
from connectors.fields.reading import (
    MOST_REPORTS,
    NOTHING,
    TOO_MANY_FIELDS,
    TOO_MANY_REPORTS,
    never_raising,
    read_opened,
)
from connectors.fields.shapes import Opened, open_body
from connectors.fields.walk import group_message
from connectors.fields.who import who_is_in
from connectors.social_care.annex_a import read_annex_a
from connectors.social_care.case_events import case_reports
from connectors.social_care.cin_census import is_census, read_census, too_large_census
from connectors.social_care.event_items import EventItem, event_items, transport_id
from connectors.social_care.event_words import EVENT
from connectors.social_care.load_parts import read_load_part
from connectors.social_care.ssd_load import read_ssd_load
from schemas.codes import CASE_EVENT_TYPES, DEFAULT_SOURCE
from schemas.reading import CaseReport, Hint, Note, Reading, Report

SOCIAL_CARE = Dialect(
    agency="social_care",
    references=("concern_number", "reference", "notice_number", "incident_number", "record_id", "urn"),
    default_source=DEFAULT_SOURCE["social_care"],
    code_system="other",
)

MOST_EVENTS = 2000
"""Case events in one body."""

_UNKNOWN_EVENT = Problem(
    "unknown_event",
    "The case event is not one that is known. Known events: " + ", ".join(CASE_EVENT_TYPES) + ".",
)
_NO_CONTACT = Problem(
    "event_without_contact",
    "The case event does not say which contact it is about. Send the contact id of the referral in frontdoor_contact_id.",
)
_TOO_MANY_EVENTS = Problem("too_many_events", f"The message holds more than {MOST_EVENTS} case events. Send it in smaller parts.")


@never_raising
def read(body: bytes, hint: Hint) -> Reading:
    """One message of a case system or of a person at the front door.

    Case events if any object in it is one; a child with a concern is a contact; a census file is not a contact. An event
    word that nobody knows, or an event about no contact, quarantines the message. Formats: `docs/formats-social-care.md`.
    """
    opened = open_body(body, hint)
    if cases := read_annex_a(opened, body):
        return cases
    if isinstance(opened, Problem):
        return too_large_census(opened, body) or opened.quarantined()
    if is_census(opened):
        return read_census(opened)
    if load := read_load_part(opened) or read_ssd_load(opened):
        return load
    if answer := own_answer(opened):
        return answer
    try:
        return _read(opened)
    except TooManyFields:
        return TOO_MANY_FIELDS.quarantined(opened.notes)


def _read(opened: Opened) -> Reading:
    value = [*opened.table.rows] if opened.table else opened.value
    if count_fields(value) > MOST_FIELDS:
        return TOO_MANY_FIELDS.quarantined(opened.notes)
    items = event_items(value)
    if len(items) > MOST_EVENTS:
        return _TOO_MANY_EVENTS.quarantined(opened.notes)
    concerns = [_concern(item) if _may_be_contact(item) else None for item in items]
    is_event = [bool(item.type) and not (concern and not item.strong and _whole(concern) and item.type != "contact_recorded")
                for item, concern in zip(items, concerns, strict=True)]  # fmt: skip
    if not any(is_event):
        if any(concern and _whole(concern) for concern in concerns):
            return read_opened(opened, SOCIAL_CARE)
        if any(item.word for item in items):
            return _UNKNOWN_EVENT.quarantined(opened.notes, transport_id(items))
        return read_opened(opened, SOCIAL_CARE)
    return _events(items, is_event, opened.notes)


def _events(items: list[EventItem], is_event: list[bool], notes: list[Note]) -> Reading:
    """A body with case events; a referral among them becomes a contact recorded, an unknown event a note on its contact."""
    found: list[CaseReport] = []
    said = list(notes)
    identity = transport_id(items)
    for item, known in zip(items, is_event, strict=True):
        if known and item.type == "contact_recorded":
            found.extend(_contacts_recorded(item))
        elif known:
            found.extend(case_reports(item))
        elif item.word:
            item.type = "note"
            said.append(Note(code="unknown_event", field="event", text="An event that is not known was kept as a note."))
            found.extend(case_reports(item))
        elif item.value:
            found.extend(_contacts_recorded(item))
        said.extend(item.notes)
    if any(not report.contact for report in found if report.type != "contact_recorded"):
        return _NO_CONTACT.quarantined(said, identity)
    if sum(report.report is not None for report in found) > MOST_REPORTS:
        return TOO_MANY_REPORTS.quarantined(said, identity)
    if not found:
        return NOTHING.quarantined(said, identity)
    return Reading(outcome="case_events", transport_id=identity, case_reports=found, notes=list(dict.fromkeys(said)))


def _may_be_contact(item: EventItem) -> bool:
    return not item.type or (not item.strong and item.type != "contact_recorded")


def _concern(item: EventItem) -> Concern | None:
    return read_concern(_without_recorder(item.value), None, SOCIAL_CARE) if item.value else None


def _whole(concern: Concern) -> bool:
    """A child and a concern: plainly a contact or referral, whatever the message calls itself."""
    return concern.names_child and concern.tells_concern


def _contacts_recorded(item: EventItem) -> list[CaseReport]:
    """A contact taken by telephone, letter or visit: a report for each child in it."""
    item.type = "contact_recorded"
    event = case_reports(item)[0]
    made: list[CaseReport] = []
    for part in messages_in(_without_recorder(item.value)):
        for report in read_concern(part.value, group_message(part.outer) if part.outer else None, SOCIAL_CARE).reports:
            made.append(
                event.model_copy(update={"contact": "", "reason": "", "level": "", "report": _as_recorded(report, event)})
            )
    return made


def _as_recorded(report: Report, event: CaseReport) -> Report:
    unmapped = {
        path: text
        for path, text in report.unmapped.items()
        if EVENT.get(fold(path.rpartition(".")[2]), ("", 0))[0] not in ("event", "weak_event", "happened", "clock")
    }
    for path, text in list(unmapped.items()):
        if text in (event.contact, event.details.get("method")):
            del unmapped[path]
    if event.details.get("method"):
        unmapped["method"] = event.details["method"]
    reference = report.reference or event.contact[:100]
    return report.model_copy(
        update={
            "reference": reference,
            "notes": [note for note in report.notes if not (reference and note.code == "no_reference")],
            "written_at": report.written_at or event.happened_at,
            "unmapped": unmapped,
        }
    )


#: Who took the call is the event's `by`, not the referrer.
_RECORDER = frozenset(
    name for name, (concept, _) in EVENT.items() if concept.startswith("by") and name not in ("by", "professional")
) | {"by"}


def _without_recorder(value: Mapping[str, Any]) -> dict[str, Any]:
    """The message without who took the call, wherever that stands except in the fields of a person."""
    return {
        key: part if who_is_in(fold(str(key))) else _inside(part)
        for key, part in value.items()
        if fold(str(key)) not in _RECORDER
    }


def _inside(part: Any) -> Any:
    if isinstance(part, dict):
        return _without_recorder(part)
    return [_inside(entry) for entry in part] if isinstance(part, list) else part
