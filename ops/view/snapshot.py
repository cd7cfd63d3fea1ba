"""One consistent picture of the folded log at one moment: what every question is answered from."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from ops.view.case_summary import Case
from ops.view.coverage import ticked
from ops.view.log_ends import Partition
from ops.view.same_day import ClockState, Opening, state
from ops.view.store import open_reader
from schemas.case_event import CaseEvent
from schemas.contact import Contact
from schemas.disposition import Disposition
from schemas.flag import Flag, FlagState
from streams.clock_rules import ClockRules
from streams.same_day import CLOCK


class Answer(BaseModel):
    """What every answer says of itself. `as_of` is the hub's clock when it was made. `behind_records` counts the
    records that the log held at that moment and the answer does not know; null when the broker could not be asked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    as_of: datetime
    behind_records: int | None


class FlagNow(BaseModel):
    """A flag as it stands, with the states it went through, oldest first."""

    model_config = ConfigDict(frozen=True)

    flag_id: str
    contact_id: str
    clock: str
    opening: int
    started_at: datetime
    due_at: datetime
    state: FlagState
    result: str
    evidence_event_id: str
    reason_code: str
    owner: str
    to: str = ""
    step_at: datetime | None = None
    rests_on: str = ""
    history: list[FlagState]

    @property
    def standing(self) -> bool:
        """The limit really was missed, or nobody can say."""
        return self.state not in ("withdrawn", "due_soon")


@dataclass(frozen=True)
class HeldCase:
    """A case with the partition whose ticks tell its time."""

    case: Case
    partition: int


@dataclass(frozen=True)
class Snapshot:
    """Reads of one transaction. `now` is the hub's clock. `rules` are those of the clocks, where they could be read."""

    db: sqlite3.Connection
    now: datetime
    behind_records: int | None
    hash_key: bytes
    rules: ClockRules | None = None

    def case(self, contact_id: str) -> HeldCase | None:
        """The case of a contact; None when it is not opened (or not folded yet)."""
        row = self.db.execute("SELECT record, partition FROM cases WHERE contact_id = ?", (contact_id,)).fetchone()
        return HeldCase(Case.model_validate_json(row[0]), row[1]) if row else None

    def events(self, contact_id: str) -> list[CaseEvent]:
        """A contact's events in log order."""
        rows = self.db.execute("SELECT record FROM case_events WHERE contact_id = ? ORDER BY offset", (contact_id,))
        return [CaseEvent.model_validate_json(row[0]) for row in rows]

    def versions(self, contact_id: str) -> list[Contact]:
        """Every version of a contact that the log still holds, oldest first."""
        rows = self.db.execute("SELECT record FROM contacts WHERE contact_id = ? ORDER BY version", (contact_id,))
        return [Contact.model_validate_json(row[0]) for row in rows]

    def child_and_organisation(self, contact_id: str) -> tuple[str, str]:
        """The child's name and the sending organisation as the newest version gives them; empty when unknown."""
        row = self.db.execute(
            "SELECT child, organisation FROM contacts WHERE contact_id = ? ORDER BY version DESC LIMIT 1", (contact_id,)
        ).fetchone()
        return (row[0], row[1]) if row else ("", "")

    def disposition(self, receipt_id: str) -> Disposition | None:
        """The disposition that counts: the last version."""
        row = self.db.execute(
            "SELECT record FROM dispositions WHERE receipt_id = ? ORDER BY version DESC LIMIT 1", (receipt_id,)
        ).fetchone()
        return Disposition.model_validate_json(row[0]) if row else None

    def clock_state(self, held: HeldCase, opening: Opening) -> ClockState:
        """Where one run of a case's same-day clock stands now."""
        return state(opening, self.now, ticked(self.db, held.partition, opening.due_at))

    def flags(self, contact_id: str) -> list[FlagNow]:
        """The flags of a contact, by due time."""
        rows = self.db.execute("SELECT record FROM flags WHERE contact_id = ? ORDER BY offset", (contact_id,))
        return flags_as_they_stand([Flag.model_validate_json(row[0]) for row in rows])

    def all_flags(self) -> list[FlagNow]:
        """Every flag."""
        rows = self.db.execute("SELECT record FROM flags ORDER BY partition, offset")
        return flags_as_they_stand([Flag.model_validate_json(row[0]) for row in rows])

    def flag_of(self, contact_id: str, held: HeldCase, opening: Opening) -> FlagNow | None:
        """The same-day flag of one run of the clock. A contact read from a repaired message shows the flag of the
        unreadable one it was: it is not raised again for the same day."""
        repairs = held.case.summary.repairs
        return _matching(self.flags(contact_id), opening) or (_matching(self.flags(repairs), opening) if repairs else None)


@contextmanager
def snapshot(
    path: Path, now: datetime, ends: Mapping[Partition, int] | None, hash_key: str, rules: ClockRules | None = None
) -> Iterator[Snapshot]:
    """A snapshot of the file, closed at the end. `ends` are the log's, asked for before; None when nobody answered."""
    db = open_reader(path)
    try:
        db.execute("BEGIN")
        behind = None if ends is None else _records_behind(db, ends)
        yield Snapshot(db, now, behind, hash_key.encode(), rules)
    finally:
        db.close()


def flags_as_they_stand(states: list[Flag]) -> list[FlagNow]:
    """States in log order to flags, by due time: the last state of each flag counts."""
    by_id: dict[str, list[Flag]] = {}
    for flag in states:
        by_id.setdefault(flag.flag_id, []).append(flag)
    standing = [
        FlagNow(**dict(history[-1]), history=[flag.state for flag in history]) for history in by_id.values()
    ]
    return sorted(standing, key=lambda flag: (flag.due_at, flag.flag_id))


def flag_agrees(clock: ClockState, flag: FlagNow | None) -> bool:
    """Whether the flag says what the folded events say. They differ for a moment after a limit, or when something
    is wrong that a person must look at."""
    if clock in ("overdue", "carried"):
        return True
    said = flag.result if flag is not None and flag.standing else ""
    return said == (clock if clock in ("missed", "not_verifiable") else "")


def _records_behind(db: sqlite3.Connection, ends: Mapping[Partition, int]) -> int:
    rows = db.execute("SELECT topic, partition, next_offset FROM offsets")
    place = {(topic, partition): offset for topic, partition, offset in rows}
    return sum(max(0, end - place.get(key, 0)) for key, end in ends.items())


def _matching(flags: list[FlagNow], opening: Opening) -> FlagNow | None:
    for flag in flags:
        if flag.clock == CLOCK and flag.opening == opening.number and flag.due_at == opening.due_at:
            return flag
    return None
