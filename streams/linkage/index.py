"""What linkage knows: records, the children they belong to, and where to look for them. Changes are rows, both ways.

Two kinds of rows are kept: records and persons. Blocks and name counts follow from them, so a change is a list of rows
with their state before and after; applied backwards it restores the index exactly. A person is named by their first
record.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from streams.linkage.blocking import NO_SECRET, Key, dwelling_text, key_of, keys_of
from streams.linkage.model import NameCounts
from streams.linkage.names import family_of, given_of
from streams.linkage.places import NOWHERE, Place
from streams.linkage.report import Features
from streams.linkage.variants import shipped_table

CROWDED = 12
"""Children known at one dwelling above which living there says little."""

MOST_COUNTED = 200
"""Records at one dwelling above which it is crowded without counting whose they are."""


@dataclass(frozen=True, slots=True)
class RecordRow:
    """One report: whose it is, and what of it is compared. `copy_of` names a record of the same person that says the
    very same: the copy is kept, and never looked at again when scoring."""

    person: str
    features: Features
    copy_of: str = ""


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One child. Most have nothing but members: the records that are looked at; `copies` say what one of these says.

    `waiting_for`: persons this one may be, until somebody answers (a provisional person). `not_same`: persons somebody
    ruled out, for ever. `hidden`: superseded (adoption, a new NHS number): never named to anyone without the right.
    `unsure`: answered "not sure", still waiting.
    """

    members: tuple[str, ...]
    waiting_for: tuple[str, ...] = ()
    not_same: frozenset[str] = frozenset()
    hidden: bool = False
    unsure: bool = False
    copies: tuple[str, ...] = ()


Row = RecordRow | PersonRow


@dataclass(frozen=True, slots=True)
class RowChange:
    """One row put, replaced or removed. `kind` is "record" or "person"."""

    kind: str
    key: str
    before: Row | None
    after: Row | None

    def reversed(self) -> "RowChange":
        """The change that takes this one back."""
        return RowChange(self.kind, self.key, self.after, self.before)


Changes = tuple[RowChange, ...]


def taken_back(changes: Changes) -> Changes:
    """The changes that restore the state before `changes`, exactly."""
    return tuple(change.reversed() for change in reversed(changes))


class StaleChangeError(RuntimeError):
    """A change made for another state of the index: it must be decided again."""


class Index:
    """The children and records of one partnership, in memory. `secret` keys the hashes that blocks are found by."""

    def __init__(self, secret: bytes = NO_SECRET) -> None:
        self.secret = secret
        self.records: dict[str, RecordRow] = {}
        self.persons: dict[str, PersonRow] = {}
        self.counts = NameCounts()
        self._blocks: dict[int, str | list[str]] = {}
        self._named_by: dict[str, set[str]] = {}
        self._latest_keys: tuple[Features | None, list[Key]] = (None, [])

    def __len__(self) -> int:
        """Records known."""
        return len(self.records)

    def block(self, key: int) -> str | list[str] | None:
        """The records under a blocking key: one, a list, or none."""
        return self._blocks.get(key)

    def keys(self, features: Features) -> list[Key]:
        """The blocking keys of a report in this index; the latest are kept, for a report is decided and then added."""
        latest, keys = self._latest_keys
        if latest is not features:
            keys = keys_of(features, self.secret)
            self._latest_keys = (features, keys)
        return keys

    def crowded(self, place: Place) -> bool:
        """Whether more children are known at this dwelling than one family has: a children's home, a refuge, a hotel."""
        if not (place.number and place.street):
            return False
        held = self._blocks.get(key_of(dwelling_text(place.number, place.street), self.secret))
        if not isinstance(held, list) or len(held) <= CROWDED:
            return False
        return len(held) > MOST_COUNTED or len({self.records[record].person for record in held}) > CROWDED

    def members(self, person: str) -> Iterator[tuple[str, RecordRow]]:
        """The records of a person that are looked at, first to last."""
        for record in self.persons[person].members:
            yield record, self.records[record]

    def named_by(self, person: str) -> list[tuple[str, PersonRow]]:
        """Persons whose rows name this one (waiting for it, or ruled apart from it), in id order."""
        return [(other, self.persons[other]) for other in sorted(self._named_by.get(person, ()))]

    def apply(self, changes: Iterable[RowChange]) -> None:
        """Make changes. Raises `StaleChangeError`, before touching a row, when a row is not as the change expects."""
        for change in changes:
            if isinstance(change.after, RecordRow) or isinstance(change.before, RecordRow):
                self._apply_record(change.key, change.before, change.after)
            else:
                self._apply_person(change.key, change.before, change.after)

    def _apply_record(self, key: str, before: Row | None, after: Row | None) -> None:
        assert before is None or isinstance(before, RecordRow)
        assert after is None or isinstance(after, RecordRow)
        if self.records.get(key) != before:
            raise StaleChangeError("a record is not as this change expects: decide again")
        looked_at_before = before is not None and not before.copy_of
        looked_at_after = after is not None and not after.copy_of
        if before is not None and looked_at_before and not looked_at_after:
            self._leave_blocks(key, before.features)
        if after is None:
            del self.records[key]
        else:
            self.records[key] = after
            if looked_at_after and not looked_at_before:
                self._enter_blocks(key, after.features)

    def _apply_person(self, key: str, before: Row | None, after: Row | None) -> None:
        assert before is None or isinstance(before, PersonRow)
        assert after is None or isinstance(after, PersonRow)
        if self.persons.get(key) != before:
            raise StaleChangeError("a person is not as this change expects: decide again")
        # A child counts once in the name frequencies: by the first record, which names the person.
        if before is None:
            self.counts.add(self.records[key].features, 1)
        self._note_names(key, before, after)
        if after is None:
            self.counts.add(self.records[key].features, -1)
            del self.persons[key]
        else:
            self.persons[key] = after

    def _note_names(self, key: str, before: PersonRow | None, after: PersonRow | None) -> None:
        named_before = {*before.waiting_for, *before.not_same} if before else set()
        named_after = {*after.waiting_for, *after.not_same} if after else set()
        for person in named_after - named_before:
            self._named_by.setdefault(person, set()).add(key)
        for person in named_before - named_after:
            held = self._named_by[person]
            held.discard(key)
            if not held:
                del self._named_by[person]

    def _enter_blocks(self, record: str, features: Features) -> None:
        blocks = self._blocks
        for digest in {digest for digest, _ in self.keys(features)}:
            held = blocks.get(digest)
            if held is None:
                blocks[digest] = record
            elif isinstance(held, str):
                blocks[digest] = [held, record]
            else:
                held.append(record)

    def _leave_blocks(self, record: str, features: Features) -> None:
        blocks = self._blocks
        for digest in {digest for digest, _ in self.keys(features)}:
            held = blocks[digest]
            if isinstance(held, str):
                del blocks[digest]
                continue
            held.remove(record)
            if len(held) == 1:
                blocks[digest] = held[0]

    def snapshot(self) -> dict[str, dict[str, dict[str, object]]]:
        """Every row as plain data, in key order: equal snapshots mean equal decisions from here on."""
        return {
            "records": {key: record_to_plain(self.records[key]) for key in sorted(self.records)},
            "persons": {key: person_to_plain(self.persons[key]) for key in sorted(self.persons)},
        }

    @classmethod
    def from_rows(
        cls, records: Iterable[tuple[str, RecordRow]], persons: Iterable[tuple[str, PersonRow]], secret: bytes = NO_SECRET
    ) -> "Index":
        """An index from stored rows, as a state store gives them back; the order of rows does not matter."""
        index = cls(secret)
        index.apply(RowChange("record", key, None, row) for key, row in records)
        index.apply(RowChange("person", key, None, row) for key, row in persons)
        return index


def record_to_plain(row: RecordRow) -> dict[str, object]:
    """A record row as plain data, for a state store. Personal: it belongs only where the index may be read."""
    features = row.features
    return {
        "person": row.person,
        "copy_of": row.copy_of,
        "given": list(features.given.tokens),
        "family": list(features.family.tokens),
        "dob": features.dob,
        "place": [features.place.number, features.place.street, features.place.postcode],
        "sex": features.sex,
        "nhs": features.nhs,
        "upn": features.upn,
        "former_upn": features.former_upn,
        "placeholder": features.placeholder,
        # Few records have one: it is in their rows alone.
        **({"former_nhs": features.former_nhs} if features.former_nhs else {}),
    }


def record_from_plain(plain: dict[str, object]) -> RecordRow:
    """A record row from its plain form: exactly the row that was stored."""
    given, family, place = plain["given"], plain["family"], plain["place"]
    assert isinstance(given, list) and isinstance(family, list) and isinstance(place, list)
    table = shipped_table()
    # A later release may have put more behind these.
    where = Place(*place[:3])
    return RecordRow(
        person=str(plain["person"]),
        copy_of=str(plain["copy_of"]),
        features=Features(
            given=given_of(tuple(given), table),
            family=family_of(tuple(family), table),
            dob=int(str(plain["dob"])),
            place=NOWHERE if where == NOWHERE else where,
            sex=str(plain["sex"]),
            nhs=str(plain["nhs"]),
            upn=str(plain["upn"]),
            former_upn=str(plain["former_upn"]),
            placeholder=bool(plain["placeholder"]),
            former_nhs=str(plain.get("former_nhs", "")),
        ),
    )


def person_to_plain(row: PersonRow) -> dict[str, object]:
    """A person row as plain data; it holds ids only."""
    return {
        "members": list(row.members),
        "copies": list(row.copies),
        "waiting_for": list(row.waiting_for),
        "not_same": sorted(row.not_same),
        "hidden": row.hidden,
        "unsure": row.unsure,
    }


def person_from_plain(plain: dict[str, object]) -> PersonRow:
    """A person row from its plain form."""
    members, waiting, not_same = (plain[key] for key in ("members", "waiting_for", "not_same"))
    copies = plain.get("copies", [])
    assert isinstance(members, list) and isinstance(copies, list)
    assert isinstance(waiting, list) and isinstance(not_same, list)
    return PersonRow(
        tuple(members), tuple(waiting), frozenset(not_same), bool(plain["hidden"]), bool(plain["unsure"]), tuple(copies)
    )
