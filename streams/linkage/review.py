"""What people decide: answers to reviews, undoing a link, and supersession. Each gives changes, and can be taken back.

Answers are events: (who a provisional person is asked about, same / not same / not sure). "Not same" lasts: the two are
never joined afterwards, whatever the score.
"""

from dataclasses import dataclass, replace
from typing import Literal

from streams.linkage.index import Changes, Index, PersonRow, RecordRow, RowChange

Verdict = Literal["same", "not_same", "not_sure"]


class AnswerError(ValueError):
    """An answer that cannot be carried out; the text says why and what to do instead."""


@dataclass(frozen=True, slots=True)
class Undone:
    """An automatic link taken back: the record is a child of its own again, and who must be told follows from these."""

    record: str
    was: str
    now: str
    changes: Changes


def _person(index: Index, person: str) -> PersonRow:
    row = index.persons.get(person)
    if row is None:
        raise AnswerError("no such person is known here: list the open reviews again, it may have been answered")
    return row


def answer(index: Index, provisional: str, person: str, verdict: Verdict) -> Changes:
    """Carry out an answer to "is `provisional` the child `person`?".

    same: all records of the provisional person become the person's. not_same: the two are apart for ever. not_sure:
    the question stays open, marked. Raises `AnswerError` when either is unknown, they are the same person already, or
    somebody ruled "not same" before.
    """
    if provisional == person:
        raise AnswerError("a person cannot be compared with themselves: name two persons")
    waiting, known = _person(index, provisional), _person(index, person)
    if verdict == "same":
        return _joined(index, provisional, waiting, person, known)
    if verdict == "not_same":
        left = tuple(other for other in waiting.waiting_for if other != person)
        return (
            RowChange(
                "person",
                provisional,
                waiting,
                replace(waiting, waiting_for=left, not_same=waiting.not_same | {person}, unsure=waiting.unsure and bool(left)),
            ),
            RowChange("person", person, known, replace(known, not_same=known.not_same | {provisional})),
        )
    return (RowChange("person", provisional, waiting, replace(waiting, unsure=True)),)


def _joined(index: Index, provisional: str, waiting: PersonRow, person: str, known: PersonRow) -> Changes:
    if person in waiting.not_same or provisional in known.not_same:
        raise AnswerError("these two were ruled to be different children: take that answer back first")
    changes: list[RowChange] = []
    for record in (*waiting.members, *waiting.copies):
        row = index.records[record]
        changes.append(RowChange("record", record, row, replace(row, person=person)))
    changes.append(RowChange("person", provisional, waiting, None))
    open_still = tuple(other for other in known.waiting_for if other != provisional)
    apart = known.not_same | waiting.not_same
    changes.append(
        RowChange(
            "person",
            person,
            known,
            replace(
                known,
                members=(*known.members, *waiting.members),
                copies=(*known.copies, *waiting.copies),
                waiting_for=open_still,
                not_same=apart,
            ),
        )
    )
    # Whoever waited for, or was ruled apart from, the provisional person now is so with the person.
    for other, tied in index.named_by(provisional):
        if other in (person, provisional):
            continue
        waits = tuple(dict.fromkeys(person if p == provisional else p for p in tied.waiting_for))
        ruled = frozenset(person if p == provisional else p for p in tied.not_same)
        changes.append(RowChange("person", other, tied, replace(tied, waiting_for=waits, not_same=ruled)))
    return tuple(changes)


def undo_link(index: Index, record: str) -> Undone:
    """Take an automatic link back: the record becomes its own person, ruled "not same" as the one it was linked to.

    The person's row is what it was before the link. Raises `AnswerError` for an unknown record or one that names its
    person (that was no link).
    """
    row = index.records.get(record)
    if row is None:
        raise AnswerError("no such record is known here")
    if row.person == record:
        raise AnswerError("this record was not linked to anybody: there is nothing to undo")
    was = row.person
    known = index.persons[was]
    copies = tuple(other for other in known.copies if other != record)
    members = tuple(other for other in known.members if other != record)
    changes = [RowChange("record", record, row, RecordRow(record, row.features))]
    # Copies of the record leaving are looked at by the first of them from now on.
    orphans = [other for other in copies if index.records[other].copy_of == record]
    if orphans:
        first = orphans[0]
        for other in orphans:
            copy = index.records[other]
            changes.append(RowChange("record", other, copy, replace(copy, copy_of="" if other == first else first)))
        members = (*members, first)
        copies = tuple(other for other in copies if other != first)
    changes += [
        RowChange(
            "person", was, known, replace(known, members=members, copies=copies, not_same=known.not_same | {record})
        ),
        RowChange("person", record, None, PersonRow(members=(record,), not_same=frozenset({was}))),
    ]
    return Undone(record, was, record, tuple(changes))


def supersede(index: Index, old: str, new: str) -> Changes:
    """Hide the identity `old` behind `new` (adoption, a new NHS number): it is never named again in a decision.

    A report that fits the hidden identity goes to a restricted review. Raises `AnswerError` when either is unknown.
    Domain fact: NHS numbers are re-issued on adoption and the old link must not be shown.
    """
    if old == new:
        raise AnswerError("a person cannot supersede themselves: name two persons")
    before, after = _person(index, old), _person(index, new)
    return (
        RowChange("person", old, before, replace(before, hidden=True, waiting_for=(), not_same=before.not_same | {new})),
        RowChange("person", new, after, replace(after, not_same=after.not_same | {old})),
    )
