"""Allocation: at once, to a named worker on the duty rota; siblings of one notice to one worker. Pure.

Reads `allocation-in`, keyed by team: rota changes and requests in one order. The worker on duty who holds the fewest
cases takes the request, ties go to the lower worker id. With nobody on duty the duty manager takes it by name; with no
manager either it waits, visibly, until the team's next event that finds somebody on duty, unless a person gives it to
somebody first. A sibling that a later version of a notice adds goes to the
worker who holds the others, if that worker is on duty. So does, after its first allocation, a contact that a link or a
person's answer says is of a child whose case somebody holds; an undone link gives it back.
"""

from datetime import datetime

from pydantic import Field

from schemas.allocation import AllocationEvent
from schemas.case_event import CaseEvent
from schemas.identity import output_id
from schemas.record import Instant, Record
from streams.processor import Decision, Output, Rows, Timeless


class RotaWorker(Record):
    """A worker on the rota. `holds` counts the cases held now; `duty_from`/`duty_to` bound the duty."""

    worker_id: str
    name: str
    role: str = "worker"
    duty_from: Instant
    duty_to: Instant | None = None
    holds: int = 0

    def on_duty(self, at: datetime) -> bool:
        """Whether the duty covers the instant."""
        return self.duty_from <= at and (self.duty_to is None or at < self.duty_to)


#: More than one batch: a repeat comes with the batch that a crash cut off, or never.
_RECENT_KEPT = 512


class TeamRow(Record):
    """A team: its rota, the requests nobody could take yet, and the ids of the events counted last, so that an
    at-least-once repeat counts once."""

    team: str
    workers: dict[str, RotaWorker] = Field(default_factory=dict)
    waiting: list[AllocationEvent] = Field(default_factory=list)
    recent: list[str] = Field(default_factory=list)


class HeldBefore(Record):
    """Who held a contact before a link moved it, by which event; an undone link gives it back to them."""

    link: str
    worker_id: str
    event_id: str
    name: str = ""


class HoldingRow(Record):
    """Who holds a contact; `event_id` is the event that said so. `name` is that of a worker the rota may not know."""

    contact_id: str
    worker_id: str
    event_id: str
    name: str = ""
    before: HeldBefore | None = None


class Allocation(Timeless):
    """The processor."""

    name = "allocation"
    inputs = ("allocation-in",)

    def parse_row(self, text: bytes) -> Record:
        """A team's row, or a holding."""
        return HoldingRow.model_validate_json(text) if b'"contact_id"' in text[:20] else TeamRow.model_validate_json(text)

    def decide(self, rows: Rows, event: Record) -> Decision:
        """See the module."""
        assert isinstance(event, AllocationEvent)
        team = rows.get(event.team)
        team = team if isinstance(team, TeamRow) else TeamRow(team=event.team)
        if event.event_id in team.recent:
            return Decision()
        round_ = _Round(rows, team)
        match event.type:
            case "rota_set":
                round_.set_worker(event)
            case "rota_removed":
                round_.remove_worker(event)
            case "requested":
                round_.request(event, event.at)
            case "reassigned":
                worker_id = event.worker_id or _id_of(event.worker_name)
                round_.hold(event.contact_ids, worker_id, event.event_id, event.worker_name)
            case "released":
                round_.hold(event.contact_ids, "", event.event_id)
            case "linked":
                round_.link(event)
            case "unlinked":
                round_.unlink(event)
        round_.offer_waiting(event.at)
        return round_.decision(event.event_id)


class _Round:
    """One event's changes to one team."""

    def __init__(self, rows: Rows, team: TeamRow) -> None:
        self._rows = rows
        self._team = team.team
        self._workers = dict(team.workers)
        self._waiting = list(team.waiting)
        self._recent = team.recent
        self._holdings: dict[str, HoldingRow] = {}
        self._outputs: list[Output] = []

    def set_worker(self, event: AllocationEvent) -> None:
        before = self._workers.get(event.worker_id)
        self._workers[event.worker_id] = RotaWorker(
            worker_id=event.worker_id,
            name=event.worker_name,
            role=event.role,
            duty_from=event.duty_from or event.at,
            duty_to=event.duty_to,
            holds=before.holds if before else 0,
        )

    def offer_waiting(self, at: datetime) -> None:
        """What waits goes to whoever is on duty by now, but for the contacts that somebody was given meanwhile."""
        waiting, self._waiting = self._waiting, []
        for request in waiting:
            left = [contact for contact in request.contact_ids if self._holding(contact) is None]
            if left:
                self.request(request.model_copy(update={"contact_ids": left}), max(at, request.at))

    def remove_worker(self, event: AllocationEvent) -> None:
        self._workers.pop(event.worker_id, None)

    def request(self, request: AllocationEvent, at: datetime) -> None:
        worker = self._holder_of(request.siblings, at) or self._choose(at)
        if worker is None:
            if all(request.event_id != waiting.event_id for waiting in self._waiting):
                self._waiting.append(request)
            return
        self.hold(request.contact_ids, worker.worker_id, request.event_id)
        how = "rota" if worker.role == "worker" else "manager"
        for contact in request.contact_ids:
            self._tell(request, contact, worker.worker_id, worker.name, at, how)

    def link(self, event: AllocationEvent) -> None:
        """The contacts go to who holds another contact of their child, if that is somebody else who can take them: a
        worker of the rota on duty, or one that only the case system knows."""
        for contact in event.contact_ids:
            now = self._holding(contact)
            holder = self._holder_of_story(event.siblings, event.at)
            if now is None or not now.worker_id or holder is None or holder[0] == now.worker_id:
                continue
            worker_id, name = holder
            self.hold([contact], worker_id, event.event_id, name)
            # Moved by a link before: undoing gives it back to who held it without any.
            was = now.before or now
            before = HeldBefore(link=event.link, worker_id=was.worker_id, event_id=was.event_id, name=was.name)
            key = self._key(contact)
            self._holdings[key] = self._holdings[key].model_copy(update={"before": before})
            self._tell(event, contact, worker_id, name, event.at, "linked")

    def unlink(self, event: AllocationEvent) -> None:
        """Back to who held it before the link, unless somebody else was given it meanwhile, or it has ended."""
        for contact in event.contact_ids:
            now = self._holding(contact)
            before = now.before if now is not None else None
            if before is None or before.link != event.link:
                continue
            self.hold([contact], before.worker_id, before.event_id, before.name)
            worker = self._workers.get(before.worker_id)
            name = worker.name if worker is not None else before.name
            self._tell(event, contact, before.worker_id, name, event.at, "link_undone")

    def hold(self, contacts: list[str], worker_id: str, event_id: str, name: str = "") -> None:
        for contact in contacts:
            before = self._holding(contact)
            if before is not None and before.worker_id:
                self._count(before.worker_id, -1)
            if worker_id:
                self._count(worker_id, +1)
            known = worker_id in self._workers
            row = HoldingRow(contact_id=contact, worker_id=worker_id, event_id=event_id, name="" if known else name)
            self._holdings[self._key(contact)] = row

    def decision(self, event_id: str) -> Decision:
        """What it comes to."""
        recent = [*self._recent, event_id][-_RECENT_KEPT:]
        team = TeamRow(team=self._team, workers=self._workers, waiting=self._waiting, recent=recent)
        return Decision(self._outputs, {**self._holdings, self._team: team})

    def _holding(self, contact: str) -> HoldingRow | None:
        key = self._key(contact)
        row = self._holdings.get(key) or self._rows.get(key)
        return row if isinstance(row, HoldingRow) else None

    def _key(self, contact: str) -> str:
        return f"{self._team} {contact}"

    def _count(self, worker_id: str, change: int) -> None:
        worker = self._workers.get(worker_id)
        if worker is not None:
            self._workers[worker_id] = worker.model_copy(update={"holds": max(0, worker.holds + change)})

    def _holder_of(self, siblings: list[str], at: datetime) -> RotaWorker | None:
        """Who holds a sibling already, if on duty: one worker sees the whole family."""
        for contact in siblings:
            holding = self._holding(contact)
            worker = self._workers.get(holding.worker_id) if holding is not None else None
            if worker is not None and worker.on_duty(at):
                return worker
        return None

    def _holder_of_story(self, contacts: list[str], at: datetime) -> tuple[str, str] | None:
        """Id and name of who holds one of these contacts, the latest first."""
        for contact in reversed(contacts):
            holding = self._holding(contact)
            if holding is None or not holding.worker_id:
                continue
            worker = self._workers.get(holding.worker_id)
            if worker is None and holding.name:
                return holding.worker_id, holding.name
            if worker is not None and worker.on_duty(at):
                return worker.worker_id, worker.name
        return None

    def _choose(self, at: datetime) -> RotaWorker | None:
        for role in ("worker", "manager"):
            ready = [w for w in self._workers.values() if w.role == role and w.on_duty(at)]
            if ready:
                return min(ready, key=lambda w: (w.holds, w.worker_id))
        return None

    def _tell(self, cause: AllocationEvent, contact: str, worker_id: str, name: str, at: datetime, how: str) -> None:
        event = CaseEvent(
            event_id=output_id(cause.event_id, "allocated", contact),
            type="allocated",
            contact_id=contact,
            at=at,
            by=name,
            details={"worker_id": worker_id, "how": how, **({"link": cause.link} if cause.link else {})},
        )
        self._outputs.append(Output("case-events", contact, event))


def _id_of(name: str) -> str:
    """A worker whom the rota does not know is known by name."""
    return "name:" + " ".join(name.casefold().split())
