"""An outcome as a FHIR R4 message Bundle, JSON or XML, in the manner of the BaRS response. Pure.

MessageHeader (`servicerequest-response`) answers the sender's message and points to a Task, which says how far the referral is.
The Task names no patient: it is based on the request by the sender's own identifier. What could not be read or delivered is an
OperationOutcome beside it, in `MessageHeader.response.details`.
"""

import re
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from connectors.health.fhir_model import fhir_json, fhir_xml
from connectors.health.fhir_values import Node
from connectors.outcomes import REFUSALS, Told, iso, told
from connectors.writing import Written, file_name
from schemas.outbound import OutboundItem

OUTCOMES = "urn:frontdoor:codes:outcome"
"""The code system of what is told: the codes are those of the published outcome notice."""

_FHIR_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
"""What FHIR allows as an id. A sender's message id that is none is told in the Task instead."""

_STATUS = {
    "received": "received", "risk_assessed": "in-progress", "decision": "accepted", "no_further_action": "completed",
    "closed": "completed", "transferred": "completed", "transfer_accepted": "completed", "not_a_contact": "rejected",
    "not_understood": "failed", "not_delivered": "on-hold",
}  # fmt: skip
"""Task.status of each outcome; the outcome itself is Task.businessStatus."""


def write_json(item: OutboundItem) -> Written:
    """The message as FHIR JSON. Raises `CannotWrite`."""
    return Written(fhir_json(outcome_message(told(item))), "application/fhir+json", file_name(item, "json"))


def write_xml(item: OutboundItem) -> Written:
    """The message as FHIR XML. Raises `CannotWrite`."""
    return Written(fhir_xml(outcome_message(told(item))), "application/fhir+xml", file_name(item, "xml"))


def outcome_message(outcome: Told) -> Node:
    """The Bundle of one outcome."""
    header, task = _urn(outcome, "header"), _urn(outcome, "task")
    entries = [
        {"fullUrl": header, "resource": _header(outcome, task)},
        {"fullUrl": task, "resource": _task(outcome)},
    ]
    if outcome.code in REFUSALS:
        entries.append({"fullUrl": _urn(outcome, "problem"), "resource": _problem(outcome)})
    return {
        "resourceType": "Bundle",
        "id": outcome.notice_id if _FHIR_ID.fullmatch(outcome.notice_id) else _urn(outcome, "bundle")[9:],
        "type": "message",
        "timestamp": iso(outcome.at),
        "entry": entries,
    }


def _urn(outcome: Told, part: str) -> str:
    return f"urn:uuid:{uuid5(NAMESPACE_URL, f'urn:frontdoor:{outcome.notice_id}:{part}')}"


def _header(outcome: Told, task: str) -> Node:
    answer: Node = {
        "identifier": next(filter(_FHIR_ID.fullmatch, (outcome.message_id, outcome.receipt_id)), "unknown"),
        "code": "fatal-error" if outcome.code == "not_understood" else "ok",
    }
    if outcome.code in REFUSALS:
        answer["details"] = {"reference": _urn(outcome, "problem")}
    return {
        "resourceType": "MessageHeader",
        "eventCoding": {
            "system": "https://fhir.nhs.uk/CodeSystem/message-events-bars",
            "code": "servicerequest-response",
        },
        "source": {"name": "Front Door", "endpoint": "urn:frontdoor"},
        "response": answer,
        "focus": [{"reference": task}],
    }


def _task(outcome: Told) -> Node:
    identifiers = [{"system": "urn:frontdoor:receipt", "value": outcome.receipt_id}]
    if outcome.contact_id:
        identifiers.append({"system": "urn:frontdoor:contact", "value": outcome.contact_id})
    task: Node = {
        "resourceType": "Task",
        "identifier": identifiers,
        "status": _STATUS[outcome.code],
        "businessStatus": {"coding": [{"system": OUTCOMES, "code": outcome.code}], "text": outcome.sentence},
        "intent": "order",
        "lastModified": iso(outcome.at),
    }
    if outcome.message_id:
        identifiers.append({"system": "urn:frontdoor:your-message", "value": outcome.message_id})
    if outcome.reference:
        task["basedOn"] = [{"type": "ServiceRequest", "identifier": {"value": outcome.reference}}]
    if outcome.decision:
        task["output"] = [{"type": {"text": "decision"}, "valueString": outcome.decision}]
    return task


def _problem(outcome: Told) -> dict[str, Any]:
    code = "invalid" if outcome.code == "not_understood" else "transient"
    issue: Node = {"severity": "error", "code": code, "details": {"text": outcome.sentence}}
    if outcome.reason:
        issue["diagnostics"] = outcome.reason
    return {"resourceType": "OperationOutcome", "issue": [issue]}
