"""What `linkage` keeps: the rows of its index as plain data, and one row for each contact; and the index made of them.

The index is never stored: it follows from the rows, so that whatever a crash leaves of the rows is the index too.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from schemas.linkage import LinkReview
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


class IndexRow(Record):
    """A record or a person of a partnership's index, as `streams.linkage.index` writes it; empty when it is gone."""

    kind: Literal["record", "person"]
    partnership: str
    id: str
    plain: dict[str, Any] = Field(default_factory=dict)


class ContactRow(Record):
    """One contact: the version decided last, the `linked` event that stands, the review about it, and the ids of what
    people decided about it, so that an at-least-once repeat counts once."""

    kind: Literal["contact"] = "contact"
    contact_id: str
    version: int
    link_event: str = ""
    review: LinkReview | None = None
    seen: list[str] = Field(default_factory=list)


_ANY: TypeAdapter[Record] = TypeAdapter(Annotated[IndexRow | ContactRow, Field(discriminator="kind")])


def parse_row(text: bytes) -> Record:
    """A row from its JSON."""
    # Defaults are left out of what is stored, the discriminator of a contact among them.
    return _ANY.validate_json(text) if b'"kind"' in text[:10] else ContactRow.model_validate_json(text)


def row_key(partnership: str, kind: str, name: str) -> str:
    """A row's key: the rows of a partnership lie together, in its partition."""
    return f"{partnership} {kind} {name}"


def index_row(partnership: str, change: RowChange) -> tuple[str, IndexRow]:
    """The row that a change of the index leaves, with its key."""
    after = change.after
    kind: Literal["record", "person"] = "record" if change.kind == "record" else "person"
    plain: dict[str, Any] = {}
    if isinstance(after, RecordRow):
        plain = record_to_plain(after)
    elif isinstance(after, PersonRow):
        plain = person_to_plain(after)
    row = IndexRow(kind=kind, partnership=partnership, id=change.key, plain=plain)
    return row_key(partnership, kind, change.key), row


class Known:
    """The indexes of one partition's partnerships, in step with its rows. `secret` keys the hashes of blocking keys."""

    def __init__(self, secret: bytes, rows: Mapping[str, Record]) -> None:
        self._secret = secret
        self._indexes: dict[str, Index] = {}
        kept = [row for row in rows.values() if isinstance(row, IndexRow) and row.plain]
        for partnership in dict.fromkeys(row.partnership for row in kept):
            mine = [row for row in kept if row.partnership == partnership]
            records = {row.id: record_from_plain(row.plain) for row in mine if row.kind == "record"}
            persons = [
                (row.id, _of_known(person_from_plain(row.plain), records))
                for row in mine
                if row.kind == "person" and row.id in records
            ]
            self._indexes[partnership] = Index.from_rows(records.items(), persons, secret)

    def index(self, partnership: str) -> Index:
        """A partnership's index."""
        return self._indexes.setdefault(partnership, Index(self._secret))

    def changed(self, key: str, row: Record) -> None:
        """Follow a row. It goes through its plain form, so that what lives here is what a restart would build."""
        if not isinstance(row, IndexRow):
            return
        index = self.index(row.partnership)
        if row.kind == "person":
            before = index.persons.get(row.id)
            after = person_from_plain(row.plain) if row.plain else None
            if before != after:
                index.apply([RowChange("person", row.id, before, after)])
            return
        _put_record(index, row.id, record_from_plain(row.plain) if row.plain else None)


def _put_record(index: Index, name: str, after: RecordRow | None) -> None:
    before = index.records.get(name)
    if before == after:
        return
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


def _of_known(person: PersonRow, records: Mapping[str, RecordRow]) -> PersonRow:
    """The person without records that are not there: their events will be decided again."""
    if all(record in records for record in (*person.members, *person.copies)):
        return person
    return replace(
        person,
        members=tuple(record for record in person.members if record in records),
        copies=tuple(record for record in person.copies if record in records),
    )
