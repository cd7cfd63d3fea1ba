"""`flags`: what a person must look at. Id and body come from the contact, clock, opening, due time and evidence alone."""

from typing import Literal

from schemas.record import Instant, Record

#: raised → acknowledged → explained, or withdrawn when evidence shows that the clock was met in time.
FlagState = Literal["raised", "acknowledged", "explained", "withdrawn"]
#: missed: no evidence in time. not_verifiable: the hub was not running over the deadline, so nobody can say.
#: unmatched: a case event names a contact that never opened.
FlagResult = Literal["missed", "not_verifiable", "unmatched"]


class Flag(Record):
    """One state of one flag. `due_at` is the first instant that is late. `owner` is a named worker or manager."""

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
