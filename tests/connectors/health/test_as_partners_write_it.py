"""What partners' systems do beside the standards' examples: old and new details side by side, text in odd places."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.connectors.health.messages import note_codes, only_report, reading_of

NHS = "https://fhir.nhs.uk/Id/nhs-number"
ODS = "https://fhir.nhs.uk/Id/ods-organization-code"
NAMES: list[dict[str, Any]] = [
    {"use": "official", "family": "Before", "given": ["Robin"], "period": {"end": "2020-01-01"}},
    {"use": "official", "family": "Sample", "given": ["Robin"], "period": {"start": "2020-01-01", "end": "9999-12-31"}},
    {"use": "old", "family": "Earliest", "given": ["Robin"]},
]
ADDRESSES: list[dict[str, Any]] = [
    {"use": "home", "line": ["9 Old Road"], "postalCode": "LS1 1AA", "period": {"end": "2019-01-01"}},
    {"use": "home", "line": ["1 New Street"], "postalCode": "S70 1AA", "period": {"start": "2019-01-02"}},
    {"use": "temp", "line": ["A relative's"], "postalCode": "BD1 1AA"},
]
NUMBERS: list[dict[str, Any]] = [
    {"system": NHS, "use": "old", "value": "6123456784"},
    {"system": NHS, "use": "official", "value": "4781234569"},
]


def patient(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": "p1", "name": NAMES[1:2], "birthDate": "2018-03-04", **elements}


def request(**elements: Any) -> dict[str, Any]:
    return {
        "resourceType": "ServiceRequest", "id": "r1", "status": "active", "intent": "order",
        "authoredOn": "2026-06-05T10:00:00+01:00", "subject": {"reference": "Patient/p1"}, **elements,
    }  # fmt: skip


def bundle(*resources: dict[str, Any]) -> bytes:
    entries = [{"resource": one} for one in resources]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()


@settings(deadline=None)
@given(st.permutations(NAMES), st.permutations(ADDRESSES), st.permutations(NUMBERS))
def test_what_is_over_never_stands_before_what_holds(names: list[Any], addresses: list[Any], numbers: list[Any]) -> None:
    report = only_report(bundle(request(), patient(name=names, address=addresses, identifier=numbers)))
    assert report.person.family == "Sample"
    assert report.person.address.postcode == "S70 1AA"
    assert [one.value for one in report.person.identifiers] == ["4781234569", "6123456784"]
    assert "identifier_ended" in note_codes(report)
    assert set(report.unmapped["former_name"].split("; ")) == {"Robin Before", "Robin Earliest"}


def test_an_ended_name_or_address_is_better_than_none() -> None:
    person = only_report(bundle(request(), patient(name=NAMES[:1], address=ADDRESSES[:1]))).person
    assert (person.family, person.address.postcode) == ("Before", "LS1 1AA")


def test_a_period_that_ends_after_the_message_was_written_still_holds() -> None:
    until_soon = {**ADDRESSES[1], "period": {"end": "2026-12-31"}}
    assert only_report(bundle(request(), patient(address=[until_soon, ADDRESSES[2]]))).person.address.postcode == "S70 1AA"


@pytest.mark.parametrize(
    "resources",
    [
        (request(requester={"identifier": {"system": ODS, "value": "b86010"}, "display": "Test Surgery"}), patient()),
        (
            request(requester={"reference": "PractitionerRole/x"}),
            patient(),
            {
                "resourceType": "PractitionerRole",
                "id": "x",
                "organization": {"identifier": {"system": ODS, "value": "B86010"}, "display": "Test Surgery"},
            },
        ),
    ],
)
def test_an_organisation_named_only_by_its_ods_code_is_the_sender(resources: tuple[dict[str, Any], ...]) -> None:
    organisation = only_report(bundle(*resources)).organisation
    assert (organisation.code, organisation.code_system, organisation.name) == ("B86010", "ods", "Test Surgery")


def test_the_source_of_a_request_that_uk_core_has_a_place_for_counts_before_the_referrer_s_job() -> None:
    url = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-SourceOfServiceRequest"
    for said, code in (
        ("Referred by general practitioner", "3A"),
        ("Referral by health visitor", "3B"),
        ("Referral by carer", "3F"),
    ):
        source = {"url": url, "valueCodeableConcept": {"coding": [{"code": "1", "display": said}]}}
        report = only_report(bundle(request(extension=[source], requester={"display": "Ann Lee, A&E"}), patient()))
        assert (report.source_code, report.source_original) == (code, said)


def test_what_a_booking_and_referral_example_does_beside_the_standard_costs_none_of_its_words() -> None:
    """A comma too many, a note that is no list, bare ids as references, observations about a flag or about nobody."""
    note = {"author": [{"authorString": "LEE, Ann"}], "text": "The bruises do not fit what was said"}
    observation = {"resourceType": "Observation", "id": "o1", "status": "final", "code": {"text": "Clinical Narrative"}}
    flag = {
        "resourceType": "Flag",
        "id": "f1",
        "status": "active",
        "code": {"text": "Child at risk"},
        "subject": {"reference": "p1"},
    }
    answer = {"linkId": "1", "item": [{"linkId": "2", "answer": [{"valueString": "She would not go home"}]}]}
    answers = {"resourceType": "QuestionnaireResponse", "id": "q1", "status": "completed", "item": [answer]}
    answers["reason"] = [{"text": "Services"}]
    body = bundle(
        request(supportingInfo=[{"reference": "f1", "display": "Concerns Flag"}], reasonReference=[{"reference": "o1"}]),
        patient(), flag, {**observation, "subject": {"reference": "f1"}, "note": note}, answers,
    )  # fmt: skip
    report = only_report(body.replace(b'"text": "Services"}', b'"text": "Services",}'))
    assert report.person.family == "Sample" and "trailing_comma" in note_codes(report)
    for said in ("Child at risk", "The bruises do not fit what was said", "She would not go home"):
        assert said in report.narrative


def test_a_letter_in_plain_text_is_in_the_narrative_and_described_as_a_document() -> None:
    data = base64.b64encode("Hit with a belt, Zoë says".encode()).decode()
    letter = {"resourceType": "Communication", "payload": [{"contentAttachment": {"contentType": "text/plain", "data": data}}]}
    report = only_report(bundle(request(), patient(), letter))
    assert "Hit with a belt, Zoë says" in report.narrative
    assert [one.content_type for one in report.attachments] == ["text/plain"]


@pytest.mark.parametrize(
    "elements",
    [
        {"code": {"text": "Seen by a person"}},
        {"extension": [{"url": "https://example.org/clinical-narrative", "valueString": "Seen by a person"}]},
        {"supportingInfo": [{"display": "Seen by a person"}]},
    ],
)
def test_text_in_odd_places_of_the_request_is_in_the_narrative(elements: dict[str, Any]) -> None:
    assert "Seen by a person" in only_report(bundle(request(**elements), patient())).narrative


def test_nested_sections_of_a_letter_are_in_the_narrative() -> None:
    inner = {"title": "Detail", "text": {"div": "<div>afraid of going home</div>"}}
    letter = {"resourceType": "Composition", "title": "Letter", "section": [{"title": "Concern", "section": [inner]}]}
    assert "Detail: afraid of going home" in only_report(bundle(request(), patient(), letter)).narrative


def test_an_observation_or_an_answer_on_risk_grades_it_and_another_does_not() -> None:
    about = {"subject": {"reference": "Patient/p1"}}
    graded = {
        "resourceType": "Observation",
        "code": {"text": "Safeguarding risk"},
        "valueCodeableConcept": {"text": "High"},
        **about,
    }
    other = {"resourceType": "Observation", "code": {"text": "Fever"}, "valueCodeableConcept": {"text": "High"}, **about}
    answer = {"text": "RAG rating", "answer": [{"valueCoding": {"code": "R", "display": "Red"}}]}
    form = {"resourceType": "QuestionnaireResponse", "item": [answer], **about}
    assert only_report(bundle(request(priority="routine"), patient(), graded)).risk == "red"
    assert only_report(bundle(request(priority="routine"), patient(), form)).risk == "red"
    assert only_report(bundle(request(priority="routine"), patient(), other)).risk == "green"


def test_a_withdrawn_request_beside_a_standing_one_cancels_nothing() -> None:
    old = request(id="r0", status="revoked", identifier=[{"value": "OLD"}])
    report = only_report(bundle(old, request(identifier=[{"value": "NEW"}]), patient()))
    assert (report.action, report.reference) == ("new", "NEW")


def test_a_request_that_is_a_draft_or_not_to_be_done_is_a_contact_that_says_so() -> None:
    assert "request_not_active" in note_codes(only_report(bundle(request(status="draft"), patient())))
    assert "do_not_perform" in note_codes(only_report(bundle(request(doNotPerform=True), patient())))


def test_one_child_described_twice_is_one_contact_and_twins_with_one_number_are_two() -> None:
    again = patient(id="p2", identifier=NUMBERS[1:], active=False)
    report = only_report(bundle(request(), patient(identifier=NUMBERS[1:]), again))
    assert "child_repeated" in note_codes(report)
    twin = patient(id="p2", identifier=NUMBERS[1:], name=[{"family": "Sample", "given": ["Ben"]}])
    assert len(reading_of(bundle(request(), patient(identifier=NUMBERS[1:]), twin)).reports) == 2


# -- HL7 v2

HEADER = "MSH|^~\\&|PAS|RXX01|FD|383|20260605101500+0100||REF^I12|C-1|P|2.4"
CHILD = "PID|1||4781234569^^^NHS^NH||SAMPLE^ROBIN||20180304|F"


def hl7(*segments: str) -> bytes:
    return "\r".join((HEADER, *segments, "")).encode()


def test_an_identifier_written_into_the_third_component_is_the_reference() -> None:
    assert only_report(hl7("RF1|A||320|||^^R-100||||^^X-1", CHILD)).reference == "R-100"
    assert only_report(hl7("RF1|A||320|||||||", "PRD|RP|A^B", CHILD)).reference == ""
    assert only_report(hl7("RF1|A||320||||||||^^X-1", CHILD)).reference == "X-1"


def test_a_provider_whose_facility_is_a_code_with_a_description_has_both() -> None:
    organisation = only_report(hl7("PRD|RP|A^B||^^^RXP^^^^^TEST HOSPITAL", CHILD)).organisation
    assert (organisation.code, organisation.code_system, organisation.name) == ("RXP", "ods", "TEST HOSPITAL")


@pytest.mark.parametrize(
    "segment",
    [
        "PV2|||^Seen by a person",
        "OBR|1|||X^Y|||||||||Seen by a person",
        "OBR|1|||X^Y" + "|" * 27 + "^Seen by a person",
        "OBX|1|ED|L^Letter||A^TEXT^plain^Base64^" + base64.b64encode(b"Seen by a person").decode(),
        "ZCN|1|Concern|Seen by a person",
    ],
)
def test_text_in_odd_segments_is_in_the_narrative(segment: str) -> None:
    assert "Seen by a person" in only_report(hl7("RF1||R||||R-1", CHILD, segment)).narrative


def test_a_child_in_two_segments_is_one_contact_with_the_kin_of_both() -> None:
    report = only_report(hl7("RF1||R||||R-1", CHILD, "NK1|1|A^Ann|MTH", CHILD, "NK1|1|B^Bob|FTH"))
    assert [one.given for one in report.people] == ["Ann", "Bob"]
    assert "child_repeated" in note_codes(report)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"%PDF-1.7 x", "document_alone"),
        (b"\x1f\x8b\x08", "compressed"),
        (b"PK\x03\x04", "compressed"),
        (b"\xff\xd8\xff\xe0", "document_alone"),
    ],
)
def test_a_file_that_is_no_message_is_named_to_its_sender(body: bytes, code: str) -> None:
    reading = reading_of(body)
    assert (reading.outcome, reading.reason_code) == ("quarantined", code)
