"""`flags`: what a person must look at. Id and body come from the contact, clock, opening, due time and evidence alone."""

from typing import Literal

from schemas.record import Instant, Record

#: due_soon → raised → escalated → acknowledged → explained; or withdrawn, when evidence shows that the clock was met
#: in time or never ran. `due_soon` once for each warning point, `escalated` once for each step of the ladder.
FlagState = Literal["due_soon", "raised", "escalated", "acknowledged", "explained", "withdrawn"]
#: due_soon: the limit has not passed. missed: no evidence in time. not_verifiable: the hub was not running over the
#: deadline, or no calendar reaches so far, so nobody can say. unmatched: a case event names a contact that never opened.
FlagResult = Literal["due_soon", "missed", "not_verifiable", "unmatched"]


class Flag(Record):
    """One state of one flag. `due_at` is the first instant that is late. `owner` is a named worker or manager.

    `to` is the rung of the ladder whose turn it is (`schemas.clock_policy.Rung`), `step_at` the warning point or the
    step of the ladder that this record tells of. `rests_on`: the versions of policy and calendar behind the limit.
    """

    flag_id: str
    contact_id: str
    clock: str
    opening: int
    started_at: Instant
    due_at: Instant
    state: FlagState
    result: FlagResult
    evidence_event_id: str = ""
    reason_code: str = ""
    owner: str = ""
    to: str = ""
    step_at: Instant | None = None
    rests_on: str = ""
