"""Ofsted's Annex A, child-level data: which list a row belongs to by its headings, and the case that it tells of. Pure.

Source: Annex A, lists 1 to 11; every list begins with the child's id, gender, ethnicity, birth and age.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from connectors.fields.naming import fold
from connectors.social_care.open_cases import Load, LoadRow
from schemas.open_case import Standing

#: Headings, folded, that only this list has.
MARKS: dict[int, tuple[frozenset[str], ...]] = {
    1: (frozenset({"dateofcontact", "contactsource"}),),
    2: (frozenset({"assessmentstartdate", "assessmentcompletiondate"}),),
    3: (frozenset({"dateofreferral", "referralsource"}),),
    4: (frozenset({"continuousassessmentstartdate"}), frozenset({"continuousassessmentdateofauthorisation"})),
    5: (frozenset({"strategydiscussioninitiatingsection47enquirystartdate"}), frozenset({"dateofinitialchildprotectionconference"})),
    6: (frozenset({"cinstartdate"}),),
    7: (frozenset({"childprotectionplanstartdate"}), frozenset({"initialcategoryofabuse", "latestcategoryofabuse"})),
    8: (frozenset({"datestartedtobelookedafter"}),),
}  # fmt: skip

_HEADING_ROWS = 20
_OTHER_LISTS = "of lists that do not say what is open"
_STATUS = "casestatus"


@dataclass(frozen=True, slots=True)
class _Columns:
    """The columns of a list that say from when until when something was open, as Annex A names them."""

    standing: Standing
    since: str
    until: str


#: The lists that say what is open. Contacts, early help and referrals do not; nor do section 47 enquiries, whose list has no
#: column for the end of one that came to no conference.
_OPEN: dict[int, _Columns] = {
    4: _Columns("assessment", "Continuous Assessment Start Date", "Continuous Assessment Date of Authorisation"),
    6: _Columns("child_in_need", "CIN Start Date", "CIN Closure Date"),
    7: _Columns("protection_plan", "Child Protection Plan Start Date", "Child Protection Plan End Date"),
    8: _Columns("looked_after", "Date Started to be Looked After", "Date Ceased to be Looked After"),
}  # fmt: skip


def list_of(headings: Sequence[str]) -> int:
    """The number of the list that folded headings belong to; 0 for none of the first eight."""
    found = frozenset(headings)
    if child_column(headings) < 0:
        return 0
    return next((number for number, marks in MARKS.items() if any(mark <= found for mark in marks)), 0)


def child_column(headings: Sequence[str]) -> int:
    """Where the child's own number stands; -1 for nowhere."""
    return next((at for at, name in enumerate(headings) if name.startswith("child") and name.endswith("id")), -1)


@dataclass
class Sheet:
    """One sheet of a workbook, or a table in text, row by row into a load. Its rows are counted from 1, headings included."""

    title: str
    load: Load
    #: The list it turned out to be; 0 for none.
    number: int = 0
    _headings: list[str] = field(default_factory=list)
    _at: dict[str, int] = field(default_factory=dict)

    def give(self, row: int, cells: Sequence[str]) -> None:
        """The next row that is not empty."""
        if self.number:
            self._take(row, cells)
            return
        if row > _HEADING_ROWS:
            return
        headings = [fold(cell) for cell in cells]
        self.number = list_of(headings)
        if self.number:
            self.load.headings.update(headings)
            self._headings = headings
            self._at = {name: at for at, name in reversed(list(enumerate(headings))) if name}

    def _take(self, row: int, cells: Sequence[str]) -> None:
        columns = _OPEN.get(self.number)
        if columns is None:
            self.load.skip(_OTHER_LISTS)
            return
        at = child_column(self._headings)
        self.load.take(
            LoadRow(
                place=f"List {self.number}, row {row}",
                number=cells[at] if at < len(cells) else "",
                dob=self._cell(cells, "dateofbirth", "dob"),
                standing=columns.standing,
                since=(columns.since, self._cell(cells, fold(columns.since))),
                until=(columns.until, self._cell(cells, fold(columns.until))),
                over=self._over(cells),
                upn=self._cell(cells, "uniquepupilnumber", "upn"),
                worker=self._cell(cells, *_workers(self._headings)),
            )
        )

    def _over(self, cells: Sequence[str]) -> str:
        return "closed" if self.number == 6 and "closed" in self._cell(cells, _STATUS).casefold() else ""

    def _cell(self, cells: Sequence[str], *names: str) -> str:
        """The first of these columns that says anything."""
        places = (self._at[name] for name in names if name in self._at)
        return next((cells[at].strip() for at in places if at < len(cells) and cells[at].strip()), "")


def _workers(headings: Sequence[str]) -> Iterator[str]:
    return (name for name in headings if name.startswith("allocatedworker") or name in ("worker", "socialworker", "allocatedto"))
