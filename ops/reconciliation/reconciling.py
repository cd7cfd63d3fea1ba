"""One reconciliation: the case system's rows against the contacts of the log, for some days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ops.casebook.book import CaseBook
from ops.exports.episodes import children_of
from ops.reconciliation.contacts import Ours, Theirs, ours_of
from ops.reconciliation.matching import Compared, compare
from ops.view.case_summary import case_of
from schemas.london import civil_date

#: A reference may tie contacts that lie so far apart; further back nothing is looked at.
_BESIDE = timedelta(days=35)


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What came of it. `rows` and `contacts` count those of the days themselves."""

    first: date
    last: date
    as_of: datetime
    rows: int
    contacts: int
    found: Compared


def reconcile(book: CaseBook, theirs: Sequence[Theirs], first: date, last: date, now: datetime) -> Reconciled:
    """Both ways, for the days from `first` to `last`."""
    ours = _ours(book, first - _BESIDE, last + _BESIDE)
    near = [one for one in theirs if first - _BESIDE <= one.day <= last + _BESIDE]
    rows = sum(first <= one.day <= last for one in near)
    contacts = sum(first <= one.day <= last for one in ours)
    return Reconciled(first, last, now, rows, contacts, compare(near, ours, first, last))


def _ours(book: CaseBook, first: date, last: date) -> list[Ours]:
    children, found = children_of(book), list[Ours]()
    for story in book.stories():
        if story.arrived_at is None or not first <= civil_date(story.arrived_at) <= last:
            continue
        number = children.number(story.contact_id).casefold()
        case = case_of(story.events)
        one = ours_of(story, case.summary, {"la_child_id": number} if number else {}) if case is not None else None
        if one is not None:
            found.append(one)
    return found
