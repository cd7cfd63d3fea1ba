"""Reports in a file as other people's systems export them: what is read is forgiving, what is understood is said."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from streams.linkage.report import Report

COLUMNS = (
    "record_id",
    "agency",
    "given",
    "family",
    "dob",
    "sex",
    "postcode",
    "address_line",
    "nhs_number",
    "upn",
)
OPTIONAL_COLUMNS = ("former_upn",)
TRUTH_COLUMN = "person_id"

_COMPARED = frozenset({"given", "family", "dob", "postcode", "address_line", "nhs_number", "upn"})
_DELIMITERS = ",;\t|"

LONGEST_CELL = 10_000_000
"""Characters in one cell the reader accepts; only the beginning of a long cell is compared."""


class LinkFileError(ValueError):
    """A file that cannot be read as reports; the text says why and what to do, and shows no cell."""


@dataclass(frozen=True)
class ReportFile:
    """Reports in file order, the record ids as written, columns that were missing and so are empty in every report, and
    (only when asked for) the true person by record."""

    reports: list[Report]
    written: list[str]
    missing: tuple[str, ...]
    truth: dict[str, str]


def read_text(path: Path) -> str:
    """A file's text: UTF-8, UTF-16 with its mark, else the Windows code page that British exports come in."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise LinkFileError(f"{path} cannot be read ({error.strerror}): give the path of a CSV file") from error
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = content.decode("utf-16", errors="replace")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.removeprefix(b"\xef\xbb\xbf").decode("cp1252", errors="replace")
    return text.replace("\0", "")


def _column(name: str) -> str:
    return "_".join(name.strip().casefold().replace("-", " ").replace("_", " ").split())


def _delimiter(first_line: str) -> str:
    """The delimiter that finds the most known columns in the header; the comma when none finds any."""

    def found(delimiter: str) -> int:
        names = next(csv.reader([first_line], delimiter=delimiter), [])
        return len({_column(name) for name in names} & {*COLUMNS, TRUTH_COLUMN})

    return max(_DELIMITERS, key=found)


def read_rows(path: Path) -> tuple[list[str], Iterator[dict[str, str]]]:
    """The header, in lower case with underscores, and the rows; any cell content is kept. Raises `LinkFileError`."""
    text = read_text(path)
    csv.field_size_limit(LONGEST_CELL)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text.split("\n", 1)[0].split("\r", 1)[0]))
    try:
        header = [_column(name) for name in next(lines, [])]
    except csv.Error as error:
        raise LinkFileError(f"{path}, line 1: not CSV ({error})") from error
    if not header:
        raise LinkFileError(f"{path} is empty: the first line must name the columns {', '.join(COLUMNS)}")

    def rows() -> Iterator[dict[str, str]]:
        try:
            for cells in lines:
                if cells:
                    yield dict(zip(header, [*cells, *[""] * (len(header) - len(cells))], strict=False))
        except csv.Error as error:
            raise LinkFileError(f"{path}, line {lines.line_num}: not CSV ({error})") from error

    return header, rows()


def _missing_columns(path: Path, header: list[str], with_truth: bool) -> tuple[str, ...]:
    if not _COMPARED & set(header):
        raise LinkFileError(
            f"{path} lacks every column that could be compared: the first line must name {', '.join(COLUMNS)}; "
            "columns may be missing and more columns do no harm, but one of names, date of birth, address or numbers is needed"
        )
    if with_truth and TRUTH_COLUMN not in header:
        raise LinkFileError(f"{path} lacks the column {TRUTH_COLUMN}, from which reviews would be answered")
    return tuple(name for name in COLUMNS if name not in header)


def read_reports(path: Path, with_truth: bool = False) -> ReportFile:
    """Read a file of reports. A missing column counts as empty cells.

    A record id that is empty or came before gets its line number added, so that each row is a report of its own; without
    a column of ids the rows are numbered. Raises `LinkFileError` when nothing in the file could be compared.
    """
    header, rows = read_rows(path)
    missing = _missing_columns(path, header, with_truth)
    numbered = "record_id" in missing
    reports: list[Report] = []
    written: list[str] = []
    truth: dict[str, str] = {}
    seen: set[str] = set()
    for number, row in enumerate(rows, 1):
        name = str(number) if numbered else row["record_id"].strip()
        record_id = name
        while not record_id or record_id in seen:
            record_id = f"{record_id or 'row'}#{number}"
        seen.add(record_id)
        written.append(name)
        cells = {column: row.get(column, "") for column in (*COLUMNS[1:], *OPTIONAL_COLUMNS)}
        reports.append(Report(record_id=record_id, **cells))
        if with_truth:
            truth[record_id] = row[TRUTH_COLUMN].strip()
    return ReportFile(reports, written, missing, truth)
