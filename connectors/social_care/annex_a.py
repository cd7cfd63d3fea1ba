"""An Ofsted Annex A workbook or one of its lists: a load of cases the authority has, not a message about a new concern.

Source: Annex A, child-level data, lists 1 to 11; every list begins with the child's id, gender, ethnicity, birth and age. A list of
children with a column for the concern or the risk is no Annex A list: it is read as contacts.
"""

from collections.abc import Iterable, Sequence

from connectors.decoding import Problem
from connectors.fields.naming import fold
from connectors.fields.shapes import Opened
from connectors.fields.tables import TOO_MANY_ROWS
from connectors.fields.workbooks import first_rows
from schemas.reading import Note, Reading

_MARKS: dict[int, tuple[frozenset[str], ...]] = {
    1: (frozenset({"dateofcontact", "contactsource"}),),
    2: (frozenset({"assessmentstartdate", "assessmentcompletiondate"}),),
    3: (frozenset({"dateofreferral", "referralsource"}),),
    4: (frozenset({"continuousassessmentstartdate"}), frozenset({"continuousassessmentdateofauthorisation"})),
    5: (frozenset({"strategydiscussioninitiatingsection47enquirystartdate"}), frozenset({"dateofinitialchildprotectionconference"})),
    6: (frozenset({"cinstartdate"}),),
    7: (frozenset({"childprotectionplanstartdate"}), frozenset({"initialcategoryofabuse", "latestcategoryofabuse"})),
    8: (frozenset({"datestartedtobelookedafter"}),),
}  # fmt: skip
"""Headings, folded, that only this list has."""

_ENDS = {6: "cinclosuredate", 7: "childprotectionplanenddate"}
"""The column whose emptiness says that a case is open."""

_CONCERN = frozenset(
    f"{owner}{concept}" for owner in ("", "child.") for concept in ("narrative", "weak_narrative", "more", "risk", "danger")
)
_MOST_SHEETS_LISTED = 8


def read_annex_a(opened: Opened | Problem, body: bytes) -> Reading | None:
    """ "Not a contact" for an Annex A workbook or list, with how many rows and open cases it has; None for anything else.

    A whole authority's workbook has more rows than a list of concerns may have: then the headings alone are looked at.
    """
    if isinstance(opened, Problem):
        if opened.code != TOO_MANY_ROWS.code or not body.startswith(b"PK"):
            return None
        lists = sorted({found for rows in first_rows(body) if (found := _list_of_sheet(rows))})
        return _reading([], f"It holds {_named(lists)}.") if lists else None
    if opened.table is None or opened.table.columns & _CONCERN:
        return None
    rows = [{fold(name): cell for name, cell in row.items()} for row in opened.table.rows]
    counted: dict[int, int] = {}
    still_open: dict[int, int] = {}
    if 2 * sum(map(_has_child_id, rows)) <= len(rows):
        return None
    for row in rows:
        found = _list_of(row)
        counted[found] = counted.get(found, 0) + 1
        if found in _ENDS and not row.get(_ENDS[found], "").strip():
            still_open[found] = still_open.get(found, 0) + 1
    if not any(counted):
        return None
    open_cases = "".join(f" {count} of list {number} are open." for number, count in sorted(still_open.items()))
    listed = ", ".join(f"{count} rows of {_named([number])}" for number, count in sorted(counted.items()))
    return _reading(opened.notes, f"It holds {listed}.{open_cases}")


def _reading(notes: Sequence[Note], count: str) -> Reading:
    return Reading(
        outcome="not_a_contact",
        reason_code="annex_a",
        reason="An Annex A list is a load of cases that the authority has, not a new contact: no contact was opened.",
        notes=[*notes, Note(code="annex_a_rows", field="table", text=count)],
    )


def _named(lists: Sequence[int]) -> str:
    return ", ".join(f"list {number}" if number else "another list" for number in lists[:_MOST_SHEETS_LISTED])


def _list_of_sheet(rows: Iterable[Sequence[str]]) -> int:
    for row in rows:
        headings = dict.fromkeys(map(fold, row), "")
        if _has_child_id(headings) and (found := _list_of(headings)):
            return found
    return 0


def _has_child_id(row: dict[str, str]) -> bool:
    return any(name.startswith("child") and name.endswith("id") for name in row)


def _list_of(row: dict[str, str]) -> int:
    """The number of the list that a row's headings belong to; 0 for none of the first eight."""
    return next((number for number, marks in _MARKS.items() if any(mark <= row.keys() for mark in marks)), 0)
