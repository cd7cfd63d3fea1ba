"""A FHIR referral, however its sender's system writes it, arrives with everything it says about the child."""

import hashlib
import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from schemas.reading import Report
from tests.connectors.health.messages import note_codes, only_report, reading_of, sample


def changed(name: str = "referral_message.json", **of_request: Any) -> bytes:
    """A sample message with elements of its ServiceRequest replaced (None takes one out)."""
    bundle = json.loads(sample(name))
    request = next(e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "ServiceRequest")
    for key, value in of_request.items():
        request.pop(key, None)
        if value is not None:
            request[key] = value
    return json.dumps(bundle).encode()


def patient_of(bundle: dict[str, Any]) -> dict[str, Any]:
    return next(e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Patient")  # type: ignore[no-any-return]


def bare(**elements: Any) -> bytes:
    return json.dumps({"resourceType": "ServiceRequest", "status": "active", "intent": "order", **elements}).encode()


PROFILES = {
    "MessageHeader": "https://fhir.nhs.uk/StructureDefinition/BARSMessageHeader-servicerequest-request|1.0.2",
    "ServiceRequest": "https://fhir.nhs.uk/StructureDefinition/BARSServiceRequest-request-referral",
    "Patient": "https://fhir.hl7.org.uk/StructureDefinition/UKCore-Patient",
}


def claiming(**changes: Any) -> set[tuple[str, str]]:
    """What is said of the sample message when each resource claims its profile, with elements replaced."""
    bundle = json.loads(sample("referral_message.json"))
    for entry in bundle["entry"]:
        resource = entry["resource"]
        kind = resource["resourceType"]
        if kind in PROFILES:
            resource["meta"] = {"profile": [PROFILES[kind]]}
            resource.update(changes.get(kind, {}))
    return {(note.code, note.field) for note in only_report(json.dumps(bundle).encode()).notes if note.code.startswith("profile")}


def test_a_claimed_profile_that_is_not_kept_is_a_note_and_gates_nothing() -> None:
    kept: dict[str, Any] = {
        "MessageHeader": {"destination": [{"endpoint": "https://fd.example.org", "receiver": {"reference": "urn:uuid:x"}}]},
        "ServiceRequest": {"intent": "plan"},
    }
    assert claiming(**kept) == set()
    assert claiming() == {
        ("profile_missing", "MessageHeader.destination.receiver.reference"),
        ("profile_not_as_fixed", "ServiceRequest.intent"),
    }
    number = {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "999 100 0011"}
    broken: dict[str, Any] = {
        "MessageHeader": {**kept["MessageHeader"], "reason": None, "focus": []},
        "ServiceRequest": {"intent": "plan", "category": [{"coding": [{"system": "local", "code": "x"}]}], "authoredOn": ""},
        "Patient": {"identifier": [number, number]},
    }
    assert claiming(**broken) == {
        ("profile_missing", "MessageHeader.reason"),
        ("profile_missing", "MessageHeader.focus.reference"),
        ("profile_not_as_fixed", "ServiceRequest.category"),
        ("profile_missing", "ServiceRequest.authoredOn"),
        ("profile_not_as_fixed", "Patient.identifier:nhsNumber"),
        ("profile_not_as_fixed", "Patient.identifier:nhsNumber.value"),
        ("profile_missing", "Patient.identifier:nhsNumber.extension:nhsNumberVerificationStatus"),
    }


@pytest.fixture
def report() -> Report:
    return only_report(sample("referral_message.json"))


def test_the_child_is_who_the_patient_resource_says(report: Report) -> None:
    child = report.person
    assert (child.given, child.other_given, child.family, child.known_as) == ("Lily", ["Rose"], "Sample", "Lils")
    assert (child.dob, child.sex, child.language) == (date(2018, 7, 4), "F", "Polish")
    assert (child.ethnicity, child.ethnicity_source) == ("MWBC", "D Mixed - White and Black Caribbean")
    assert [(one.kind, one.value, one.valid) for one in child.identifiers] == [("nhs_number", "9991000011", True)]
    assert report.unmapped["nhs_number_status"] == "01"


def test_the_home_address_is_taken_and_an_old_one_only_remembered(report: Report) -> None:
    assert report.person.address.lines == ["12 Example Road", "Northside", "Sampleton"]
    assert report.person.address.postcode == "LS2 7XX"
    assert "LS8 6GG" in report.unmapped["other_address"]


def test_sender_referrer_and_source_code_are_told_apart(report: Report) -> None:
    assert (report.organisation.code, report.organisation.code_system) == ("RXX01", "ods")
    referrer = next(person for person in report.people if person.role == "referrer")
    assert (referrer.given, referrer.family, referrer.job) == ("Hal", "Green", "Health Visitor")
    assert (report.source_code, report.source_original) == ("3B", "Health Visitor")


def test_parents_and_doctor_are_people_around_the_child(report: Report) -> None:
    assert [(one.role, one.given, one.relation) for one in report.people if one.role == "parent"] == [
        ("parent", "Jane", "mother"),
        ("parent", "John", "stepfather"),
    ]
    assert any(one.role == "professional" and one.organisation == "Example Surgery" for one in report.people)


def test_reference_times_kind_and_what_has_no_field_are_kept(report: Report) -> None:
    assert (report.reference, report.kind, report.action) == ("HV-2026-31", "referral", "new")
    assert report.written_at == datetime(2026, 5, 15, 8, 20, tzinfo=UTC)
    assert report.unmapped["category"] == "Transfer of Care"
    assert report.unmapped["code"] == "Referral to children's social care"
    assert report.notes == []


def test_all_free_text_is_in_the_narrative(report: Report) -> None:
    for said in ("Bruising not explained", "not alone when asked", "Failure to thrive", "Weight fell two centiles"):
        assert said in report.narrative


def test_a_document_is_described_and_its_bytes_stay_behind(report: Report) -> None:
    (document,) = report.attachments
    content = b"%PDF-1.4 synthetic body map"
    assert (document.content_type, document.file_name, document.size) == ("application/pdf", "body-map.pdf", len(content))
    assert document.sha256 == hashlib.sha256(content).hexdigest()
    assert "JVBER" not in report.model_dump_json()


def test_xml_gives_the_same_report_as_json(report: Report) -> None:
    assert only_report(sample("referral_message.xml")) == report


@pytest.mark.parametrize(
    ("name", "action"), [("referral_message_update.json", "update"), ("referral_message_cancel.json", "cancel")]
)
def test_updates_and_cancellations_keep_their_reference(name: str, action: str) -> None:
    report = only_report(sample(name))
    assert (report.action, report.reference) == (action, "HV-2026-31")


@pytest.mark.parametrize("status", ["revoked", "entered-in-error"])
def test_a_withdrawn_request_is_a_cancellation(status: str) -> None:
    assert only_report(changed(status=status)).action == "cancel"


@pytest.mark.parametrize(
    ("priority", "level"), [("stat", "red"), ("asap", "red"), ("urgent", "red"), ("routine", "green"), ("whenever", "")]
)
def test_priority_grades_the_risk_when_nothing_else_does(priority: str, level: str) -> None:
    report = only_report(changed(priority=priority, extension=None))
    assert (report.risk, report.risk_source) == (level, priority)


def test_an_explicit_risk_grade_counts_more_than_the_priority(report: Report) -> None:
    assert (report.risk, report.risk_source) == ("amber", "amber")


def test_siblings_become_a_contact_each_and_an_adult_patient_none() -> None:
    reading = reading_of(sample("siblings_transaction.json"))
    assert [one.person.given for one in reading.reports] == ["Lily", "Ned", "Mo"]
    assert "patient_without_request" in note_codes(reading.reports[2])
    assert all(any(p.given == "Jane" and p.role == "other" for p in one.people) for one in reading.reports)


def test_an_unborn_child_has_an_expected_date_and_no_date_of_birth() -> None:
    child = only_report(sample("unborn_service_request.json")).person
    assert (child.unborn, child.dob, child.expected_dob, child.sex) == (True, None, date(2026, 10, 1), "U")
    assert (child.given, child.family) == ("", "Sample")


def test_a_reference_that_only_names_the_child_is_still_used() -> None:
    report = only_report(sample("logical_subject.json"))
    assert (report.person.given, report.person.family) == ("Kit", "Trial")
    assert report.person.identifiers[0].valid
    assert "child_unknown" in note_codes(report)


@pytest.mark.parametrize("reference", ["Patient/child", "https://pas.example.org/fhir/Patient/child", "Patient/child/_history/2"])
def test_the_subject_is_found_by_every_kind_of_reference(reference: str) -> None:
    assert only_report(changed(subject={"reference": reference})).person.given == "Lily"


def test_a_subject_that_leads_nowhere_is_the_only_patient_of_the_message() -> None:
    report = only_report(changed(subject={"reference": "urn:uuid:nowhere"}))
    assert report.person.given == "Lily"
    assert "subject_assumed" in note_codes(report)


def test_without_identifier_the_requisition_is_the_reference() -> None:
    report = only_report(changed(identifier=None, requisition={"value": "RQ-1"}))
    assert report.reference == "RQ-1"
    assert "reference_assumed" in note_codes(report)


def test_a_bad_date_of_birth_is_kept_as_text() -> None:
    bundle = json.loads(sample("referral_message.json"))
    patient_of(bundle)["birthDate"] = "1899-12-31"
    report = only_report(json.dumps(bundle).encode())
    assert (report.person.dob, report.person.dob_text) == (None, "1899-12-31")
    assert "date_out_of_range" in note_codes(report)


def test_a_birthday_after_the_day_of_writing_is_kept_as_text() -> None:
    bundle = json.loads(sample("referral_message.json"))
    patient_of(bundle)["birthDate"] = "2027-01-01"
    assert "date_in_future" in note_codes(only_report(json.dumps(bundle).encode()))


def test_notes_say_where_the_strict_parser_refused_and_never_what_stood_there() -> None:
    bundle = json.loads(sample("referral_message.json"))
    patient_of(bundle)["gender"] = "not a code at all"
    patient_of(bundle)["Lily Sample of 12 Example Road"] = "secret"
    report = only_report(json.dumps(bundle).encode())
    notes = json.dumps([note.model_dump() for note in report.notes])
    assert "Bundle.entry[2].resource" in notes
    assert "secret" not in notes and "Example Road" not in notes and "not a code at all" not in notes


@pytest.mark.parametrize(
    ("role", "code"),
    [
        ("General Practitioner", "3A"),
        ("School nurse", "3C"),
        ("Consultant, A&E", "3E"),
        ("Community Dentist", "3D"),
        ("Porter", "3F"),
    ],
)
def test_the_referrers_job_gives_the_source_code(role: str, code: str) -> None:
    bundle = json.loads(sample("referral_message.json"))
    post = next(e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "PractitionerRole")
    post["code"] = [{"text": role}]
    assert only_report(json.dumps(bundle).encode()).source_code == code


def test_a_list_of_resources_and_a_bundle_without_its_type_are_read_with_a_note() -> None:
    bundle = json.loads(sample("referral_message.json"))
    listed = only_report(json.dumps([entry["resource"] for entry in bundle["entry"]]).encode())
    assert "list_not_bundle" in note_codes(listed)
    del bundle["resourceType"]
    assert "resource_type_missing" in note_codes(only_report(json.dumps(bundle).encode()))


def test_the_old_referral_request_resource_is_read_like_a_service_request() -> None:
    body = bare(description="Worried about a baby", patient={"display": "Kit Trial"})
    report = only_report(body.replace(b"ServiceRequest", b"ReferralRequest"))
    assert report.person.family == "Trial"
    assert "Worried about a baby" in report.narrative


def test_a_self_referral_and_a_relatives_referral_have_their_own_source_codes() -> None:
    bundle = json.loads(sample("referral_message.json"))
    by_kind = {entry["resource"]["resourceType"]: entry["fullUrl"] for entry in bundle["entry"]}
    assert only_report(changed(requester={"reference": by_kind["Patient"]})).source_code == "1C"
    assert only_report(changed(requester={"reference": by_kind["RelatedPerson"]})).source_code == "1A"


@pytest.mark.parametrize(
    ("name", "outcome", "code"),
    [
        ("referral_response.json", "not_a_contact", "answer"),
        ("patient_update.json", "not_a_contact", "patient_details"),
        ("appointment.json", "not_a_contact", "booking"),
        ("referral_without_request.json", "quarantined", "no_service_request"),
    ],
)
def test_what_is_no_referral_is_told_apart(name: str, outcome: str, code: str) -> None:
    reading = reading_of(sample(name))
    assert (reading.outcome, reading.reason_code) == (outcome, code)
    assert reading.reason.endswith(".")


@pytest.mark.parametrize(
    ("body", "outcome", "code"),
    [
        (b'{"resourceType":"Bundle","type":"message","entry":[]}', "quarantined", "broken_bundle"),
        (b'{"resourceType":"Bundle","type":"message","entry":[{},{"x":1}]}', "quarantined", "broken_bundle"),
        (b'{"resourceType":"Bundle","type":"searchset","total":0}', "not_a_contact", "empty_search"),
        (b'{"resourceType":"Composition","status":"final"}', "quarantined", "letter_without_request"),
        (b'{"resourceType":"Medication"}', "not_a_contact", "no_service_request"),
        (b'{"resourceType":"Nonsense"}', "quarantined", "not_fhir"),
        (b'{"hello":"there"}', "quarantined", "not_fhir"),
        (b'"MSH"', "quarantined", "unknown_format"),
        (b"<html><body>502</body></html>", "quarantined", "unknown_format"),
    ],
)
def test_broken_and_foreign_documents_get_a_reason(body: bytes, outcome: str, code: str) -> None:
    reading = reading_of(body)
    assert (reading.outcome, reading.reason_code) == (outcome, code)


def test_a_request_wrapped_in_parameters_or_in_another_bundle_is_found() -> None:
    inner = json.loads(sample("unborn_service_request.json"))
    parameters = {"resourceType": "Parameters", "parameter": [{"name": "message", "resource": inner}]}
    nested = {
        "resourceType": "Bundle",
        "type": "message",
        "entry": [{"resource": {"resourceType": "Bundle", "entry": [{"resource": inner}]}}],
    }
    assert only_report(json.dumps(parameters).encode()).reference == "RQ-5"
    assert only_report(json.dumps(nested).encode()).reference == "RQ-5"
