"""What the view has folded, counted: read from its file, but only while its process says that the file is complete.

A view that is still reading an old log would let every number rise from nothing, which looks like a flood of messages.
"""

import http.client
import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, get_args
from urllib.parse import urlsplit

from ops.endpoints import endpoint
from ops.metrics.exposition import Sample
from ops.view import PID_HEADER
from ops.view.store import open_reader, view_file
from ops.view.times import as_instant, as_text
from schemas.catalogue import AGENCIES
from schemas.disposition import DispositionKind
from schemas.flag import FlagResult, FlagState
from schemas.settings import Settings

#: Seconds for the view's answer about itself; it asks the broker itself, which may be away.
_PATIENCE = 4.0

_KINDS = ("contact", "unreadable")

Key = TypeVar("Key")

_MESSAGES = """
SELECT json_extract(record, '$.agency'), disposition, count(*) FROM dispositions WHERE version = 1 GROUP BY 1, 2"""

_UNASSESSED = """
SELECT json_extract(record, '$.summary.agency'), CASE kind WHEN 'unreadable' THEN kind ELSE 'contact' END,
    count(*), sum(due_at <= ?) FROM cases WHERE waiting GROUP BY 1, 2"""

_NEXT_LIMIT = "SELECT min(due_at) FROM cases WHERE waiting AND due_at > ?"

_FLAGS = """
SELECT json_extract(record, '$.result'), json_extract(record, '$.state'), count(*) FROM flags AS this
WHERE offset = (SELECT max(offset) FROM flags AS every WHERE every.flag_id = this.flag_id) GROUP BY 1, 2"""

_QUARANTINE = """
SELECT json_extract(record, '$.agency'), count(*), min(received_at) FROM dispositions AS this
WHERE disposition = 'quarantined'
    AND version = (SELECT max(version) FROM dispositions AS every WHERE every.receipt_id = this.receipt_id) GROUP BY 1"""

_UNREAD = "SELECT agency, count(*), min(received_at) FROM unread JOIN received USING (receipt_id) GROUP BY 1"

_UNDELIVERED = "SELECT agency, count(*), min(since) FROM undelivered WHERE state = 'undelivered' GROUP BY 1"

_TRIED_AGAIN = "SELECT agency, count(*), min(since) FROM undelivered WHERE state <> 'undelivered' GROUP BY 1"

_TICKS = "SELECT partition, max(until) FROM coverage GROUP BY partition"


@dataclass(frozen=True, slots=True)
class ViewState:
    """What the view says of itself. `behind_seconds` None: not known."""

    caught_up: bool
    behind_seconds: float | None


def view_state(settings: Settings) -> ViewState | None:
    """What the view of this run says of itself; None when it does not answer."""
    found = endpoint(settings, "view") or {}
    try:
        address = urlsplit(str(found["urls"]["http"]))
        with closing(http.client.HTTPConnection(address.hostname or "", address.port, timeout=_PATIENCE)) as connection:
            connection.request("GET", "/progress")
            answer = connection.getresponse()
            if answer.status != 200 or answer.getheader(PID_HEADER) != str(found["pid"]):
                return None
            said: dict[str, Any] = json.load(answer)
            return ViewState(bool(said["caught_up"]), said["behind_seconds"])
    except (OSError, http.client.HTTPException, ValueError, KeyError):
        return None


def view_samples(settings: Settings, now: datetime) -> list[Sample]:
    """The counts at the hub's time `now`. Raises `sqlite3.Error` when the file cannot be read."""
    with closing(open_reader(view_file(settings))) as db:
        db.execute("BEGIN")
        return [
            *_messages(db), *_unassessed(db, now), *_flags(db),
            *_waiting(db, "frontdoor_quarantine", _QUARANTINE, now), *_waiting(db, "frontdoor_unread", _UNREAD, now),
            *_waiting(db, "frontdoor_undelivered", _UNDELIVERED, now),
            *_waiting(db, "frontdoor_delivery_waiting", _TRIED_AGAIN, now),
            *_ticks(db, now), Sample("frontdoor_undecodable_records", _one(db, "SELECT count(*) FROM undecodable")),
        ]  # fmt: skip


def _messages(db: sqlite3.Connection) -> list[Sample]:
    counts = {(agency, kind): 0 for agency in AGENCIES for kind in get_args(DispositionKind)}
    for agency, kind, count in db.execute(_MESSAGES):
        _add(counts, (_agency(agency), kind), count)
    return [Sample("frontdoor_messages_total", count, labels) for labels, count in counts.items()]


def _unassessed(db: sqlite3.Connection, now: datetime) -> list[Sample]:
    waiting = {(agency, kind): 0 for agency in AGENCIES for kind in _KINDS}
    overdue = dict(waiting)
    for agency, kind, count, late in db.execute(_UNASSESSED, (as_text(now),)):
        _add(waiting, (_agency(agency), kind), count)
        _add(overdue, (_agency(agency), kind), late)
    samples = [Sample("frontdoor_unassessed", count, labels) for labels, count in waiting.items()]
    samples += [Sample("frontdoor_unassessed_overdue", count, labels) for labels, count in overdue.items()]
    nearest = _one(db, _NEXT_LIMIT, as_text(now))
    if nearest is not None:
        samples.append(Sample("frontdoor_unassessed_next_limit_timestamp_seconds", as_instant(nearest).timestamp()))
    return samples


def _flags(db: sqlite3.Connection) -> list[Sample]:
    counts = {(result, state): 0 for result in get_args(FlagResult) for state in get_args(FlagState)}
    for result, state, count in db.execute(_FLAGS):
        counts[(result, state)] = count
    return [Sample("frontdoor_flags", count, labels) for labels, count in counts.items()]


def _waiting(db: sqlite3.Connection, metric: str, query: str, now: datetime) -> list[Sample]:
    counts, ages = dict.fromkeys(AGENCIES, 0), dict.fromkeys(AGENCIES, 0.0)
    for agency, count, oldest in db.execute(query):
        _add(counts, _agency(agency), count)
        age = max(0.0, (now - as_instant(oldest)).total_seconds())
        ages[_agency(agency)] = max(ages.get(_agency(agency), 0.0), age)
    samples = [Sample(metric, count, (agency,)) for agency, count in counts.items()]
    return samples + [Sample(f"{metric}_oldest_age_seconds", age, (agency,)) for agency, age in ages.items()]


def _ticks(db: sqlite3.Connection, now: datetime) -> list[Sample]:
    return [
        Sample("frontdoor_tick_age_seconds", max(0.0, (now - as_instant(until)).total_seconds()), (str(partition),))
        for partition, until in db.execute(_TICKS)
    ]


def _agency(word: str | None) -> str:
    """A word of the closed set, whatever a record says."""
    return word if word in AGENCIES else "other"


def _add(counts: dict[Key, int], key: Key, more: int) -> None:
    counts[key] = counts.get(key, 0) + more


def _one(db: sqlite3.Connection, query: str, *values: str) -> Any:
    return db.execute(query, values).fetchone()[0]
