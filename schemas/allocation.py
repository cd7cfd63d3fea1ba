"""`allocation-in`: requests for a named worker, the duty rota and the time, in one order for each team."""

from typing import Literal

from pydantic import Field

from schemas.record import Instant, Record

AllocationType = Literal[
    "requested", "rota_set", "rota_removed", "reassigned", "released", "linked", "unlinked", "assessed", "reopened",
    "cases_loaded", "case_known", "signed", "tick",
]  # fmt: skip

#: What a person on a rota is there for. worker: takes cases by day. night: the emergency duty team; whenever one of them is
#: on duty they take what arrives, and hand it over when their duty has ended. manager: takes what no worker can. head: the
#: head of service, who takes what no manager can. supervisor: takes none.
DUTY_ROLES = ("worker", "night", "manager", "head", "supervisor")


class AllocationEvent(Record):
    """One event of one team.

    `requested`: `contact_ids` of one notice, siblings together; `siblings` are those of an earlier version of it, whose
    worker takes these too. `about` are keyed hashes of what a worker may have declared a conflict of interest with, `areas`
    those of where the children live.

    `rota_set`: a worker is on duty from `duty_from` until `duty_to` (open-ended when empty), or `absent` in that time.
    `duty` numbers the duties and absences of one person: 1, or none, replaces all that the rota said of them, a further one
    is added. `role` is one of `DUTY_ROLES`; `share` is the part of full time in percent, `cap` how many cases held stop new
    ones (0: no cap), `conflicts` keyed hashes or contact ids, `areas` keyed hashes of what `area` names, `supervisor` a
    worker id. `rota_removed`: no longer on the rota; what they hold stays theirs.

    `reassigned`, `released`: a contact moved to another named worker, or closed, so that load is counted right.
    `assessed`, `reopened`: the contacts are risk assessed, or must be again after a correction: what nobody has assessed goes
    to somebody else when its worker is absent or their duty ends.
    `signed`: `worker_name` has signed the risk assessment of the contacts off, at `happened_at` as far as anybody knows
    (`signature` is the case event's id); whether they may is this team's rota to say, and the answer goes to `case-events`.
    `linked`: the contacts are of the child of `siblings`, and go to the worker who holds one of those; `unlinked` gives
    them back to whoever held them before. `link` is the link's event id.
    `cases_loaded`: `contact_ids` are cases of the case system, no contacts, which `worker_name` holds there; without a name they
    are closed. `case_known`: the contacts are of the child of the loaded case in `siblings`, and go to who holds that.
    `tick`: it is `at`; `team` is the tick's own key.
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
    about: list[str] = Field(default_factory=list)
    areas: list[str] = Field(default_factory=list)
    duty: str = ""
    absent: bool = False
    area: str = ""
    share: int = 100
    cap: int = 0
    conflicts: list[str] = Field(default_factory=list)
    supervisor: str = ""
    email: str = ""
    signature: str = ""
    happened_at: Instant | None = None
