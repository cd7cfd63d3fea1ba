"""The table of flags: each once, with the evidence that withdrew it, and no child's name."""

import csv
from io import BytesIO, StringIO

from ops.casebook.book import CaseBook
from ops.exports.flags_table import HEADINGS, write_flags
from tests.ops.casebook.planted import Planted, child


def table(planted: Planted) -> tuple[str, list[dict[str, str]]]:
    file = BytesIO()
    with CaseBook() as book:
        write_flags(planted.fill(book), file)
    text = file.getvalue().decode("utf-8-sig")
    return text, list(csv.DictReader(StringIO(text)))


def test_a_flag_stands_with_its_history_and_the_evidence_that_withdrew_it() -> None:
    planted = Planted()
    contact_id = planted.arrives("K-1", "2026-03-02 09:00", child("Zebedee"), kind="contact")
    planted.ticks("2026-03-02 09:00", "2026-03-03 02:00")
    planted.happens(
        contact_id, "risk_assessed", "2026-03-03 01:30", happened_at=None, happened_on="2026-03-02", by="=Alma Worker"
    )  # fmt: skip
    text, rows = table(planted)
    (row,) = [one for one in rows if one["clock"] == "same-day"]
    assert tuple(row) == HEADINGS
    assert (row["state"], row["history"].split()[-2:]) == ("withdrawn", ["raised", "withdrawn"])
    assert (row["evidence"], row["evidence_level"], row["evidence_happened"]) == ("risk_assessed", "amber", "2026-03-02")
    assert row["recorded_late"] == "yes"
    assert row["evidence_by"] == "'=Alma Worker"
    assert len(row["records"].split()) == len(row["history"].split())
    assert "Zebedee" not in text


def test_an_event_that_no_contact_answers_has_its_flag_too() -> None:
    planted = Planted()
    planted.happens("5f0c7e0e-0000-5000-8000-000000000000", "closed", "2026-03-02 09:00")
    planted.ticks("2026-03-02 09:00", "2026-03-02 11:00")
    _, rows = table(planted)
    assert [(row["clock"], row["state"], row["with"]) for row in rows] == [("unmatched", "raised", "Frances Whitmore")]
