"""The auditor's notes: ids and digests of every record in a temporary SQLite file, so that memory stays bounded.

The file is private to the connection and already deleted in the file system, so nothing is left behind even by
`kill -9`. Rows are only appended while the log is read; indexes are built once, after, which is the fast order. It
holds ids, codes, times, digests and the names of allocated workers; nothing about a child.
"""

import sqlite3
from collections.abc import Iterator
from typing import Any

#: `seq` is the order of reading, which within a partition is the order of the log. `t`, `p`, `o`: topic (its place
#: in `notes.TOPICS`), partition, offset. `ts`: the broker's append time in milliseconds. Times in microseconds.
_TABLES = {
    "journal": "receipt, agency, line",
    "received": "receipt, sender, agency, at, digest, repair_of, t, p, o, ts",
    "disposition": "receipt, version, kind, duplicate_of, repaired_by, received_at, digest, t, p, o, ts",
    "disposition_contact": "receipt, version, contact, t, p, o, ts",
    "disposition_event": "receipt, version, event, t, p, o, ts",
    "contact": "contact, version, receipt, received_at, digest, t, p, o, ts",
    "event": "contact, type, event, at, happened_at, happened_on, receipt, problem, named, level, reason, moved,"
    " number, kind, repairs, repaired_at, worker, digest, t, p, o, ts",
    # A `linked` or `unlinked` event, or an allocation that a link (`moved`) or its undoing (`given back`) made.
    "link": "contact, event, type, link, sure, t, p, o, ts",
    "became": "child, parent, event",
    "flag": "flag, contact, clock, opening, state, result, started_at, due_at, evidence, digest, t, p, o, ts",
    "item": "item, kind, recipient, contact, version, receipt, digest, t, p, o, ts",
    "quarantine": "receipt, digest, t, p, o, ts",
    "undecodable": "digest, why, t, p, o, ts",
    "dead_letter": "topic, partition, offset, digest, t, p, o, ts",
    "refused_tick": "t, p, o",
}

_INDEXES = (
    # One row for each message: its first delivery decides when it arrived.
    "CREATE TABLE message AS SELECT receipt, sender, agency, at, digest, t, p, o, ts, min(seq) AS seq, count(*) AS n,"
    " count(DISTINCT digest) + count(DISTINCT sender) - 1 AS contents FROM received WHERE repair_of = '' GROUP BY receipt",
    "CREATE UNIQUE INDEX message_id ON message (receipt)",
    "CREATE INDEX repair_id ON received (repair_of) WHERE repair_of <> ''",
    "CREATE INDEX repair_own ON received (receipt) WHERE repair_of <> ''",
    "CREATE INDEX disposition_id ON disposition (receipt, version)",
    "CREATE INDEX disposition_contact_id ON disposition_contact (contact, receipt)",
    "CREATE INDEX disposition_contact_own ON disposition_contact (receipt, version)",
    "CREATE INDEX contact_id ON contact (contact, version)",
    "CREATE INDEX event_id ON event (event, digest)",
    "CREATE INDEX event_contact ON event (contact, seq)",
    "CREATE INDEX link_contact ON link (contact, type, link)",
    "CREATE INDEX became_child ON became (child)",
    "CREATE INDEX flag_contact ON flag (contact, seq)",
    "CREATE INDEX item_contact ON item (contact, version, recipient)",
    "CREATE INDEX item_id ON item (item, digest)",
    "CREATE INDEX quarantine_id ON quarantine (receipt)",
    "CREATE INDEX dead_letter_place ON dead_letter (topic, partition, offset)",
)

#: Rows kept in memory before they are written.
_BUFFERED = 5000


class Spill:
    """Append rows, then `index()`, then ask. Not for use by two threads."""

    def __init__(self) -> None:
        # An empty name is SQLite's own temporary file: unlinked at once, and used only when the cache is full.
        self._db = sqlite3.connect("", isolation_level=None)
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-65536", "temp_store=FILE"):
            self._db.execute(f"PRAGMA {pragma}")
        self._rows: dict[str, list[tuple[Any, ...]]] = {}
        self._insert: dict[str, str] = {}
        self._waiting = 0
        for table, columns in _TABLES.items():
            self._db.execute(f"CREATE TABLE {table} (seq INTEGER PRIMARY KEY, {columns})")
            self._rows[table] = []
            places = ",".join("?" * len(columns.split(",")))
            self._insert[table] = f"INSERT INTO {table} ({columns}) VALUES ({places})"

    def add(self, table: str, row: tuple[Any, ...]) -> None:
        """Note one row; its values are in the order of the table's columns."""
        self._rows[table].append(row)
        self._waiting += 1
        if self._waiting >= _BUFFERED:
            self._write()

    def _write(self) -> None:
        self._db.execute("BEGIN")
        for table, rows in self._rows.items():
            if rows:
                self._db.executemany(self._insert[table], rows)
                rows.clear()
        self._db.execute("COMMIT")
        self._waiting = 0

    def index(self) -> None:
        """Everything is noted: make it ready for questions."""
        self._write()
        for statement in _INDEXES:
            self._db.execute(statement)
        self._db.execute("ANALYZE")

    def ask(self, question: str, *values: object) -> Iterator[tuple[Any, ...]]:
        """The rows of a question, one by one."""
        return self._db.execute(question, values)

    def number(self, question: str, *values: object) -> int:
        """The one number of a question."""
        return int(self._db.execute(question, values).fetchone()[0] or 0)

    def close(self) -> None:
        """Forget everything."""
        self._db.close()
