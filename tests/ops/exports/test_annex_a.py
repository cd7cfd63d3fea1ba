"""Annex A: every list with its own columns, a row where the hub knows of one, and nothing made up."""

from datetime import date, datetime
from io import BytesIO
from typing import Any

from openpyxl import load_workbook  # type: ignore[import-untyped]

from connectors.social_care.read import read
from ops.casebook.book import CaseBook
from ops.exports.annex_a import COLUMNS, Period, write_annex_a
from schemas.reading import Hint
from tests.ops.casebook.planted import Planted, child

SPRING = Period(date(2026, 1, 1), date(2026, 6, 30))


def case() -> Planted:
    """A referral that went the whole way, a second one of the same child, and a contact that came to nothing."""
    planted = Planted()
    first = planted.arrives("K-1", "2026-03-02 00:30", child(la="LA0001", sex="F", ethnicity="MWBA", disabilities=["AUT"]),
                            source_code="6", need_code="N1", agency="police")  # fmt: skip
    planted.happens(first, "allocated", "2026-03-02 09:00", by="Ben Hughes")
    planted.happens(first, "assessment_started", "2026-03-04 09:00")
    planted.happens(first, "strategy_discussion", "2026-03-05 09:00")
    planted.happens(first, "s47_started", "2026-03-05 10:00")
    planted.happens(first, "conference_held", "2026-03-20 10:00", details={"outcome": "child protection plan"})
    planted.happens(first, "assessment_authorised", "2026-04-01 09:00")
    planted.happens(first, "closed", "2026-05-01 09:00", reason_code="rc8")
    again = planted.arrives("K-2", "2026-06-10 10:00", child(la="LA0001"), source_code="2A", agency="education")
    planted.happens(again, "decision", "2026-06-10 12:00", details={"decision": "NFA"})
    planted.arrives("K-3", "2026-06-11 10:00", child("=cmd|' /C calc'!A0"), kind="contact")
    return planted


def sheets(planted: Planted, period: Period = SPRING) -> dict[str, list[tuple[Any, ...]]]:
    file = BytesIO()
    with CaseBook() as book:
        write_annex_a(planted.fill(book), file, period)
    workbook = load_workbook(BytesIO(file.getvalue()))
    return {sheet.title: [tuple(row) for row in sheet.iter_rows(values_only=True)] for sheet in workbook.worksheets}


def test_every_list_has_its_columns_also_where_the_hub_holds_nothing() -> None:
    found = sheets(Planted())
    assert {title for title in found if title != "About"} == {f"List {number}" for number in COLUMNS}
    assert all(found[f"List {number}"] == [columns] for number, columns in COLUMNS.items())
    assert any("no early help assessments" in str(row[0]) for row in found["About"])


def test_the_lists_of_a_case() -> None:
    found = {title: [dict(zip(rows[0], row, strict=True)) for row in rows[1:]] for title, rows in sheets(case()).items()}
    contacts = {row["Date of Contact"]: row for row in found["List 1"]}
    assert set(contacts) == {datetime(2026, 3, 2), datetime(2026, 6, 10), datetime(2026, 6, 11)}
    police = contacts[datetime(2026, 3, 2)]
    assert (police["Child Unique ID"], police["Gender"], police["Ethnicity"]) == ("LA0001", "b) Female", "g) MWBA")
    assert (police["Contact Source"], police["Age of Child (Years)"]) == ("q) 6: Police", 8)
    referrals = {row["Date of referral"].month: row for row in found["List 3"]}
    assert [referrals[month]["Number of Referrals in Last 12 Months"] for month in (3, 6)] == [0, 1]
    assert [referrals[month]["Referral NFA?"] for month in (3, 6)] == ["b) No", "a) Yes"]
    assert referrals[3]["Allocated Worker"] == "Ben Hughes"
    (assessment,) = found["List 4"]
    assert assessment["Does the Child have a Disability"] == "a) Yes"
    assert assessment["Continuous Assessment Date of Authorisation"] == datetime(2026, 4, 1)
    (enquiry,) = found["List 5"]
    assert enquiry["Strategy discussion initiating Section 47 Enquiry Start Date"] == datetime(2026, 3, 5)
    assert enquiry["Did the Initial Child Protection Conference Result in a Child Protection Plan"] == "a) Yes"
    (need,) = found["List 6"]
    assert (need["Primary Need Code"], need["Reason for Closure"], need["Case Status"]) == ("N1", "RC8", "Closed")


def test_a_list_holds_its_period_alone() -> None:
    summer = Period(date(2026, 6, 1), date(2026, 8, 31))
    found = sheets(case(), summer)
    assert [len(found[f"List {number}"]) - 1 for number in COLUMNS] == [2, 0, 1, 0, 0, 0]


def test_no_cell_is_a_formula() -> None:
    planted = Planted()
    formulas = ["=HYPERLINK(1)", "+1", "-2+3", "@SUM(A1)", "\t=1"]
    for number, formula in enumerate(formulas):
        contact_id = planted.arrives(f"K-{number}", "2026-03-02 09:00")
        planted.happens(contact_id, "allocated", "2026-03-02 09:01", by=f"{formula} Named Person")
    rows = [dict(zip(COLUMNS[3], row, strict=True)) for row in sheets(planted)["List 3"][1:]]
    assert len(rows) == len(formulas)
    assert all(str(row["Allocated Worker"]).startswith("'") for row in rows)


def test_our_own_reader_takes_it_for_a_load_of_cases_and_opens_no_contact() -> None:
    file = BytesIO()
    with CaseBook() as book:
        write_annex_a(case().fill(book), file, SPRING)
    reading = read(file.getvalue(), Hint(file_name="annex-a.xlsx"))
    assert (reading.outcome, reading.reason_code) == ("not_a_contact", "annex_a")
    assert [(one.number, one.ended) for one in reading.open_cases] == [("LA0001", True)], "what was open is closed by now"
