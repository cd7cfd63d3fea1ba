"""The audit: read the whole log again, and say whether every promise holds.

It shares no code with the workers, decides nothing for them, and needs none of them to run. The order matters: the
journals first, then where `received.*` ends, then where the results end; so whatever is missing was missing, and
did not only come late. What is younger than the grace is pending, not violated.
"""

import time
from datetime import UTC, datetime
from pathlib import Path

from ops.audit.clocks import Clocks, check_clocks
from ops.audit.coverage import Coverage
from ops.audit.findings import Findings
from ops.audit.journals import note_journals
from ops.audit.links import check_links
from ops.audit.log_reader import LogReader, Progress
from ops.audit.london_day import instant, micros
from ops.audit.messages import check_messages
from ops.audit.notes import RECEIVED_TOPICS, TOPICS, NoteTaker
from ops.audit.openings import check_openings
from ops.audit.phantoms import check_phantoms
from ops.audit.routes import Routes, check_routes
from ops.audit.spill import Spill
from ops.audit.verdict import Counts, Verdict

#: Seconds a record may wait for its result before the result counts as missing.
GRACE_SECONDS = 60.0


def audit(
    bootstrap: str,
    *,
    journal_dir: Path | None,
    now: datetime | None,
    stepped: bool = False,
    grace_seconds: float = GRACE_SECONDS,
    progress: Progress = lambda _done, _total: None,
) -> Verdict:
    """Audit the log at `bootstrap`. Raises `CannotLook` when it cannot be read.

    `journal_dir` holds the connectors' journals; without it `journal_in_log` is held by nothing. `now` decides what
    is overdue: None takes the machine's clock, or, with `stepped` (a driver owns the time), the last tick. Ages are
    always real: the machine's clock against the broker's append time. `progress(records read, records in all)`.
    """
    examination = Examination(now=now, stepped=stepped, grace_seconds=grace_seconds)
    try:
        if journal_dir is not None:
            examination.journals(journal_dir)
        _read(bootstrap, examination, progress)
        return examination.verdict()
    finally:
        examination.close()


class Examination:
    """One audit under way, wherever the records come from: journals first, then every record, then the verdict.

    Made before the ends of the log are fixed: its beginning is the moment that ages are counted from.
    """

    def __init__(self, *, now: datetime | None, stepped: bool, grace_seconds: float) -> None:
        self._began, self._started = time.monotonic(), datetime.now(UTC)
        self._now, self._stepped = now, stepped
        self._spill, self._coverage = Spill(), Coverage(stepped=stepped)
        self._notes = NoteTaker(self._spill, self._coverage)
        #: Take one record, in the order of its partition; see `NoteTaker.take`.
        self.take = self._notes.take
        wall = now if now is not None and not stepped else self._started
        self._found = Findings(micros(wall) // 1000, grace_seconds)

    def journals(self, folder: Path) -> None:
        """Note the connectors' journals. Raises `CannotLook`."""
        note_journals(folder, self._spill)

    def trimmed(self, topics: set[str]) -> None:
        """The topics of which older records have expired."""
        self._found.trimmed = topics

    def verdict(self) -> Verdict:
        """Everything was taken: say whether every promise holds."""
        spill, coverage, found = self._spill, self._coverage, self._found
        spill.index()
        now = self._moment()
        found.now_ms = now // 1000
        check_messages(spill, found)
        check_phantoms(spill, found)
        check_openings(spill, found)
        check_links(spill, found)
        clocks = check_clocks(spill, coverage, found, now, self._stepped)
        counts = _counts(spill, coverage, found, clocks, check_routes(spill, found))
        return Verdict(
            ok=not found.violated.total(),
            audited_at=self._started,
            now=instant(now),
            counts=counts,
            violated=dict(found.violated),
            violations=found.violations,
            pending_total=found.pending_total,
            pending=found.pending,
            not_assessed_total=found.not_assessed_total,
            not_assessed=found.not_assessed,
            read=self._notes.taken,
            seconds=round(time.monotonic() - self._began, 3),
        )

    def close(self) -> None:
        """Forget everything."""
        self._spill.close()

    def _moment(self) -> int:
        if self._now is not None:
            return micros(self._now)
        latest = self._coverage.latest() if self._stepped else None
        return micros(self._started) if latest is None else latest


def _read(bootstrap: str, examination: Examination, progress: Progress) -> None:
    reader = LogReader(bootstrap)
    try:
        # Received first: a message that comes while the results are looked up cannot seem to have none.
        spans = reader.ends(RECEIVED_TOPICS)
        spans += reader.ends([topic for topic in TOPICS if topic not in RECEIVED_TOPICS])
        examination.trimmed(reader.trimmed)
        reader.read(spans, examination.take, progress)
    finally:
        reader.close()


def _counts(spill: Spill, coverage: Coverage, found: Findings, clocks: Clocks, routes: Routes) -> Counts:
    """The figures; see `verdict.Counts`."""
    # The last version counts; the bare column is that of the row with the highest version.
    last = "SELECT receipt, kind, max(version) FROM disposition GROUP BY receipt"
    kinds: dict[str, int] = dict(spill.ask(f"SELECT kind, count(*) FROM ({last}) GROUP BY kind ORDER BY kind"))
    deliveries = spill.number("SELECT count(*) FROM received")
    received = spill.number("SELECT count(*) FROM message")
    repairs = spill.number("SELECT count(*) FROM received WHERE repair_of <> ''")
    repeated = {
        "received": deliveries - received - repairs,
        "receipts": spill.number("SELECT count(*) - count(DISTINCT receipt || ' ' || version) FROM disposition"),
        "contacts": spill.number("SELECT count(*) - count(DISTINCT contact || ' ' || version) FROM contact"),
        "case-events": clocks.repeated_events,
        "flags": clocks.repeated_flags,
        "outbound": routes.repeated,
    }
    return Counts(
        received=received,
        deliveries=deliveries,
        dispositions=kinds,
        contacts=clocks.contacts,
        unreadable=clocks.unreadable,
        clocks=clocks.outcomes.total(),
        **{str(name): number for name, number in clocks.outcomes.items()},
        flags_standing=clocks.standing,
        flags_withdrawn=clocks.withdrawn,
        unmatched=clocks.unmatched,
        routed=routes.routed,
        quarantined=kinds.get("quarantined", 0),
        repaired=spill.number(
            f"SELECT count(*) FROM ({last}) l WHERE kind <> 'quarantined' AND EXISTS"
            " (SELECT 1 FROM disposition d WHERE d.receipt = l.receipt AND d.repaired_by <> '')"
        ),
        duplicates=kinds.get("duplicate", 0),
        repeated_records=repeated,
        dead_letters=spill.number("SELECT count(*) FROM dead_letter"),
        refused_ticks=coverage.refused,
        expired=found.expired,
    )
