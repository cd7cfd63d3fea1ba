"""Which daily statements are owed to recipients and are not on the log yet. Decided by what the log holds alone.

A day's statement is owed once the ticks of every partition have passed `SENT_AT` of the next London day: a tick says that
the hub's time has come so far. Whoever asks twice at the same place of the log gets the same answer.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from pydantic import BaseModel

from ops.view.snapshot import Answer, Snapshot
from ops.view.times import as_instant
from schemas.catalogue import catalogue
from schemas.london import LONDON, civil_date

#: London time at which yesterday's statement leaves: late enough for what arrived at midnight to have been read.
SENT_AT = time(0, 30)
#: Days that are made up for after the hub stood still; who never had a statement has yesterday's first.
_MADE_UP = 31


class DueStatement(BaseModel):
    """A statement that is owed."""

    recipient: str
    day: date


class StatementsDueAnswer(Answer):
    """In the order of the recipients asked about, the oldest day first."""

    due: list[DueStatement]


def statements_due(at: Snapshot, recipients: Sequence[str]) -> StatementsDueAnswer:
    """What is owed to each of the recipients."""
    last = _last_day(at)
    due = [DueStatement(recipient=one, day=day) for one in recipients for day in _days(_newest(at, one), last)]
    return StatementsDueAnswer(as_of=at.now, behind_records=at.behind_records, due=due)


def _last_day(at: Snapshot) -> date | None:
    """The newest day whose statement may leave; None while a partition has no tick."""
    ends = [row[0] for row in at.db.execute("SELECT max(until) FROM coverage GROUP BY partition")]
    if len(ends) < catalogue().keyed_partitions:
        return None
    reached = as_instant(min(ends))
    today = civil_date(reached)
    leaves = datetime.combine(today, SENT_AT, LONDON).astimezone(UTC)
    return today - timedelta(days=1 if reached >= leaves else 2)


def _newest(at: Snapshot, recipient: str) -> date | None:
    found = at.db.execute(
        "SELECT max(json_extract(record, '$.outcome.day')) FROM outbound WHERE recipient = ? "
        "AND json_extract(record, '$.kind') = 'statement'",
        (recipient,),
    ).fetchone()[0]
    return date.fromisoformat(found) if found else None


def _days(newest: date | None, last: date | None) -> list[date]:
    if last is None:
        return []
    missing = 1 if newest is None else min((last - newest).days, _MADE_UP)
    return [last - timedelta(days=back) for back in range(missing - 1, -1, -1)]
