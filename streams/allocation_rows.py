"""What `allocation` keeps: of each team its rota and what waits, of each contact who holds it."""

from datetime import datetime
from typing import Any

from pydantic import Field, model_validator

from schemas.allocation import AllocationEvent
from schemas.record import Instant, Record
from streams.allocation_rota import RotaWorker


class TeamRow(Record):
    """A team: its people, the requests nobody could take yet, what the emergency duty team holds until the morning, and the
    ids of the events counted last, so that an at-least-once repeat counts once. `wake_at`: when the rota changes next while
    something waits for that."""

    team: str
    workers: dict[str, RotaWorker] = Field(default_factory=dict)
    waiting: list[AllocationEvent] = Field(default_factory=list)
    nights: list[str] = Field(default_factory=list)
    recent: list[str] = Field(default_factory=list)
    wake_at: Instant | None = None

    @model_validator(mode="before")
    @classmethod
    def _join_duties(cls, row: Any) -> Any:
        """Rows written before a person could have several duties kept each duty as a worker of its own."""
        workers = row.get("workers", {})
        if not any("duty_from" in worker for worker in workers.values() if isinstance(worker, dict)):
            return row
        people: dict[str, dict[str, Any]] = {}
        for duty_id, duty in workers.items():
            person, stroke, number = duty_id.rpartition("/")
            person = person if stroke and number.isdigit() else duty_id
            known = people.setdefault(person, {"worker_id": person, "name": duty["name"], "duties": [], "holds": 0})
            known["role"] = duty.get("role", "worker")
            known["duties"].append({"since": duty["duty_from"], "until": duty.get("duty_to")})
            known["holds"] += duty.get("holds", 0)
        return {**row, "workers": people}


class HeldBefore(Record):
    """Who held a contact before a link moved it, by which event; an undone link gives it back to them."""

    link: str
    worker_id: str
    event_id: str
    name: str = ""


class LoadedCaseRow(Record):
    """A case of the case system, as a load told of it: who holds it there by name; empty once it is closed."""

    loaded_case: str
    worker: str


class HoldingRow(Record):
    """Who holds a contact; `event_id` is the event that said so. `name` is that of a worker the rota may not know. `about`
    is what a conflict of interest may be with, `areas` are those of the request; `notice` is the request that it came with,
    shared by siblings, `risk` what that said. `unassessed`: nobody has risk assessed it. `stays`: a person gave it to a worker
    who was away, which counts above the rule until `stays_until`, when their next duty begins. `day_worker`: from whom the night
    took it at the end of a duty, and who gets it back in the morning."""

    contact_id: str
    worker_id: str
    event_id: str
    name: str = ""
    before: HeldBefore | None = None
    about: list[str] = Field(default_factory=list)
    notice: str = ""
    areas: list[str] = Field(default_factory=list)
    risk: str = ""
    unassessed: bool = False
    stays: bool = False
    stays_until: Instant | None = None
    day_worker: str = ""

    def moves(self, at: datetime) -> bool:
        """Whether it goes to somebody else when its worker leaves: nobody has assessed it, and no person gave it to them as they
        were away."""
        return self.unassessed and not (self.stays and (self.stays_until is None or at < self.stays_until))
