"""A FHIR R4 document, JSON or XML: is it a referral, something else, or broken?

Strict models first, for the notes; then the tolerant extraction, which reads what the strict ones refuse too; a message
that cannot be read as either is quarantined with the reason. Nothing raises.
"""

from collections.abc import Iterator
from typing import Any

from connectors.dates import is_over_age, read_date, read_instant
from connectors.decoding import Problem, whole_text
from connectors.health.concern import CONCERN_WITHOUT_REFERRAL, MOST_SEARCHED, speaks_of_concern
from connectors.health.fhir_attachments import take_attachments
from connectors.health.fhir_document import FhirDocument, kind_of
from connectors.health.fhir_profiles import profile_notes
from connectors.health.fhir_referral import is_withdrawn, reports_of
from connectors.health.fhir_strict import is_resource_type, strict_refusals
from connectors.health.fhir_values import Node, element, first_code, nodes, text
from connectors.health.unmapped import distinct
from schemas.reading import Note, Reading

_REQUESTS = ("ServiceRequest", "ReferralRequest")

_LETTERS = ("Composition", "Communication", "CommunicationRequest", "DocumentReference")
"""What people put a letter into. A letter sent alone may hold a concern, so a person has to read it."""

_WHO = frozenset({
    "Patient", "Practitioner", "PractitionerRole", "Organization", "RelatedPerson", "Location", "HealthcareService",
    "MessageHeader", "Endpoint", "Device", "Schedule", "Slot", "OperationOutcome", "Provenance",
})  # fmt: skip
"""Resources that hold names, places and machinery; what somebody wrote about the child stands in the others."""

_NOT_WALKED = frozenset({"url", "system", "reference", "meta", "data", "id", "contained", "identifier"})
"""Elements that hold no text of a person's (contained resources are looked at on their own)."""

_NOT_A_CONTACT = {
    "Appointment": ("booking", "This is a booking. It opens no contact; send a ServiceRequest to refer a child."),
    "Slot": ("booking", "These are free appointments. They open no contact."),
    "Patient": ("patient_details", "These are a patient's details. On their own they open no contact."),
    "OperationOutcome": ("answer", "This is an answer to an earlier message. It opens no contact."),
}
_BOOKING = ("booking", "This is a booking message. It opens no contact; send a servicerequest-request to refer a child.")
_ANSWER = ("answer", "This is an answer to an earlier message. It opens no contact.")
_NO_REQUEST = ("no_service_request", "The message holds no ServiceRequest, so it opens no contact.")
_EMPTY_SEARCH = ("empty_search", "This is a search result without any match. It opens no contact.")

_BROKEN = Problem(
    "broken_bundle",
    "The Bundle holds no resource that could be read. Check that each entry has its 'resource', then send it again.",
)
_PROMISED = Problem(
    "no_service_request",
    "The message says that it is a referral (servicerequest-request) but holds no ServiceRequest. Send it again with one.",
)
_LETTER = Problem(
    "letter_without_request",
    "The message holds a letter or document but no ServiceRequest. A person will read it; send referrals as ServiceRequest.",
)
_NOT_FHIR = Problem(
    "not_fhir",
    "This is no FHIR resource: it has no resourceType that FHIR R4 knows. Send a Bundle of type message, or a ServiceRequest.",
)
_TOO_MANY = Problem("too_many_resources", "The Bundle holds too many resources to be one referral. Send one referral a message.")


def read_fhir(value: Any, parts: int, notes: list[Note]) -> Reading:
    """The reading of a parsed document (changed by this: its attachments are taken out). `parts` is its size in values."""
    root = _root(value, notes)
    if root is None:
        return _NOT_FHIR.quarantined(distinct(notes))
    attachments = take_attachments(root, notes)
    notes += strict_refusals(root, parts)
    document = FhirDocument(root, notes)
    for resource in document.unwrapped[:20]:
        notes += strict_refusals(resource, parts)
    notes += profile_notes(document)
    transport_id = _transport_id(root)
    if document.too_large:
        return _TOO_MANY.quarantined(distinct(notes), transport_id)
    header = next(iter(document.by_type.get("MessageHeader", [])), {})
    verdict = _refusal(root, header, document)
    if isinstance(verdict, Problem):
        return verdict.quarantined(distinct(notes), transport_id)
    if verdict:
        code, reason = verdict
        if code != "answer" and speaks_of_concern(_texts(document), _of_adult(document)):
            return CONCERN_WITHOUT_REFERRAL.quarantined(distinct(notes), transport_id)
        return Reading(outcome="not_a_contact", reason_code=code, reason=reason, transport_id=transport_id, notes=distinct(notes))
    reports = reports_of(document, _requests(header, document), header, attachments, notes)
    if isinstance(reports, Problem):
        return reports.quarantined(distinct(notes), transport_id)
    return Reading(outcome="contact", transport_id=transport_id, reports=reports)


def _root(value: Any, notes: list[Note]) -> Node | None:
    """The document as one resource; a bare list of resources, or a Bundle without its type, is read as a Bundle."""
    if isinstance(value, list):
        resources = [item for item in value if isinstance(item, dict) and kind_of(item)]
        if not resources:
            return None
        notes.append(Note(code="list_not_bundle", text="The message is a bare list of resources; it was read as a Bundle."))
        return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": item} for item in resources]}
    if not isinstance(value, dict):
        return None
    kind = kind_of(value)
    if not kind and isinstance(element(value, "entry"), list):
        notes.append(Note(code="resource_type_missing", text="The resourceType is missing; it was read as a Bundle."))
        return {**value, "resourceType": "Bundle"}
    if kind in _REQUESTS or is_resource_type(kind):
        if kind != value.get("resourceType"):
            notes.append(Note(code="resource_type_spelling", field="resourceType", text="The resourceType was misspelt."))
        return value
    return None


def _transport_id(root: Node) -> str:
    if kind_of(root) != "Bundle":
        return ""
    return text(root, "id") or next((text(one, "value") for one in nodes(root, "identifier")), "")


def _refusal(root: Node, header: Node, document: FhirDocument) -> Problem | tuple[str, str] | None:
    """Why the message opens no contact (code and reason), what is broken in it, or None for a referral."""
    event = (first_code(element(header, "eventCoding")) or text(header, "eventUri")).casefold()
    if "booking" in event:
        return _BOOKING
    if event.endswith("-response") or nodes(header, "response"):
        return _ANSWER
    if any(document.by_type.get(kind) for kind in _REQUESTS):
        return None
    if kind_of(root) in ("Bundle", "Parameters"):
        return _bundle_without_request(root, header, event, document)
    if kind_of(root) in _LETTERS:
        return _LETTER
    return _NOT_A_CONTACT.get(kind_of(root), _NO_REQUEST)


def _bundle_without_request(root: Node, header: Node, event: str, document: FhirDocument) -> Problem | tuple[str, str]:
    if not document.resources:
        searched = text(root, "type") == "searchset" and not document.entries
        return _EMPTY_SEARCH if searched else _BROKEN
    if "servicerequest" in event or "referral" in event:
        return _PROMISED
    if text(root, "type") == "document" or (not header and any(document.by_type.get(kind) for kind in _LETTERS)):
        return _LETTER
    for kind in ("Appointment", "OperationOutcome", "Slot"):
        if document.by_type.get(kind):
            return _NOT_A_CONTACT[kind]
    kinds = {kind_of(resource) for resource in document.resources}
    return _NOT_A_CONTACT["Patient"] if kinds == {"Patient"} else _NO_REQUEST


def _texts(document: FhirDocument) -> Iterator[str]:
    """What a document says beside who it is about, as far as it is searched at all."""
    left = MOST_SEARCHED
    for resource in document.resources:
        if kind_of(resource) in _WHO:
            continue
        waiting: list[Any] = [resource]
        while waiting and left > 0:
            value = waiting.pop()
            left -= 1
            if isinstance(value, dict):
                waiting.extend(inner for key, inner in value.items() if key not in _NOT_WALKED)
            elif isinstance(value, list):
                waiting.extend(value)
            elif isinstance(value, str):
                yield whole_text(value)


def _of_adult(document: FhirDocument) -> bool:
    patients = document.by_type.get("Patient", [])[:50]
    born = [read_date(element(patient, "birthDate"), "Patient.birthDate").value for patient in patients]
    written = read_instant(element(document.root, "timestamp"), "Bundle.timestamp").value
    return bool(born) and all(one is not None and is_over_age(one, written) for one in born)


def _requests(header: Node, document: FhirDocument) -> list[Node]:
    """The requests that are the message's focus first, and those that stand before those that are withdrawn."""
    everyone = [resource for kind in _REQUESTS for resource in document.by_type.get(kind, [])]
    focus = [one for one in document.find_all(header, "focus") if kind_of(one) in _REQUESTS] if header else []
    rest = [one for one in everyone if not any(one is other for other in focus)]
    return sorted(focus + rest, key=is_withdrawn)
