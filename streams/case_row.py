"""What `cases` keeps of one contact: where it stands, its clocks, who holds it."""

from typing import Literal

from pydantic import Field

from schemas.case_event import CaseEvent
from schemas.record import Instant, Record
from streams.coverage import Interval

ClockState = Literal["running", "met", "missed", "not_verifiable", "became", "carried"]
Standing = Literal["parked", "open", "closed", "transferred", "became"]


class ClockRow(Record):
    """One opening of one clock. `evidence_by`: proof when the hub held the evidence in time, claim when it was only
    dated in time. `flagged`: a flag for it is on the log."""

    clock: str
    opening: int
    started_at: Instant
    due_at: Instant
    state: ClockState = "running"
    evidence_event_id: str = ""
    evidence_by: Literal["", "proof", "claim"] = ""
    flagged: bool = False
    flag_state: str = ""


class Holder(Record):
    """Who has held the case, from when."""

    name: str
    worker_id: str
    at: Instant
    how: str


class CaseRow(Record):
    """One contact from its opening to closure or transfer. `seen` are the ids of events already counted."""

    contact_id: str
    standing: Standing = "parked"
    team: str = ""
    kind: str = ""
    opened_at: Instant | None = None
    risk: str = ""
    holders: list[Holder] = Field(default_factory=list)
    clocks: list[ClockRow] = Field(default_factory=list)
    assessed_at: Instant | None = None
    seen: list[str] = Field(default_factory=list)
    parked: list[CaseEvent] = Field(default_factory=list)
    unmatched_at: Instant | None = None
    unmatched_flagged: bool = False


class TickRow(Record):
    """The partition's own row: when it was vouched for. Its key begins with `tick-`."""

    intervals: list[Interval] = Field(default_factory=list)
