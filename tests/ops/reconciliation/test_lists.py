"""The case system's lists as they come: Annex A List 1 and the SSD's tables, read only; errors that say what to do."""

import sqlite3
from datetime import date, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook  # type: ignore[import-untyped]

from ops.exports.annex_a import COLUMNS
from ops.reconciliation.contact_table import is_database, read_contact_table
from ops.reconciliation.contacts import CannotRead
from ops.reconciliation.list_1 import read_list_1

ROW = ("LA0001", "b) Female", "a) WBRI", "06/05/2018", 7, "02/03/2026", "q) 6: Police")
HEADING = ",".join(COLUMNS[1])


def workbook(path: Path, *rows: tuple[object, ...]) -> Path:
    book = Workbook()
    book.active.append(["Read me first"])
    sheet = book.create_sheet("List 1")
    sheet.append(["List 1: contacts"])
    sheet.append(list(COLUMNS[1]))
    for row in rows:
        sheet.append(list(row))
    book.save(path)
    return path


def test_a_workbook_with_words_above_its_headings(tmp_path: Path) -> None:
    dates = (*ROW[:3], datetime(2018, 5, 6), 7, datetime(2026, 3, 2), ROW[6])
    loaded = read_list_1(workbook(tmp_path / "list1.xlsx", ROW, dates))
    assert loaded.unusable == []
    for found in loaded.rows:
        assert (found.day, found.born, found.source_code) == (date(2026, 3, 2), date(2018, 5, 6), "6")
        assert found.identifiers == {"la_child_id": "la0001"}
        assert (found.child["sex"], found.child["ethnicity"]) == ("F", "WBRI")
    # Two contacts of one child on one day are two, and each has the same reference whenever the list is read.
    assert len({found.reference for found in loaded.rows}) == 2
    assert [one.reference for one in read_list_1(tmp_path / "list1.xlsx").rows] == [one.reference for one in loaded.rows]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_csv_as_spreadsheets_save_it(tmp_path: Path, encoding: str, mark: str) -> None:
    row = tuple(map(str, ROW))
    lines = (COLUMNS[1], row, ("", *row[1:]), (*row[:5], "soon", row[6]), ("Zoë", *row[1:]))
    (tmp_path / "list1.csv").write_bytes("\r\n".join(map(mark.join, lines)).encode(encoding))
    loaded = read_list_1(tmp_path / "list1.csv")
    assert [found.child["la_child_id"] for found in loaded.rows] == ["LA0001", "Zoë"]
    assert loaded.unusable == ["row 3: no Child Unique ID", "row 4: no date of contact that can be read"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("missing.csv", None, "cannot be opened"),
        ("old.xls", b"\xd0\xcf\x11\xe0rest", "Save it as .xlsx"),
        ("torn.xlsx", b"PK\x03\x04 and no more", "damaged"),
        ("other.csv", b"Name,Colour\nAnn,red\n", "Child Unique ID and Date of Contact. Its first row says: Name, Colour"),
        ("binary.csv", b"\x00\x01\x02", "neither CSV nor .xlsx"),
        ("empty.csv", HEADING.encode(), "no contact below them"),
    ],
)
def test_a_bad_file_says_what_to_do(tmp_path: Path, name: str, content: bytes | None, said: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(CannotRead, match=said):
        read_list_1(tmp_path / name)


def ssd(path: Path, *, extra: bool = True) -> Path:
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE ssd_contacts (cont_contact_id, cont_person_id, cont_contact_date, cont_contact_source_code)")
        db.executemany(
            "INSERT INTO ssd_contacts VALUES (?, ?, ?, ?)",
            [("C-1001", "P1", "2026-03-02 00:00:00", "6"), ("C-1002", "P2", "2026-03-04", "2A"), ("C-1003", "P2", None, "")],
        )
        if extra:
            db.execute("CREATE TABLE ssd_person (pers_person_id, pers_forename, pers_surname, pers_dob, pers_common_child_id)")
            db.execute("INSERT INTO ssd_person VALUES ('P1', 'Nora', 'Testperson', '2018-05-06', '943 476 5919')")
            db.execute(
                "CREATE TABLE ssd_linked_identifiers (link_person_id, link_identifier_type, link_identifier_value)"
            )  # fmt: skip
            db.execute("INSERT INTO ssd_linked_identifiers VALUES ('P1', 'Unique Pupil Number', 'B801200005001')")
    return path


def test_the_ssd_tables_in_a_sqlite_file_are_read_and_not_touched(tmp_path: Path) -> None:
    path = ssd(tmp_path / "ssd.db")
    path.chmod(0o400)
    before = path.read_bytes()
    assert is_database(str(path))
    loaded = read_contact_table(str(path), date(2026, 3, 1), date(2026, 3, 3))
    (found,) = loaded.rows
    assert (found.reference, found.day, found.source_code) == ("C-1001", date(2026, 3, 2), "6")
    assert found.identifiers == {"la_child_id": "p1", "nhs_number": "9434765919", "upn": "b801200005001"}
    assert (found.child["forename"], found.born) == ("Nora", date(2018, 5, 6))
    assert loaded.unusable == ["contact C-1003: no date that can be read"]
    assert path.read_bytes() == before


def test_the_contact_table_alone_will_do(tmp_path: Path) -> None:
    loaded = read_contact_table(str(ssd(tmp_path / "ssd.db", extra=False)), None, None)
    assert [found.child for found in loaded.rows] == [{"la_child_id": "P1"}, {"la_child_id": "P2"}]


def test_a_database_that_is_not_it_says_what_to_do_and_never_the_password(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.db") as db:
        db.execute("CREATE TABLE cases (id)")
    for source, said in (
        (str(tmp_path / "other.db"), "no table ssd_contacts. It has: cases"),
        ("mysql://ann:geheim@127.0.0.1/ssd", "postgresql://"),
        ("postgresql://ann:geheim@127.0.0.1:1/ssd", "did not answer"),
    ):
        with pytest.raises(CannotRead, match=said) as raised:
            read_contact_table(source, None, None)
        assert "geheim" not in str(raised.value)
