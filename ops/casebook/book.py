"""The case book: the contacts, case events and flags of a log, found again contact by contact.

Records lie in a temporary SQLite file that only its owner may read and that is gone when the book is closed, so memory
does not grow with the log. A record that stands on the log twice counts once.
"""

import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ops.audit.coverage import Coverage
from ops.audit.decoding import Unreadable, decoder_of, digest
from ops.audit.london_day import instant, micros
from schemas.case_event import CaseEvent
from schemas.catalogue import codec
from schemas.contact import Contact
from schemas.flag import Flag
from schemas.wire import Undecodable

#: What a book is made of.
TOPICS = ("contacts", "case-events", "flags")

_TABLES = """
CREATE TABLE contact (id TEXT, version INTEGER, value BLOB, PRIMARY KEY (id, version));
CREATE TABLE event (id TEXT PRIMARY KEY, contact TEXT, partition INTEGER, offset INTEGER, value BLOB);
CREATE INDEX event_by_contact ON event (contact, offset);
CREATE TABLE flag (id TEXT, digest BLOB, contact TEXT, partition INTEGER, offset INTEGER, value BLOB,
    PRIMARY KEY (id, digest));
CREATE INDEX flag_by_contact ON flag (contact, offset);
"""


@dataclass(frozen=True, slots=True)
class PlacedFlag:
    """One state of a flag, with its place on `flags`."""

    flag: Flag
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Story:
    """One contact. `contact` is its newest version, None where the log holds none (an unreadable message, or content
    that has expired). `events` and `flags` are in log order; `partition` is the one whose ticks tell its time."""

    contact_id: str
    contact: Contact | None
    events: Sequence[CaseEvent]
    flags: Sequence[PlacedFlag]
    partition: int

    @property
    def opening(self) -> CaseEvent | None:
        """The event that opened it; None for a contact that events name and that never came."""
        return next((event for event in self.events if event.opened is not None), None)

    @property
    def arrived_at(self) -> datetime | None:
        """When its message reached the hub."""
        return self.opening.at if self.opening is not None else None


class CaseBook:
    """Take records in the order of each partition, then ask. `unreadable` counts records of each topic that no schema
    fits. `stepped`: a driver owns the time, so that ticks may be ahead of the broker's."""

    def __init__(self, *, stepped: bool = False) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="frontdoor-casebook-"))
        self._db = sqlite3.connect(self._folder / "book.sqlite", isolation_level=None)
        self._db.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA temp_store = FILE; BEGIN;" + _TABLES)
        self._coverage = Coverage(stepped=stepped)
        self.unreadable: Counter[str] = Counter()
        self._refused: set[bytes] = set()

    def __enter__(self) -> "CaseBook":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Forget everything."""
        self._db.close()
        with suppress(OSError):
            shutil.rmtree(self._folder)

    def take(
        self, topic: str, partition: int, offset: int, appended_ms: int, value: bytes | None, _headers: Callable[[], Any]
    ) -> None:
        """Keep one record of the log."""
        try:
            plain, content = decoder_of(topic).decode(value)
        except Unreadable:
            self.unreadable[topic] += 1
            return
        if topic == "contacts":
            self._add("contact", plain["contact_id"], plain["version"], value)
        elif topic == "flags":
            self._add("flag", plain["flag_id"], digest(content), plain["contact_id"], partition, offset, value)
        elif topic == "case-events":
            if plain["type"] == "tick":
                self._coverage.add(partition, plain["at"], plain["covers_since"], appended_ms, offset)
                return
            self._add("event", plain["event_id"], plain["contact_id"], partition, offset, value)

    def stories(self) -> Iterator[Story]:
        """Every contact that an event names, by id."""
        for contact_id, partition in self._db.execute(
            "SELECT contact, min(partition) FROM event GROUP BY contact ORDER BY contact"
        ):
            yield self._story(contact_id, partition)

    def story(self, contact_id: str) -> Story | None:
        """One contact; None where no event names it."""
        row = self._db.execute("SELECT partition FROM event WHERE contact = ?", (contact_id,)).fetchone()
        return self._story(contact_id, row[0]) if row else None

    def size(self) -> int:
        """How many contacts events name."""
        return int(self._db.execute("SELECT count(DISTINCT contact) FROM event").fetchone()[0])

    def flagged(self) -> Iterator[Story]:
        """Every contact that has a flag, by id."""
        for contact_id, partition in self._db.execute(
            "SELECT contact, min(partition) FROM flag GROUP BY contact ORDER BY contact"
        ):
            yield self._story(contact_id, partition)

    def covered(self, partition: int, moment: datetime) -> bool:
        """Whether the hub is known to have been running at that moment."""
        return self._coverage.covered(partition, micros(moment))

    def ticked_to(self) -> datetime | None:
        """The latest time that a tick gave; None without one."""
        latest = self._coverage.latest()
        return None if latest is None else instant(latest)

    def _story(self, contact_id: str, partition: int) -> Story:
        newest = self._db.execute(
            "SELECT value FROM contact WHERE id = ? ORDER BY version DESC LIMIT 1", (contact_id,)
        ).fetchone()
        events = self._db.execute("SELECT value FROM event WHERE contact = ? ORDER BY offset", (contact_id,)).fetchall()
        flags = self._db.execute("SELECT value, partition, offset FROM flag WHERE contact = ? ORDER BY offset", (contact_id,))
        decoded = [(self._decoded("flags", value), at, offset) for value, at, offset in flags.fetchall()]
        return Story(
            contact_id,
            self._decoded("contacts", newest[0]) if newest else None,
            [event for (value,) in events if (event := self._decoded("case-events", value)) is not None],
            [PlacedFlag(flag, at, offset) for flag, at, offset in decoded if flag is not None],
            partition,
        )

    def _decoded(self, topic: str, value: bytes) -> Any:
        """The record; None, and counted, where it has a value that no model allows."""
        try:
            return codec(topic).decode(value)
        except Undecodable:
            # A contact may be asked for twice; its record counts once.
            if (seen := digest(value)) not in self._refused:
                self._refused.add(seen)
                self.unreadable[topic] += 1
            return None

    def _add(self, table: str, *values: object) -> None:
        self._db.execute(f"INSERT OR IGNORE INTO {table} VALUES ({', '.join('?' * len(values))})", values)
