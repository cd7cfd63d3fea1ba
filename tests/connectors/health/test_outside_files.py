"""Messages that other people wrote for their own systems become what their README says they are."""

from datetime import UTC, date, datetime

from tests.connectors.health.messages import note_codes, only_report, outside, reading_of


def test_the_referral_bundle_is_a_contact_although_the_patient_is_an_adult() -> None:
    body = outside("health_fhir/validation_request.json")
    report = only_report(body)
    assert (report.person.given, report.person.family) == ("Julie", "Jones")
    assert report.person.dob == date(1959, 5, 4)
    assert "not_a_child" in note_codes(report)
    assert report.organisation.code == "RND" and report.organisation.code_system == "ods"
    assert report.person.address.postcode == "LS10 4YU"
    assert report.person.ethnicity == "WBRI"
    assert report.written_at == datetime(2021, 11, 26, 15, tzinfo=UTC)
    assert any(person.role == "referrer" and person.family == "BLAKE" for person in report.people)
    assert any(person.family == "Grayson" for person in report.people)
    assert "CONSULTATION SUMMARY" in report.narrative
    assert reading_of(body).transport_id == "86e3371d-1c15-4862-9552-d9560f8292ba"


def test_its_nhs_number_fails_the_check_and_is_kept_but_not_believed() -> None:
    report = only_report(outside("health_fhir/validation_request.json"))
    (number,) = report.person.identifiers
    assert (number.kind, number.value, number.valid, number.problem) == ("nhs_number", "3478526985", False, "check_digit")
    assert report.unmapped["nhs_number_status"] == "number-present-and-verified"


def test_the_bare_service_request_is_a_contact_about_an_unknown_child() -> None:
    report = only_report(outside("health_fhir/service_request.json"))
    assert {"subject_not_found", "child_unknown", "strict_list_type", "strict_extra_forbidden"} <= note_codes(report)
    assert "ADVICE GIVEN" in report.narrative
    assert report.reference == "71d2b38e-b81c-4894-a522-6a65265b1d58"


def test_the_search_result_without_resource_wrapper_is_a_contact_with_notes() -> None:
    report = only_report(outside("health_fhir/service_request_searchset.json"))
    assert {"entry_unwrapped", "subject_not_found", "strict_extra_forbidden"} <= note_codes(report)


def test_the_booking_is_not_a_contact_and_says_what_to_send_instead() -> None:
    reading = reading_of(outside("health_fhir/booking.json"))
    assert (reading.outcome, reading.reason_code) == ("not_a_contact", "booking")
    assert "servicerequest-request" in reading.reason


def test_the_line_feed_separated_referral_is_a_contact_with_every_segment() -> None:
    report = only_report(outside("health_hl7v2/REF-I12-01.hl7"))
    assert (report.person.given, report.person.family, report.person.dob) == ("ADAM", "EVERYMAN", date(1961, 6, 15))
    assert report.reference == "226839"
    assert (report.risk, report.risk_source) == ("green", "Routine")
    assert {"segment_terminators", "not_a_child", "ethnicity_not_mapped"} <= note_codes(report)
    assert [person.role for person in report.people] == ["referrer", "parent"]
    assert "Ulcer of Intestine" in report.narrative


def test_the_adt_update_is_not_a_contact() -> None:
    reading = reading_of(outside("health_hl7v2/ADT-A08-02.hl7"))
    assert (reading.outcome, reading.reason_code, reading.transport_id) == ("not_a_contact", "patient_update", "MSG00001")
