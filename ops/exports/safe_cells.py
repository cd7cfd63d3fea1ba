"""Cells of a table that a spreadsheet will show and never work out. Pure.

A text that begins like a formula gets an apostrophe before it, which spreadsheets do not show (OWASP, CSV injection); our own
readers take it off again.
"""

import re
from datetime import date

_FORMULA = re.compile(r"^[\s\x00]*[=@+\-]|^[\t\r\n]")
#: What neither a workbook's XML nor a line of a table can hold.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")


def safe(value: str | int | float | date | None) -> str | int | float | date | None:
    """The value, harmless. Numbers and dates are as they are."""
    if not isinstance(value, str):
        return value
    text = _FORBIDDEN.sub(" ", value)
    return "'" + text if _FORMULA.match(text) else text
