"""An Annex A workbook tells of cases that are open already; a list of children with a concern is still a contact each."""

import io
from typing import Any

import pytest
from openpyxl import Workbook  # type: ignore[import-untyped]

from tests.connectors.fields.messages import read_as

WHO = ["Child Unique ID", "Gender", "Ethnicity", "Date of Birth", "Age of Child (Years)"]
A1 = ["A1", "b) Female", "a) WBRI", "2015-01-01", 9]
A2 = ["A2", "a) Male", "a) WBRI", "2016-01-01", 8]
CONTACTS = [[*WHO, "Date of Contact", "Contact Source"], [*A1, "2026-01-03", "q) 6: Police"]]
CASES = [
    [*WHO, "CIN Start Date", "Primary Need Code", "Date Child Was Last Seen", "CIN Closure Date", "Case Status"],
    [*A1, "2026-01-03", "N1", "2026-02-01", None, "b) Open"],
    [*A2, "2025-01-03", "N1", "2025-02-01", "2025-12-01", "c) Closed"],
]


def workbook(*sheets: list[list[Any]]) -> bytes:
    book = Workbook()
    book.remove(book.active)
    for place, rows in enumerate(sheets, start=1):
        sheet = book.create_sheet(f"List {place}")
        for row in rows:
            sheet.append(row)
    body = io.BytesIO()
    book.save(body)
    return body.getvalue()


def test_an_annex_a_workbook_counts_its_open_cases_and_opens_no_contact() -> None:
    reading = read_as("social_care", workbook(CONTACTS, CASES))
    assert (reading.outcome, reading.reason_code, reading.reports) == ("not_a_contact", "annex_a", [])
    assert "It holds 1 rows of list 1, 2 rows of list 6. 1 of list 6 are open." in [note.text for note in reading.notes]


def test_a_whole_authority_s_workbook_is_known_by_its_headings() -> None:
    reading = read_as("social_care", workbook([CONTACTS[0], *[CONTACTS[1]] * 1200], CASES))
    assert (reading.outcome, reading.reason_code) == ("not_a_contact", "annex_a")
    assert [note.text for note in reading.notes] == ["It holds list 1, list 6."]


@pytest.mark.parametrize(
    "rows",
    [
        [[*WHO, "Date of Contact", "Contact Source", "Concern"], [*A1, "2026-01-03", "q) 6: Police", "Seen alone at night."]],
        [[*WHO, "Concern", "Risk level"], [*A1, "Seen alone at night.", "Amber"]],
    ],
)
def test_a_list_of_children_with_a_concern_is_a_contact_each(rows: list[list[Any]]) -> None:
    reading = read_as("social_care", workbook(rows))
    assert (reading.outcome, len(reading.reports)) == ("contact", 1)
