"""An Ofsted Annex A workbook or one of its lists: a load of cases the authority has, not a message about a new concern.

A list of children with a column for the concern or the risk is no Annex A list: it is read as contacts.
"""

import csv
import io
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import IO

from connectors.decoding import Problem, decode
from connectors.fields.shapes import Opened
from connectors.fields.tables import NOT_CSV, TOO_MANY_ROWS, delimiter_of, heading_concept
from connectors.fields.workbooks import BROKEN, TOO_LARGE_WORKBOOK, WorkbookDamaged, rows_of_sheets
from connectors.social_care.annex_a_lists import Sheet
from connectors.social_care.open_cases import Load
from schemas.reading import Reading

KIND = "annex_a"

MOST_ROWS = 3000
"""Rows of a load that one message is read for. `frontdoor load` reads larger files, and sends them in parts."""

_MOST_COLUMNS = 40
"""The longest list has below 30."""

TOO_LARGE_TO_LOAD = Reading(
    outcome="not_a_contact",
    reason_code="load_too_large",
    reason="A load of cases that the authority has, larger than one message may be: no case of it is known. "
    "Load it with ./frontdoor load FILE, which sends it in parts.",
)

#: Nobody can say what is in it without unpacking it.
_MAYBE_A_LOAD = replace(
    TOO_LARGE_WORKBOOK, reason=f"{TOO_LARGE_WORKBOOK.reason} If it is a load of open cases: ./frontdoor load FILE."
)

_CONCERN = frozenset(
    f"{owner}{concept}" for owner in ("", "child.") for concept in ("narrative", "weak_narrative", "more", "risk", "danger")
)


def read_annex_a(opened: Opened | Problem, body: bytes) -> Reading | None:
    """Not a contact, with the open cases, for an Annex A workbook or list; None for anything that is none."""
    is_workbook = body.startswith(b"PK")
    if isinstance(opened, Problem):
        # Only too long for a list of concerns: it may be a load all the same.
        if opened.code == TOO_LARGE_WORKBOOK.code:
            return _MAYBE_A_LOAD.quarantined()
        if opened.code != TOO_MANY_ROWS.code:
            return None
    elif opened.table is None or opened.table.columns & _CONCERN:
        return None
    try:
        load = load_of(workbook_rows(io.BytesIO(body)) if is_workbook else text_rows(body), MOST_ROWS)
    except WorkbookDamaged:
        return BROKEN.quarantined()
    except csv.Error:
        return NOT_CSV.quarantined()
    if not load.headings or {heading_concept(name) for name in load.headings} & _CONCERN:
        return None
    return load.reading([] if isinstance(opened, Problem) else opened.notes) if load.whole else TOO_LARGE_TO_LOAD


def load_of(rows: Iterator[tuple[str, int, list[str]]], most_rows: int = sys.maxsize, as_of: date | None = None) -> Load:
    """The load that rows come to, each with its sheet and its place there, as of a day; no more than so many are looked at."""
    load = Load(KIND, as_of)
    sheet = Sheet("", load)
    for count, (title, place, cells) in enumerate(rows):
        if count >= most_rows:
            load.whole = False
            break
        if title != sheet.title:
            sheet = Sheet(title, load)
        if any(cells):
            sheet.give(place, cells)
    return load


def workbook_rows(file: IO[bytes]) -> Iterator[tuple[str, int, list[str]]]:
    """The rows of all sheets of a workbook that was found harmless. Raises `WorkbookDamaged`."""
    return rows_of_sheets(file, _MOST_COLUMNS)


def text_rows(body: bytes) -> Iterator[tuple[str, int, list[str]]]:
    """The rows of a list in text, as of one sheet. Raises `csv.Error`."""
    text = decode(body).text
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text[:4000].splitlines()))
    for cells in lines:
        yield "table", lines.line_num, [cell.strip() for cell in cells]
