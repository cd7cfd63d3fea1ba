"""A table of concerns, one row a child: which row holds the headings, and what each row says under them.

Cells of a row that slid (an unquoted comma, a cell left out) are put back where dates, postcodes and numbers fit.
"""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from connectors.decoding import Decoded, Problem, decode, one_line, whole_text
from connectors.fields.address import tidy_postcode
from connectors.fields.meaning import risk_of
from connectors.fields.naming import fold
from connectors.fields.vocabulary import MESSAGE, ORGANISATION, PERSON, concept_of
from connectors.fields.who import who_is_in
from schemas.identifiers import check_identifier
from schemas.reading import Note

MOST_ROWS = 1000
"""Rows of one table; above it the file is no list of concerns, and nothing may be left out silently."""

MOST_COLUMNS = 200
_HEADING_ROWS = 20

_FORMULA = re.compile(r"^\s*(?:[=@]|[+-](?=[A-Za-z(@]))")
_DATE = re.compile(r"^\s*[0-9]{1,4}[-/. ](?:[0-9]{1,2}|[A-Za-z]{3,9})[-/. ][0-9]{1,4}(?:[ T].*)?$")

TOO_MANY_ROWS = Problem(
    "too_many_rows", f"The table has more than {MOST_ROWS} rows. Send only the children there is a concern about."
)
NO_HEADINGS = Problem(
    "no_headings",
    "No row of the table has headings that could be understood. The first row must name the columns, for example: "
    "Reference, Forename, Surname, Date of birth, UPN, Concern, Risk level, Date.",
)
NOT_A_TABLE = Problem(
    "unknown_format",
    "The message is neither JSON, XML, CSV nor an .xlsx workbook. Send the concern in one of these formats.",
)
NOT_CSV = Problem("not_csv", "The table could not be read: a cell is too long or a quotation mark is not closed.")
NO_ROWS = Problem("no_rows", "The table has headings but no rows. Send it again with one row for each child.")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows as objects by heading. `columns` are the concepts of the columns; `around` holds what stood above the table."""

    rows: list[dict[str, str]]
    columns: frozenset[str]
    around: dict[str, str] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()


def read_csv(body: bytes, charset: str = "") -> Table | Problem:
    """A table from text, cells divided by comma, semicolon, tab or bar; any encoding and line ends."""
    decoded: Decoded = decode(body, charset)
    text = decoded.text
    if text.count("\n") + text.count("\r") > 50 * MOST_ROWS:
        return TOO_MANY_ROWS
    lines = text[:4000].splitlines()
    if lines and re.fullmatch(r"sep=.", lines[0].strip(), re.IGNORECASE):
        delimiter, text = lines[0].strip()[4], text.partition("\n")[2]
    else:
        delimiter = delimiter_of(lines)
    cells: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if len(cells) > MOST_ROWS + _HEADING_ROWS:
                return TOO_MANY_ROWS
            if any(cell.strip() for cell in row):
                cells.append([whole_text(cell) for cell in row[:MOST_COLUMNS]])
    except csv.Error:
        return NOT_CSV
    return table_from(cells, decoded.notes) if any(len(row) > 1 for row in cells) else NOT_A_TABLE


def delimiter_of(lines: Sequence[str]) -> str:
    """The mark under which most known headings appear in one line."""
    best = (0, 0, ",")
    for mark in (",", ";", "\t", "|"):
        for line in lines[:_HEADING_ROWS]:
            cells = line.split(mark)
            known = sum(bool(heading_concept(fold(cell))) for cell in cells[:MOST_COLUMNS])
            best = max(best, (known, len(cells), mark), key=lambda item: item[:2])
    return best[2]


def table_from(cells: Sequence[Sequence[str]], notes: Sequence[Note] = ()) -> Table | Problem:
    """A table from rows of cells: finds the row of headings, realigns rows that slid, notes formulas."""
    heading = _heading_row(cells)
    if heading is None:
        return NO_HEADINGS
    names = _unique([one_line(cell, 100) for cell in cells[heading]])
    concepts = [heading_concept(fold(name)) for name in names]
    seen = dict.fromkeys(notes)
    rows: list[dict[str, str]] = []
    for row in cells[heading + 1 :]:
        if not any(cell.strip() for cell in row) or _repeats_heading(row, names):
            continue
        row = [_as_typed(cell) for cell in row]
        if any(_FORMULA.match(cell) for cell in row):
            seen[Note(code="formula_cell", field="table", text="A cell begins like a formula; it was kept as text.")] = None
        fitted, moved = _fit(list(row), concepts)
        if moved:
            seen[Note(code="row_realigned", field="table", text="Cells of a row had slid; they were put back where they fit.")] = None
        elif _misfits(fitted, concepts) >= 2:
            seen[Note(code="columns_do_not_fit", field="table", text="Cells of a row do not fit their columns; please check it.")] = None
        rows.append(_as_object(fitted, names))
    if not rows:
        return NO_ROWS
    if len(rows) > MOST_ROWS:
        return TOO_MANY_ROWS
    return Table(rows, frozenset(filter(None, concepts)), _above(cells[:heading]), tuple(seen))


def _as_typed(cell: str) -> str:
    """A cell without the apostrophe by which a spreadsheet marks as text what begins like a formula."""
    return cell[1:] if cell[:1] == "'" and _FORMULA.match(cell[1:]) else cell


def _as_object(row: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    found = {name: cell for name, cell in zip(names, row, strict=False) if name and cell.strip()}
    for place, cell in enumerate(row[len(names) :], start=1):
        if cell.strip():
            found[f"extra cell {place}"] = cell
    for place, (name, cell) in enumerate(zip(names, row, strict=False), start=1):
        if not name and cell.strip():
            found[f"column {place}"] = cell
    return found


def _heading_row(cells: Sequence[Sequence[str]]) -> int | None:
    best, found = 1, None
    for place, row in enumerate(cells[:_HEADING_ROWS]):
        known = len({heading_concept(fold(cell)) for cell in row if len(cell) <= 80} - {""})
        if known > best:
            best, found = known, place
    return found


def heading_concept(folded: str) -> str:
    """What a heading stands for: a concept of a concern, of a child (`child.dob`), or of somebody (`parent.phone`)."""
    if not folded:
        return ""
    if folded in MESSAGE:
        return MESSAGE[folded][0]
    if folded in PERSON:
        return f"child.{PERSON[folded][0]}"
    who = who_is_in(folded)
    if who:
        return f"{who.role or who.kind}.name"
    for end in range(len(folded) - 2, 1, -1):
        owner = who_is_in(folded[:end])
        rest = folded[end:].removeprefix("s")
        if owner and (rest in PERSON or rest in ORGANISATION):
            concept = PERSON[rest][0] if rest in PERSON else ORGANISATION[rest][0]
            return f"{owner.role or owner.kind}.{concept}"
    concept, _ = concept_of((folded,), MESSAGE)
    if concept:
        return concept
    concept, _ = concept_of((folded,), PERSON)
    return f"child.{concept}" if concept else ""


def _unique(names: list[str]) -> list[str]:
    """Headings made different: a second `Phone` becomes `Phone 2`."""
    counted: dict[str, int] = {}
    made: list[str] = []
    for name in names:
        counted[fold(name)] = counted.get(fold(name), 0) + 1
        made.append(name if counted[fold(name)] == 1 else f"{name} {counted[fold(name)]}")
    return made


def _repeats_heading(row: Sequence[str], names: Sequence[str]) -> bool:
    return [fold(cell) for cell in row] == [fold(name) for name in names]


def _above(rows: Sequence[Sequence[str]]) -> dict[str, str]:
    """Label and value pairs above a table (`School, Oakfield Primary`)."""
    found: dict[str, str] = {}
    for row in rows:
        filled = [one_line(cell, 200) for cell in row if cell.strip()]
        if len(filled) == 2 and heading_concept(fold(filled[0])):
            found.setdefault(filled[0].rstrip(": "), filled[1])
    return found


def _fits(concept: str, cell: str) -> int:
    """1 when a cell looks like what its column holds, -1 when it does not, 0 when nobody can tell."""
    text = cell.strip()
    if not text:
        return 0
    last = concept.rpartition(".")[2]
    if last in ("dob", "expected_dob", "written", "incident", "bare_date"):
        return 1 if _DATE.match(text) or (text.isdigit() and len(text) == 8) else -1
    if last == "postcode":
        return 1 if tidy_postcode(text) and len(text) <= 9 else -1
    if last in ("upn", "nhs_number"):
        return 1 if check_identifier(last, text).valid else -1 if len(text) > 16 or " " in text.strip() and last == "upn" else 0
    if last == "risk":
        return 1 if risk_of(text) else -1 if len(text) > 40 else 0
    if last == "sex":
        return 1 if text.casefold() in ("m", "f", "u", "male", "female", "boy", "girl", "unknown", "other") else -1
    if _DATE.match(text) and last in ("given", "family", "full", "name", "narrative", "need", "local", "reference"):
        return -1
    return 0


def _misfits(row: Sequence[str], concepts: Sequence[str]) -> int:
    return sum(_fits(concept, cell) < 0 for concept, cell in zip(concepts, row, strict=False) if concept)


def _score(row: Sequence[str], concepts: Sequence[str]) -> int:
    return sum(_fits(concept, cell) for concept, cell in zip(concepts, row, strict=False) if concept)


def _fit(row: list[str], concepts: Sequence[str]) -> tuple[list[str], bool]:
    """The row with its cells under the columns where most of them fit, and whether any had to move."""
    while len(row) > len(concepts) and not row[-1].strip():
        row.pop()
    extra = len(row) - len(concepts)
    best, best_score = row, _score(row, concepts) - (1 if extra > 0 else 0)
    if extra == 0 and not _misfits(row, concepts):
        return row, False
    candidates: list[list[str]] = []
    if 0 < extra <= 4:
        empty = [place for place in range(len(row) - extra + 1) if not any(cell.strip() for cell in row[place : place + extra])]
        candidates.extend([*row[:place], *row[place + extra :]] for place in empty)
        for place in range(len(concepts)):
            joined = ", ".join(cell.strip() for cell in row[place : place + extra + 1])
            candidates.append([*row[:place], joined, *row[place + extra + 1 :]])
        candidates.extend([*row[:place], *row[place + extra :]] for place in (0,))
    missing = -extra if extra < 0 else 1 if extra == 0 and _misfits(row, concepts) >= 2 else 0
    if 0 < missing <= 3 and len(concepts) <= 60:
        for place in range(len(row) + 1):
            if extra < 0:
                candidates.append([*row[:place], *[""] * missing, *row[place:]])
            else:
                shifted = [*row[:place], "", *row[place:]]
                candidates.extend([*shifted[:gone], *shifted[gone + 1 :]] for gone in range(len(shifted)) if not shifted[gone].strip())
                candidates.append([*row[:place], *row[place + 1 :], ""] if place < len(row) else row)
    for candidate in candidates:
        if len(candidate) > len(concepts) and any(cell.strip() for cell in candidate[len(concepts) :]):
            continue
        score = _score(candidate, concepts)
        if score > best_score and sorted(_cells(candidate)) == sorted(_cells(row)):
            best, best_score = candidate, score
    return best, best is not row


def _cells(row: Sequence[str]) -> list[str]:
    """The row's texts cell by cell, so that no candidate may lose one."""
    return [part for cell in row for part in cell.replace(",", " ").split()]
