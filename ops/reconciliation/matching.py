"""Which rows of the case system are which contacts of the hub, and which stand in one alone. Pure.

First by reference, unless the children cannot be the same (numbers of two systems may be alike). Then by the child's
identifiers on the same day, or a few days apart: what arrives on a Friday night is written down on Monday. What agrees in
birth, day and source alone, and fits nothing else, is likely the same: a person looks at it, and it counts neither as there
nor as missing.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from ops.reconciliation.contacts import Ours, Theirs

#: How a pair was found.
By = Literal["reference", "identifier", "likely"]
#: Days that the two may lie apart where no reference ties them.
DAYS_APART = 3


@dataclass
class Compared:
    """The result of a period. `pairs` and `likely` may hold contacts of the days beside it; the other two do not."""

    pairs: list[tuple[Theirs, Ours, By]] = field(default_factory=list)
    likely: list[tuple[Theirs, Ours]] = field(default_factory=list)
    only_theirs: list[Theirs] = field(default_factory=list)
    only_ours: list[Ours] = field(default_factory=list)


def compare(theirs: Sequence[Theirs], ours: Sequence[Ours], first: date, last: date, days_apart: int = DAYS_APART) -> Compared:
    """Both ways, for the days from `first` to `last`. Give what lies beside them too, so that nothing seems to be missing at
    the edges."""
    found = Compared()
    rows, contacts = dict(enumerate(theirs)), dict(enumerate(ours))

    def pair(by: By, keys: Callable[[Theirs | Ours], Iterable[Hashable]], near: bool, alone: bool = False) -> None:
        for row, contact in _pairs(rows, contacts, keys, days_apart if near else None, alone):
            one, other = rows.pop(row), contacts.pop(contact)
            if by == "likely":
                found.likely.append((one, other))
            else:
                found.pairs.append((one, other, by))

    pair("reference", lambda one: one.references, near=False)
    pair("identifier", lambda one: one.identifiers.items(), near=True)
    pair("likely", lambda one: [(one.born, one.source_code[:1])] if one.born and one.source_code else [], near=True, alone=True)
    found.only_theirs = [one for one in rows.values() if first <= one.day <= last]
    found.only_ours = [one for one in contacts.values() if first <= one.day <= last]
    return found


def _pairs(
    rows: dict[int, Theirs],
    contacts: dict[int, Ours],
    keys: Callable[[Theirs | Ours], Iterable[Hashable]],
    days_apart: int | None,
    alone: bool,
) -> list[tuple[int, int]]:
    """Pairs with a key in common, the nearest in time first, each row and each contact once. `alone`: only where neither has
    another to go with."""
    by_key: dict[Hashable, list[int]] = defaultdict(list)
    for number, contact in contacts.items():
        for key in keys(contact):
            by_key[key].append(number)
    fitting = {
        (_apart(row, contacts[number]), place, number)
        for place, row in rows.items()
        for key in keys(row)
        for number in by_key[key]
        if (days_apart is None or _apart(row, contacts[number]) <= days_apart) and not _contradict(row, contacts[number])
    }
    if alone:
        rows_of, contacts_of = defaultdict(set), defaultdict(set)
        for _, place, number in fitting:
            rows_of[number].add(place)
            contacts_of[place].add(number)
        fitting = {one for one in fitting if len(rows_of[one[2]]) == len(contacts_of[one[1]]) == 1}
    taken_rows, taken_contacts, found = set[int](), set[int](), list[tuple[int, int]]()
    for _, place, number in sorted(fitting):
        if place not in taken_rows and number not in taken_contacts:
            taken_rows.add(place)
            taken_contacts.add(number)
            found.append((place, number))
    return found


def _apart(row: Theirs, contact: Ours) -> int:
    return min(abs((row.day - day).days) for day in contact.days)


def _contradict(row: Theirs, contact: Ours) -> bool:
    """Whether they cannot be the same child: another number of the same kind, or another date of birth."""
    kinds = row.identifiers.keys() & contact.identifiers.keys()
    if any(row.identifiers[kind] != contact.identifiers[kind] for kind in kinds):
        return True
    return not kinds and row.born is not None and contact.born is not None and row.born != contact.born
