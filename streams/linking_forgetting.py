"""Children whom nobody has reported for long leave the index: which, decided by the times of events alone. Pure.

What a person decided about a child is never forgotten, nor is a child about whom somebody is still asked: the ruling
"not the same" must outlive the reports that it was made from.
"""

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from streams.linkage.index import Changes, Index, PersonRow, RowChange
from streams.linking_contacts import ContactRow

#: As long as the messages themselves are kept.
KEPT_FOR = timedelta(days=400)

#: Children that leave with one event at most, so that no report waits, and one wrong clock cannot empty the index.
MOST_AT_ONCE = 20

ContactOf = Callable[[str], ContactRow | None]


@dataclass(frozen=True, slots=True)
class Forgotten:
    """The changes of the index, and the contacts that were the children's."""

    changes: Changes
    contacts: tuple[str, ...]


class Arrivals:
    """When the contacts of one index were reported last, the longest ago first. Follows from the rows.

    A story stands where its latest contact does. Entries of earlier contacts, and of contacts that came again, are passed
    over when their turn comes.
    """

    def __init__(self, rows: Iterable[ContactRow] = ()) -> None:
        self._heap = [(row.at, row.contact_id) for row in rows if row.at is not None]
        heapq.heapify(self._heap)

    def note(self, row: ContactRow | None) -> None:
        """A contact was reported, or what kept its story may have ended."""
        if row is not None and row.at is not None:
            heapq.heappush(self._heap, (row.at, row.contact_id))

    def overdue(self, index: Index, contact_of: ContactOf, limit: datetime, most: int = MOST_AT_ONCE) -> list[str]:
        """The stories that nobody has reported since `limit` and that nothing keeps, the longest ago first."""
        found: dict[str, tuple[datetime, str]] = {}
        while self._heap and self._heap[0][0] < limit and len(found) < most:
            entry = heapq.heappop(self._heap)
            record = index.records.get(entry[1])
            if record is None or record.person in found:
                continue
            if _is_latest(index, record.person, contact_of, entry) and not kept(index, record.person, contact_of):
                found[record.person] = entry
        # Only looked at: they go when the rows do.
        for entry in found.values():
            heapq.heappush(self._heap, entry)
        return list(found)


def kept(index: Index, story: str, contact_of: ContactOf) -> bool:
    """Whether a story stays however old it is: a person decided about it, or is asked about it, or is to be asked."""
    person = index.persons[story]
    if person.hidden or person.not_same or person.waiting_for or index.named_by(story):
        return True
    return any(row is None or row.seen or _asked(row) for row in map(contact_of, _contacts(person)))


def forget(index: Index, stories: Iterable[str]) -> Forgotten:
    """Take stories out of the index."""
    changes: list[RowChange] = []
    contacts: list[str] = []
    for story in stories:
        person = index.persons[story]
        # The person first: the name counts are taken back by the first record.
        changes.append(RowChange("person", story, person, None))
        for contact in _contacts(person):
            changes.append(RowChange("record", contact, index.records[contact], None))
            contacts.append(contact)
    return Forgotten(tuple(changes), tuple(contacts))


def last_reported(index: Index, story: str, contact_of: ContactOf) -> ContactRow | None:
    """The contact of a story that was reported last."""
    person = index.persons.get(story)
    rows = [row for row in map(contact_of, _contacts(person)) if row is not None and row.at is not None] if person else []
    return max(rows, key=lambda row: (row.at, row.contact_id), default=None)


def _is_latest(index: Index, story: str, contact_of: ContactOf, entry: tuple[datetime, str]) -> bool:
    # From the latest on: in a story of many contacts the first look already says no.
    for contact in reversed(_contacts(index.persons[story])):
        row = contact_of(contact)
        if row is None or row.at is None or (row.at, contact) > entry:
            return False
    return True


def _contacts(person: PersonRow) -> tuple[str, ...]:
    return (*person.members, *person.copies)


def _asked(row: ContactRow) -> bool:
    return row.review is not None and row.review.state == "open"
