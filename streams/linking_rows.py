"""What `linkage` keeps: the rows of its index as plain data, one row for each contact and one for each content; and the
index made of them.

The index is never stored: it follows from the rows, so that whatever a crash leaves of the rows is the index too.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from schemas.record import Record
from streams.linkage.index import (
    Index,
    PersonRow,
    RecordRow,
    RowChange,
    person_from_plain,
    person_to_plain,
    record_from_plain,
    record_to_plain,
)
from streams.linking_contacts import ContactRow
from streams.linking_forgetting import Arrivals, last_reported
from streams.linking_open_cases import OpenCaseRow
from streams.linking_repeats import ContentRow


class IndexRow(Record):
    """A record or a person of a partnership's index, as `streams.linkage.index` writes it; empty when it is gone."""

    kind: Literal["record", "person"]
    partnership: str
    id: str
    plain: dict[str, Any] = Field(default_factory=dict)


_ANY: TypeAdapter[Record] = TypeAdapter(Annotated[IndexRow | ContactRow | ContentRow | OpenCaseRow, Field(discriminator="kind")])


def parse_row(text: bytes) -> Record:
    """A row from its JSON."""
    # Defaults are left out of what is stored, the discriminator of a contact among them.
    if b'"kind"' not in text[:10]:
        return ContactRow.model_validate_json(text, extra="ignore")
    return _ANY.validate_json(text, extra="ignore")


def row_key(partnership: str, kind: str, name: str) -> str:
    """A row's key: the rows of a partnership lie together, in its partition."""
    return f"{partnership} {kind} {name}"


def partnership_of(key: str, row: ContactRow) -> str:
    """The partnership of a contact's row, from the row's key."""
    return key.removesuffix(f" contact {row.contact_id}")


def leaves_the_row(change: RowChange) -> bool:
    """Whether a change of the index is none of its row: a person's copies are in the records' rows alone."""
    before, after = change.before, change.after
    if not isinstance(before, PersonRow) or not isinstance(after, PersonRow):
        return False
    return replace(before, copies=()) == replace(after, copies=())


def index_row(partnership: str, change: RowChange) -> tuple[str, IndexRow]:
    """The row that a change of the index leaves, with its key."""
    after = change.after
    kind: Literal["record", "person"] = "record" if change.kind == "record" else "person"
    plain: dict[str, Any] = {}
    if isinstance(after, RecordRow):
        plain = record_to_plain(after)
    elif isinstance(after, PersonRow):
        plain = person_to_plain(after)
        # The copies say so themselves. One child reported ten thousand times must not be a longer row each time.
        del plain["copies"]
    row = IndexRow(kind=kind, partnership=partnership, id=change.key, plain=plain)
    return row_key(partnership, kind, change.key), row


class Known:
    """The indexes of one partition's partnerships, in step with its rows. `secret` keys the hashes of blocking keys."""

    def __init__(self, secret: bytes, rows: Mapping[str, Record]) -> None:
        self._secret = secret
        self._rows = rows
        self._indexes: dict[str, Index] = {}
        self._arrivals: dict[str, Arrivals] = {}
        contacts: dict[str, list[ContactRow]] = {}
        for key, row in rows.items():
            if isinstance(row, ContactRow):
                contacts.setdefault(partnership_of(key, row), []).append(row)
        for partnership, reported in contacts.items():
            self._arrivals[partnership] = Arrivals(reported)
        kept = [row for row in rows.values() if isinstance(row, IndexRow) and row.plain]
        for partnership in dict.fromkeys(row.partnership for row in kept):
            mine = [row for row in kept if row.partnership == partnership]
            records = {row.id: record_from_plain(row.plain) for row in mine if row.kind == "record"}
            copies: dict[str, list[str]] = {}
            for name in sorted(records):
                if records[name].copy_of:
                    copies.setdefault(records[name].person, []).append(name)
            persons = [
                (row.id, _of_known(person_from_plain(row.plain), records, copies.get(row.id, [])))
                for row in mine
                if row.kind == "person" and row.id in records
            ]
            self._indexes[partnership] = Index.from_rows(records.items(), persons, secret)

    def index(self, partnership: str) -> Index:
        """A partnership's index."""
        return self._indexes.setdefault(partnership, Index(self._secret))

    def arrivals(self, partnership: str) -> Arrivals:
        """When a partnership's contacts were reported last."""
        return self._arrivals.setdefault(partnership, Arrivals())

    def changed(self, key: str, row: Record) -> None:
        """Follow a row. It goes through its plain form, so that what lives here is what a restart would build."""
        if isinstance(row, ContactRow):
            self._reported(partnership_of(key, row), row)
        if not isinstance(row, IndexRow):
            return
        index = self.index(row.partnership)
        if row.kind == "person":
            before = index.persons.get(row.id)
            after = person_from_plain(row.plain) if row.plain else None
            if before is not None and after is not None:
                after = replace(after, copies=before.copies)
            if before != after:
                index.apply([RowChange("person", row.id, before, after)])
                self._released(row.partnership, row.id, before, after)
            return
        _put_record(index, row.id, record_from_plain(row.plain) if row.plain else None)

    def _reported(self, partnership: str, row: ContactRow) -> None:
        self.arrivals(partnership).note(row)
        record = self.index(partnership).records.get(row.contact_id)
        if row.review is not None and record is not None:
            # A review that is open no more keeps the story no more, whichever of its contacts came last.
            self._note_latest(partnership, record.person)

    def _released(self, partnership: str, story: str, before: PersonRow | None, after: PersonRow | None) -> None:
        """Stories that this person's row named and names no more may have nothing left that keeps them."""
        left = {*after.waiting_for, *after.not_same} if after is not None else set()
        named = {*before.waiting_for, *before.not_same} - left if before is not None else set()
        for each in (story, *named) if named else ():
            self._note_latest(partnership, each)

    def _note_latest(self, partnership: str, story: str) -> None:
        latest = last_reported(self.index(partnership), story, lambda contact: self.contact(partnership, contact))
        self.arrivals(partnership).note(latest)

    def contact(self, partnership: str, contact: str) -> ContactRow | None:
        """A contact's row."""
        row = self._rows.get(row_key(partnership, "contact", contact))
        return row if isinstance(row, ContactRow) else None


def _put_record(index: Index, name: str, after: RecordRow | None) -> None:
    before = index.records.get(name)
    if before == after:
        return
    if before is not None and before.copy_of:
        _change_copies(index, before.person, lambda copies: tuple(copy for copy in copies if copy != name))
    _change_record(index, name, before, after)
    if after is not None and after.copy_of:
        _change_copies(index, after.person, lambda copies: _with(copies, name))


def _with(copies: tuple[str, ...], name: str) -> tuple[str, ...]:
    place = bisect_left(copies, name)
    return copies if copies[place : place + 1] == (name,) else (*copies[:place], name, *copies[place:])


def _change_copies(index: Index, person: str, change: Callable[[tuple[str, ...]], tuple[str, ...]]) -> None:
    """Copies are in the order of their ids: whatever order rows come in, it is the same."""
    row = index.persons.get(person)
    if row is not None:
        index.apply([RowChange("person", person, row, replace(row, copies=change(row.copies)))])


def _change_record(index: Index, name: str, before: RecordRow | None, after: RecordRow | None) -> None:
    if before is None or after is None or before.features == after.features:
        index.apply([RowChange("record", name, before, after)])
        return
    # Blocks and name counts follow from the features: it leaves with the old ones and comes back with the new.
    person = index.persons.get(name)
    if person is not None:
        index.apply([RowChange("person", name, person, None)])
    index.apply([RowChange("record", name, before, None), RowChange("record", name, None, after)])
    if person is not None:
        index.apply([RowChange("person", name, None, person)])


def _of_known(person: PersonRow, records: Mapping[str, RecordRow], copies: Iterable[str]) -> PersonRow:
    """The person with copies, without records that are not there: their events will be decided again."""
    members = tuple(record for record in person.members if record in records)
    return replace(person, members=members, copies=tuple(copies))
