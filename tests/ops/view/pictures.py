"""Every answer a folded file can give, as JSON, to compare two files by."""

import sqlite3
from datetime import UTC, datetime
from typing import Any

from ops.view.board import board
from ops.view.find import find
from ops.view.flags import flags
from ops.view.quarantine import quarantine, quarantined
from ops.view.receipts import receipt_answer
from ops.view.snapshot import Snapshot
from ops.view.story import story
from ops.view.team import team
from ops.view.unassessed import unassessed

from .days import FRIDAY, KEY, SATURDAY, london

#: Saturday, half an hour after the small day.
AFTER = london("00:30", SATURDAY).astimezone(UTC)


def picture_of(db: sqlite3.Connection, now: datetime = AFTER, behind: int | None = 0) -> Snapshot:
    """A snapshot on an open connection."""
    return Snapshot(db, now, behind, KEY)


def everything(at: Snapshot) -> dict[str, Any]:
    """Every question there is, asked of every id the file knows."""
    ids = "SELECT contact_id FROM case_events UNION SELECT contact_id FROM contacts UNION SELECT contact_id FROM flags"
    receipts = "SELECT receipt_id FROM received UNION SELECT receipt_id FROM dispositions"
    contacts = sorted(row[0] for row in at.db.execute(ids))
    answers: dict[str, Any] = {
        "board": board(at, 1000),
        "flags": flags(at, None, 1000),
        "quarantine": quarantine(at),
        "team": team(at, "front-door"),
        **{f"day {day}": unassessed(at, day) for day in (FRIDAY, SATURDAY)},
        **{f"case {contact_id}": story(at, contact_id) for contact_id in contacts},
        **{f"find {text}": find(at, text) for text in ("msg-1 ", "elm-1.JSON", "key-1")},
    }
    for (receipt_id,) in at.db.execute(receipts).fetchall():
        answers[f"receipt {receipt_id}"] = receipt_answer(at, receipt_id)
        answers[f"quarantined {receipt_id}"] = quarantined(at, receipt_id)
    return {name: answer.model_dump(mode="json") if answer else None for name, answer in sorted(answers.items())}
