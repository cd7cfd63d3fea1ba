"""Today's board: every contact that nobody has risk assessed yet, most urgent first."""

from datetime import datetime

from pydantic import BaseModel

from ops.view.same_day import ClockState, Opening
from ops.view.snapshot import Answer, FlagNow, HeldCase, Snapshot, flag_agrees
from ops.view.stories import concern_of, review_of
from ops.view.times import as_instant, as_text, minutes_left

_ORDER = "(due_at <= ?) DESC, risk_rank, started_at, contact_id"


class BoardFlag(BaseModel):
    """What `flags` says of an entry, beside what its events say."""

    flag_id: str
    state: str
    result: str
    owner: str


class BoardEntry(BaseModel):
    """One contact that waits. `risk` empty: nobody stated one. `minutes_left` is negative once overdue.

    `state` is worked out from the case events; `flag` is what the `flags` topic says; `flag_agrees` is whether the two
    tell the same. `closed` marks a case that was closed or transferred without an assessment: its clock runs on.
    `reason` is why a message could not be read. `may_be` are stories that this child may belong to, until a person has
    looked; `concern` is the repeat-concern signal of its story.
    """

    contact_id: str
    receipt_id: str
    child: str
    agency: str
    organisation: str
    kind: str
    risk: str
    team: str
    worker: str
    received_at: datetime
    opening: int
    started_at: datetime
    due_at: datetime
    minutes_left: int
    overdue: bool
    state: ClockState
    flag: BoardFlag | None
    flag_agrees: bool
    read_by: str
    closed: bool
    authority_how: str
    reason: str
    may_be: list[str]
    concern: str


class Unmatched(BaseModel):
    """Case events that name a contact nobody has opened."""

    contact_id: str
    types: list[str]
    first_at: datetime
    minutes_waiting: int
    flag: BoardFlag | None


class NotReadYet(BaseModel):
    """A message that is durable and that intake has not read."""

    receipt_id: str
    agency: str
    sender: str
    received_at: datetime
    minutes_waiting: int


class BoardAnswer(Answer):
    """`total`, `overdue` and `unallocated` count contacts and unreadable messages together; no count stops at the
    limit of the lists."""

    total: int
    overdue: int
    unallocated: int
    unread: int
    contacts: list[BoardEntry]
    unreadable: list[BoardEntry]
    unmatched: list[Unmatched]
    not_read_yet: list[NotReadYet]


def board(at: Snapshot, limit: int) -> BoardAnswer:
    """The board at the snapshot's moment, at most `limit` entries in each list."""
    now = as_text(at.now)
    total, overdue = at.db.execute(
        "SELECT count(*), coalesce(sum(due_at <= ?), 0) FROM cases WHERE waiting", (now,)
    ).fetchone()
    (unallocated,) = at.db.execute(
        "SELECT count(*) FROM cases WHERE waiting AND json_extract(record, '$.summary.worker') = ''"
    ).fetchone()
    (unread,) = at.db.execute("SELECT count(*) FROM unread").fetchone()
    return BoardAnswer(
        as_of=at.now, behind_records=at.behind_records, total=total, overdue=overdue, unallocated=unallocated,
        unread=unread,
        contacts=_entries(at, "kind <> 'unreadable'", limit), unreadable=_entries(at, "kind = 'unreadable'", limit),
        unmatched=_unmatched(at, limit), not_read_yet=_not_read_yet(at, limit),
    )  # fmt: skip


def entry(at: Snapshot, contact_id: str, held: HeldCase, run: Opening) -> BoardEntry:
    """One contact as the board shows it, with one run of its clock."""
    summary = held.case.summary
    child, organisation = at.child_and_organisation(contact_id)
    clock, flag = at.clock_state(held, run), at.flag_of(contact_id, held, run)
    review = review_of(at, contact_id)
    reason = ""
    if summary.kind == "unreadable":
        disposition = at.disposition(summary.receipt_id)
        reason = disposition.reason if disposition else ""
    return BoardEntry(
        contact_id=contact_id, receipt_id=summary.receipt_id, child=child, agency=summary.agency,
        organisation=organisation or summary.organisation, kind=summary.kind, risk=summary.risk, team=summary.team,
        worker=summary.worker, received_at=summary.opened_at, opening=run.number, started_at=run.started_at,
        due_at=run.due_at, minutes_left=minutes_left(run.due_at, at.now), overdue=run.waiting and run.due_at <= at.now,
        state=clock, flag=board_flag(flag), flag_agrees=flag_agrees(clock, flag),
        read_by=summary.read.by if summary.read else "", closed=summary.ended is not None,
        authority_how=summary.authority_how, reason=reason,
        may_be=[one.story_id for one in review.candidates] if review and review.state == "open" else [],
        concern=concern_of(at, contact_id),
    )  # fmt: skip


def board_flag(flag: FlagNow | None) -> BoardFlag | None:
    """A flag in the board's few words."""
    if flag is None:
        return None
    return BoardFlag(flag_id=flag.flag_id, state=flag.state, result=flag.result, owner=flag.owner)


def _entries(at: Snapshot, which: str, limit: int) -> list[BoardEntry]:
    rows = at.db.execute(
        f"SELECT contact_id FROM cases WHERE waiting AND {which} ORDER BY {_ORDER} LIMIT ?", (as_text(at.now), limit)
    )
    cases = ((contact_id, at.case(contact_id)) for (contact_id,) in rows.fetchall())
    return [entry(at, contact_id, held, held.case.current) for contact_id, held in cases if held is not None]


def _unmatched(at: Snapshot, limit: int) -> list[Unmatched]:
    rows = at.db.execute("SELECT contact_id, first_at FROM unopened ORDER BY first_at, contact_id LIMIT ?", (limit,))
    found = []
    for contact_id, first in rows.fetchall():
        first_at = as_instant(first)
        flag = next((flag for flag in at.flags(contact_id) if flag.result == "unmatched"), None)
        found.append(
            Unmatched(
                contact_id=contact_id, types=[event.type for event in at.events(contact_id)], first_at=first_at,
                minutes_waiting=-minutes_left(first_at, at.now), flag=board_flag(flag),
            )
        )  # fmt: skip
    return found


def _not_read_yet(at: Snapshot, limit: int) -> list[NotReadYet]:
    rows = at.db.execute(
        "SELECT receipt_id, agency, sender, received_at FROM unread JOIN received USING (receipt_id) "
        "ORDER BY received_at, receipt_id LIMIT ?",
        (limit,),
    )
    return [
        NotReadYet(
            receipt_id=receipt_id, agency=agency, sender=sender, received_at=as_instant(received),
            minutes_waiting=-minutes_left(as_instant(received), at.now),
        )
        for receipt_id, agency, sender, received in rows.fetchall()
    ]  # fmt: skip
