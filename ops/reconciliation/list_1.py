"""An Annex A List 1 (contacts), as .xlsx or CSV."""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from openpyxl import load_workbook  # type: ignore[import-untyped]
from openpyxl.utils.exceptions import InvalidFileException  # type: ignore[import-untyped]

from connectors.dates import read_date
from connectors.fields.naming import fold
from ops.reconciliation.contacts import CannotRead, Loaded, Theirs, made_reference, reference_key
from schemas.codes import REFERRAL_SOURCES

#: Headings, folded, and what they hold. The first five and the last two are Annex A's; the others are often added.
_HEADINGS = {
    "childuniqueid": "child", "childid": "child", "uniquechildid": "child", "gender": "sex", "sex": "sex",
    "ethnicity": "ethnicity", "dateofbirth": "born", "dob": "born", "dateofcontact": "day", "contactdate": "day",
    "contactsource": "source",
    "contactid": "reference", "contactreference": "reference", "reference": "reference", "frontdoorcontactid": "reference",
    "nhsnumber": "nhs_number", "upn": "upn", "forename": "forename", "firstname": "forename", "surname": "surname",
    "lastname": "surname",
}  # fmt: skip
_NEEDED = {"child": "Child Unique ID", "day": "Date of Contact"}
_HEADING_ROWS = 20
_SEX = {"a": "M", "b": "F", "m": "M", "f": "F"}
_WHAT_TO_DO = "Give Annex A List 1 (contacts) with its headings, Child Unique ID and Date of Contact among them."


def read_list_1(path: Path) -> Loaded:
    """The contacts of the file. Raises `CannotRead`."""
    loaded, seen = Loaded(), Counter[tuple[str, date]]()
    for number, cells in _table(path):
        child = _text(cells.get("child"))
        day = _day(cells.get("day"))
        if not child and day is None:
            continue
        if not child or day is None:
            what = "no Child Unique ID" if not child else "no date of contact that can be read"
            loaded.unusable.append(f"row {number}: {what}")
            continue
        seen[child, day] += 1
        loaded.rows.append(_row(number, cells, child, day, seen[child, day]))
    if not loaded.rows and not loaded.unusable:
        raise CannotRead(f"{path} has headings and no contact below them. Was the right sheet saved?")
    return loaded


def _row(number: int, cells: dict[str, Any], child: str, day: date, nth: int) -> Theirs:
    said = _text(cells.get("reference"))
    reference = said or made_reference(child, day, nth)
    born = _day(cells.get("born"))
    identifiers = {"la_child_id": child, "nhs_number": _text(cells.get("nhs_number")), "upn": _text(cells.get("upn"))}
    known = {
        **identifiers, "forename": _text(cells.get("forename")), "surname": _text(cells.get("surname")),
        "date_of_birth": born.isoformat() if born else "", "sex": _SEX.get(_text(cells.get("sex"))[:1].casefold(), ""),
        "ethnicity": _text(cells.get("ethnicity")).rpartition(" ")[2],
    }  # fmt: skip
    return Theirs(
        where=f"row {number}" + (f", {said}" if said else ""),
        reference=reference,
        day=day,
        references=frozenset(filter(None, [reference_key(reference)])),
        identifiers={kind: fold(value) for kind, value in identifiers.items() if fold(value)},
        child={name: text for name, text in known.items() if text},
        source_code=_source(_text(cells.get("source"))),
        born=born,
    )


def _table(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of the first table that has the headings, with their numbers as a spreadsheet shows them."""
    shown: list[str] = []
    for rows in _sheets(path):
        names: list[str] | None = None
        for number, row in enumerate(rows, 1):
            if names is not None:
                yield number, {name: cell for name, cell in zip(names, row, strict=False) if name}
                continue
            if number > _HEADING_ROWS:
                break
            found = [_HEADINGS.get(fold(_text(cell)), "") for cell in row]
            if found.count("child") and found.count("day"):
                names = found
            elif not shown:
                shown = [_text(cell) for cell in row if _text(cell)][:12]
        if names is not None:
            return
    seen = f" Its first row says: {', '.join(shown)}." if shown else ""
    raise CannotRead(f"No row of {path} has the headings {' and '.join(_NEEDED.values())}.{seen} {_WHAT_TO_DO}")


def _sheets(path: Path) -> Iterator[Iterator[Sequence[Any]]]:
    try:
        with path.open("rb") as file:
            beginning = file.read(4)
    except OSError as error:
        raise CannotRead(f"{path} cannot be opened: {error.strerror}.") from None
    if beginning.startswith(b"\xd0\xcf\x11\xe0"):
        raise CannotRead(f"{path} is an old .xls workbook or has a password. Save it as .xlsx without one, or as CSV.")
    if not beginning.startswith(b"PK"):
        yield _csv_rows(path)
        return
    try:
        book = load_workbook(path, read_only=True, data_only=True, keep_links=False)
    except (BadZipFile, InvalidFileException, KeyError, ValueError, OSError):
        raise CannotRead(f"{path} is damaged, or no workbook. Save it again as .xlsx, or as CSV.") from None
    try:
        for sheet in book.worksheets:
            # A workbook may state dimensions that it does not have.
            sheet.reset_dimensions()
            yield sheet.iter_rows(values_only=True)
    finally:
        book.close()


def _csv_rows(path: Path) -> Iterator[Sequence[str]]:
    body = path.read_bytes()
    if b"\x00" in body[:4096]:
        raise CannotRead(f"{path} is neither CSV nor .xlsx. {_WHAT_TO_DO}")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What a spreadsheet on Windows writes when nobody chooses.
        text = body.decode("cp1252", errors="replace")
    head = text[:4000]
    delimiter = max(",;\t|", key=head.count)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    except csv.Error:
        raise CannotRead(f"{path} is no sound CSV: a cell is too long or a quotation mark is not closed.") from None


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = str(cell).strip()
    return text[1:] if text.startswith("'") else text


def _day(cell: Any) -> date | None:
    if isinstance(cell, datetime):
        return cell.date()
    return cell if isinstance(cell, date) else read_date(_text(cell), "date").value


def _source(text: str) -> str:
    """The code in `q) 6: Police`, or in a code alone."""
    code = text.partition(")")[2].partition(":")[0].strip() or text.partition(":")[0].strip()
    return code.upper() if code.upper() in REFERRAL_SOURCES else ""
