"""Forgetting what the log has forgotten: the view must not remember children longer than the topics do."""

import sqlite3
from collections.abc import Mapping

#: Tables of topics that hold personal data, and the topic of each that has one.
_OF_ONE_TOPIC = {"contacts": "contacts", "narratives": "narratives", "quarantine": "quarantine"}
_OF_SEVERAL = ("received", "outbound", "undecodable")


def forget(db: sqlite3.Connection, beginnings: Mapping[tuple[str, int], int]) -> None:
    """Remove rows folded from records that lie before the oldest one left in their (topic, partition)."""
    for (topic, partition), first in beginnings.items():
        if topic in _OF_ONE_TOPIC:
            table = _OF_ONE_TOPIC[topic]
            db.execute(f"DELETE FROM {table} WHERE partition = ? AND offset < ?", (partition, first))
        for table in _OF_SEVERAL:
            db.execute(f"DELETE FROM {table} WHERE topic = ? AND partition = ? AND offset < ?", (topic, partition, first))
    # Deleted rows are overwritten in the file; this does the same for the copies in the write-ahead log.
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
