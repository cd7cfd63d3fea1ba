"""The view's SQLite file: its tables, how it is opened, and when it must be built again.

Everything in it comes from the log and can be thrown away. It names children, so only its owner may read it and what
is deleted is overwritten. Rows folded from the log carry the partition and offset they came from.
"""

import hashlib
import os
import sqlite3
from pathlib import Path

from schemas.identity import keyed_hash
from schemas.settings import Settings

#: Raise when the same log must fold into something else although the tables look the same.
_FOLD_VERSION = 1

_TABLES = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE offsets (topic TEXT, partition INTEGER, next_offset INTEGER NOT NULL, appended_ms INTEGER NOT NULL,
    PRIMARY KEY (topic, partition)) WITHOUT ROWID;
CREATE TABLE undecodable (topic TEXT, partition INTEGER, offset INTEGER, why TEXT NOT NULL, errors TEXT NOT NULL,
    PRIMARY KEY (topic, partition, offset)) WITHOUT ROWID;
CREATE TABLE coverage (partition INTEGER, since TEXT, until TEXT NOT NULL,
    PRIMARY KEY (partition, since)) WITHOUT ROWID;

CREATE TABLE received (receipt_id TEXT PRIMARY KEY, sender TEXT NOT NULL, agency TEXT NOT NULL, transport TEXT NOT NULL,
    received_at TEXT NOT NULL, organisation TEXT NOT NULL, content_type TEXT NOT NULL, size INTEGER NOT NULL,
    truncated INTEGER NOT NULL, file_name_hash TEXT NOT NULL, key_hash TEXT NOT NULL, repair_of TEXT NOT NULL,
    repaired_by TEXT NOT NULL, repair_reason TEXT NOT NULL,
    topic TEXT NOT NULL, partition INTEGER NOT NULL, offset INTEGER NOT NULL);
CREATE INDEX received_by_sender ON received (sender, received_at);
CREATE INDEX received_by_file ON received (file_name_hash);
CREATE INDEX received_by_key ON received (key_hash);
CREATE INDEX received_by_repair ON received (repair_of) WHERE repair_of <> '';
CREATE TABLE unread (receipt_id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE dispositions (receipt_id TEXT, version INTEGER, disposition TEXT NOT NULL, received_at TEXT NOT NULL,
    transport_id_hash TEXT NOT NULL, file_name_hash TEXT NOT NULL, record TEXT NOT NULL,
    PRIMARY KEY (receipt_id, version)) WITHOUT ROWID;
CREATE INDEX dispositions_by_transport_id ON dispositions (transport_id_hash);
CREATE INDEX dispositions_by_file ON dispositions (file_name_hash);

CREATE TABLE contacts (contact_id TEXT, version INTEGER, receipt_id TEXT NOT NULL, child TEXT NOT NULL,
    organisation TEXT NOT NULL, record TEXT NOT NULL, partition INTEGER NOT NULL, offset INTEGER NOT NULL,
    PRIMARY KEY (contact_id, version)) WITHOUT ROWID;
CREATE TABLE case_events (event_id TEXT PRIMARY KEY, contact_id TEXT NOT NULL, type TEXT NOT NULL, at TEXT NOT NULL,
    record TEXT NOT NULL, partition INTEGER NOT NULL, offset INTEGER NOT NULL);
CREATE INDEX case_events_by_contact ON case_events (contact_id, offset);
CREATE INDEX assessments ON case_events (at) WHERE type = 'risk_assessed';
CREATE INDEX allocations ON case_events (at) WHERE type = 'allocated';

-- Worked out from one contact's events each time one of them arrives. No source of its own.
CREATE TABLE cases (contact_id TEXT PRIMARY KEY, kind TEXT NOT NULL, risk_rank INTEGER NOT NULL,
    waiting INTEGER NOT NULL, started_at TEXT NOT NULL, due_at TEXT NOT NULL, partition INTEGER NOT NULL,
    record TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX cases_waiting ON cases (waiting, due_at);
CREATE TABLE openings (contact_id TEXT, number INTEGER, day TEXT NOT NULL,
    PRIMARY KEY (contact_id, number)) WITHOUT ROWID;
CREATE INDEX openings_by_day ON openings (day);
CREATE TABLE held (contact_id TEXT PRIMARY KEY, team TEXT NOT NULL, worker TEXT NOT NULL, worker_id TEXT NOT NULL,
    open INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX held_open ON held (team) WHERE open;
CREATE TABLE unopened (contact_id TEXT PRIMARY KEY, first_at TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE flags (flag_id TEXT, digest TEXT, contact_id TEXT NOT NULL, record TEXT NOT NULL,
    partition INTEGER NOT NULL, offset INTEGER NOT NULL, PRIMARY KEY (flag_id, digest)) WITHOUT ROWID;
CREATE INDEX flags_by_contact ON flags (contact_id);
CREATE TABLE links (link_id TEXT PRIMARY KEY, contact_id TEXT NOT NULL, record TEXT NOT NULL,
    partition INTEGER NOT NULL, offset INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX links_by_contact ON links (contact_id, offset);
CREATE TABLE reviews (review_id TEXT PRIMARY KEY, partition INTEGER NOT NULL, offset INTEGER NOT NULL) WITHOUT ROWID;
-- What the last link and the last review of each contact say. No sources of their own.
CREATE TABLE story_of (contact_id TEXT PRIMARY KEY, story_id TEXT NOT NULL, hidden INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX contacts_of_story ON story_of (story_id);
CREATE TABLE last_reviews (contact_id TEXT PRIMARY KEY, state TEXT NOT NULL, opened_at TEXT NOT NULL, record TEXT NOT NULL)
    WITHOUT ROWID;
CREATE INDEX reviews_waiting ON last_reviews (state, opened_at);
CREATE TABLE narratives (narrative_id TEXT PRIMARY KEY, about TEXT NOT NULL, record TEXT NOT NULL,
    partition INTEGER NOT NULL, offset INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX narratives_by_subject ON narratives (about);
CREATE TABLE quarantine (partition INTEGER, offset INTEGER, receipt_id TEXT NOT NULL, errors TEXT NOT NULL,
    record TEXT NOT NULL, PRIMARY KEY (partition, offset)) WITHOUT ROWID;
CREATE INDEX quarantine_by_receipt ON quarantine (receipt_id);
CREATE TABLE outbound (item_id TEXT PRIMARY KEY, contact_id TEXT NOT NULL, recipient TEXT NOT NULL, record TEXT NOT NULL,
    topic TEXT NOT NULL, partition INTEGER NOT NULL, offset INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX outbound_by_contact ON outbound (contact_id);
CREATE INDEX outbound_by_recipient ON outbound (topic, recipient, partition, offset);
CREATE TABLE deliveries (item_id TEXT, round INTEGER, settled INTEGER, attempts INTEGER, state TEXT NOT NULL,
    contact_id TEXT NOT NULL, record TEXT NOT NULL, PRIMARY KEY (item_id, round, settled, attempts)) WITHOUT ROWID;
CREATE INDEX deliveries_by_contact ON deliveries (contact_id);
-- The record of each item that counts, if it is not delivered. No source of its own.
CREATE TABLE undelivered (item_id TEXT PRIMARY KEY, state TEXT NOT NULL, agency TEXT NOT NULL, recipient TEXT NOT NULL,
    since TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE allocation_events (event_id TEXT PRIMARY KEY, record TEXT NOT NULL,
    partition INTEGER NOT NULL, offset INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE rota (event_id TEXT PRIMARY KEY, team TEXT NOT NULL, record TEXT NOT NULL,
    partition INTEGER NOT NULL, offset INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX rota_of_team ON rota (team, offset);
CREATE TABLE allocation_contacts (contact_id TEXT, event_id TEXT, PRIMARY KEY (contact_id, event_id)) WITHOUT ROWID;
"""


def view_file(settings: Settings) -> Path:
    """Where a run's view is kept."""
    return settings.run_dir / "view.sqlite"


def fingerprint(hash_key: str) -> str:
    """What the file's content depends on besides the log: tables, fold, and the key of the keyed hashes."""
    key = keyed_hash(hash_key.encode(), "view")
    return hashlib.sha256(f"{_FOLD_VERSION} {key} {_TABLES}".encode()).hexdigest()


def open_store(path: Path, hash_key: str) -> sqlite3.Connection:
    """The file, ready to be folded into; one that another version wrote, or that is no database, is replaced."""
    wanted = fingerprint(hash_key)
    if path.exists() and _fingerprint_of(path) != wanted:
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA journal_mode = WAL")
    # A lost last transaction is folded again: it held the offsets too.
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute("PRAGMA secure_delete = ON")
    db.execute("PRAGMA busy_timeout = 5000")
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'facts'").fetchone():
        db.execute("BEGIN IMMEDIATE")
        _create_tables(db, wanted)
        db.execute("COMMIT")
    return db


def empty(db: sqlite3.Connection) -> None:
    """Throw away everything that was folded, in one transaction; readers see the old content or none."""
    wanted = fact(db, "fingerprint")
    db.execute("BEGIN IMMEDIATE")
    names = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for name in names:
        db.execute(f"DROP TABLE {name}")
    _create_tables(db, wanted)
    db.execute("COMMIT")


def open_reader(path: Path) -> sqlite3.Connection:
    """A connection that can only read, for one question; begin a transaction for one consistent picture."""
    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    db.execute("PRAGMA busy_timeout = 5000")
    return db


def fact(db: sqlite3.Connection, name: str) -> str:
    """A remembered fact about the file, or empty."""
    row = db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
    return str(row[0]) if row else ""


def remember(db: sqlite3.Connection, name: str, value: str) -> None:
    """Keep a fact about the file."""
    db.execute("INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)", (name, value))


def _create_tables(db: sqlite3.Connection, wanted: str) -> None:
    for statement in _TABLES.split(";"):
        db.execute(statement)
    remember(db, "fingerprint", wanted)


def _fingerprint_of(path: Path) -> str:
    try:
        db = sqlite3.connect(path)
        try:
            return fact(db, "fingerprint")
        finally:
            db.close()
    except sqlite3.Error:
        return ""
