"""Folding: each record of the log into the view's tables.

Every row is keyed by what the log says identifies it, and the first copy wins, so a record read twice changes nothing.
A contact's case is worked out from all its events, so it does not matter which topic was read first.
"""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ops.view.case_summary import case_of, risk_rank
from ops.view.coverage import add_tick
from ops.view.times import as_text
from schemas.allocation import AllocationEvent
from schemas.case_event import CaseEvent
from schemas.catalogue import AGENCIES, codec
from schemas.contact import Contact
from schemas.delivery import Delivery
from schemas.disposition import Disposition
from schemas.flag import Flag
from schemas.identity import keyed_hash
from schemas.linkage import Link, LinkReview
from schemas.london import civil_date
from schemas.narrative import Narrative
from schemas.outbound import OutboundItem
from schemas.person import Person
from schemas.received import Received
from schemas.wire import Undecodable

#: What the view reads; everything that people ask about.
FOLDED_TOPICS = (
    *(f"received.{agency}" for agency in AGENCIES),
    "receipts", "contacts", "case-events", "allocation-in", "flags", "links", "link-reviews", "narratives", "quarantine",
    *(f"outbound.{agency}" for agency in AGENCIES), "deliveries",
)  # fmt: skip

_ERROR_HEADERS = "__connect.errors."
#: How far a tick may be ahead of its record's append time, in milliseconds.
_TICK_AHEAD_MS = 5000


@dataclass(frozen=True, slots=True)
class Logged:
    """One record of the log with its place. `appended_ms` is the broker's append time, Unix milliseconds."""

    topic: str
    partition: int
    offset: int
    value: bytes | None
    appended_ms: int = 0
    headers: tuple[tuple[str, bytes | None], ...] = ()


class Fold:
    """Folds batches; each batch and the offsets after it are one transaction. Under a `stepped` clock a tick may be
    ahead of the broker's time."""

    def __init__(self, db: sqlite3.Connection, hash_key: str, *, stepped: bool) -> None:
        self._db = db
        self._stepped = stepped
        self._key = hash_key.encode()
        self._touched: set[str] = set()
        self._rules: dict[str, Callable[[Logged, Any], None]] = {
            "receipts": self._disposition, "contacts": self._contact, "case-events": self._case_event,
            "allocation-in": self._allocation, "flags": self._flag, "narratives": self._narrative,
            "links": self._link, "link-reviews": self._review,
            "quarantine": self._quarantined, "deliveries": self._delivery,
            **{f"received.{agency}": self._received for agency in AGENCIES},
            **{f"outbound.{agency}": self._outbound for agency in AGENCIES},
        }  # fmt: skip

    def batch(self, records: Sequence[Logged], ends: Iterable[tuple[str, int, int]] = ()) -> None:
        """Fold the records, then move to the offset after each; `ends` are (topic, partition, offset) reached with
        nothing to fold before them. Either all of it is kept or none."""
        reached: dict[tuple[str, int], tuple[int, int]] = {(t, p): (offset, 0) for t, p, offset in ends}
        self._db.execute("BEGIN IMMEDIATE")
        try:
            for record in records:
                self._one(record)
                place = (record.topic, record.partition)
                next_offset = max(record.offset + 1, reached.get(place, (0, 0))[0])
                reached[place] = (next_offset, record.appended_ms)
            self._work_out_touched()
            self._move(reached)
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        finally:
            self._touched.clear()
        self._db.execute("COMMIT")

    def _move(self, reached: dict[tuple[str, int], tuple[int, int]]) -> None:
        self._db.executemany(
            "INSERT INTO offsets (topic, partition, next_offset, appended_ms) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (topic, partition) DO UPDATE SET next_offset = excluded.next_offset, "
            "appended_ms = max(appended_ms, excluded.appended_ms)",
            [(topic, partition, offset, ms) for (topic, partition), (offset, ms) in reached.items()],
        )

    def _one(self, logged: Logged) -> None:
        rule = self._rules[logged.topic]
        try:
            record = codec(logged.topic).decode(logged.value)
        except Undecodable as problem:
            self._insert(
                "undecodable", topic=logged.topic, partition=logged.partition, offset=logged.offset,
                why=str(problem), errors=json.dumps(_errors(logged)),
            )  # fmt: skip
            return
        rule(logged, record)

    def _insert(self, table: str, **values: object) -> bool:
        names, marks = ", ".join(values), ", ".join("?" * len(values))
        cursor = self._db.execute(
            f"INSERT INTO {table} ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING", tuple(values.values())
        )
        return cursor.rowcount > 0

    def _received(self, logged: Logged, record: Received) -> None:
        repair = record.repair
        new = self._insert(
            "received", receipt_id=record.receipt_id, sender=record.sender, agency=record.agency,
            transport=record.transport, received_at=as_text(record.received_at), organisation=record.organisation,
            content_type=record.content_type, size=record.size, truncated=record.truncated,
            file_name_hash=keyed_hash(self._key, record.file_name), key_hash=keyed_hash(self._key, record.idempotency_key),
            repair_of=repair.of_receipt if repair else "", repaired_by=repair.by if repair else "",
            repair_reason=repair.reason if repair else "",
            topic=logged.topic, partition=logged.partition, offset=logged.offset,
        )  # fmt: skip
        # A repair is waited for by the one who made it; what waits for it is the quarantined original.
        if new and not repair and not self._exists("dispositions", record.receipt_id):
            self._insert("unread", receipt_id=record.receipt_id)

    def _exists(self, table: str, receipt_id: str) -> bool:
        found = self._db.execute(f"SELECT 1 FROM {table} WHERE receipt_id = ?", (receipt_id,)).fetchone()
        return found is not None

    def _disposition(self, logged: Logged, record: Disposition) -> None:
        self._insert(
            "dispositions", receipt_id=record.receipt_id, version=record.version, disposition=record.disposition,
            received_at=as_text(record.received_at), transport_id_hash=record.transport_id_hash,
            file_name_hash=record.file_name_hash, record=record.model_dump_json(),
        )  # fmt: skip
        self._db.execute("DELETE FROM unread WHERE receipt_id = ?", (record.receipt_id,))

    def _contact(self, logged: Logged, record: Contact) -> None:
        organisation = record.report.organisation
        self._insert(
            "contacts", contact_id=record.contact_id, version=record.version, receipt_id=record.receipt_id,
            child=child_name(record.report.person), organisation=organisation.name or organisation.code,
            record=record.model_dump_json(), partition=logged.partition, offset=logged.offset,
        )  # fmt: skip

    def _case_event(self, logged: Logged, record: CaseEvent) -> None:
        if record.type == "tick":
            if record.covers_since is not None and self._believable(logged, record.at):
                add_tick(self._db, logged.partition, record.covers_since, record.at)
            return
        new = self._insert(
            "case_events", event_id=record.event_id, contact_id=record.contact_id, type=record.type,
            at=as_text(record.at), record=record.model_dump_json(), partition=logged.partition, offset=logged.offset,
        )  # fmt: skip
        if new:
            self._touched.add(record.contact_id)

    def _believable(self, logged: Logged, at: datetime) -> bool:
        # A tick ahead of the broker's own time vouches for what has not happened.
        return self._stepped or at.timestamp() * 1000 <= logged.appended_ms + _TICK_AHEAD_MS

    def _allocation(self, logged: Logged, record: AllocationEvent) -> None:
        if record.type == "tick":
            return
        if record.type in ("rota_set", "rota_removed"):
            self._insert(
                "rota", event_id=record.event_id, team=record.team, record=record.model_dump_json(),
                partition=logged.partition, offset=logged.offset,
            )  # fmt: skip
        self._insert(
            "allocation_events", event_id=record.event_id, record=record.model_dump_json(),
            partition=logged.partition, offset=logged.offset,
        )  # fmt: skip
        for contact_id in record.contact_ids:
            self._insert("allocation_contacts", contact_id=contact_id, event_id=record.event_id)

    def _flag(self, logged: Logged, record: Flag) -> None:
        text = record.model_dump_json()
        self._insert(
            "flags", flag_id=record.flag_id, digest=hashlib.sha256(text.encode()).hexdigest(),
            contact_id=record.contact_id, record=text, partition=logged.partition, offset=logged.offset,
        )  # fmt: skip

    def _link(self, logged: Logged, record: Link) -> None:
        new = self._insert(
            "links", link_id=record.link_id, contact_id=record.contact_id, record=record.model_dump_json(),
            partition=logged.partition, offset=logged.offset,
        )  # fmt: skip
        if new:
            self._db.execute(
                "INSERT OR REPLACE INTO story_of (contact_id, story_id, hidden) VALUES (?, ?, ?)",
                (record.contact_id, record.story_id, record.hidden),
            )

    def _review(self, logged: Logged, record: LinkReview) -> None:
        if self._insert("reviews", review_id=record.review_id, partition=logged.partition, offset=logged.offset):
            self._db.execute(
                "INSERT OR REPLACE INTO last_reviews (contact_id, state, opened_at, record) VALUES (?, ?, ?, ?)",
                (record.contact_id, record.state, as_text(record.opened_at), record.model_dump_json()),
            )

    def _narrative(self, logged: Logged, record: Narrative) -> None:
        self._insert(
            "narratives", narrative_id=record.narrative_id, about=record.about, record=record.model_dump_json(),
            partition=logged.partition, offset=logged.offset,
        )  # fmt: skip

    def _quarantined(self, logged: Logged, record: Received) -> None:
        self._insert(
            "quarantine", partition=logged.partition, offset=logged.offset, receipt_id=record.receipt_id,
            errors=json.dumps(_errors(logged)),
            record=record.model_dump_json(exclude={"body", "file_name", "idempotency_key"}),
        )  # fmt: skip

    def _outbound(self, logged: Logged, record: OutboundItem) -> None:
        # What was sent stays on its topic; that it was sent, to whom and of what kind is the story.
        self._insert(
            "outbound", item_id=record.item_id, contact_id=record.contact_id, recipient=record.recipient,
            record=record.model_dump_json(exclude={"contact"}),
            topic=logged.topic, partition=logged.partition, offset=logged.offset,
        )  # fmt: skip

    def _delivery(self, logged: Logged, record: Delivery) -> None:
        new = self._insert(
            "deliveries", item_id=record.item_id, round=record.round, settled=record.settled, attempts=record.attempts,
            state=record.state, contact_id=record.contact_id, record=record.model_dump_json(),
        )  # fmt: skip
        if not new:
            return
        newest = delivery_now(self._db, record.item_id)
        assert newest is not None
        if newest.state == "delivered":
            self._db.execute("DELETE FROM undelivered WHERE item_id = ?", (record.item_id,))
            return
        (since,) = self._db.execute(
            "SELECT min(json_extract(record, '$.since')) FROM deliveries WHERE item_id = ?", (record.item_id,)
        ).fetchone()
        self._db.execute(
            "INSERT OR REPLACE INTO undelivered (item_id, state, agency, recipient, since) VALUES (?, ?, ?, ?, ?)",
            (record.item_id, newest.state, newest.agency, newest.recipient, as_text(datetime.fromisoformat(since))),
        )

    def _work_out_touched(self) -> None:
        for contact_id in sorted(self._touched):
            rows = self._db.execute(
                "SELECT record, partition, at FROM case_events WHERE contact_id = ? ORDER BY offset", (contact_id,)
            ).fetchall()
            case = case_of([CaseEvent.model_validate_json(row[0]) for row in rows])
            self._db.execute("DELETE FROM unopened WHERE contact_id = ?", (contact_id,))
            if case is None:
                self._insert("unopened", contact_id=contact_id, first_at=min(row[2] for row in rows))
                continue
            current = case.current
            self._db.execute(
                "INSERT OR REPLACE INTO cases (contact_id, kind, risk_rank, waiting, started_at, due_at, partition, "
                "record) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    contact_id, case.summary.kind, risk_rank(case.summary.risk), current.waiting,
                    as_text(current.started_at), as_text(current.due_at), rows[0][1], case.model_dump_json(),
                ),
            )  # fmt: skip
            held, gone = case.summary, case.summary.ended is not None or bool(case.summary.became)
            self._db.execute(
                "INSERT OR REPLACE INTO held (contact_id, team, worker, worker_id, open) VALUES (?, ?, ?, ?, ?)",
                (contact_id, held.team, held.worker, held.worker_id, not gone),
            )
            for run in case.openings:
                self._insert(
                    "openings", contact_id=contact_id, number=run.number, day=civil_date(run.started_at).isoformat()
                )


def delivery_now(db: sqlite3.Connection, item_id: str) -> Delivery | None:
    """How an item stands on its way, by its record of the highest rank; None while it has none."""
    row = db.execute(
        "SELECT record FROM deliveries WHERE item_id = ? ORDER BY round DESC, settled DESC, attempts DESC LIMIT 1", (item_id,)
    ).fetchone()
    return Delivery.model_validate_json(row[0]) if row else None


def child_name(person: Person) -> str:
    """A child's name as people at the front door say it."""
    name = " ".join(part for part in (person.given, person.family) if part) or person.known_as
    if name:
        return name
    return "unborn child" if person.unborn else "name not given"


def _errors(logged: Logged) -> dict[str, str]:
    """Kafka Connect's error headers, without their common prefix. Whoever wrote them put no personal data there."""
    return {
        name.removeprefix(_ERROR_HEADERS): (value or b"").decode("utf-8", "replace")
        for name, value in logged.headers
        if name.startswith(_ERROR_HEADERS)
    }
