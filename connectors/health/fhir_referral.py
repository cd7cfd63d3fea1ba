"""FHIR ServiceRequests as reports: one a child, with everything the message says about that child."""

from collections.abc import Sequence
from datetime import datetime

from connectors.dates import read_date, read_instant
from connectors.decoding import Problem, one_line
from connectors.health.fhir_attachments import FoundAttachment
from connectors.health.fhir_document import FhirDocument, kind_of
from connectors.health.fhir_narrative import narrative_of
from connectors.health.fhir_patient import child_from_reference, child_of
from connectors.health.fhir_people import people_of
from connectors.health.fhir_risk import risk_of
from connectors.health.fhir_sender import authority_of, sender_of
from connectors.health.fhir_values import (
    Node,
    codes,
    element,
    first,
    first_code,
    items,
    nodes,
    text,
    value_of,
    value_words,
    words,
)
from connectors.health.same_child import without_repeated_children
from connectors.health.unmapped import Unmapped, distinct
from connectors.health.vocabulary import action_of
from schemas.codes import PRIMARY_NEEDS
from schemas.person import OtherPerson, Person
from schemas.reading import Action, Kind, Note, Report

MOST_CHILDREN = 50

_ADULT = 18
"""Years. Another Patient at least this old, who is in no request, is somebody around the child."""

_EXPECTED_DELIVERY = frozenset({"11778-8", "161714006", "289205004", "738070008"})
"""LOINC and SNOMED CT codes of an expected date of delivery."""


def reports_of(
    document: FhirDocument, requests: list[Node], header: Node, attachments: Sequence[FoundAttachment], notes: Sequence[Note]
) -> list[Report] | Problem:
    """One report a child. `notes` are those on the whole message; each report carries them beside its own."""
    children = _children(document, requests)
    if len(children) > MOST_CHILDREN:
        return Problem(
            "too_many_children", f"The message is about more than {MOST_CHILDREN} children. Send one referral a message."
        )
    single = len(children) == 1
    reports = [
        _report(document, asked, patient, header, attachments, [*notes, *found], single) for patient, asked, found in children
    ]
    return without_repeated_children(reports)


def _children(document: FhirDocument, requests: list[Node]) -> list[tuple[Node, list[Node], list[Note]]]:
    """Each child's Patient (empty when not in the message) with the requests about it and notes on how it was found."""
    patients = document.by_type.get("Patient", [])
    found: list[tuple[Node, list[Node], list[Note]]] = []
    for request in requests:
        for patient, notes in _subjects(document, request, patients):
            same = next((one for one in found if patient and one[0] is patient), None)
            if same:
                same[1].append(request)
                same[2].append(_several_requests)
            else:
                found.append((patient, [request], notes))
    named = [patient for patient, _, _ in found]
    for other in patients:
        if not any(other is one for one in named) and not _is_adult(other, document):
            found.append((other, requests, [_without_request]))
    return found


def _note(code: str, field: str, said: str) -> Note:
    return Note(code=code, field=field, text=said)


_several_requests = _note(
    "several_requests_one_child",
    "ServiceRequest",
    "Several requests in the message are about the same child; they are one contact.",
)
_without_request = _note(
    "patient_without_request",
    "Patient",
    "The message holds this child beside the request's subject; it got a contact of its own.",
)


def _subjects(document: FhirDocument, request: Node, patients: list[Node]) -> list[tuple[Node, list[Note]]]:
    subject = element(request, "subject") if element(request, "subject") is not None else element(request, "patient")
    target = document.find(subject, request) if subject is not None else {}
    if kind_of(target) == "Patient":
        return [(target, [])]
    if kind_of(target) == "Group":
        members = [document.find(element(member, "entity"), target) for member in nodes(target, "member")]
        found = [(member, [_note("subject_group", "ServiceRequest.subject", "The subject is a group.")]) for member in members]
        inside = [(member, notes) for member, notes in found if kind_of(member) == "Patient"]
        if inside:
            return inside
    if len(patients) == 1:
        guessed = _note(
            "subject_assumed", "ServiceRequest.subject", "The subject was not found; the message's only Patient was taken."
        )
        return [(patients[0], [guessed])]
    if subject is None:
        return [({}, [_note("subject_missing", "ServiceRequest.subject", "The request names no child.")])]
    return [({}, [_note("subject_not_found", "ServiceRequest.subject", "The child's details are not in the message.")])]


def _is_adult(patient: Node, document: FhirDocument) -> bool:
    born = read_date(element(patient, "birthDate"), "Patient.birthDate").value
    if born is None:
        return False
    written = read_date(element(document.root, "timestamp"), "Bundle.timestamp").value
    year = written.year if written else 2025
    return year - born.year > _ADULT


def _report(
    document: FhirDocument,
    requests: list[Node],
    patient: Node,
    header: Node,
    attachments: Sequence[FoundAttachment],
    notes: list[Note],
    single: bool,
) -> Report:
    request, unmapped = requests[0], Unmapped()
    written = _written_at(request, header, document, notes, unmapped)
    subject = element(request, "subject") if element(request, "subject") is not None else element(request, "patient")
    where = _place(document, patient)
    if patient:
        person = child_of(patient, where, written, notes, unmapped)
    else:
        person = child_from_reference(subject, "ServiceRequest.subject", notes)
        notes.append(_note("child_unknown", "ServiceRequest.subject", "Who the child is has to be asked of the sender."))
    person = _expected(person, patient, document, notes, unmapped)
    sender = sender_of(request, header, document, notes)
    people = people_of(patient, document, where, notes, unmapped) if patient else []
    risk, risk_source = risk_of(request, patient, document, notes)
    need_code, need_original = _need(requests)
    documents = _documents(document, patient, attachments, single)
    _keep(request, header, document, unmapped)
    return Report(
        person=person,
        kind=_kind(request),
        action=_action(request, header, notes),
        reference=_reference(request, document, notes),
        organisation=sender.organisation,
        authority_code=authority_of(request, document),
        source_code=sender.source_code,
        source_original=sender.source_original,
        need_code=need_code,
        need_original=need_original,
        risk=risk,
        risk_source=risk_source,
        written_at=written,
        narrative=narrative_of(requests, patient, document, (found.words for found in documents), notes),
        people=_with_adults(people, sender.referrer, patient, document, notes),
        attachments=[found.attachment for found in documents],
        unmapped=unmapped.as_dict(),
        notes=distinct(notes),
    )


def _place(document: FhirDocument, patient: Node) -> str:
    patients = document.by_type.get("Patient", [])
    number = next((place for place, one in enumerate(patients) if one is patient), 0)
    return "Patient" if len(patients) < 2 else f"Patient[{number}]"


def _written_at(request: Node, header: Node, document: FhirDocument, notes: list[Note], unmapped: Unmapped) -> datetime | None:
    """When the sender wrote: authoredOn, else the Bundle's timestamp, else the planned time, else the last update."""
    places = (
        ("ServiceRequest.authoredOn", element(request, "authoredOn")),
        ("Bundle.timestamp", element(document.root, "timestamp")),
        ("ServiceRequest.occurrence", element(request, "occurrenceDateTime")),
        ("ServiceRequest.occurrence", element(first(request, "occurrencePeriod"), "start")),
        ("MessageHeader.meta.lastUpdated", element(first(header, "meta"), "lastUpdated")),
        ("ServiceRequest.meta.lastUpdated", element(first(request, "meta"), "lastUpdated")),
    )
    for rank, (place, value) in enumerate(places):
        if value is None:
            continue
        read = read_instant(value, place)
        notes.extend(read.notes)
        unmapped.keep("written_at", read.text)
        if read.value:
            if rank > 1:
                notes.append(
                    _note("written_at_assumed", place, "The message does not say when it was written; this time was taken.")
                )
            return read.value
    notes.append(_note("written_at_missing", "ServiceRequest.authoredOn", "The message does not say when it was written."))
    return None


def _expected(person: Person, patient: Node, document: FhirDocument, notes: list[Note], unmapped: Unmapped) -> Person:
    """An expected date of delivery recorded as an Observation: the child's own if it is not born, else a remark."""
    for observation in document.by_type.get("Observation", [])[:100]:
        if not _EXPECTED_DELIVERY & {code for _, code, _ in codes(element(observation, "code"))}:
            continue
        read = read_date(value_of(observation), "Observation.value")
        notes.extend(read.notes)
        if person.unborn or (read.value and not person.dob and not person.dob_text):
            return person.model_copy(update={"unborn": True, "expected_dob": person.expected_dob or read.value})
        unmapped.keep("expected_delivery", value_words(value_of(observation)))
        notes.append(
            _note(
                "may_concern_an_unborn_child", "Observation", "The message gives an expected date of delivery for a born person."
            )
        )
    return person


def _kind(request: Node) -> Kind:
    said = " ".join(words(category) for category in items(request, "category")).casefold()
    said = f"{said} {words(element(request, 'code')).casefold()}"
    if "information only" in said or "for information" in said or "notification only" in said:
        return "information_only"
    if "request for information" in said or "information request" in said:
        return "request_for_information"
    return "referral"


def is_withdrawn(request: Node) -> bool:
    """Whether a request's status takes it back."""
    return text(request, "status").casefold() in ("revoked", "entered-in-error", "cancelled")


def _action(request: Node, header: Node, notes: list[Note]) -> Action:
    if is_withdrawn(request):
        return "cancel"
    if one_line(element(request, "doNotPerform")).casefold() == "true":
        notes.append(_note("do_not_perform", "ServiceRequest.doNotPerform", "The request says that it is not to be carried out."))
    if text(request, "status").casefold() not in ("active", "requested", ""):
        notes.append(
            _note("request_not_active", "ServiceRequest.status", "The request is not active; it was taken all the same.")
        )
    reason = first_code(element(header, "reason")) or words(element(header, "reason"))
    action = action_of(reason)
    if reason and not action:
        notes.append(
            _note("reason_not_understood", "MessageHeader.reason", "The message's reason is not known; it was taken as new.")
        )
    return action or "new"


def _reference(request: Node, document: FhirDocument, notes: list[Note]) -> str:
    """The sender's business reference: identifier, requisition, the Bundle's identifier, else the resource's own id."""
    for identifier in nodes(request, "identifier"):
        if text(identifier, "value") and text(identifier, "use").casefold() != "old":
            return text(identifier, "value")
    for name, holder in (("requisition", request), ("groupIdentifier", request)):
        value = text(first(holder, name), "value")
        if value:
            notes.append(_note("reference_assumed", f"ServiceRequest.{name}", "The request has no identifier; this was taken."))
            return value
    bundle = text(first(document.root, "identifier"), "value") if kind_of(document.root) == "Bundle" else ""
    own = text(request, "id")
    taken, place = (bundle, "Bundle.identifier") if bundle else (own, "ServiceRequest.id")
    if taken:
        notes.append(_note("reference_assumed", place, "The request has no identifier; this was taken as its reference."))
    else:
        notes.append(_note("reference_missing", "ServiceRequest.identifier", "The request has no identifier of its own."))
    return taken


def _need(requests: list[Node]) -> tuple[str, str]:
    """(DfE PrimaryNeedCode when the sender used one, the sender's own coded reason)."""
    original = ""
    for request in requests:
        for concept in items(request, "reasonCode"):
            for _, code, label in codes(concept):
                if code.upper() in PRIMARY_NEEDS:
                    return code.upper(), label or code
                original = original or label or code
    return "", original[:200]


def _keep(request: Node, header: Node, document: FhirDocument, unmapped: Unmapped) -> None:
    for name in ("category", "code", "performerType", "locationCode", "bodySite"):
        for concept in items(request, name):
            unmapped.keep(name, words(concept))
    for name in ("status", "intent", "occurrenceDateTime"):
        unmapped.keep(name, text(request, name))
    period = first(request, "occurrencePeriod")
    unmapped.keep("occurrence", " to ".join(filter(None, (text(period, "start"), text(period, "end")))))
    for name in ("performer", "locationReference"):
        for target in document.find_all(request, name):
            unmapped.keep(name, text(target, "name") or text(first(target, "name"), "text"))
    for replaced in items(request, "replaces"):
        unmapped.keep("replaces", text(replaced, "reference") or text(first(replaced, "identifier"), "value"))
    unmapped.keep("event", first_code(element(header, "eventCoding")) or text(header, "eventUri"))
    unmapped.keep("reason_of_message", words(element(header, "reason")))
    unmapped.keep("source_software", text(first(header, "source"), "software"))
    unmapped.keep("source_name", text(first(header, "source"), "name"))
    for encounter in document.by_type.get("Encounter", [])[:3]:
        for identifier in nodes(encounter, "identifier"):
            unmapped.keep("encounter", text(identifier, "value"))
    for consent in document.by_type.get("Consent", [])[:3]:
        unmapped.keep("consent", *(words(category) for category in items(consent, "category")))
    for allergy in document.by_type.get("AllergyIntolerance", [])[:10]:
        unmapped.keep("allergy", words(element(allergy, "code")))


def _with_adults(
    people: list[OtherPerson], referrer: OtherPerson | None, patient: Node, document: FhirDocument, notes: list[Note]
) -> list[OtherPerson]:
    """The people around the child, the referrer first, and other Patients of the message who are adults."""
    found = [referrer, *people] if referrer else list(people)
    for other in document.by_type.get("Patient", [])[:100]:
        if other is not patient and _is_adult(other, document):
            adult = child_of(other, "Patient", None, [], Unmapped())
            found.append(OtherPerson(role="other", given=adult.given, family=adult.family, dob=adult.dob, address=adult.address))
            notes.append(_note("other_patient", "Patient", "Another adult Patient of the message is listed among the people."))
    return found[:50]


def _documents(
    document: FhirDocument, patient: Node, attachments: Sequence[FoundAttachment], single: bool
) -> list[FoundAttachment]:
    """The documents about this child; one that names nobody goes with every child of the message."""
    kept = []
    for found in attachments:
        about = found.owner if kind_of(found.owner) == "Patient" else document.about(found.owner)
        if single or not about or about is patient:
            kept.append(found)
    return kept
