"""One event's changes to one team: the rota, who takes what waits or is left behind, what people and links decide. Pure.

The rules are told in `streams.allocation`.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

from schemas.allocation import AllocationEvent
from schemas.case_event import CaseEvent
from schemas.codes import is_named_worker
from schemas.identity import output_id
from streams.allocation_holdings import Holdings
from streams.allocation_rota import (
    HOW,
    RotaWorker,
    choose,
    next_change,
    next_duty,
    next_leaving,
    person_of,
    put_on_rota,
    why_a_manager,
)  # fmt: skip
from streams.allocation_rows import HeldBefore, TeamRow
from streams.processor import Decision, Output, Rows
from streams.signing import checked

#: What becomes of what nobody has assessed when its worker's duty ends.
EndOfDuty = Literal["hand_over", "keep"]

#: More than one batch: a repeat comes with the batch that a crash cut off, or never.
_RECENT_KEPT = 512
_MANAGERS = ("manager", "head")


class Round:
    """The team's rows under one event. First what the event says, then `settle`, then `decision`."""

    def __init__(self, rows: Rows, team: TeamRow, at_end_of_duty: EndOfDuty) -> None:
        self._holdings = Holdings(rows, team)
        self._workers = self._holdings.workers
        self._at_end_of_duty = at_end_of_duty
        self._waiting = list(team.waiting)
        self._recent = team.recent
        self._uncovered = False
        self._outputs: list[Output] = []

    # -- the rota

    def set_worker(self, event: AllocationEvent) -> None:
        """A duty or an absence of somebody; what they hold stays counted."""
        worker = put_on_rota(self._workers.get(person_of(event)), event)
        if worker is not None:
            self._workers[worker.worker_id] = worker

    def remove_worker(self, event: AllocationEvent) -> None:
        """Off the rota: their duty has ended. What they keep is still counted should they come back."""
        worker = self._workers.pop(person_of(event), None)
        if worker is not None and worker.holds:
            self._workers[worker.worker_id] = worker.model_copy(update={"duties": [], "absences": []})

    # -- who takes what

    def request(self, request: AllocationEvent, at: datetime) -> None:
        """A named worker for what has arrived, or it waits."""
        about = {*request.about, *request.contact_ids, *request.siblings}
        worker = self._holdings.holder_of(request.siblings, at, about)
        worker = worker or choose(self._workers.values(), at, about, len(request.contact_ids), request.areas)
        if worker is None:
            if all(request.event_id != waiting.event_id for waiting in self._waiting):
                self._waiting.append(request)
            return
        known = {
            "about": sorted({*request.about, *request.siblings}),
            "notice": request.event_id,
            "areas": request.areas,
            "risk": request.risk,
        }
        self._holdings.give(request.contact_ids, worker.worker_id, request.event_id, known=known)
        for contact in request.contact_ids:
            self._tell(request.event_id, "allocated", contact, worker, at, HOW[worker.role], about)

    def settle(self, at: datetime) -> None:
        """What waits goes to whoever is on duty by now; what the night has taken, to the morning; what a worker who has left
        did not assess, to somebody else."""
        self._offer_waiting(at)
        self._hand_over(at)
        self._cover_who_left(at)

    def _offer_waiting(self, at: datetime) -> None:
        waiting, self._waiting = self._waiting, []
        for request in waiting:
            # Not the contacts that somebody was given meanwhile, or that have ended.
            left = [contact for contact in request.contact_ids if self._holdings.find(contact) is None]
            if left:
                self.request(request.model_copy(update={"contact_ids": left}), max(at, request.at))

    def _hand_over(self, at: datetime) -> None:
        nights = self._holdings.nights
        there = [worker for worker in self._workers.values() if worker.on_duty(at)]
        if not nights or any(w.role == "night" for w in there) or all(w.role != "worker" for w in there):
            return
        for contacts in self._holdings.by_notice(nights):
            self._give_to_another(contacts, at, "handed_over")

    def _cover_who_left(self, at: datetime) -> None:
        for left in [worker for worker in self._workers.values() if worker.holds and not worker.on_duty(at)]:
            how = "absent" if left.absent(at) else "duty_ended"
            if how == "absent" or self._at_end_of_duty == "hand_over":
                for contacts in self._holdings.by_notice(self._holdings.unassessed_of(left.worker_id, at)):
                    self._uncovered |= not self._give_to_another(contacts, at, how, left)

    def _give_to_another(self, contacts: list[str], at: datetime, how: str, left: RotaWorker | None = None) -> bool:
        """Siblings that `left` or the night holds, to who had them by day, else to whom the rota chooses now; false when there
        is nobody."""
        held = [self._holdings.of(contact) for contact in contacts]
        about = {*contacts, *(each for holding in held for each in holding.about)}
        areas = {area for holding in held for area in holding.areas}
        worker = self._holdings.day_worker(held, at, about) if how == "handed_over" else None
        worker = worker or choose(self._workers.values(), at, about, len(contacts), areas)
        leaves = left if how == "duty_ended" else None
        # The night ends before the day begins: it hands over to the day, and to no manager who happens to be there.
        if worker is None or (leaves is not None and leaves.role == "night" and worker.role in _MANAGERS):
            return False
        for holding in held:
            known = {}
            if leaves is not None and worker.role == "night":
                # In the morning they get it back: from one night to the next it stays theirs.
                known = {"day_worker": holding.day_worker if leaves.role == "night" else leaves.worker_id}
            told = self._tell(holding.event_id, how, holding.contact_id, worker, at, how, about)
            self._holdings.give([holding.contact_id], worker.worker_id, told, known=known)
        return True

    # -- what people and links decide

    def reassign(self, event: AllocationEvent) -> None:
        """Somebody gave it to somebody else. Whom the rota knows by that name is that person; a desk is nobody."""
        worker_id = person_of(event)
        if not worker_id and not is_named_worker(event.worker_name):
            return
        worker_id = worker_id or self._holdings.id_of(event.worker_name)
        worker = self._workers.get(worker_id)
        known: dict[str, Any] = {}
        if worker is not None and not worker.on_duty(event.at):
            known = {"stays": True, "stays_until": next_duty(worker, event.at)}
        self._holdings.give(event.contact_ids, worker_id, event.event_id, event.worker_name, known)

    def release(self, event: AllocationEvent) -> None:
        """It has ended, and nobody holds it any more."""
        self._holdings.give(event.contact_ids, "", event.event_id)

    def assessed(self, event: AllocationEvent) -> None:
        """A risk assessment was recorded, or a correction asks for another one."""
        for contact in event.contact_ids:
            self._holdings.assessed(contact, event.type != "reopened")

    def sign(self, event: AllocationEvent) -> None:
        """Somebody signed a risk assessment off: the case is told whether they may."""
        for contact in event.contact_ids:
            holding = self._holdings.find(contact)
            holder = holding.worker_id if holding is not None else ""
            self._outputs.append(Output("case-events", contact, checked(event, contact, self._workers, holder)))

    def link(self, event: AllocationEvent) -> None:
        """The contacts go to who holds another contact of their child, if that is somebody else who can take them."""
        for contact in event.contact_ids:
            now = self._holdings.find(contact)
            if now is None or not now.worker_id:
                continue
            holder = self._holdings.holder_of_story(event.siblings, event.at, {contact, *now.about, *event.siblings})
            if holder is None or holder.worker_id == now.worker_id:
                continue
            # Moved by a link before: undoing gives it back to who held it without any.
            was = now.before or now
            before = HeldBefore(link=event.link, worker_id=was.worker_id, event_id=was.event_id, name=was.name)
            self._holdings.give([contact], holder.worker_id, event.event_id, holder.name, {"before": before})
            self._tell(event.event_id, "allocated", contact, holder, event.at, "linked", link=event.link)

    def unlink(self, event: AllocationEvent) -> None:
        """Back to who held it before the link, unless somebody else was given it meanwhile, or it has ended."""
        for contact in event.contact_ids:
            now = self._holdings.find(contact)
            before = now.before if now is not None else None
            if before is None or before.link != event.link:
                continue
            self._holdings.give([contact], before.worker_id, before.event_id, before.name)
            worker = self._workers.get(before.worker_id) or RotaWorker(worker_id=before.worker_id, name=before.name)
            self._tell(event.event_id, "allocated", contact, worker, event.at, "link_undone", link=event.link)

    # -- cases of the case system

    def load(self, event: AllocationEvent) -> None:
        """Who holds these cases in the case system."""
        for case in event.contact_ids:
            self._holdings.load(case, event.worker_name)

    def follow_case(self, event: AllocationEvent) -> None:
        """The contacts go to who holds their child's case in the case system, unless a link has given them to who holds another
        contact of the child here: the hub's own word is the later one."""
        for contact in event.contact_ids:
            now = self._holdings.find(contact)
            if now is None or not now.worker_id or now.before is not None:
                continue
            about = {contact, *now.about}
            found = (self._holdings.caseworker(case, event.at, about) for case in event.siblings)
            holder = next((one for one in found if one is not None), None)
            if holder is None or holder.worker_id == now.worker_id:
                continue
            self._holdings.give([contact], holder.worker_id, event.event_id, holder.name)
            self._tell(event.event_id, "allocated", contact, holder, event.at, "open_case")

    # -- what it comes to

    def decision(self, event_id: str, at: datetime) -> Decision:
        """Rows and outputs; `event_id` is empty for a tick."""
        recent = [*self._recent, event_id][-_RECENT_KEPT:] if event_id else self._recent
        waits = bool(self._waiting or self._holdings.nights or self._uncovered)
        wakes = next_change if waits else next_leaving
        team = TeamRow(
            team=self._holdings.team,
            workers=self._workers,
            waiting=self._waiting,
            nights=list(self._holdings.nights),
            recent=recent,
            wake_at=wakes(self._workers.values(), at),
        )
        return Decision(self._outputs, {**self._holdings.changed(), team.team: team})

    def _tell(
        self,
        cause: str,
        rule: str,
        contact: str,
        worker: RotaWorker,
        at: datetime,
        how: str,
        about: Iterable[str] = (),
        link: str = "",
    ) -> str:
        """The case is told who holds it, and, where that is a manager, why no worker does. Returns the event's id."""
        details = {"worker_id": worker.worker_id, "how": how}
        if worker.role in _MANAGERS:
            details["why"] = why_a_manager(self._workers.values(), at, set(about))
        if link:
            details["link"] = link
        event_id = output_id(cause, rule, contact)
        event = CaseEvent(event_id=event_id, type="allocated", contact_id=contact, at=at, by=worker.name, details=details)
        self._outputs.append(Output("case-events", contact, event))
        return event_id
