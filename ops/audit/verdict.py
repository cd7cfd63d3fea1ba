"""What the auditor says: a verdict, the violations by name, what is still under way, and who was not assessed."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

#: Every invariant, with what it promises, in the order they are printed.
INVARIANTS: dict[str, str] = {
    "decodes": "every record on every topic can be read with the current schemas",
    "journal_in_log": "every message that a sender was told is safe is on the log",
    "one_disposition": "every received message has one current disposition, and its versions have no gap",
    "no_phantom": "nothing has a result that was never received",
    "quarantine_conserves": "every quarantined message is kept with its bytes, and nothing else is in quarantine",
    "one_clock": "every contact and every unreadable message opened its same-day clock exactly once",
    "right_day": "every limit is the end of the London day on which the message arrived",
    "missed_flagged_once": "every missed or unverifiable limit has exactly one flag",
    "no_false_flag": "no flag stands, or was withdrawn, without its reason",
    "evidence_stands": "every assessment that counts has a named person, a level and a reason",
    "allocated": "every contact whose clock is settled was given to a named worker",
    "routed_once": "every contact version reached the case system once",
    "links_bounded": "no case was moved by an unsure link, and each undone link gave back what it had moved",
}

#: How many of a kind a verdict keeps; all are counted.
KEPT = 1000


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Violation(_Frozen):
    """One broken promise. `topic`, `partition`, `offset` say where to look; empty and -1 where nothing is there."""

    invariant: str
    record_ids: list[str]
    topic: str = ""
    partition: int = -1
    offset: int = -1
    explanation: str


class Pending(_Frozen):
    """Work younger than the grace: `what` is waited for, `record_id` waits for it since `age_seconds`."""

    what: Literal["disposition", "contact", "opening", "quarantine", "routing", "flag", "allocation", "cause"]
    record_id: str
    age_seconds: float


class NotAssessed(_Frozen):
    """A child, or a message nobody has read yet, without an assessment that counts.

    `why`: `unassessed` (a contact), `unreadable` (a quarantined message), `unread` (no worker has read the message
    yet: `contact_id` is empty). `due_at` is the first instant that is late; `allocated_to` the last named worker.
    """

    contact_id: str
    receipt_id: str
    why: Literal["unassessed", "unreadable", "unread"]
    received_at: datetime
    due_at: datetime
    overdue: bool
    allocated_to: str = ""


class Counts(_Frozen):
    """What the log holds, each thing once by its id.

    `clocks` = `met_by_proof` + `met_by_claim` + `missed` + `not_verifiable` + `ended_by_reading` + `carried` + `open`.
    `met_by_proof`: the hub held the assessment before the limit; `met_by_claim`: dated before it, arrived after.
    `ended_by_reading`: an unreadable message was repaired on its day, so that its children's own clocks took over;
    `carried`: it was repaired after its day, and that day's flag stays with the unreadable message.
    `open`: the limit has not passed, by the ticks. `deliveries` counts records of `received.*`, repeats included.
    `repeated_records`: records that repeat an id with the same content, by topic; allowed, at least once.
    `dead_letters`: records that nobody could decode, kept in quarantine as they were. `refused_ticks`: ticks that ran
    ahead of the broker's time. `unmatched`: contacts that events name and that never opened. `expired`:
    records whose counterpart is older than its topic keeps, so that nothing can be said about them.
    """

    received: int = 0
    deliveries: int = 0
    dispositions: dict[str, int] = Field(default_factory=dict)
    contacts: int = 0
    unreadable: int = 0
    clocks: int = 0
    met_by_proof: int = 0
    met_by_claim: int = 0
    missed: int = 0
    not_verifiable: int = 0
    ended_by_reading: int = 0
    carried: int = 0
    open: int = 0
    flags_standing: int = 0
    flags_withdrawn: int = 0
    unmatched: int = 0
    routed: int = 0
    quarantined: int = 0
    repaired: int = 0
    duplicates: int = 0
    repeated_records: dict[str, int] = Field(default_factory=dict)
    dead_letters: int = 0
    refused_ticks: int = 0
    expired: int = 0


class Verdict(_Frozen):
    """The auditor's answer. `ok` only when no invariant is violated; what is pending does not change it.

    `violated` counts every invariant's violations whole; `violations`, `pending` and `not_assessed` keep the first
    `KEPT` of each invariant or kind. `read` counts records, `seconds` the whole audit.
    """

    ok: bool
    audited_at: datetime
    now: datetime
    counts: Counts
    violated: dict[str, int]
    violations: list[Violation]
    pending_total: int
    pending: list[Pending]
    not_assessed_total: int
    not_assessed: list[NotAssessed]
    read: int
    seconds: float


class CannotLook(Exception):
    """The log could not be read, so that nothing is known: says why and what to do. Never means that all is well."""
