"""A later version of a contact that linkage knows: what of the index it changes. Pure; see `linking`.

A contact that stands alone is decided anew, as if it came now: an unborn child gets a name, a number arrives. One that
shares a story stays there, with what it says now; if it would no longer be linked there, a person must look.
"""

from dataclasses import dataclass, replace

from streams.linkage.decision import LINK, Decision, decide
from streams.linkage.index import Changes, Index, PersonRow, RecordRow, RowChange, taken_back
from streams.linkage.model import Scorer
from streams.linkage.report import Features, Report, read_features


@dataclass(frozen=True, slots=True)
class Revised:
    """`anew`: the decision replaces the earlier one. Else the contact stays in its story, and `fits` says whether the
    decision, made without the contact's earlier version, would put it there again."""

    decision: Decision
    changes: Changes
    anew: bool
    fits: bool


def revised(index: Index, report: Report, scorer: Scorer) -> Revised | None:
    """What a later version changes; None when it says nothing else, or nothing at all, about the child."""
    record = report.record_id
    row = index.records[record]
    features = read_features(report)
    if features == row.features or features.nothing_to_compare:
        return None
    out = _taken_out(index, record)
    index.apply(out)
    try:
        decision, changes = decide(index, report, scorer)
    finally:
        index.apply(taken_back(out))
    person = index.persons[row.person]
    if _stands_alone(index, record):
        return Revised(decision, (*out, *changes), anew=True, fits=True)
    shared = (*person.members, *person.copies) != (record,)
    fits = not shared or (decision.outcome == LINK and decision.person == row.person)
    return Revised(decision, _replaced(index, record, features, out), anew=False, fits=fits)


def _stands_alone(index: Index, record: str) -> bool:
    """Whether nobody and nothing else depends on the story that this record opened."""
    person = index.persons.get(record)
    return (
        person is not None
        and (*person.members, *person.copies) == (record,)
        and not person.hidden
        and not index.named_by(record)
    )


def _taken_out(index: Index, record: str) -> Changes:
    """The changes that leave the index without the record. The first record that said the very same speaks for the
    others from then on."""
    row = index.records[record]
    person = index.persons[row.person]
    copies = tuple(other for other in person.copies if other != record)
    members = tuple(other for other in person.members if other != record)
    orphans = [other for other in copies if index.records[other].copy_of == record]
    changes = []
    for other in orphans:
        copy = index.records[other]
        speaks = "" if other == orphans[0] else orphans[0]
        changes.append(RowChange("record", other, copy, replace(copy, copy_of=speaks)))
    if orphans:
        members = (*members, orphans[0])
        copies = tuple(other for other in copies if other != orphans[0])
    left = replace(person, members=members, copies=copies) if members else None
    return (*changes, RowChange("person", row.person, person, left), RowChange("record", record, row, None))


def _replaced(index: Index, record: str, features: Features, out: Changes) -> Changes:
    """The record says something else now, and is a record to look at."""
    row = index.records[record]
    person = index.persons[row.person]
    others = tuple(change for change in out if change.kind == "record" and change.key != record)
    left = next((change.after for change in out if change.kind == "person"), None)
    if isinstance(left, PersonRow):
        first = record in person.members and person.members[0] == record
        members = (record, *left.members) if first else (*left.members, record)
        person = replace(left, members=members)
    return (
        *others,
        RowChange("record", record, row, RecordRow(row.person, features)),
        RowChange("person", row.person, index.persons[row.person], person),
    )
