"""`allocation-in`: requests for a named worker, and the duty rota, in one order for each team."""

from typing import Literal

from pydantic import Field

from schemas.record import Instant, Record

AllocationType = Literal["requested", "rota_set", "rota_removed", "reassigned", "released", "linked", "unlinked"]


class AllocationEvent(Record):
    """One event of one team.

    `requested`: `contact_ids` of one notice, siblings together; `siblings` are those of an earlier version of it, whose
    worker takes these too. `rota_set`: worker on duty from `duty_from` until
    `duty_to` (open-ended when empty); `role` is worker or manager (who takes a case when nobody is on duty).
    `reassigned`, `released`: a contact moved to another named worker, or closed, so that load is counted right.
    `linked`: the contacts are of the child of `siblings`, and go to the worker who holds one of those; `unlinked` gives
    them back to whoever held them before. `link` is the link's event id.
    """

    event_id: str
    type: AllocationType
    team: str
    at: Instant
    contact_ids: list[str] = Field(default_factory=list)
    risk: str = ""
    worker_id: str = ""
    worker_name: str = ""
    role: str = "worker"
    duty_from: Instant | None = None
    duty_to: Instant | None = None
    siblings: list[str] = Field(default_factory=list)
    link: str = ""
