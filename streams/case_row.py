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


class StandingLink(Record):
    """The link by which a contact belongs to the story of an earlier one. `event_id` is the `linked` event's; `others`
    are contacts of that child. `may_act`: the case follows who holds those. `asked`: allocation was told so."""

    event_id: str
    others: list[str]
    may_act: bool
    asked: bool = False


class KnownCaseLink(Record):
    """The case that a load says is open in the case system for this child. `asked`: allocation was told so."""

    event_id: str
    case_id: str
    asked: bool = False


class CaseGlance(Record):
    """As much of a case row as tells when it wakes. A partition's tick row has none of this."""

    clocks: list[ClockRow] = Field(default_factory=list)
    unmatched_at: Instant | None = None
    unmatched_flagged: bool = False


class CaseRow(Record):
    """One contact from its opening to closure or transfer. `seen` are the ids of events already counted. `part_of` is
    the contact that opened this child's story, if that is another one."""

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
    part_of: str = ""
    link: StandingLink | None = None
    open_case: KnownCaseLink | None = None


class TickRow(Record):
    """The partition's own row: when it was vouched for. Its key begins with `tick-`."""

    intervals: list[Interval] = Field(default_factory=list)
