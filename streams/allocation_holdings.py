"""Who holds which contact of a team, and who holds a child's case in the case system, as one event changes it. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from schemas.codes import RISK_LEVELS, folded_name
from schemas.record import Record
from streams.allocation_held import Unassessed
from streams.allocation_rota import RotaWorker
from streams.allocation_rows import HoldingRow, LoadedCaseRow, TeamRow
from streams.processor import Rows, derived_of

_NOTHING: Mapping[str, Any] = {}


class Holdings:
    """The rows of one team. `workers` are its rota, whose loads follow what they hold; `nights` the contacts that the emergency
    duty team holds until the morning."""

    def __init__(self, rows: Rows, team: TeamRow) -> None:
        self.team = team.team
        self.workers = dict(team.workers)
        self.nights = dict.fromkeys(team.nights)
        self._rows = rows
        self._held: dict[str, HoldingRow] = {}
        self._loaded: dict[str, LoadedCaseRow] = {}

    def changed(self) -> dict[str, Record]:
        """The rows that are not as they were."""
        return {**self._held, **self._loaded}

    # -- contacts

    def find(self, contact: str) -> HoldingRow | None:
        """Who holds it; None of a contact that nobody was ever given."""
        key = self._key(contact)
        row = self._held.get(key) or self._rows.get(key)
        return row if isinstance(row, HoldingRow) else None

    def of(self, contact: str) -> HoldingRow:
        """Who holds a contact that somebody was given."""
        holding = self.find(contact)
        assert holding is not None, "what somebody holds has a holding"
        return holding

    def give(
        self, contacts: Iterable[str], worker_id: str, event_id: str, name: str = "", known: Mapping[str, Any] = _NOTHING
    ) -> None:
        """From now on this worker holds the contacts; nobody, with an empty id. What an earlier holder had of a link, a person or
        the night is over; `known` is what holds of this one."""
        worker = self.workers.get(worker_id)
        for contact in contacts:
            before = self.find(contact)
            if before is not None and before.worker_id:
                self._count(before.worker_id, -1)
            if worker_id:
                self._count(worker_id, +1)
            self.nights.pop(contact, None)
            if worker is not None and worker.role == "night":
                self.nights[contact] = None
            row = before or HoldingRow(contact_id=contact, worker_id="", event_id="", unassessed=True)
            now = {"worker_id": worker_id, "event_id": event_id, "name": "" if worker else name, "before": None}
            over = {"stays": False, "stays_until": None, "day_worker": ""}
            self._held[self._key(contact)] = row.model_copy(update={**now, **over, **known})

    def assessed(self, contact: str, is_so: bool) -> None:
        """Whether somebody has risk assessed what was given to somebody."""
        holding = self.find(contact)
        if holding is not None:
            self._held[self._key(contact)] = holding.model_copy(update={"unassessed": not is_so})

    def unassessed_of(self, worker_id: str, at: datetime) -> list[str]:
        """What somebody holds unassessed and may be taken from them, most urgent first."""
        index: Unassessed = derived_of(self._rows)
        asked = {*index.of(self.team, worker_id), *(holding.contact_id for holding in self._held.values())}
        held = [holding for contact in asked if (holding := self.find(contact)) is not None]
        theirs = [one for one in held if one.worker_id == worker_id and one.moves(at)]
        return [one.contact_id for one in sorted(theirs, key=_urgency)]

    def by_notice(self, contacts: Iterable[str]) -> list[list[str]]:
        """The contacts, siblings of one notice together."""
        groups: dict[str, list[str]] = {}
        for contact in contacts:
            groups.setdefault(self.of(contact).notice or contact, []).append(contact)
        return list(groups.values())

    # -- cases of the case system

    def load(self, case: str, worker: str) -> None:
        """Who holds that case in the case system, by name; empty once it is closed. It counts in nobody's load, which is what the
        hub gave."""
        key = self._loaded_key(case)
        if worker or self._rows.get(key) is not None:
            self._loaded[key] = LoadedCaseRow(loaded_case=case, worker=worker)

    def caseworker(self, case: str, at: datetime, about: set[str]) -> RotaWorker | None:
        """Who holds a loaded case: anybody by name whom the rota does not know, or who is on duty and may take it."""
        row = self._rows.get(self._loaded_key(case))
        if not isinstance(row, LoadedCaseRow) or not row.worker:
            return None
        worker_id = self.id_of(row.worker)
        return self._able(worker_id, at, about) if worker_id in self.workers else RotaWorker(worker_id=worker_id, name=row.worker)

    # -- who has the child already

    def holder_of(self, siblings: Iterable[str], at: datetime, about: set[str]) -> RotaWorker | None:
        """Who holds a sibling, if they can take another: one worker sees the whole family."""
        holdings = (self.find(contact) for contact in siblings)
        able = (self._able(holding.worker_id, at, about) for holding in holdings if holding is not None)
        return next((worker for worker in able if worker is not None), None)

    def holder_of_story(self, contacts: list[str], at: datetime, about: set[str]) -> RotaWorker | None:
        """Who holds one of these contacts and can take another, the latest first: a worker of the rota on duty, or one that only
        the case system knows."""
        for contact in reversed(contacts):
            holding = self.find(contact)
            if holding is None:
                worker = self.caseworker(contact, at, about)
            elif holding.name and holding.worker_id and holding.worker_id not in self.workers:
                worker = RotaWorker(worker_id=holding.worker_id, name=holding.name)
            else:
                worker = self._able(holding.worker_id, at, about)
            if worker is not None:
                return worker
        return None

    def day_worker(self, held: Iterable[HoldingRow], at: datetime, about: set[str]) -> RotaWorker | None:
        """From whom the night took these, if they can take them back."""
        able = (self._able(holding.day_worker, at, about) for holding in held)
        return next((worker for worker in able if worker is not None), None)

    def id_of(self, name: str) -> str:
        """The id of whom the rota knows by this name; who is not on it, or not alone under it, is known by name."""
        plain = folded_name(name)
        known = [w.worker_id for w in self.workers.values() if folded_name(w.name) == plain]
        return known[0] if len(known) == 1 else f"name:{plain}"

    def _able(self, worker_id: str, at: datetime, about: set[str]) -> RotaWorker | None:
        worker = self.workers.get(worker_id)
        return worker if worker is not None and worker.on_duty(at) and not worker.conflicted(about) else None

    def _count(self, worker_id: str, change: int) -> None:
        worker = self.workers.get(worker_id)
        if worker is not None:
            self.workers[worker_id] = worker.model_copy(update={"holds": max(0, worker.holds + change)})

    def _key(self, contact: str) -> str:
        return f"{self.team} {contact}"

    def _loaded_key(self, case: str) -> str:
        return f"{self.team} loaded {case}"


def _urgency(holding: HoldingRow) -> tuple[int, str]:
    """A risk that nobody stated stands before green: it may be anything."""
    order = (*RISK_LEVELS[:2], "", *RISK_LEVELS[2:])
    return order.index(holding.risk if holding.risk in order else ""), holding.contact_id
