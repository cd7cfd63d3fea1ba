"""Open cases from the rows of a load, whatever the file: one child a case, told once, with what could not be read. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple, get_args

from connectors.child_identifiers import child_identifier
from connectors.dates import read_date
from connectors.decoding import one_line
from schemas.codes import is_named_worker
from schemas.open_case import OpenCase, Standing, case_text
from schemas.reading import Note, Reading

_RANKS: tuple[Standing, ...] = get_args(Standing)
#: What ends with the case that it is a part of.
_PARTS = ("assessment", "section_47")
_MOST_TOLD = 20
_LONGEST_NUMBER = 60
#: What people's systems write into a cell that is empty.
_BLANK = frozenset({"", "-", "null", "none", "n/a", "na"})


class Unread(NamedTuple):
    """A row that could not be read: where it stands in the file, and the column. Never what is in it."""

    place: str
    column: str


@dataclass(frozen=True, slots=True)
class LoadRow:
    """One row of a load, as text. `since` and `until` are dates with the names of their columns; `over`: the row says in
    another way why no case is open by it."""

    place: str
    number: str
    dob: str
    standing: Standing
    since: tuple[str, str]
    until: tuple[str, str]
    over: str = ""
    upn: str = ""
    worker: str = ""


@dataclass(frozen=True, slots=True)
class _Part:
    standing: Standing
    since: date
    until: date | None
    over: bool
    worker: str


@dataclass
class _Child:
    number: str
    dob: date
    upn: str = ""
    parts: list[_Part] = field(default_factory=list)


class Load:
    """What the rows of one load come to. `kind` is `annex_a`, `cin_census` or another reason code of a reading. `as_of`: what was
    open at the end of that day; else what has no end."""

    def __init__(self, kind: str, as_of: date | None = None) -> None:
        self.kind = kind
        self._as_of = as_of or date.max
        self.rows = 0
        #: False when the file goes on after the rows that were looked at.
        self.whole = True
        #: The headings of the lists found, folded.
        self.headings: set[str] = set()
        #: Rows left out, by why.
        self.skipped: Counter[str] = Counter()
        self.unread_rows = 0
        #: The first of them.
        self.unread: list[Unread] = []
        self._children: dict[str, _Child] = {}

    def skip(self, why: str, rows: int = 1) -> None:
        """Rows that open no case."""
        self.rows += rows
        self.skipped[why] += rows

    def take(self, row: LoadRow) -> None:
        """A row of a case, open or closed."""
        self.rows += 1
        dob, since, until = _day(row.dob), _day(row.since[1]), _day(row.until[1])
        number = one_line(row.number, _LONGEST_NUMBER)
        missing = (
            "Child Unique ID" if not any(char.isascii() and char.isalnum() for char in number)
            else "Date of Birth" if dob is None
            else row.since[0] if since is None
            else row.until[0] if until is None and not _blank(row.until[1])
            else ""
        )  # fmt: skip
        if missing or dob is None or since is None:
            self.unread_rows += 1
            if len(self.unread) < _MOST_TOLD:
                self.unread.append(Unread(row.place, missing))
            return
        if since > self._as_of:
            self.skipped["begun after the day asked for"] += 1
            return
        if until is not None and until > self._as_of != date.max:
            until = None
        child = self._children.setdefault(case_text(number, dob), _Child(number, dob))
        child.upn = child.upn or _upn(row.upn)
        ended = bool(row.over) or until is not None
        child.parts.append(_Part(row.standing, since, until, ended, row.worker if is_named_worker(row.worker) else ""))
        if ended:
            self.skipped[row.over or "closed"] += 1

    def cases(self) -> list[OpenCase]:
        """Every child of whom a row was read, in the order of the authority's numbers."""
        return [_case(child) for _, child in sorted(self._children.items())]

    def summary(self) -> str:
        """What it comes to in one sentence or two, without anybody's data."""
        cases = [case for case in self.cases() if not case.ended]
        kinds = Counter(standing for case in cases for standing in case.standings[:1])
        of = ", ".join(f"{kinds[kind]} {kind.replace('_', ' ')}" for kind in _RANKS if kinds[kind])
        named = sum(bool(case.worker) for case in cases)
        told = [f"{_many(len(cases), 'open case')}{f' ({of})' if of else ''}, {named} with a named worker."]
        if self.skipped:
            listed = ", ".join(f"{count} {why}" for why, count in sorted(self.skipped.items()))
            told.append(f"Rows left out: {listed}.")
        if self.unread_rows:
            told.append(f"{_many(self.unread_rows, 'row')} could not be read.")
        return " ".join(told)

    def reading(self, notes: Sequence[Note] = ()) -> Reading:
        """A load of cases: not a contact, with what became of each row."""
        unread = [
            Note(code="row_not_read", field=one.column, text=f"{one.place} was left out: this column cannot be read.")
            for one in self.unread
        ]
        return Reading(
            outcome="not_a_contact",
            reason_code=self.kind,
            reason=f"A load of cases that the authority has; it opens no contact and starts no clock. {self.summary()}",
            notes=[*notes, *unread],
            open_cases=self.cases(),
        )


def _case(child: _Child) -> OpenCase:
    going = _going(child.parts)
    if not going:
        return OpenCase(number=child.number, dob=child.dob, upn=child.upn, ended=True)
    ranked = sorted(going, key=lambda part: (_RANKS.index(part.standing), -part.since.toordinal()))
    return OpenCase(
        number=child.number,
        dob=child.dob,
        upn=child.upn,
        standings=list(dict.fromkeys(part.standing for part in ranked)),
        since=min(part.since for part in going),
        worker=next((part.worker for part in ranked if part.worker), ""),
    )


def _going(parts: Sequence[_Part]) -> list[_Part]:
    """What is open. A part of a case that was closed later is over, though nobody wrote its end down."""
    going = [part for part in parts if not part.over]
    if any(part.standing not in _PARTS for part in going):
        return going
    closed = max((part.until or part.since for part in parts if part.standing == "child_in_need"), default=date.min)
    return [part for part in going if part.since > closed]


def _blank(text: str) -> bool:
    return text.strip().casefold() in _BLANK


def _day(text: str) -> date | None:
    return None if _blank(text) else read_date(text, "").value


def _upn(text: str) -> str:
    found = child_identifier("upn", text, "", []) if text.strip() else None
    return found.value if found is not None and found.valid else ""


def _many(count: int, one: str) -> str:
    return f"{count} {one}{'' if count == 1 else 's'}"
