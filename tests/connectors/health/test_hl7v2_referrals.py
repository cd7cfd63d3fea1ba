"""An HL7 v2 referral of any version arrives with everything it says about the child."""

import base64
import hashlib
from datetime import UTC, date, datetime

import pytest

from tests.connectors.health.messages import note_codes, only_report, reading_of, sample

HEADER = "MSH|^~\\&|PAS|RXX01|FRONTDOOR|LA383|20260515101500+0100||REF^I12|C-1|P|2.4"
CHILD = "PID|1||9991000011^^^NHS^NH||SAMPLE^Lily^^^^^L||20180704|F"
REFERRAL = "RF1||R|||| REF-1".replace(" ", "")


def message(*segments: str, header: str = HEADER, end: str = "\r", encoding: str = "utf-8") -> bytes:
    return (end.join([header, *segments]) + end).encode(encoding)


def test_the_gp_referral_2_4_is_read_whole() -> None:
    report = only_report(sample("ref_i12_v2_4_gp.hl7"))
    child = report.person
    assert (child.given, child.other_given, child.family, child.known_as) == ("Lily", ["Rose"], "SAMPLE", "Lils")
    assert (child.dob, child.sex, child.sex_source) == (date(2018, 7, 4), "F", "2")
    assert (child.ethnicity, child.ethnicity_source) == ("WBRI", "A British")
    assert [(one.kind, one.value, one.valid) for one in child.identifiers] == [
        ("nhs_number", "9991000011", True),
        ("local", "X004417", True),
    ]
    assert child.address.postcode == "LS2 7XX" and "LS3 1BB" in report.unmapped["other_address"]
    assert (report.reference, report.action, report.kind) == ("REF-2026-0117", "new", "referral")
    assert (report.organisation.code, report.organisation.code_system) == ("G82080", "ods")
    assert report.source_code == "3A"
    assert report.written_at == datetime(2026, 5, 15, 8, 15, 30, tzinfo=UTC)
    assert [(one.role, one.family) for one in report.people] == [
        ("referrer", "Okoro"),
        ("professional", "Okoro"),
        ("parent", "SAMPLE"),
        ("household", "DOE"),
    ]
    assert (report.people[0].phone, report.people[0].email) == ("01130000001", "a.okoro@example.org")
    assert reading_of(sample("ref_i12_v2_4_gp.hl7")).transport_id == "GP-000117"


def test_its_text_keeps_lines_and_escaped_and_unescaped_separators() -> None:
    report = only_report(sample("ref_i12_v2_4_gp.hl7"))
    assert "Bruise on left arm\nChild said & I quote & it was a secret." in report.narrative
    assert "did not look up ^ the whole time" in report.narrative
    assert "Reason: Missed three appointments" in report.narrative
    assert "Diagnosis: Physical abuse" in report.narrative


def test_local_segments_are_kept_and_their_risk_colour_is_taken_with_a_note() -> None:
    report = only_report(sample("ref_i12_v2_4_gp.hl7"))
    assert "Example Primary School" in report.unmapped["ZU1"]
    assert (report.risk, report.risk_source) == ("amber", "AMBER")
    assert "risk_from_local_segment" in note_codes(report)


def test_the_school_nurse_referral_2_3_has_its_numbers_in_old_places() -> None:
    report = only_report(sample("ref_i12_v2_3_school_nurse.hl7"))
    assert [(one.kind, one.value) for one in report.person.identifiers] == [("local", "LOCAL55"), ("nhs_number", "9991100024")]
    assert (report.person.dob, report.person.sex) == (date(2012, 2, 29), "M")
    assert report.person.address.postcode == "LS4 2CC"
    assert (report.source_code, report.organisation.name) == ("3C", "School Nursing Team")
    assert {"segment_terminators", "time_without_offset", "nhs_number_assumed"} <= note_codes(report)
    assert report.written_at == datetime(2026, 6, 1, 9, 10, tzinfo=UTC)


def test_the_update_2_5_1_is_in_its_declared_character_set() -> None:
    report = only_report(sample("ref_i13_v2_5_1_update.hl7"))
    assert (report.action, report.reference) == ("update", "REF-2026-0117")
    assert (report.people[0].given, report.people[0].family) == ("Inés", "NÚÑEZ")
    assert (report.source_code, report.organisation.code) == ("3E", "RXX01")
    assert (report.risk, report.risk_source) == ("red", "ASAP")
    assert report.notes == []


def test_the_cancellation_keeps_reference_and_child() -> None:
    report = only_report(sample("ref_i14_v2_5_1_cancel.hl7"))
    assert (report.action, report.reference, report.person.given) == ("cancel", "REF-2026-0117", "Lily")


def test_the_maternity_referral_2_8_is_about_an_unborn_child_and_has_documents() -> None:
    report = only_report(sample("ref_i12_v2_8_unborn_document.hl7"))
    child = report.person
    assert (child.unborn, child.dob, child.expected_dob, child.given, child.sex) == (True, None, date(2026, 10, 1), "", "U")
    assert (report.risk, report.risk_source) == ("red", "High")
    body_map, link = report.attachments
    content = b"%PDF-1.4 synthetic body map"
    assert (body_map.content_type, body_map.size) == ("application/pdf", len(content))
    assert body_map.sha256 == hashlib.sha256(content).hexdigest()
    assert (link.content_type, link.size) == ("jpeg", 0)
    assert "JVBER" not in report.model_dump_json()


def test_separators_of_the_senders_own_are_taken_from_the_header() -> None:
    report = only_report(sample("ref_i12_v2_5_own_separators.hl7"))
    assert (report.person.given, report.person.other_given, report.person.family) == ("Kit", ["Lee", "Max"], "TRIAL")
    assert (report.reference, report.risk) == ("LC-REF-1", "red")
    assert "cost $ 5" in report.narrative


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", "\n\r", "\r\r\n", "\x1e", "\u2028"])
def test_every_kind_of_line_end_separates_segments(end: str) -> None:
    report = only_report(message(REFERRAL, CHILD, end=end))
    assert (report.person.given, report.reference) == ("Lily", "REF-1")


def test_mixed_line_ends_and_framing_are_put_right() -> None:
    body = b"\x0b" + message(REFERRAL, CHILD).replace(b"\rPID", b"\nPID") + b"\x1c\r"
    report = only_report(body)
    assert report.person.family == "SAMPLE"
    assert {"segment_terminators", "framing_removed"} <= note_codes(report)


def test_a_line_break_inside_a_note_does_not_lose_the_rest_of_it() -> None:
    report = only_report(message(CHILD, REFERRAL, "NTE|1||first line\nsecond line, with a | bar"))
    assert report.narrative == "first line\nsecond line, with a"
    assert "line_break_in_field" in note_codes(report)


@pytest.mark.parametrize("code", ["I12", "I99", ""])
def test_an_unknown_trigger_of_a_referral_is_a_new_contact(code: str) -> None:
    report = only_report(message(CHILD, REFERRAL, header=HEADER.replace("I12", code)))
    assert report.action == "new"
    assert ("event_not_understood" in note_codes(report)) == (code != "I12")


def test_a_referral_without_patient_segment_is_a_contact_about_an_unknown_child() -> None:
    report = only_report(message(REFERRAL, "NTE|1||Ring me back"))
    assert "child_unknown" in note_codes(report)
    assert report.reference == "REF-1"


def test_a_referral_with_neither_patient_nor_referral_segment_is_quarantined() -> None:
    reading = reading_of(message("NTE|1||Ring me back"))
    assert (reading.outcome, reading.reason_code, reading.transport_id) == ("quarantined", "referral_unreadable", "C-1")


def test_two_patient_segments_are_two_children_each_with_their_own_kin() -> None:
    other = CHILD.replace("Lily", "Ned").replace("9991000011", "9991100024")
    reading = reading_of(message(REFERRAL, CHILD, "NK1|1|DOE^Ann|MTH", other, "NK1|1|ROE^Bea|MTH"))
    assert [(one.person.given, [p.given for p in one.people]) for one in reading.reports] == [("Lily", ["Ann"]), ("Ned", ["Bea"])]


def test_a_bad_nhs_number_is_kept_and_not_believed() -> None:
    report = only_report(message(CHILD.replace("9991000011", "0000255355"), REFERRAL))
    (number,) = report.person.identifiers
    assert (number.value, number.valid) == ("0000255355", False)
    assert any(code.startswith("nhs_number_") for code in note_codes(report))


def test_hispanic_in_the_american_table_is_no_nhs_ethnic_category() -> None:
    american = CHILD + "|" * 14 + "N^Not Hispanic^HL70189"
    report = only_report(message(american, REFERRAL))
    assert (report.person.ethnicity, report.person.ethnicity_source) == ("", "N Not Hispanic")
    british = CHILD + "|" * 14 + "N^African^NHS"
    assert only_report(message(british, REFERRAL)).person.ethnicity == "BAFR"


def test_r_as_order_priority_is_routine_and_not_red() -> None:
    assert only_report(message(CHILD, "RF1||R||||REF-1")).risk == "green"
    assert only_report(message(CHILD, "RF1||S^Stat||||REF-1")).risk == "red"


def test_a_risk_observation_counts_more_than_the_priority() -> None:
    report = only_report(message(CHILD, REFERRAL, "OBX|1|ST|RISK^Risk level||medium"))
    assert (report.risk, report.risk_source) == ("amber", "medium")


def test_a_test_message_is_a_contact_that_says_so() -> None:
    report = only_report(message(CHILD, REFERRAL, header=HEADER.replace("|P|2.4", "|T|2.4")))
    assert "test_message" in note_codes(report)


def test_a_batch_is_all_its_referrals() -> None:
    reading = reading_of(sample("batch_v2_4.hl7"))
    assert [(one.action, one.reference) for one in reading.reports] == [("new", "REF-2026-0117"), ("cancel", "REF-2026-0117")]
    assert all("batch" in note_codes(report) for report in reading.reports)


def test_an_unreadable_referral_in_a_batch_becomes_a_contact_to_look_at_the_same_day() -> None:
    reading = reading_of(message(CHILD, REFERRAL) + message("NTE|1||x"))
    assert reading.outcome == "contact"
    assert [one.person.given for one in reading.reports] == ["Lily", ""]
    assert "unreadable_in_batch" in note_codes(reading.reports[1])


@pytest.mark.parametrize("version", ["2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.7.1", "2.8", "2.8.2"])
def test_every_version_keeps_local_segments_and_documents(version: str) -> None:
    content = b"%PDF-1.4 synthetic letter of version " + version.encode()
    document = f"OBX|1|ED|PDF^Letter||^application^pdf^Base64^{base64.b64encode(content).decode()}"
    header = HEADER.replace("|2.4", f"|{version}")
    report = only_report(message(CHILD, REFERRAL, "ZSG|1|AMBER|School: Elm Primary", document, "ZZZ|x", header=header))
    assert (report.person.family, report.reference, report.action) == ("SAMPLE", "REF-1", "new")
    assert "Elm Primary" in report.unmapped["ZSG"] and report.unmapped["ZZZ"] == "x"
    [kept] = report.attachments
    assert (kept.size, kept.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert "JVBER" not in report.model_dump_json()
