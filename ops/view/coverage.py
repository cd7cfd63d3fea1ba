"""When the hub is known to have been running: the ticks' intervals of each partition, merged.

A tick vouches for the time between its `covers_since` and its `at`. Intervals that touch, or leave a gap of at most a
minute, are one. The result does not depend on the order in which ticks are read, nor on reading one twice.
"""

import sqlite3
from datetime import datetime, timedelta

from ops.view.same_day import Ticked
from ops.view.times import as_text

BRIDGED_GAP = timedelta(seconds=60)


def add_tick(db: sqlite3.Connection, partition: int, since: datetime, until: datetime) -> None:
    """Merge one tick's interval into what its partition has."""
    since = min(since, until)
    low, high = as_text(since - BRIDGED_GAP), as_text(until + BRIDGED_GAP)
    touching = db.execute(
        "SELECT since, until FROM coverage WHERE partition = ? AND until >= ? AND since <= ?", (partition, low, high)
    ).fetchall()
    starts = [as_text(since), *(row[0] for row in touching)]
    ends = [as_text(until), *(row[1] for row in touching)]
    db.executemany("DELETE FROM coverage WHERE partition = ? AND since = ?", [(partition, row[0]) for row in touching])
    db.execute("INSERT INTO coverage (partition, since, until) VALUES (?, ?, ?)", (partition, min(starts), max(ends)))


def ticked(db: sqlite3.Connection, partition: int, limit: datetime) -> Ticked:
    """What the ticks of a partition say of a limit."""
    text = as_text(limit)
    covered = db.execute(
        "SELECT 1 FROM coverage WHERE partition = ? AND since <= ? AND until >= ?", (partition, text, text)
    ).fetchone()
    passed = db.execute("SELECT 1 FROM coverage WHERE partition = ? AND until >= ?", (partition, text)).fetchone()
    return Ticked(covered=covered is not None, passed=passed is not None)
