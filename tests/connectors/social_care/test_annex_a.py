"""An Annex A workbook tells of cases that are open already; a list of children with a concern is still a contact each."""

import io
import zipfile
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.social_care.annex_a import load_of
from schemas.open_case import OpenCase
from schemas.reading import Reading
from tests.connectors.fields.messages import read_as
from tests.connectors.social_care.annex_a_files import ASSESSMENT, CONTACTS, LOOKED_AFTER, NEED, PLAN, WHO, row, workbook

BORN = date(2015, 1, 1)
MET = ["A9", "b) Female", "a) WBRI", "2015-01-01", 9, "2026-01-03", "q) 6: Police"]


def read(*rows: list[Any]) -> Reading:
    return read_as("social_care", workbook(*rows))


def as_csv(*rows: list[Any]) -> str:
    return "\n".join(",".join(str("" if cell is None else cell) for cell in cells) for cells in rows)


def test_a_workbook_tells_which_cases_are_open_and_who_holds_them_and_opens_no_contact() -> None:
    reading = read(
        CONTACTS, MET,
        ASSESSMENT, row(ASSESSMENT, "A1", "2026-02-03", "", "Ben Hughes"),
        NEED, row(NEED, "A1", "2026-02-01", "", "Ben Hughes"), row(NEED, "A2", "2025-01-03", "2025-12-01", "Ben Hughes"),
        PLAN, row(PLAN, "A1", "2026-02-20", "", "Grace Adeyemi"),
        LOOKED_AFTER, row(LOOKED_AFTER, "A3", "2024-05-01", "", "Referral Coordinator"),
    )  # fmt: skip
    assert (reading.outcome, reading.reason_code, reading.reports, reading.notes) == ("not_a_contact", "annex_a", [], [])
    assert reading.open_cases == [
        OpenCase(number="A1", dob=BORN, standings=["protection_plan", "child_in_need", "assessment"], since=date(2026, 2, 1),
                 worker="Grace Adeyemi"),
        OpenCase(number="A2", dob=BORN, ended=True),
        # A desk is nobody.
        OpenCase(number="A3", dob=BORN, standings=["looked_after"], since=date(2024, 5, 1)),
    ]  # fmt: skip
    assert "2 open cases (1 looked after, 1 protection plan), 1 with a named worker." in reading.reason
    assert "Rows left out: 1 closed, 1 of lists that do not say what is open." in reading.reason


def test_a_list_is_known_by_its_headings_whatever_its_sheet_is_called_and_as_text_too() -> None:
    rows = [NEED, row(NEED, "A1", "03/01/2026", "", "Ben Hughes")]
    assert read(PLAN, *rows).open_cases == read_as("social_care", as_csv(*rows)).open_cases != []


def test_an_assessment_left_open_in_a_case_that_was_closed_is_no_open_case() -> None:
    closed = row(NEED, "A1", "2026-01-01", "2026-03-01")
    before, after = row(ASSESSMENT, "A1", "2026-01-02"), row(ASSESSMENT, "A1", "2026-04-01")
    assert [case.ended for case in read(NEED, closed, ASSESSMENT, before).open_cases] == [True]
    assert [case.standings for case in read(NEED, closed, ASSESSMENT, before, after).open_cases] == [["assessment"]]


@pytest.mark.parametrize(
    ("bad", "column"),
    [
        (row(NEED, "", "2026-01-03"), "Child Unique ID"),
        (row(NEED, "A1", "2026-01-03", dob="31/02/2015"), "Date of Birth"),
        (row(NEED, "A1", "b) No"), "CIN Start Date"),
        (row(NEED, "A1", "2026-01-03", "yes"), "CIN Closure Date"),
        # A cell was left out, and one was put in: nothing stands under its heading.
        (row(NEED, "A1", "2026-01-03")[1:], "Date of Birth"),
        (["", *row(NEED, "A1", "2026-01-03")], "Child Unique ID"),
    ],
)
def test_a_row_that_cannot_be_read_is_named_by_its_place_and_column_and_not_guessed(bad: list[Any], column: str) -> None:
    reading = read(NEED, row(NEED, "A0", "2026-01-03"), bad)
    assert [case.number for case in reading.open_cases] == ["A0"]
    (note,) = [note for note in reading.notes if note.code == "row_not_read"]
    assert (note.field, note.text.split(" was ")[0]) == (column, "List 6, row 3")
    assert "1 row could not be read." in reading.reason


def test_more_than_one_message_may_hold_is_no_contact_and_says_how_it_is_loaded() -> None:
    reading = read_as("social_care", as_csv(NEED, *(row(NEED, f"A{n}", "2026-01-03") for n in range(3001))))
    assert (reading.outcome, reading.reason_code, reading.open_cases) == ("not_a_contact", "load_too_large", [])
    assert "./frontdoor load FILE" in reading.reason
    # More than a list of concerns may hold, and not more than a load.
    reading = read_as("social_care", as_csv(NEED, *(row(NEED, f"A{n}", "2026-01-03") for n in range(1100))))
    assert (reading.reason_code, len(reading.open_cases)) == ("annex_a", 1100)


def test_a_workbook_of_many_rows_is_not_opened_to_see_what_it_is_and_its_reason_names_the_command() -> None:
    book = io.BytesIO(workbook(NEED, row(NEED, "A0", "2026-01-03")))
    many = io.BytesIO()
    with zipfile.ZipFile(book) as source, zipfile.ZipFile(many, "w", zipfile.ZIP_DEFLATED) as copy:
        for part in source.infolist():
            content = source.read(part)
            if part.filename.startswith("xl/worksheets/"):
                # Were it opened, what is wrong with these rows would be said.
                content = content.replace(b"</sheetData>", b"<row r='x'/>" * 5000 + b"</sheetData>")
            copy.writestr(part.filename, content)
    reading = read_as("social_care", many.getvalue())
    assert (reading.outcome, reading.reason_code) == ("quarantined", "workbook_too_large")
    assert "./frontdoor load FILE" in reading.reason


@pytest.mark.parametrize(
    "rows",
    [
        [[*CONTACTS, "Concern"], [*MET, "Seen alone at night."]],
        [[*NEED, "Concern"], [*row(NEED, "A1", "2026-01-03"), "Seen alone at night."]],
        [[*WHO, "Concern", "Risk level"], [*MET[:5], "Seen alone at night.", "Amber"]],
    ],
)
def test_a_list_of_children_with_a_concern_is_a_contact_each(rows: list[list[Any]]) -> None:
    reading = read_as("social_care", workbook(*rows))
    assert (reading.outcome, len(reading.reports)) == ("contact", 1)


def test_a_list_of_too_many_children_with_a_concern_is_no_load_either() -> None:
    """Somebody must look at it today; as a load it would be nobody's."""
    rows = ([*row(NEED, f"A{n}", "2026-01-03"), "Hungry"] for n in range(1100))
    assert read_as("social_care", as_csv([*NEED, "Concern"], *rows)).outcome == "quarantined"


def test_an_empty_workbook_is_no_load() -> None:
    assert read_as("social_care", workbook([*WHO])).outcome == "quarantined"


CELLS = st.sampled_from(
    ["", "A1", "b) Female", "2015-01-01", "01/01/2015", "2026-02-30", "Ben Hughes", "=1+1", "closed", "\x00", "9"]
)


@settings(max_examples=60, deadline=timedelta(seconds=5))
@given(st.lists(st.lists(CELLS, max_size=16), max_size=6), st.sampled_from([NEED, PLAN, ASSESSMENT, LOOKED_AFTER]))
def test_whatever_stands_in_a_list_every_row_is_a_case_or_closed_or_named_as_unread(
    rows: list[list[str]], kind: list[str]
) -> None:
    load = load_of(iter([("s", at, cells) for at, cells in enumerate([kind, *rows], start=1)]))
    given_rows = sum(any(cells) for cells in rows)
    read_rows = load.rows - load.unread_rows
    assert (load.rows, load.unread_rows) == (given_rows, len(load.unread))
    assert len(load.cases()) <= read_rows
    assert sum(not case.ended for case in load.cases()) <= read_rows - load.skipped["closed"]
