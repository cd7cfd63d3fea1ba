"""Allocation: at once, to a named worker on the duty rota; siblings of one notice to one worker. Pure.

Reads `allocation-in`, keyed by team: rota changes, requests and ticks in one order. Who takes a request is the rota's
answer (`streams.allocation_rota`): the least loaded person on duty who has room and no conflict of interest. If nobody is,
the duty manager takes it by name, with the reason; with no manager either it waits until somebody's duty begins or a place
becomes free, unless a person gives it to somebody first. What the emergency duty team took goes over to the workers of the
morning.

Who holds a child's case keeps getting that child, also past the cap, but never against a conflict of interest: a sibling
that a later version of a notice adds goes to the worker who holds the others, if that worker is on duty. So does, after its
first allocation, a contact that a link or a person's answer says is of a child whose case somebody holds; an undone link
gives it back.

When a worker is absent or their duty has ended, what they hold and nobody has risk assessed goes to somebody else by the same
rule; what the night takes so, the morning gives back. What is assessed stays theirs: a child keeps its worker, and the duty
manager is told by name of what needs somebody meanwhile.

Whose signature under a risk assessment counts is the rota's to say as well (`streams.signing`).
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal

from schemas.allocation import AllocationEvent
from schemas.case_event import CaseEvent
from schemas.codes import RISK_LEVELS, folded_name, is_named_worker
from schemas.identity import output_id
from schemas.record import Record
from streams.allocation_held import Unassessed
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
from streams.allocation_rows import HeldBefore, HoldingRow, LoadedCaseRow, TeamRow
from streams.processor import Decision, DerivedRows, Output, Rows, Tick
from streams.signing import checked

#: More than one batch: a repeat comes with the batch that a crash cut off, or never.
_RECENT_KEPT = 512


#: What becomes of what nobody has assessed when its worker's duty ends.
EndOfDuty = Literal["hand_over", "keep"]


class Allocation:
    """The processor."""

    name = "allocation"
    inputs = ("allocation-in",)

    def __init__(self, at_end_of_duty: EndOfDuty = "hand_over") -> None:
        self._at_end_of_duty: EndOfDuty = at_end_of_duty

    def parse_row(self, text: bytes) -> Record:
        """A team's row, a holding, or a case of the case system."""
        if b'"loaded_case"' in text[:20]:
            return LoadedCaseRow.model_validate_json(text)
        return HoldingRow.model_validate_json(text) if b'"contact_id"' in text[:20] else TeamRow.model_validate_json(text)

    def derive(self, rows: Mapping[str, Record]) -> Unassessed:
        """Of each worker, what they hold unassessed."""
        return Unassessed(rows)

    def tick(self, event: Record) -> Tick | None:
        """A tick of this partition. Whether somebody was awake meanwhile is no question here: what is due is done late."""
        assert isinstance(event, AllocationEvent)
        return Tick(event.at, event.at) if event.type == "tick" else None

    def wakes_at(self, row: Record) -> datetime | None:
        """When the rota of a team changes next, while something waits for it; when somebody's absence begins or duty ends."""
        return row.wake_at if isinstance(row, TeamRow) else None

    def wake(self, rows: Rows, key: str, tick: Tick) -> Decision:
        """Somebody's duty has begun or ended."""
        team = rows.get(key)
        assert isinstance(team, TeamRow)
        round_ = _Round(rows, team, self._at_end_of_duty)
        round_.settle(tick.at)
        return round_.decision("", tick.at)

    def decide(self, rows: Rows, event: Record) -> Decision:
        """See the module."""
        assert isinstance(event, AllocationEvent)
        if event.type == "tick":
            return Decision()
        team = rows.get(event.team)
        team = team if isinstance(team, TeamRow) else TeamRow(team=event.team)
        if event.event_id in team.recent:
            return Decision()
        round_ = _Round(rows, team, self._at_end_of_duty)
        match event.type:
            case "rota_set":
                round_.set_worker(event)
            case "rota_removed":
                round_.remove_worker(event)
            case "requested":
                round_.request(event, event.at)
            case "reassigned":
                round_.reassign(event)
            case "released":
                round_.hold(event.contact_ids, "", event.event_id)
            case "assessed" | "reopened":
                round_.assessed(event)
            case "signed":
                round_.sign(event)
            case "linked":
                round_.link(event)
            case "unlinked":
                round_.unlink(event)
            case "cases_loaded":
                round_.load(event)
            case "case_known":
                round_.follow_case(event)
        round_.settle(event.at)
        return round_.decision(event.event_id, event.at)


class _Round:
    """One event's changes to one team."""

    def __init__(self, rows: Rows, team: TeamRow, at_end_of_duty: EndOfDuty) -> None:
        self._rows = rows
        self._at_end_of_duty = at_end_of_duty
        self._team = team.team
        self._workers = dict(team.workers)
        self._waiting = list(team.waiting)
        self._nights = dict.fromkeys(team.nights)
        self._recent = team.recent
        self._holdings: dict[str, HoldingRow] = {}
        self._loaded: dict[str, LoadedCaseRow] = {}
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
        worker = self._holder_of(request.siblings, at, about)
        if worker is None:
            worker = choose(self._workers.values(), at, about, len(request.contact_ids), request.areas)
        if worker is None:
            if all(request.event_id != waiting.event_id for waiting in self._waiting):
                self._waiting.append(request)
            return
        self.hold(request.contact_ids, worker.worker_id, request.event_id)
        for contact in request.contact_ids:
            known = {"about": sorted({*request.about, *request.siblings}), "notice": request.event_id}
            known |= {"areas": request.areas, "risk": request.risk}
            self._holdings[self._key(contact)] = self._holdings[self._key(contact)].model_copy(update=known)
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
            left = [contact for contact in request.contact_ids if self._holding(contact) is None]
            if left:
                self.request(request.model_copy(update={"contact_ids": left}), max(at, request.at))

    def _hand_over(self, at: datetime) -> None:
        there = [worker for worker in self._workers.values() if worker.on_duty(at)]
        if not self._nights or any(w.role == "night" for w in there) or all(w.role != "worker" for w in there):
            return
        for contacts in self._by_notice(self._nights):
            self._give_to_another(contacts, at, "handed_over")

    def _cover_who_left(self, at: datetime) -> None:
        for left in [worker for worker in self._workers.values() if worker.holds and not worker.on_duty(at)]:
            how = "absent" if left.absent(at) else "duty_ended"
            if how == "absent" or self._at_end_of_duty == "hand_over":
                for contacts in self._by_notice(self._unassessed_of(left.worker_id, at)):
                    self._uncovered |= not self._give_to_another(contacts, at, how, left)

    def _unassessed_of(self, worker_id: str, at: datetime) -> list[str]:
        """What somebody holds unassessed and may be taken from them, most urgent first."""
        assert isinstance(self._rows, DerivedRows)
        index: Unassessed = self._rows.derived
        asked = {*index.of(self._team, worker_id), *(holding.contact_id for holding in self._holdings.values())}
        held = [holding for contact in asked if (holding := self._holding(contact)) is not None]
        theirs = [one for one in held if one.worker_id == worker_id and one.moves(at)]
        return [one.contact_id for one in sorted(theirs, key=_urgency)]

    def _give_to_another(self, contacts: list[str], at: datetime, how: str, left: RotaWorker | None = None) -> bool:
        """Siblings that `left` or the night holds, to who had them by day, else to whom the rota chooses now; false when there
        is nobody."""
        held = [self._held(contact) for contact in contacts]
        about = {*contacts, *(each for holding in held for each in holding.about)}
        areas = {area for holding in held for area in holding.areas}
        worker = self._day_worker(held, at, about) if how == "handed_over" else None
        worker = worker or choose(self._workers.values(), at, about, len(contacts), areas)
        # The night ends before the day begins: it hands over to the day, and to no manager who happens to be there.
        if worker is None or (how == "duty_ended" and left and left.role == "night" and worker.role in ("manager", "head")):
            return False
        for holding in held:
            told = self._tell(holding.event_id, how, holding.contact_id, worker, at, how, about)
            self.hold([holding.contact_id], worker.worker_id, told)
            if how == "duty_ended" and left and worker.role == "night":
                day_worker = holding.day_worker if left.role == "night" else left.worker_id
                key = self._key(holding.contact_id)
                self._holdings[key] = self._holdings[key].model_copy(update={"day_worker": day_worker})
        return True

    def _day_worker(self, held: list[HoldingRow], at: datetime, about: set[str]) -> RotaWorker | None:
        """From whom the night took these, if they can take them back."""
        for holding in held:
            worker = self._workers.get(holding.day_worker)
            if worker is not None and worker.on_duty(at) and not worker.conflicted(about):
                return worker
        return None

    def _by_notice(self, contacts: Iterable[str]) -> list[list[str]]:
        groups: dict[str, list[str]] = {}
        for contact in contacts:
            groups.setdefault(self._held(contact).notice or contact, []).append(contact)
        return list(groups.values())

    # -- what people and links decide

    def reassign(self, event: AllocationEvent) -> None:
        """Somebody gave it to somebody else. Whom the rota knows by that name is that person; a desk is nobody."""
        worker_id = person_of(event)
        if not worker_id and not is_named_worker(event.worker_name):
            return
        worker_id = worker_id or self._id_of(event.worker_name)
        worker = self._workers.get(worker_id)
        self.hold(event.contact_ids, worker_id, event.event_id, event.worker_name)
        if worker is not None and not worker.on_duty(event.at):
            stays = {"stays": True, "stays_until": next_duty(worker, event.at)}
            for key in map(self._key, event.contact_ids):
                self._holdings[key] = self._holdings[key].model_copy(update=stays)

    def assessed(self, event: AllocationEvent) -> None:
        """A risk assessment was recorded, or a correction asks for another one."""
        for contact in event.contact_ids:
            holding = self._holding(contact)
            if holding is not None:
                self._holdings[self._key(contact)] = holding.model_copy(update={"unassessed": event.type == "reopened"})

    def sign(self, event: AllocationEvent) -> None:
        """Somebody signed a risk assessment off: the case is told whether they may."""
        for contact in event.contact_ids:
            holding = self._holding(contact)
            holder = holding.worker_id if holding is not None else ""
            self._outputs.append(Output("case-events", contact, checked(event, contact, self._workers, holder)))

    def link(self, event: AllocationEvent) -> None:
        """The contacts go to who holds another contact of their child, if that is somebody else who can take them: a
        worker of the rota on duty, or one that only the case system knows."""
        for contact in event.contact_ids:
            now = self._holding(contact)
            if now is None or not now.worker_id:
                continue
            holder = self._holder_of_story(event.siblings, event.at, {contact, *now.about, *event.siblings})
            if holder is None or holder.worker_id == now.worker_id:
                continue
            self.hold([contact], holder.worker_id, event.event_id, holder.name)
            # Moved by a link before: undoing gives it back to who held it without any.
            was = now.before or now
            before = HeldBefore(link=event.link, worker_id=was.worker_id, event_id=was.event_id, name=was.name)
            key = self._key(contact)
            self._holdings[key] = self._holdings[key].model_copy(update={"before": before})
            self._tell(event.event_id, "allocated", contact, holder, event.at, "linked", link=event.link)

    def unlink(self, event: AllocationEvent) -> None:
        """Back to who held it before the link, unless somebody else was given it meanwhile, or it has ended."""
        for contact in event.contact_ids:
            now = self._holding(contact)
            before = now.before if now is not None else None
            if before is None or before.link != event.link:
                continue
            self.hold([contact], before.worker_id, before.event_id, before.name)
            worker = self._workers.get(before.worker_id) or RotaWorker(worker_id=before.worker_id, name=before.name)
            self._tell(event.event_id, "allocated", contact, worker, event.at, "link_undone", link=event.link)

    # -- cases of the case system

    def load(self, event: AllocationEvent) -> None:
        """Who holds these cases in the case system. They count in nobody's load: the rota's is what the hub gave."""
        for case in event.contact_ids:
            key = self._loaded_key(case)
            if event.worker_name or self._rows.get(key) is not None:
                self._loaded[key] = LoadedCaseRow(loaded_case=case, worker=event.worker_name)

    def follow_case(self, event: AllocationEvent) -> None:
        """The contacts go to who holds their child's case in the case system, unless a link has given them to who holds another
        contact of the child here: the hub's own word is the later one."""
        for contact in event.contact_ids:
            now = self._holding(contact)
            if now is None or not now.worker_id or now.before is not None:
                continue
            about = {contact, *now.about}
            found = (self._caseworker(case, event.at, about) for case in event.siblings)
            holder = next((one for one in found if one is not None), None)
            if holder is None or holder.worker_id == now.worker_id:
                continue
            self.hold([contact], holder.worker_id, event.event_id, holder.name)
            self._tell(event.event_id, "allocated", contact, holder, event.at, "open_case")

    def _caseworker(self, case: str, at: datetime, about: set[str]) -> RotaWorker | None:
        """Who holds a loaded case: anybody by name whom the rota does not know, or who is on duty and may take it."""
        row = self._rows.get(self._loaded_key(case))
        if not isinstance(row, LoadedCaseRow) or not row.worker:
            return None
        worker_id = self._id_of(row.worker)
        worker = self._workers.get(worker_id)
        if worker is None:
            return RotaWorker(worker_id=worker_id, name=row.worker)
        return worker if worker.on_duty(at) and not worker.conflicted(about) else None

    def _loaded_key(self, case: str) -> str:
        return f"{self._team} loaded {case}"

    # -- who holds what

    def hold(self, contacts: list[str], worker_id: str, event_id: str, name: str = "") -> None:
        """From now on this worker holds the contacts; nobody, with an empty id."""
        worker = self._workers.get(worker_id)
        for contact in contacts:
            before = self._holding(contact)
            if before is not None and before.worker_id:
                self._count(before.worker_id, -1)
            if worker_id:
                self._count(worker_id, +1)
            self._nights.pop(contact, None)
            if worker is not None and worker.role == "night":
                self._nights[contact] = None
            row = before or HoldingRow(contact_id=contact, worker_id="", event_id="", unassessed=True)
            now = {"worker_id": worker_id, "event_id": event_id, "name": "" if worker else name, "before": None}
            given = {"stays": False, "stays_until": None, "day_worker": ""}
            self._holdings[self._key(contact)] = row.model_copy(update={**now, **given})

    def decision(self, event_id: str, at: datetime) -> Decision:
        """What it comes to; `event_id` is empty for a tick."""
        recent = [*self._recent, event_id][-_RECENT_KEPT:] if event_id else self._recent
        waits = bool(self._waiting or self._nights or self._uncovered)
        wakes = next_change if waits else next_leaving
        team = TeamRow(
            team=self._team,
            workers=self._workers,
            waiting=self._waiting,
            nights=list(self._nights),
            recent=recent,
            wake_at=wakes(self._workers.values(), at),
        )
        return Decision(self._outputs, {**self._holdings, **self._loaded, self._team: team})

    def _holding(self, contact: str) -> HoldingRow | None:
        key = self._key(contact)
        row = self._holdings.get(key) or self._rows.get(key)
        return row if isinstance(row, HoldingRow) else None

    def _held(self, contact: str) -> HoldingRow:
        holding = self._holding(contact)
        assert holding is not None, "what the night holds has a holding"
        return holding

    def _key(self, contact: str) -> str:
        return f"{self._team} {contact}"

    def _count(self, worker_id: str, change: int) -> None:
        worker = self._workers.get(worker_id)
        if worker is not None:
            self._workers[worker_id] = worker.model_copy(update={"holds": max(0, worker.holds + change)})

    def _holder_of(self, siblings: list[str], at: datetime, about: set[str]) -> RotaWorker | None:
        """Who holds a sibling already, if they can take it: one worker sees the whole family."""
        for contact in siblings:
            holding = self._holding(contact)
            worker = self._workers.get(holding.worker_id) if holding is not None else None
            if worker is not None and worker.on_duty(at) and not worker.conflicted(about):
                return worker
        return None

    def _holder_of_story(self, contacts: list[str], at: datetime, about: set[str]) -> RotaWorker | None:
        """Who holds one of these contacts and can take another, the latest first."""
        for contact in reversed(contacts):
            holding = self._holding(contact)
            if holding is None and (caseworker := self._caseworker(contact, at, about)) is not None:
                return caseworker
            if holding is None or not holding.worker_id:
                continue
            worker = self._workers.get(holding.worker_id)
            if worker is None and holding.name:
                return RotaWorker(worker_id=holding.worker_id, name=holding.name)
            if worker is not None and worker.on_duty(at) and not worker.conflicted(about):
                return worker
        return None

    def _id_of(self, name: str) -> str:
        """The id of whom the rota knows by this name; who is not on it, or not alone under it, is known by name."""
        plain = folded_name(name)
        known = [w.worker_id for w in self._workers.values() if folded_name(w.name) == plain]
        return known[0] if len(known) == 1 else f"name:{plain}"

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
        if worker.role in ("manager", "head"):
            details["why"] = why_a_manager(self._workers.values(), at, set(about))
        if link:
            details["link"] = link
        event_id = output_id(cause, rule, contact)
        event = CaseEvent(event_id=event_id, type="allocated", contact_id=contact, at=at, by=worker.name, details=details)
        self._outputs.append(Output("case-events", contact, event))
        return event_id


def _urgency(holding: HoldingRow) -> tuple[int, str]:
    """A risk that nobody stated stands before green: it may be anything."""
    order = (*RISK_LEVELS[:2], "", *RISK_LEVELS[2:])
    return order.index(holding.risk if holding.risk in order else ""), holding.contact_id
