"""Annex A workbooks for tests. All children are invented."""

import io
from typing import Any

from openpyxl import Workbook  # type: ignore[import-untyped]

WHO = ["Child Unique ID", "Gender", "Ethnicity", "Date of Birth", "Age of Child (Years)"]
WORKER = ["Allocated Team", "Allocated Worker"]
CONTACTS = [*WHO, "Date of Contact", "Contact Source"]
ASSESSMENT = [*WHO, "Continuous Assessment Start Date", "Continuous Assessment Date of Authorisation", *WORKER]
NEED = [*WHO, "CIN Start Date", "CIN Closure Date", *WORKER]
PLAN = [*WHO, "Child Protection Plan Start Date", "Child Protection Plan End Date", *WORKER]
LOOKED_AFTER = [*WHO, "Date Started to be Looked After", "Date Ceased to be Looked After", *WORKER]


def row(headings: list[str], number: str, since: str, until: str = "", worker: str = "", dob: str = "2015-01-01") -> list[Any]:
    """A row of a list: a child's case from one day until another."""
    after = ["Team 3", worker][: len(headings) - 7]
    return [number, "b) Female", "a) WBRI", dob, 9, since, until or None, *after]


def workbook(*rows: list[Any]) -> bytes:
    """A workbook with one sheet for each row of headings, and the rows that follow it."""
    book = Workbook()
    book.remove(book.active)
    for cells in rows:
        if cells[:2] == WHO[:2]:
            sheet = book.create_sheet(f"List {len(book.worksheets) + 1}")
        sheet.append(cells)
    body = io.BytesIO()
    book.save(body)
    return body.getvalue()
