"""A referral, a correction, a request to cancel or an outcome as JSON for the case system. Pure.

Every item names the contact by `frontdoor_contact_id` and asks for it back in each case event: that is how the hub knows
that the contact was risk assessed on the day it arrived. The published shape is
`connectors/formats/frontdoor-referral.schema.json`.
"""

import json
from typing import Any

from connectors.fields.concern_tree import address_tree, around_child
from connectors.writing import Written, file_name
from schemas.contact import Contact
from schemas.outbound import OutboundItem
from schemas.person import Person
from schemas.reading import Report
from schemas.record import Instant

FORMAT = "frontdoor-referral/1"


def write(item: OutboundItem) -> bytes:
    """The item as UTF-8 JSON. What is not known is left out, so that an empty field never overwrites one of theirs."""
    message: dict[str, Any] = {
        "format": FORMAT,
        "message_id": item.item_id,
        "message": item.kind,
        "frontdoor_contact_id": item.contact_id,
        "receipt_id": item.receipt_id,
        "sent_at": _time(item.at),
    }
    if item.contact is not None:
        message |= _contact(item.contact)
    if item.outcome:
        message["outcome"] = dict(item.outcome)
    if item.kind != "outcome":
        message["reply"] = _reply(item)
    return json.dumps(_without_nothing(message), ensure_ascii=False, indent=1).encode()


def write_json(item: OutboundItem) -> Written:
    """The same as the writers' contract has it."""
    return Written(write(item), "application/json", file_name(item, "json"))


def _contact(contact: Contact) -> dict[str, Any]:
    report = contact.report
    return {
        "version": contact.version,
        "received_at": _time(contact.received_at),
        "sent_by": {
            "agency": contact.agency,
            "channel": contact.sender,
            "organisation": report.organisation.model_dump(),
        },
        "team": contact.team,
        "authority": contact.authority.model_dump(),
        "siblings": contact.siblings,
        "possible_repeat_of": contact.possible_repeat_of,
        "child": _child(report.person),
        "concern": _concern(report),
        "people": [around_child(person) for person in report.people if person.role != "referrer"],
        "referrer": next((around_child(person) for person in report.people if person.role == "referrer"), None),
        "attachments": [attachment.model_dump() for attachment in report.attachments],
        "as_sent": report.unmapped,
        "data_quality": [note.model_dump(exclude_defaults=True) for note in report.notes],
    }


def _child(person: Person) -> dict[str, Any]:
    return {
        "given_name": person.given,
        "other_given_names": person.other_given,
        "family_name": person.family,
        "known_as": person.known_as,
        "date_of_birth": person.dob.isoformat() if person.dob else "",
        "date_of_birth_as_sent": person.dob_text,
        "expected_date_of_birth": person.expected_dob.isoformat() if person.expected_dob else "",
        "unborn": True if person.unborn else None,
        "sex": person.sex,
        "ethnicity": person.ethnicity,
        "ethnicity_as_sent": person.ethnicity_source,
        "disabilities": person.disabilities,
        "looked_after": person.looked_after,
        "identifiers": [
            {"type": identifier.kind, "value": identifier.value, "valid": identifier.valid, "problem": identifier.problem}
            for identifier in person.identifiers
        ],
        "address": address_tree(person.address),
        "school": person.school,
        "language": person.language,
    }


def _concern(report: Report) -> dict[str, Any]:
    return {
        "reference": report.reference,
        "kind": report.kind,
        "action": report.action,
        "risk_level": report.risk,
        "risk_as_sent": report.risk_source,
        "need_code": report.need_code,
        "need_as_sent": report.need_original,
        "referral_source_code": report.source_code,
        "referral_source_as_sent": report.source_original,
        "written_at": _time(report.written_at),
        "incident_at": _time(report.incident_at),
        "narrative": report.narrative,
    }


def _reply(item: OutboundItem) -> dict[str, Any]:
    """How to answer. The example's worker, level and reason are empty on purpose: sent back unfilled, it proves nothing."""
    return {
        "how": "POST a case event as JSON to /case-events for whatever happens to this contact; always echo frontdoor_contact_id.",
        "events": ["acknowledged", "allocated", "risk_assessed", "decision", "closed"],
        "example": {
            "event": "risk_assessed",
            "frontdoor_contact_id": item.contact_id,
            "by": "",
            "level": "",
            "reason": "",
            "at": "",
        },
    }


def _time(value: Instant | None) -> str:
    return value.isoformat().replace("+00:00", "Z") if value else ""


def _without_nothing(value: Any, name: str = "") -> Any:
    """The same without empty texts, lists and objects; the reply's example stays whole, and False says something."""
    if name == "example":
        return value
    if isinstance(value, dict):
        kept = {key: _without_nothing(part, key) for key, part in value.items()}
        return {key: part for key, part in kept.items() if part not in ("", None, [], {})}
    if isinstance(value, list):
        return [_without_nothing(part) for part in value]
    return value


__all__ = ["FORMAT", "write", "write_json"]
