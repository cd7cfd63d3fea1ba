"""A file built to harm, or spoilt by a spreadsheet or an editor, is read as far as it goes or refused with the reason."""

import io
import json
import tracemalloc
import zipfile
from functools import cache
from typing import Any

import pytest
from openpyxl import Workbook  # type: ignore[import-untyped]

from connectors.registry import reader
from schemas.catalogue import AGENCIES
from schemas.reading import Hint, Reading
from tests.connectors.fields.messages import children, notes_of, read_as

HEADINGS = ["Reference", "Forename", "Surname", "Date of birth", "UPN", "Postcode", "Concern", "Risk level"]
ROW = ["C-1", "Ella", "Stone", "12/09/2015", "B801200005001", "LS9 7TF", "Came with a bruise.", "Amber"]
ELLA = ("Ella Stone", "2015-09-12")


def table(*rows: list[str], delimiter: str = ",", end: str = "\r\n") -> str:
    return end.join(delimiter.join(row) for row in (HEADINGS, *rows)) + end


def workbook(*rows: list[Any]) -> bytes:
    book, body = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(body)
    return body.getvalue()


def with_part(body: bytes, name: str, content: bytes) -> bytes:
    """The workbook with one part more, or with another content in one of its parts."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            if part.filename != name:
                new.writestr(part, old.read(part))
        new.writestr(name, content)
    return made.getvalue()


def ours(agency: str, body: bytes, hint: Hint | None = None) -> Reading:
    """The reading without the net for faults of ours."""
    found: Reading = getattr(reader(agency), "__wrapped__", reader(agency))(body, hint or Hint())
    return found


BOOK = workbook(HEADINGS, ROW)
BOMBS = {
    "a small part that unpacks into a large one": lambda: with_part(BOOK, "xl/worksheets/sheet1.xml", b"<a/>" * 12_000_000),
    "a style sheet with entities": lambda: with_part(
        BOOK, "xl/styles.xml", b'<!DOCTYPE a [<!ENTITY b "x"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>'
    ),
    "a thousand parts": lambda: with_many_parts(),
    "a part named as if above the folder": lambda: with_part(BOOK, "../../xl/evil.xml", b"<a/>"),
    "a directory that lies about sizes": lambda: BOOK.replace(b"sheet1.xml", b"sheet9.xml"),
    "only the beginning of a zip": lambda: BOOK[:200],
}


def with_many_parts() -> bytes:
    body = BOOK
    made = io.BytesIO(body)
    with zipfile.ZipFile(made, "a") as archive:
        for number in range(1000):
            archive.writestr(f"xl/media/{number}.xml", "<a/>")
    return made.getvalue()


@cache
def bomb_of(name: str) -> bytes:
    return BOMBS[name]()


@pytest.mark.parametrize("agency", AGENCIES)
@pytest.mark.parametrize("bomb", BOMBS)
def test_a_zip_bomb_is_read_or_refused_and_takes_no_memory(agency: str, bomb: str) -> None:
    body = bomb_of(bomb)
    ours(agency, BOOK)  # what a reader loads at its first message is not the bomb's
    tracemalloc.start()
    try:
        reading = ours(agency, body)
        peak = tracemalloc.get_traced_memory()[1] / 1024**2
    finally:
        tracemalloc.stop()
    assert reading.outcome in ("contact", "quarantined", "not_a_contact")
    assert reading.outcome == "contact" or reading.reason.endswith(".")
    assert peak < 40, f"{peak:.0f} MiB for {len(body)} bytes"


@pytest.mark.parametrize("agency", AGENCIES)
def test_a_hundred_megabytes_are_refused_unread(agency: str) -> None:
    for start in (b"MSH|^~\\&|" if agency == "health" else b'{"concern": "', b"PK\x03\x04"):
        reading = ours(agency, start + bytes(100 * 1024 * 1024))
        assert (reading.outcome, reading.reason_code) == ("quarantined", "too_large")


@pytest.mark.parametrize("agency", ["education", "police"])
@pytest.mark.parametrize("bomb", ["billion laughs", "external file", "parameter"])
def test_entities_are_refused_in_every_encoding(agency: str, bomb: str) -> None:
    inside = {
        "billion laughs": '<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">',
        "external file": '<!ENTITY b SYSTEM "file:///etc/hostname">',
        "parameter": '<!ENTITY % p SYSTEM "http://example.org/x.dtd"> %p;<!ENTITY b "">',
    }[bomb]
    text = f"<?xml version='1.0'?><!DOCTYPE PPN [{inside}]><PPN><Narrative>&b;</Narrative></PPN>"
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-be"):
        assert ours(agency, text.encode(encoding)).reason_code == "xml_dtd_refused"


def test_macros_are_not_run_and_said() -> None:
    reading = ours("education", with_part(BOOK, "xl/vbaProject.bin", b"\xd0\xcf\x11\xe0 Sub AutoOpen()"))
    assert (children(reading), "macros_ignored" in notes_of(reading)) == ([ELLA], True)


def test_a_formula_is_never_worked_out() -> None:
    for cell in ("=1+1", '=HYPERLINK("http://example.org/"&A2,"see")', "@SUM(1)", "+cmd|' /C calc'!A0"):
        doubled = cell.replace('"', '""')
        reading = read_as("education", table([*ROW[:6], f'"{doubled}"', ROW[7]]))
        assert cell in reading.reports[0].narrative, "kept as text"
        assert "formula_cell" in notes_of(reading)


def test_a_cell_whose_formula_has_no_result_is_said_to_be_unreadable() -> None:
    reading = ours("education", workbook(HEADINGS, [*ROW[:6], "=A1", ROW[7]]))
    assert "formula_without_value" in notes_of(reading)


@pytest.mark.parametrize(
    "slid",
    [
        [*ROW[:2], "", *ROW[2:]],
        [*ROW[:4], *ROW[5:]],
        [*ROW[:6], "Came with a bruise", " says that she fell.", ROW[7]],
    ],
    ids=["an empty cell too many", "a cell left out", "an unquoted comma"],
)
def test_a_row_that_slid_is_put_back_where_its_cells_fit(slid: list[str]) -> None:
    reading = read_as("education", table(ROW, slid))
    assert children(reading) == [ELLA, ELLA]
    assert {report.risk for report in reading.reports} == {"amber"}
    assert "row_realigned" in notes_of(reading)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_table_is_read_whatever_divides_its_cells_and_lines(encoding: str, delimiter: str, end: str) -> None:
    row = [*ROW[:2], "Müller", *ROW[3:]]
    reading = read_as("education", table(row, delimiter=delimiter, end=end).encode(encoding))
    assert children(reading) == [("Ella Müller", "2015-09-12")]


def test_mixed_line_ends_lose_no_row() -> None:
    text = table(ROW) + "\n".join(",".join([f"C-{number}", *ROW[1:]]) for number in (2, 3)) + "\r"
    assert children(read_as("education", text)) == [ELLA] * 3


@pytest.mark.parametrize("name", ["concern.pdf", "concern.xlsx", "concern.xml", "concern", "concern.hl7", "..\\..\\concern.exe"])
@pytest.mark.parametrize("content_type", ["", "application/pdf", "text/csv", "application/xml", "image/png"])
def test_a_wrong_extension_or_content_type_changes_nothing(name: str, content_type: str) -> None:
    message = {"forename": "Ella", "surname": "Stone", "dob": "12/09/2015", "concern": "Hit", "risk": "high"}
    hint = Hint(file_name=name, content_type=content_type)
    for body in (json.dumps(message).encode(), table(ROW).encode(), BOOK):
        assert children(ours("education", body, hint)) == [ELLA]
