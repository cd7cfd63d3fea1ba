"""An .xlsx workbook as a table: values only, no formula is worked out, no macro runs, nothing outside it is fetched."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import IO, Any

from openpyxl import load_workbook  # type: ignore[import-untyped]
from openpyxl.utils.exceptions import InvalidFileException  # type: ignore[import-untyped]

from connectors.decoding import Problem, whole_text
from connectors.fields.tables import MOST_COLUMNS, MOST_ROWS, NO_HEADINGS, TOO_MANY_ROWS, Table, table_from
from schemas.reading import Note

MOST_UNPACKED = 12 * 1024 * 1024
"""Bytes of a workbook's parts together once unpacked; a list of 1,000 children is below 1 MB."""

_MOST_PARTS = 300
_MOST_CELLS = 20_000
"""Cells read, empty ones included."""
_MOST_SHEETS = 20
_MOST_ROWS = 5_000
"""Rows of all sheets together, counted before a library takes seconds to make cells of them."""
_DAMAGED = (
    zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, TypeError, AttributeError, IndexError, OSError,
    EOFError, SyntaxError, NotImplementedError, RuntimeError, OverflowError, AssertionError, ArithmeticError, zlib.error,
)  # fmt: skip
"""openpyxl and zipfile raise any of these on a damaged workbook; none of them says more than "damaged"."""

TOO_LARGE_WORKBOOK = Problem(
    "workbook_too_large",
    "The workbook is too large to be a list of concerns, or is built to unpack into much more than it shows. "
    "Copy the rows into a new workbook and send that.",
)
BROKEN = Problem("workbook_broken", "The workbook is damaged and could not be opened. Save it again as .xlsx and resend it.")
_NOT_A_WORKBOOK = Problem(
    "office_document",
    "The file is a zip archive or an office document but no .xlsx workbook. Send JSON, XML, CSV or .xlsx.",
)
_DTD = Problem("xml_dtd_refused", "The workbook holds a document type definition, which is refused for safety.")
_NO_CACHED_VALUE = re.compile(rb"</f>\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>|<f(?:\s[^<>]*)?/>\s*</c>")
_MARKUP = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)|<\x00!\x00(?:D|E)|\x00<\x00!\x00(?:D|E)", re.IGNORECASE)


class WorkbookDamaged(Exception):
    """A workbook that could be opened and not be read to its end."""


def read_workbook(body: bytes) -> Table | Problem:
    """The tables of all sheets that have known headings, as one. Pure, bounded, and never raises."""
    try:
        notes = _checked(body)
        return notes if isinstance(notes, Problem) else _read(body, notes)
    except _DAMAGED:
        return BROKEN


def rows_of_sheets(file: IO[bytes], most_columns: int = MOST_COLUMNS) -> Iterator[tuple[str, int, list[str]]]:
    """Every row of every sheet, with the sheet's title and the row's number, one after the other and none kept. For a workbook
    that was found harmless. Raises `WorkbookDamaged`."""
    try:
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        try:
            for sheet in book.worksheets[:_MOST_SHEETS]:
                sheet.reset_dimensions()
                for place, row in enumerate(sheet.iter_rows(max_col=most_columns, values_only=True), start=1):
                    yield sheet.title, place, [_text(cell) for cell in row]
        finally:
            book.close()
    except _DAMAGED as error:
        raise WorkbookDamaged(BROKEN.reason) from error


def _checked(body: bytes) -> Problem | list[Note]:
    """What must hold before a library unpacks the workbook, and what to say about it."""
    notes: list[Note] = []
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        parts = archive.infolist()
        names = {part.filename for part in parts}
        if len(parts) > _MOST_PARTS:
            return TOO_LARGE_WORKBOOK
        if not any(name.startswith("xl/") for name in names):
            return _NOT_A_WORKBOOK
        unpacked = rows = 0
        for part in parts:
            if part.flag_bits & 0x1:
                return Problem("locked_workbook", "The workbook has a password. Send it without one.")
            if not part.filename.endswith((".xml", ".rels")):
                continue
            with archive.open(part) as stream:
                # The size in the directory is the sender's word: count what really comes out.
                content = stream.read(MOST_UNPACKED - unpacked + 1)
            unpacked += len(content)
            if unpacked > MOST_UNPACKED:
                return TOO_LARGE_WORKBOOK
            rows += content.count(b"<row") if part.filename.startswith("xl/worksheets/") else 0
            if rows > _MOST_ROWS:
                return TOO_LARGE_WORKBOOK
            if _MARKUP.search(content):
                return _DTD
            if part.filename.startswith("xl/worksheets/") and _NO_CACHED_VALUE.search(content):
                notes.append(
                    Note(
                        code="formula_without_value",
                        field="table",
                        text="A cell holds a formula without its result, which could not be read. Send values.",
                    )
                )
        if any(name.endswith("vbaProject.bin") for name in names):
            notes.append(Note(code="macros_ignored", field="table", text="The workbook has macros; they were not run."))
    return list(dict.fromkeys(notes))


def _read(body: bytes, notes: list[Note]) -> Table | Problem:
    found: list[Table] = []
    problem: Problem | None = None
    cells_read = 0
    book = load_workbook(io.BytesIO(body), read_only=True, data_only=True, keep_links=False)
    try:
        if len(book.worksheets) > _MOST_SHEETS:
            return TOO_LARGE_WORKBOOK
        for sheet in book.worksheets:
            # A workbook may state dimensions it does not have; only the rows themselves are believed.
            sheet.reset_dimensions()
            rows: list[list[str]] = []
            for row in sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True):
                cells_read += len(row)
                if cells_read > _MOST_CELLS or len(rows) > MOST_ROWS:
                    return TOO_MANY_ROWS
                cells = [_text(cell) for cell in row]
                if any(cells):
                    rows.append(cells)
            table = table_from(rows, notes) if rows else None
            if isinstance(table, Table):
                found.append(table)
            elif table is not None:
                problem = problem or table
    finally:
        book.close()
    if not found:
        return problem or NO_HEADINGS
    if problem is not None:
        notes.append(Note(code="sheet_not_read", field="table", text="A sheet has no headings that are known; it was not read."))
    return _as_one(found, notes)


def _as_one(tables: list[Table], notes: list[Note]) -> Table | Problem:
    rows = [row for table in tables for row in table.rows]
    if len(rows) > MOST_ROWS:
        return TOO_MANY_ROWS
    said = dict.fromkeys([*notes, *(note for table in tables for note in table.notes)])
    around = {key: value for table in reversed(tables) for key, value in table.around.items()}
    return Table(rows, frozenset().union(*(table.columns for table in tables)), around, tuple(said))


def _text(value: Any) -> str:
    """A cell's value as text; a date without a time as yyyy-mm-dd, a whole number without its decimal point."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return whole_text(value if isinstance(value, str | int | float | bool) else str(value))
