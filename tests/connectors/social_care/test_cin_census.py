"""A children-in-need census file tells of cases that are open already; no child in it is a new contact."""

from datetime import date
from pathlib import Path

import pytest

from schemas.open_case import OpenCase
from schemas.reading import Reading
from tests.connectors.fields.messages import read_as

OUTSIDE = Path(__file__).parents[4] / "shared" / "outside" / "social_care_cin"
HEADER = "<Header><CollectionDetails><Collection>CIN</Collection></CollectionDetails></Header>"
REFERRED = "<CINreferralDate>2026-01-03</CINreferralDate>"
BORN = date(2015, 1, 1)


def child(number: str, *cases: str, upn: str = "", dob: str = "2015-01-01") -> str:
    told = "".join(f"<CINdetails>{case}<ReferralNFA>{'nfa' in case:d}</ReferralNFA></CINdetails>" for case in cases)
    upn = f"<UPN>{upn}</UPN>" if upn else ""
    return (
        f"<Child><ChildIdentifiers><LAchildID>{number}</LAchildID>{upn}<PersonBirthDate>{dob}</PersonBirthDate></ChildIdentifiers>"
        f"{told}</Child>"
    )


def file(*children: str) -> str:
    return f"<Message>{HEADER}<Children>{''.join(children)}</Children></Message>"


def census(number: str, upn: str = "") -> bytes:
    """A census of one child with one open case."""
    return file(child(number, REFERRED, upn=upn)).encode()


def cases(*children: str) -> tuple[Reading, list[OpenCase]]:
    reading = read_as("social_care", file(*children))
    return reading, reading.open_cases


@pytest.mark.parametrize(
    "body",
    [
        f"<Message>{HEADER}<Children>{{}}</Children></Message>",
        "<Message><Children>{}</Children></Message>",
        f"<Message xmlns='urn:dfe'>{HEADER}<Children>{{}}</Children></Message>",
    ],
)
def test_a_census_tells_which_cases_are_open_and_opens_no_contact(body: str) -> None:
    closed = REFERRED + "<CINclosureDate>2026-02-01</CINclosureDate>"
    reading = read_as("social_care", body.format(child("L1", REFERRED, closed) + child("L2", closed)))
    assert (reading.outcome, reading.reason_code, reading.reports) == ("not_a_contact", "cin_census", [])
    assert reading.open_cases == [
        OpenCase(number="L1", dob=BORN, standings=["child_in_need"], since=date(2026, 1, 3)),
        OpenCase(number="L2", dob=BORN, ended=True),
    ]
    assert "1 open case (1 child in need), 0 with a named worker. Rows left out: 2 closed." in reading.reason


def test_what_is_open_within_an_open_case_is_told_with_it_and_a_closed_case_ends_its_parts() -> None:
    plan = "<ChildProtectionPlans><CPPstartDate>2026-01-20</CPPstartDate></ChildProtectionPlans>"
    assessment = "<Assessments><AssessmentActualStartDate>2026-01-04</AssessmentActualStartDate></Assessments>"
    enquiry = "<Section47><S47ActualStartDate>2026-01-05</S47ActualStartDate><ICPCnotRequired>{}</ICPCnotRequired></Section47>"
    closed = "<CINclosureDate>2026-02-01</CINclosureDate>"
    _, found = cases(
        child("L1", REFERRED + assessment + enquiry.format(1) + plan),
        child("L2", REFERRED + enquiry.format("false")),
        child("L3", REFERRED + closed + assessment + plan),
        child("L4", REFERRED + "<nfa/>"),
    )
    assert [(case.number, case.standings, case.ended) for case in found] == [
        ("L1", ["protection_plan", "child_in_need", "assessment"], False),
        ("L2", ["child_in_need", "section_47"], False),
        ("L3", [], True),
        ("L4", [], True),
    ]


@pytest.mark.parametrize(
    ("bad", "column"),
    [
        (child("", REFERRED), "Child Unique ID"),
        (child("L1", REFERRED, dob="unknown"), "Date of Birth"),
        (child("L1", "<CINreferralDate>31/02/2026</CINreferralDate>"), "CINreferralDate"),
        (child("L1", REFERRED + "<CINclosureDate>soon</CINclosureDate>"), "CINclosureDate"),
    ],
)
def test_a_case_that_cannot_be_read_is_named_by_its_place_and_column_and_not_guessed(bad: str, column: str) -> None:
    reading, found = cases(child("L0", REFERRED), bad)
    assert [case.number for case in found] == ["L0"]
    (note,) = reading.notes
    assert (note.code, note.field) == ("row_not_read", column)
    assert note.text.startswith("Child 2, case 1 ") and "1 row could not be read." in reading.reason


def test_a_census_of_more_than_one_message_may_hold_is_no_contact_and_says_how_it_is_loaded() -> None:
    reading = read_as("social_care", file("<Child/>" * 300_001))
    assert (reading.outcome, reading.reason_code, reading.open_cases) == ("not_a_contact", "load_too_large", [])
    assert "./frontdoor load FILE" in reading.reason


def test_another_authority_s_census_file_is_cases_not_contacts() -> None:
    files = sorted(OUTSIDE.glob("*.xml"))
    if not files:
        pytest.skip("the files of others are not at hand")
    for path in files:
        reading = read_as("social_care", path.read_bytes())
        assert (reading.outcome, reading.reason_code) == ("not_a_contact", "cin_census")
        assert reading.open_cases
