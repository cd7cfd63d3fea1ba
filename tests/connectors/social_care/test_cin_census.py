"""A children-in-need census file tells of cases that are open already; no child in it is a new contact."""

from pathlib import Path

import pytest

from tests.connectors.fields.messages import read_as

OUTSIDE = Path(__file__).parents[4] / "shared" / "outside" / "social_care_cin"
CHILD = (
    "<Child><ChildIdentifiers><LAchildID>A{0}</LAchildID></ChildIdentifiers>"
    "<CINdetails>{1}<ReferralNFA>0</ReferralNFA></CINdetails></Child>"
)
HEADER = "<Header><CollectionDetails><Collection>CIN</Collection></CollectionDetails></Header>"


@pytest.mark.parametrize(
    "body",
    [
        f"<Message>{HEADER}<Children>{{}}</Children></Message>",
        "<Message><Children>{}</Children></Message>",
        f"<Message xmlns='urn:dfe'>{HEADER}<Children>{{}}</Children></Message>",
    ],
)
def test_a_census_counts_its_open_and_closed_cases_and_opens_no_contact(body: str) -> None:
    cases = CHILD.format(1, "") + CHILD.format(2, "<CINclosureDate>2026-01-01</CINclosureDate>")
    reading = read_as("social_care", body.format(cases))
    assert (reading.outcome, reading.reason_code, reading.reports) == ("not_a_contact", "cin_census", [])
    assert "The file holds 1 open case and 1 closed case of 2 children." in [note.text for note in reading.notes]


def test_another_authority_s_census_file_is_cases_not_contacts() -> None:
    files = sorted(OUTSIDE.glob("*.xml"))
    if not files:
        pytest.skip("the files of others are not at hand")
    for file in files:
        reading = read_as("social_care", file.read_bytes())
        assert (reading.outcome, reading.reason_code) == ("not_a_contact", "cin_census")
