"""Each night by itself: the case system's contacts of the last days against the hub's, and what is in one alone on the log.

What the case system alone has becomes a contact with clocks, like a partner's message. A contact of the hub that the case system
lacks gets the event `missing_in_case_system`, which starts a clock of the policy, and `found_in_case_system` once a later night
finds it there. All of it goes through the case system's own door, under keys that make a second run of a night count once.
"""

import json
import logging
import os
import signal
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from ops.audit.verdict import CannotLook
from ops.casebook.book import CaseBook
from ops.casebook.reading import case_book, which_log
from ops.clocks import clock_of
from ops.endpoints import announce
from ops.process_endpoint import ready_unless
from ops.reconciliation.contacts import CannotRead, Loaded, Ours, Theirs
from ops.reconciliation.reconciling import reconcile
from ops.reconciliation.recording import record, tell
from ops.view.client import Refused, StackNotUp
from ops.worker_process import refuse
from schemas.london import LONDON
from schemas.settings import Settings

log = logging.getLogger("frontdoor.reconciliation")

MISSING, FOUND = "missing_in_case_system", "found_in_case_system"
#: Days that each night looks at: what is typed in late is found then.
WINDOW = timedelta(days=7)
#: More than so many that the case system alone has are the wrong list, and nothing is recorded.
AT_MOST = 100
#: Seconds between two looks at the clock, and before a night that failed is tried again.
_LOOK, _AGAIN = 5.0, 300.0


@dataclass(frozen=True)
class Findings:
    """Of some days: rows of the case system alone, and ids of contacts that it lacks, or has by now."""

    theirs: list[Theirs]
    missing: list[str]
    found: list[str]


class TooMany(Exception):
    """The case system alone has more than `AT_MOST`."""


def day_due(now: datetime, at: time) -> date:
    """The last London day that can be compared: yesterday once the time of the night has come, else the day before."""
    local = now.astimezone(LONDON)
    return local.date() - timedelta(days=1 if local.time() >= at else 2)


def findings(book: CaseBook, rows: Sequence[Theirs], first: date, last: date, now: datetime) -> Findings:
    """What the days from `first` to `last` come to. What was told missing before is not told so again."""
    compared = reconcile(book, rows, first, last, now).found
    standing = _standing(book, [*compared.only_ours, *(ours for _, ours, _ in compared.pairs)])
    missing = [one.contact_id for one in compared.only_ours if one.contact_id not in standing and not one.repeat_of]
    found = [ours.contact_id for _, ours, _ in compared.pairs if ours.contact_id in standing]
    return Findings(compared.only_theirs, missing, found)


def reconcile_night(settings: Settings, day: date, token: str) -> Findings:
    """Compare the days up to `day`, and put the differences on the log.

    Raises `CannotRead`, `CannotLook`, `StackNotUp`, `Refused`, `TooMany`; after any of them the night can be run again.
    """
    assert settings.reconcile_source is not None
    first = day - WINDOW + timedelta(days=1)
    rows = _load(settings.reconcile_source, settings.reconcile_schema, first, day).rows
    if all(row.day < day for row in rows):
        # A list of yesterday's would make everything of today seem to be missing.
        raise CannotRead(f"the list holds nothing of {day}: it may be older than the night")
    where = which_log(settings, None)
    with case_book(where, ("contacts", "case-events")) as book:
        now = where.now or book.ticked_to()
        if now is None:
            raise CannotLook("nobody has set its time: no tick is on the log")
        told = findings(book, rows, first, day, now)
    if len(told.theirs) > AT_MOST:
        raise TooMany(f"{len(told.theirs)} contacts are in the case system alone, more than {AT_MOST}")
    for _ in record(settings, told.theirs, settings.reconcile_by or "", token):
        pass
    tell(settings, told.missing, MISSING, day, token)
    tell(settings, told.found, FOUND, day, token)
    return told


def main(settings: Settings) -> None:
    """Reconcile each night until asked to stop (SIGTERM, SIGINT); without a source there is nothing to do but wait.

    Raises `SystemExit` 78 when a setting must be changed.
    """
    try:
        at = time.fromisoformat(settings.reconcile_at)
    except ValueError:
        at = time(tzinfo=UTC)
    if at.tzinfo is not None:
        refuse("reconciliation", "FRONTDOOR_RECONCILE_AT must be a London time like 00:30")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    announce(settings, "reconciliation", {})
    if settings.reconcile_source is None:
        stop.wait()
    else:
        nights = Nights(settings.run_dir / "reconciled.json")
        ready_unless(lambda: nights.trouble)
        each_night(settings, at, stop, nights)
    settings.endpoint_file("reconciliation").unlink(missing_ok=True)


def each_night(settings: Settings, at: time, stop: threading.Event, done: "Nights") -> None:
    """Reconcile each day that is due at `at`, London time, until told to stop; a night that could not be done is tried again."""
    clock = clock_of(settings)
    while not stop.is_set():
        day = day_due(clock.now(), at)
        pause = _LOOK
        if done.until is None or done.until < day:
            try:
                told = reconcile_night(settings, day, os.environ.get("FRONTDOOR_TOKEN", ""))
            except (CannotRead, CannotLook, StackNotUp, Refused, TooMany) as error:
                # Texts of ours: none quotes a row.
                done.trouble = f"the night of {day} was not reconciled: {error}"
                log.warning("%s; it is tried again", done.trouble)
                pause = _AGAIN
            else:
                done.write(day)
                text = "reconciled up to %s: %d contacts opened, %d missing in the case system, %d found there since"
                log.warning(text, day, len(told.theirs), len(told.missing), len(told.found))
        stop.wait(pause)


class Nights:
    """The last day that was reconciled, kept over a restart, and why the present one could not be; empty when all is well."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.trouble = ""
        try:
            self.until: date | None = date.fromisoformat(json.loads(path.read_text())["until"])
        except (OSError, ValueError, KeyError):
            self.until = None

    def write(self, day: date) -> None:
        """Whole or not at all."""
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps({"until": day.isoformat()}))
        os.replace(new, self._path)
        self.until = day
        self.trouble = ""


def _load(source: str, schema: str | None, first: date, last: date) -> Loaded:
    # Here, not above: databases and workbooks are slow to load.
    from ops.reconciliation.contact_table import is_database, read_contact_table
    from ops.reconciliation.list_1 import read_list_1

    beside = timedelta(days=35)
    if is_database(source):
        return read_contact_table(source, first - beside, last + beside, schema)
    return read_list_1(Path(source))


def _standing(book: CaseBook, contacts: Iterable[Ours]) -> set[str]:
    """Those of which the log says that they are missing in the case system, and not yet that they were found."""
    standing = set()
    for one in contacts:
        story = book.story(one.contact_id)
        told = [event.type for event in story.events if event.type in (MISSING, FOUND)] if story is not None else []
        if told and told[-1] == MISSING:
            standing.add(one.contact_id)
    return standing
