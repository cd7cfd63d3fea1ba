"""The outbox: what must be told, to whom, over which channel, until it has been; and what is known to be wrong.

A small SQLite file of one run. A notice goes in once, by its id, in one transaction with the alerts that it tells of; it is
marked as sent only after the other side has taken it. So a restart forgets nothing and repeats at most what was under way,
under the same id.
"""

import json
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ops.notices.health import Health
from ops.notices.notice import Alert, Notice, Person, Told
from schemas.identity import derived_id

#: Pauses between tries double from the first to the last of these.
_FIRST_PAUSE, _LAST_PAUSE = timedelta(seconds=2), timedelta(minutes=10)
#: A sent notice's id is remembered this long: no contact stays unassessed for longer without being told of anew.
_REMEMBERED = timedelta(days=90)

_TABLES = """
CREATE TABLE IF NOT EXISTS deliveries (notice_id TEXT, channel TEXT, address TEXT, message_id TEXT NOT NULL, kind TEXT NOT NULL,
    name TEXT NOT NULL, subject TEXT NOT NULL, text TEXT NOT NULL, data TEXT NOT NULL, queued_at TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, next_try TEXT NOT NULL, sent_at TEXT,
    PRIMARY KEY (notice_id, channel, address)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS deliveries_waiting ON deliveries (channel, next_try) WHERE sent_at IS NULL;
CREATE TABLE IF NOT EXISTS alerts (alert_id TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""

_WRITTEN = "notice_id, channel, address, message_id, kind, name, subject, text, data, queued_at, next_try"


@dataclass(frozen=True)
class Delivery:
    """One notice on its way to one address. `message_id` is the same in every try."""

    notice_id: str
    channel: str
    address: str
    message_id: str
    kind: str
    name: str
    subject: str
    text: str
    data: str
    queued_at: datetime
    attempts: int


class Outbox:
    """The file. Threads may share it. `channels` are those that are configured, by name."""

    def __init__(self, path: Path, channels: Sequence[str]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self._channels = channels
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        # What was promised must survive the machine, not only the process.
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("PRAGMA busy_timeout = 5000")
        self._db.executescript(_TABLES)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def standing(self) -> dict[str, Alert]:
        """The alerts that have begun and are not over."""
        with self._lock:
            rows = self._db.execute("SELECT record FROM alerts ORDER BY alert_id").fetchall()
        found = [json.loads(text) for (text,) in rows]
        alerts = [Alert(**{**one, "to": tuple(Person(**person) for person in one["to"])}) for one in found]
        return {alert.alert_id: alert for alert in alerts}

    def take(self, told: Told, now: datetime) -> int:
        """Keep what a look led to, all or nothing; how many deliveries are new."""
        with self._transaction():
            for alert in told.begun:
                self._db.execute("INSERT OR REPLACE INTO alerts VALUES (?, ?)", (alert.alert_id, json.dumps(asdict(alert))))
            self._db.executemany("DELETE FROM alerts WHERE alert_id = ?", [(alert_id,) for alert_id in told.over])
            return self._queue(told.notices, now)

    def health(self) -> Health:
        """What is known of the hub's own trouble."""
        with self._lock:
            row = self._db.execute("SELECT value FROM facts WHERE name = 'unwell since'").fetchone()
        return Health(told=datetime.fromisoformat(row[0]) if row and row[0] else None)

    def take_health(self, health: Health, notice: Notice, now: datetime) -> None:
        """Keep what people are told of the hub's own trouble, with the notice that tells them."""
        since = health.told.isoformat() if health.told is not None else ""
        with self._transaction():
            self._db.execute("INSERT OR REPLACE INTO facts VALUES ('unwell since', ?)", (since,))
            self._queue([notice], now)

    def due(self, channel: str, now: datetime, limit: int = 20) -> list[Delivery]:
        """What a channel must try now, the longest waiting first."""
        with self._lock:
            rows = self._db.execute(
                "SELECT notice_id, channel, address, message_id, kind, name, subject, text, data, queued_at, attempts "
                "FROM deliveries WHERE channel = ? AND sent_at IS NULL AND next_try <= ? ORDER BY next_try, message_id LIMIT ?",
                (channel, _text(now), limit),
            ).fetchall()
        names = ("notice_id", "channel", "address", "message_id", "kind", "name", "subject", "text", "data")
        return [
            Delivery(**dict(zip(names, row, strict=False)), queued_at=datetime.fromisoformat(row[9]), attempts=row[10])
            for row in rows
        ]

    def sent(self, delivery: Delivery, now: datetime) -> None:
        """The other side has taken it: only its id is kept."""
        self._update(delivery, "sent_at = ?, subject = '', text = '', data = ''", _text(now))

    def failed(self, delivery: Delivery, now: datetime) -> datetime:
        """It was not taken: when it is tried again."""
        again: datetime = now + min(_LAST_PAUSE, _FIRST_PAUSE * 2 ** min(delivery.attempts, 20))
        self._update(delivery, "attempts = attempts + 1, next_try = ?", _text(again))
        return again

    def behind_others(self, delivery: Delivery, now: datetime) -> None:
        """It was not taken, perhaps because nothing is: whatever else is due is tried before it."""
        self._update(delivery, "next_try = ?", _text(now))

    def waiting(self) -> int:
        """How many deliveries have not been taken yet."""
        with self._lock:
            (count,) = self._db.execute("SELECT count(*) FROM deliveries WHERE sent_at IS NULL").fetchone()
        return int(count)

    def forget(self, now: datetime) -> None:
        """Remove what was sent long ago."""
        with self._lock:
            self._db.execute("DELETE FROM deliveries WHERE sent_at < ?", (_text(now - _REMEMBERED),))

    def _queue(self, notices: Iterable[Notice], now: datetime) -> int:
        new = 0
        for notice in notices:
            for channel, address, name in self._ways(notice):
                message_id = derived_id("delivery", notice.notice_id, channel, address)
                row = (
                    *(notice.notice_id, channel, address, message_id, notice.kind, name, notice.subject, notice.text),
                    *(json.dumps(_data_of(notice)), _text(now), _text(now)),
                )
                cursor = self._db.execute(
                    f"INSERT INTO deliveries ({_WRITTEN}) VALUES ({', '.join('?' * len(row))}) ON CONFLICT DO NOTHING", row
                )
                new += cursor.rowcount
        return new

    def _ways(self, notice: Notice) -> list[tuple[str, str, str]]:
        ways = [("webhook", "", "")] if "webhook" in self._channels else []
        if "mail" in self._channels:
            ways += [("mail", person.email, person.name) for person in dict.fromkeys(notice.to) if person.email]
        return ways

    def _update(self, delivery: Delivery, what: str, value: str) -> None:
        with self._lock:
            self._db.execute(
                f"UPDATE deliveries SET {what} WHERE notice_id = ? AND channel = ? AND address = ?",
                (value, delivery.notice_id, delivery.channel, delivery.address),
            )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """One writer at a time; all of it or nothing."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")


def _data_of(notice: Notice) -> dict[str, object]:
    people = [{"worker_id": person.worker_id, "name": person.name} for person in notice.to]
    return {"id": notice.notice_id, "type": f"frontdoor.{notice.kind}", "to": people, **notice.data}


def _text(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds")
