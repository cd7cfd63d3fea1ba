"""What messages that open no contact say of who children are: what of the index it changes. Pure; see `linking`.

A pupil's transfer file, or a hospital's merge of two patient records, may say something new of a child whom somebody has
reported. It joins that child's story by the rules for any report, and is no contact. Of a child whom nobody has reported
nothing is kept: there is no concern. Nobody is asked about a pupil who may be a known child, for a question names two
contacts; but when the sender's own numbers name two known children, a person is asked whether they are one.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from schemas.identity import is_statement
from streams.linkage.decision import LINK, Candidate, Decision, decide, joined
from streams.linkage.index import Changes, Index, RowChange, taken_back
from streams.linkage.model import Scorer
from streams.linkage.report import Features, Report, read_features

TAKEN = "identity_statement"
NOT_TAKEN = "identity_statement_not_taken"
MERGED = "numbers_merged_by_sender"
UNDONE = "identity_statements_undone"


@dataclass(frozen=True, slots=True)
class Stated:
    """What a statement comes to for the `story` it speaks of. `not_taken`: its number is that child's, and something else
    stops the link. `asked`: it says that `story` and `other` are one child, which a person decides."""

    outcome: Literal["taken", "not_taken", "asked"]
    story: str
    decision: Decision
    changes: Changes = ()
    other: Candidate | None = None


def stated(index: Index, report: Report, scorer: Scorer) -> Stated | None:
    """What a statement changes; None when it speaks of no known child, or says nothing new."""
    features = read_features(report)
    decision, changes = decide(index, report, scorer)
    named = [one for one in decision.candidates if one.vector.nhs == 1 or one.vector.upn == 1]
    if len(named) > 1 and features.nhs and features.former_nhs:
        return _of_two(index, features, decision, named[0], named[1])
    if decision.outcome == LINK:
        return None if _told(index, decision.person, features) else Stated("taken", decision.person, decision, changes)
    return Stated("not_taken", named[0].person, decision) if named else None


def _told(index: Index, story: str, features: Features) -> bool:
    return any(row.features == features for _, row in index.members(story))


def _of_two(index: Index, features: Features, decision: Decision, about: Candidate, asked: Candidate) -> Stated | None:
    """Two known children under numbers that the sender has merged: a person says whether they are one.

    The statement waits in the story that is asked about, so that once somebody says "same" either number names the child;
    where its own details do not fit there, it is not kept.
    """
    if about.person in index.persons[asked.person].not_same:
        return Stated("not_taken", asked.person, decision)
    if asked.person in index.persons[about.person].waiting_for:
        about, asked = asked, about
    if _told(index, asked.person, features):
        return None
    person = index.persons[asked.person]
    waits = replace(person, waiting_for=tuple(dict.fromkeys((*person.waiting_for, about.person))))
    waiting = (RowChange("person", asked.person, person, waits),)
    if asked.guards:
        return Stated("asked", asked.person, decision, waiting, about)
    index.apply(waiting)
    try:
        kept = joined(index, decision.record_id, features, asked.person, asked.record)
    finally:
        index.apply(taken_back(waiting))
    return Stated("asked", asked.person, decision, (*waiting, *kept), about)


def statements_of(index: Index, story: str, merging: bool = False) -> list[str]:
    """The statements that a story holds; `merging`: only those that say that two numbers are one child's."""
    person = index.persons[story]
    found = [record for record in (*person.members, *person.copies) if is_statement(record)]
    return [record for record in found if index.records[record].features.former_nhs or not merging]


def without(index: Index, story: str, statements: Iterable[str]) -> Changes:
    """The changes that take statements out of a story. A contact that said the very same speaks for itself from then on."""
    gone = set(statements)
    if not gone:
        return ()
    person = index.persons[story]
    changes = [RowChange("record", record, index.records[record], None) for record in sorted(gone)]
    members = [record for record in person.members if record not in gone]
    copies = list(person.copies)
    for record in [one for one in copies if index.records[one].copy_of in gone]:
        row = index.records[record]
        speaks = next((one for one in members if index.records[one].features == row.features), "")
        if not speaks:
            members.append(record)
            copies.remove(record)
        changes.append(RowChange("record", record, row, replace(row, copy_of=speaks)))
    after = replace(person, members=tuple(members), copies=tuple(one for one in copies if one not in gone))
    return (*changes, RowChange("person", story, person, after))
