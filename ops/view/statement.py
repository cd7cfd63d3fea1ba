"""What the hub holds of one sender for one day: what it sent, what became of it, and what still waits.

A sender compares it with what it believes to have sent: what was lost before it reached the hub shows nowhere else.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from pydantic import BaseModel

from ops.view.receipts import contacts_of
from ops.view.snapshot import Answer, Snapshot
from ops.view.times import as_text
from schemas.london import LONDON


class SentMessage(BaseModel):
    """One message. `state` is what became of it, `not_read_yet` before intake has read it; `times` how often it was sent;
    `waits_for`: `reading`, `repair` (nobody could read it) or `assessment`, empty when nothing of it waits."""

    receipt_id: str
    received_at: datetime
    size: int
    state: str
    times: int
    waits_for: str


class StatementAnswer(Answer):
    """`over`: the day had ended when this was made. `counts` are messages by state, `waiting` by what they wait for.
    `outcomes` counts what this sender was to be told that day, `outcomes_undelivered` those of all days that were given up."""

    sender: str
    day: date
    over: bool
    messages: list[SentMessage]
    sent: int
    bytes: int
    counts: dict[str, int]
    waiting: dict[str, int]
    outcomes: int
    outcomes_undelivered: int


def statement(at: Snapshot, sender: str, day: date) -> StatementAnswer:
    """The statement of a sender for a London day; of one who sent nothing, that nothing is held."""
    begin, end = _instant(day), _instant(day + timedelta(days=1))
    rows = at.db.execute(
        "SELECT receipt_id, received_at, size FROM received WHERE sender = ? AND received_at >= ? AND received_at < ? "
        "AND repair_of = '' ORDER BY received_at, receipt_id",
        (sender, as_text(begin), as_text(end)),
    ).fetchall()
    messages = [_message(at, *row) for row in rows]
    outcomes = at.db.execute(
        "SELECT count(*) FROM outbound WHERE recipient = ? AND json_extract(record, '$.kind') = 'outcome' "
        "AND datetime(json_extract(record, '$.at')) >= datetime(?) AND datetime(json_extract(record, '$.at')) < datetime(?)",
        (sender, as_text(begin), as_text(end)),
    ).fetchone()[0]
    given_up = at.db.execute(
        "SELECT count(*) FROM undelivered WHERE recipient = ? AND state = 'undelivered'", (sender,)
    ).fetchone()[0]
    return StatementAnswer(
        as_of=at.now, behind_records=at.behind_records, sender=sender, day=day, over=at.now >= end, messages=messages,
        sent=len(messages), bytes=sum(one.size for one in messages), counts=_counted(one.state for one in messages),
        waiting=_counted(one.waits_for for one in messages if one.waits_for), outcomes=outcomes,
        outcomes_undelivered=given_up,
    )  # fmt: skip


def _message(at: Snapshot, receipt_id: str, received_at: datetime, size: int) -> SentMessage:
    disposition = at.disposition(receipt_id)
    if disposition is None:
        state, times, waits_for = "not_read_yet", 1, "reading"
    else:
        state, times = disposition.disposition, disposition.deliveries
        held = [case for contact in contacts_of(at, disposition) if (case := at.case(contact)) is not None]
        open_ones = any(one.case.current.evidence is None and not one.case.summary.became for one in held)
        waits_for = "repair" if state == "quarantined" else "assessment" if open_ones and state != "duplicate" else ""
    return SentMessage(
        receipt_id=receipt_id, received_at=received_at, size=size, state=state, times=times, waits_for=waits_for
    )


def _counted(words: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(words).items()))


def _instant(day: date) -> datetime:
    return datetime.combine(day, time(), LONDON).astimezone(UTC)
