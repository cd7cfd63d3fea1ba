"""A school's concern is a contact with its child, its risk and its words, however the school's system spells the fields."""

# ruff: noqa: E501 - a sample stays on as few lines as it can be read in

import json
from typing import Any

import pytest

from schemas.reading import Hint
from tests.connectors.fields.messages import children, notes_of, read_as

ELLA = ("Ella Stone", "2015-09-12")
MAX = ("Max Stone", "2018-09-12")
PUPIL = {"forename": "Ella", "surname": "Stone", "dob": "2015-09-12"}
BROTHER = {"forename": "Max", "surname": "Stone", "dob": "2018-09-12"}

SPELLINGS: list[tuple[Any, str, str]] = [
    ({"pupil_forename": "Ella", "pupil_surname": "Stone", "pupil_dob": "2015-09-12", "concern": "Hit", "risk_level": "high"}, "red", "Hit"),
    ({"childFirstName": "Ella", "childLastName": "Stone", "dateOfBirth": "12/09/2015", "concernDetails": "Hit", "riskRating": "A"}, "amber", "Hit"),
    ({"Child's First Name": "Ella", "Child's Surname": "Stone", "Date of Birth (dd/mm/yyyy)": "12 September 2015",
      "Full Details of Concern": "Hit", "Risk Level (RAG)": "RED"}, "red", "Hit"),
    ({"student": {"name": {"given": "Ella", "family": "Stone"}, "dob": "12.09.2015"}, "concern": {"description": "Hit", "severity": "Medium"}}, "amber", "Hit"),
    ({"Pupil": {"Name": "Stone, Ella", "DOB": {"Day": 12, "Month": 9, "Year": 2015}}, "ConcernNotes": "Hit", "RAGRating": "GREEN"}, "green", "Hit"),
    ({"data": {"type": "safeguarding-concern", "attributes": {"child-first-name": "Ella", "child-last-name": "Stone",
      "child-dob": "2015-09-12T00:00:00", "concern-text": "Hit", "rag": "urgent"}}}, "red", "Hit"),
    ({"child": "Ella Stone (12/09/2015)", "concern": "Hit", "risk_level": {"code": "L", "display": "Low"}}, "green", "Hit"),
    ({"form": "Concern", "responses": [{"question": "Child's full name", "answer": "Ella Stone"},
      {"question": "Child's date of birth", "answer": "12/09/2015"}, {"question": "What are you worried about?", "answer": "Hit"},
      {"question": "Risk", "answer": "High"}, {"question": "Your name", "answer": "P Nair"}]}, "red", "Hit"),
    ({"section_a": {"child_name": "Ella Stone", "dob": "12/09/2015"}, "section_b": {"what_have_you_seen": "Hit", "risk": ["med"]}}, "amber", "Hit"),
    ("Forename,Surname,DOB,Concern,Risk\nElla,Stone,12/09/2015,Hit,High\n", "red", "Hit"),
    ("<Concern><Pupil><Forename>Ella</Forename><Surname>Stone</Surname><DOB>2015-09-12</DOB></Pupil>"
     "<Text>She was <b>hit</b> at home<br/>twice</Text><Risk>high</Risk></Concern>", "red", "She was hit at home\ntwice"),
]  # fmt: skip


@pytest.mark.parametrize(("message", "risk", "text"), SPELLINGS)
def test_child_risk_and_words_are_found_under_any_usual_spelling(message: Any, risk: str, text: str) -> None:
    reading = read_as("education", message)
    assert (reading.outcome, children(reading)) == ("contact", [ELLA])
    assert (reading.reports[0].risk, text in reading.reports[0].narrative) == (risk, True)


@pytest.mark.parametrize(
    "message",
    [
        [{"pupil": PUPIL, "concern": "Hit"}, {"pupil": BROTHER, "concern": "Hungry"}],
        {"school": "Oak High", "concerns": [{"pupil": PUPIL, "text": "Hit"}, {"pupil": BROTHER, "text": "Hungry"}]},
        {"concern": "No food at home", "pupils": [PUPIL, BROTHER], "reporter": {"forename": "Sue", "surname": "Teach"}},
        {"concern": "No food at home", "pupils": {"1": PUPIL, "2": BROTHER}},
        {"concern": "No food at home", "children": "Ella Stone 12/09/2015, Max Stone 12/09/2018"},
        {"concern": "No food at home", "child_name_1": "Ella Stone", "child_dob_1": "2015-09-12", "child_name_2": "Max Stone",
         "child_dob_2": "2018-09-12", "mother_name": "Jane Stone"},
        '{"pupil": "Ella Stone, born 12/09/2015", "concern": "Hit"}\n{"pupil": "Max Stone, born 12/09/2018", "concern": "Hit"}\n',
    ],
)  # fmt: skip
def test_each_child_of_a_concern_is_a_contact(message: Any) -> None:
    assert children(read_as("education", message)) == [ELLA, MAX]


@pytest.mark.parametrize(
    ("others", "role"),
    [
        ({"linkedStudents": [{**BROTHER, "linkType": "Sibling"}]}, "sibling"),
        ({"siblings": [BROTHER]}, "sibling"),
        ({"sibling_1_name": "Max Stone", "sibling_1_dob": "2018-09-12"}, "sibling"),
        ({"witnesses": [BROTHER]}, "other"),
        ({"friend": BROTHER}, "other"),
        ({"alleged_perpetrator": {"name": "Max Stone", "dob": "2008-01-01"}}, "alleged_perpetrator"),
        ({"mother": {"first": "Max", "last": "Stone"}}, "parent"),
        ({"emergencyContact": {"name": "Max Stone", "relationship": "uncle"}}, "other"),
        ({"reportedBy": "Max Stone"}, "referrer"),
        ({"your_details": {"your_name": "Max Stone", "your_role": "DSL"}}, "referrer"),
    ],
)
def test_somebody_else_in_a_concern_is_kept_but_is_not_its_child(others: dict[str, Any], role: str) -> None:
    reading = read_as("education", {"pupil": PUPIL, "concern": "Hit", **others})
    assert children(reading) == [ELLA]
    assert [(one.role, one.given, one.family) for one in reading.reports[0].people] == [(role, "Max", "Stone")]


def test_only_witnesses_are_the_children_of_a_concern_that_names_no_other_child() -> None:
    assert children(read_as("education", {"witnesses": [PUPIL, BROTHER], "concern": "Saw a fight at the gate"})) == [ELLA, MAX]


@pytest.mark.parametrize(
    "child",
    [
        {"forename": "Unborn", "surname": "Gray", "expected_date_of_birth": "2026-09-01"},
        {"name": "Unborn baby of Tess Gray", "edd": "01/09/2026"},
        {"unborn": True, "surname": "Gray", "due_date": "1 September 2026"},
    ],
)
def test_a_child_not_yet_born_has_an_expected_date_and_no_forename(child: dict[str, Any]) -> None:
    (report,) = read_as("education", {"child": child, "concern": "Mother is using drugs."}).reports
    assert (report.person.unborn, report.person.dob, str(report.person.expected_dob)) == (True, None, "2026-09-01")
    assert report.person.family == "Gray"


def test_a_concern_without_a_child_is_a_contact_of_somebody_to_be_found() -> None:
    reading = read_as("education", {"school": "Oak High", "concern": "A girl of about six was alone at the gate at eight."})
    assert (reading.outcome, children(reading)) == ("contact", [("", "")])
    assert {"no_child_named", "no_dob"} <= notes_of(reading)


def test_a_wrong_upn_is_kept_and_never_matched_on() -> None:
    reading = read_as("education", {"pupil": {**PUPIL, "upn": "Z801200005001"}, "concern": "Hit"})
    (identifier,) = reading.reports[0].person.identifiers
    assert (identifier.kind, identifier.value, identifier.valid) == ("upn", "Z801200005001", False)
    assert "upn_check_letter" in notes_of(reading)


def test_a_disability_that_is_no_dfe_code_is_kept_as_sent_with_a_note() -> None:
    for sent, codes in (("SPCH", []), (["AUT", "SPCH"], ["AUT"])):
        [report] = (reading := read_as("education", {"pupil": {**PUPIL, "disabilities": sent}, "concern": "Hit"})).reports
        assert (report.person.disabilities, "SPCH" in str(report.unmapped)) == (codes, True)
        assert "disability_not_understood" in notes_of(reading)


@pytest.mark.parametrize("born", ["1899-12-30", "2015-02-30", "31/31/2015", "in the spring"])
def test_a_date_of_birth_that_cannot_be_is_kept_as_text(born: str) -> None:
    (report,) = read_as("education", {"pupil": {**PUPIL, "dob": born}, "concern": "Hit"}).reports
    assert (report.person.dob, report.person.dob_text) == (None, born)


def test_a_birth_after_the_day_of_writing_is_kept_as_text() -> None:
    (report,) = read_as(
        "education", {"reported_at": "2026-03-27", "pupil": {**PUPIL, "dob": "2027-05-04"}, "concern": "Hit"}
    ).reports
    assert (report.person.dob, report.person.dob_text) == (None, "2027-05-04")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252"])
@pytest.mark.parametrize("content_type", ["", "text/plain", "application/xml; charset=nonsense"])
def test_a_name_survives_any_encoding_and_any_content_type(encoding: str, content_type: str) -> None:
    body = json.dumps({"pupil": {**PUPIL, "forename": "Zoë"}, "concern": "Hit"}, ensure_ascii=False).encode(encoding)
    assert children(read_as("education", body, Hint(content_type=content_type))) == [("Zoë Stone", "2015-09-12")]


@pytest.mark.parametrize(
    "message",
    [
        {"type": "attendance_report", "pupils": [{**PUPIL, "sessions": 40}]},
        {"type": "trip_consent", "pupil": PUPIL, "consent": True},
        {"type": "newsletter", "title": "Spring news", "body": "Dear parents, the fair is on Monday."},
        "<CTfile><Header/><CTFpupilData><Pupil><UPN>B801200005001</UPN></Pupil></CTFpupilData></CTfile>",
    ],
)
def test_a_school_s_other_business_is_no_contact_and_says_why(message: Any) -> None:
    reading = read_as("education", message)
    assert (reading.outcome, bool(reading.reason)) == ("not_a_contact", True)


@pytest.mark.parametrize("word", ["attendance", "booking", "register"])
def test_a_worry_in_other_business_is_a_contact(word: str) -> None:
    reading = read_as("education", {"type": word, "pupil": PUPIL, "notes": "Ella says dad hits her"})
    assert (reading.outcome, children(reading)) == ("contact", [ELLA])


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "empty"),
        (b"{}", "nothing_about_a_child"),
        (b'{"pupil": {"forename": "Ella"}, "concern": "Hi', "incomplete_json"),
        (b'{"pupil": "Ella Stone",, "concern": "Hit"}', "not_json"),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, "too_deep"),
        (b'{"resourceType": "Bundle"}', "fhir_message"),
        (b"%PDF-1.7", "pdf"),
        (b"Please call me about Ella Stone.", "unknown_format"),
        (b"Forename,Surname,DOB\nElla,Stone,12/09/2015\n", "no_concern_column"),
    ],
)
def test_what_cannot_be_read_is_quarantined_with_what_to_do_next(body: bytes, code: str) -> None:
    reading = read_as("education", body)
    assert (reading.outcome, reading.reason_code) == ("quarantined", code)
    assert reading.reason.endswith(".") and "Ella" not in reading.reason
