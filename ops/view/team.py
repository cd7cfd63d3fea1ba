"""A team as its supervisors and the head of service see it: who is on duty, who holds how much, and what is getting late."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta

from pydantic import BaseModel

from ops.view.case_clocks import CaseClocks
from ops.view.case_summary import RISK_ORDER
from ops.view.snapshot import Answer, Snapshot
from ops.view.times import as_instant, as_text, minutes_left
from schemas.allocation import AllocationEvent
from schemas.case_event import CaseEvent
from schemas.codes import folded_name
from schemas.flag import FlagState
from schemas.london import civil_date, midnight_after
from streams.allocation_rota import RotaWorker, person_of, put_on_rota
from streams.same_day import CLOCK, is_evidence

#: A limit this near is due soon.
SOON = timedelta(hours=2)
#: A second person's signature under a risk assessment.
SIGNED_OFF = "risk_assessment_signed_off"
#: How far back the night's own count reaches.
_NIGHTS = timedelta(hours=24)


class Unassessed(BaseModel):
    """A contact that nobody has risk assessed yet. Names no child: it is for messages that leave the hub. `how` and `why` its
    worker came to hold it, and since when (`given_at`)."""

    contact_id: str
    kind: str
    risk: str
    agency: str
    received_at: datetime
    opening: int
    due_at: datetime
    minutes_left: int
    overdue: bool
    worker_id: str
    how: str
    why: str
    given_at: datetime | None = None


class LateClock(BaseModel):
    """A clock of an open case whose limit is near (`due_soon`) or was missed, until somebody explains it. `to` is the rung of
    the escalation ladder whose turn it is, `step_at` the last step or warning. `worker_id` is as in `WorkerLoad`; empty: nobody
    by name."""

    flag_id: str
    contact_id: str
    clock: str
    opening: int
    due_at: datetime
    state: FlagState
    to: str
    step_at: datetime | None
    worker_id: str


class WorkerLoad(BaseModel):
    """One person. `caseload` counts the cases held and open. `unassessed` are those not risk assessed, most urgent first;
    `missed` and `due_soon` count clocks of the open cases, `unsigned` those whose risk assessment waits for a second person's
    signature, where the policy asks for one. `nights`: cases that the emergency duty team was given in the last 24 hours,
    counted apart because the morning holds them now. A person whom the rota does not know has the role `not_on_rota`.
    `duty_until`: when the present duty ends, if it does; `absent_since` and `absent_until` bound the present absence."""

    worker_id: str
    name: str
    role: str
    area: str = ""
    on_duty: bool = False
    absent: bool = False
    duty_until: datetime | None = None
    absent_since: datetime | None = None
    absent_until: datetime | None = None
    share: int = 100
    cap: int = 0
    supervisor: str = ""
    supervisor_name: str = ""
    email: str = ""
    caseload: int = 0
    oldest_unassessed: datetime | None = None
    missed: int = 0
    due_soon: int = 0
    unsigned: int = 0
    nights: int = 0
    assessed_today: int = 0
    unassessed: list[Unassessed] = []


class TeamAnswer(Answer):
    """`unallocated` are open contacts that no named worker holds. `day_began` is the first arrival or assessment of this
    London day, from when today's pace counts; null on a day without any."""

    team: str
    on_duty: int
    caseload: int
    missed: int
    due_soon: int
    unsigned: int = 0
    nights: int
    assessed_today: int
    day_began: datetime | None
    oldest_unassessed: datetime | None
    unallocated: list[Unassessed]
    unallocated_total: int
    late: list[LateClock] = []
    workers: list[WorkerLoad]


class TeamsAnswer(Answer):
    """Every team that has a rota or a contact, by name."""

    teams: list[str]


def team_names(at: Snapshot) -> list[str]:
    """Every team that has a rota or a contact."""
    rows = at.db.execute("SELECT team FROM rota UNION SELECT team FROM held WHERE open AND team <> '' ORDER BY team")
    return [team for (team,) in rows.fetchall()]


def team(at: Snapshot, name: str) -> TeamAnswer:
    """One team at the snapshot's moment."""
    return _Team(at, name).answer()


class _Team:
    """Collects what is known of one team."""

    def __init__(self, at: Snapshot, name: str) -> None:
        self._at, self._name = at, name
        self._emails: dict[str, str] = {}
        self._rota = self._read_rota()
        self._loads = {worker_id: self._of(worker) for worker_id, worker in self._rota.items()}
        self._ids = _by_name(self._rota.values())
        self._unallocated: list[Unassessed] = []
        self._without = 0
        self._late: list[LateClock] = []

    def answer(self) -> TeamAnswer:
        self._count_cases()
        self._count_flags()
        self._count_unsigned()
        began = self._count_today()
        loads = [load for load in self._loads.values() if load.role != "gone" or load.caseload or load.unassessed]
        for load in loads:
            load.unassessed.sort(key=_most_urgent_first)
            load.oldest_unassessed = min((one.received_at for one in load.unassessed), default=None)
        waiting = [one.received_at for load in loads for one in load.unassessed] + [u.received_at for u in self._unallocated]
        return TeamAnswer(
            as_of=self._at.now, behind_records=self._at.behind_records, team=self._name,
            on_duty=sum(load.on_duty for load in loads), caseload=sum(load.caseload for load in loads),
            missed=sum(load.missed for load in loads), due_soon=sum(load.due_soon for load in loads),
            unsigned=sum(load.unsigned for load in loads),
            nights=sum(load.nights for load in loads), assessed_today=sum(load.assessed_today for load in loads),
            day_began=began, oldest_unassessed=min(waiting, default=None),
            unallocated=sorted(self._unallocated, key=_most_urgent_first), unallocated_total=self._without,
            late=sorted(self._late, key=lambda one: (one.due_at, one.flag_id)),
            workers=sorted(loads, key=lambda load: (load.role == "not_on_rota", load.worker_id)),
        )  # fmt: skip

    def _read_rota(self) -> dict[str, RotaWorker]:
        rows = self._at.db.execute("SELECT record FROM rota WHERE team = ? ORDER BY offset", (self._name,))
        people: dict[str, RotaWorker] = {}
        for (text,) in rows.fetchall():
            event = AllocationEvent.model_validate_json(text)
            person = person_of(event)
            if event.type == "rota_removed":
                if person in people:
                    people[person] = people[person].model_copy(update={"role": "gone", "duties": [], "absences": []})
                continue
            worker = put_on_rota(people.get(person), event)
            if worker is not None:
                people[person] = worker
                self._emails[person] = event.email
        return people

    def _of(self, worker: RotaWorker) -> WorkerLoad:
        chief = self._rota.get(worker.supervisor)
        return WorkerLoad(
            worker_id=worker.worker_id, name=worker.name, role=worker.role, area=worker.area,
            on_duty=worker.on_duty(self._at.now), absent=worker.absent(self._at.now), share=worker.share, cap=worker.cap,
            duty_until=_ends(worker, self._at.now), **_absence(worker, self._at.now),
            supervisor=worker.supervisor, supervisor_name=chief.name if chief else "",
            email=self._emails.get(worker.worker_id, ""),
        )  # fmt: skip

    def _load(self, worker_id: str, name: str) -> WorkerLoad:
        """The load of whom the log names; one whom the rota does not know gets an entry."""
        person = worker_id.rpartition("/")[0] if worker_id.rpartition("/")[2].isdigit() else worker_id
        found = next((one for one in (worker_id, person, self._ids.get(folded_name(name), "")) if one in self._loads), None)
        key = found or f"name:{folded_name(name)}"
        return self._loads.setdefault(key, WorkerLoad(worker_id=key, name=name, role="not_on_rota"))

    def _count_cases(self) -> None:
        rows = self._at.db.execute("SELECT worker, worker_id FROM held WHERE open AND team = ?", (self._name,))
        for worker, worker_id in rows.fetchall():
            if worker:
                self._load(worker_id, worker).caseload += 1
            else:
                self._without += 1
        rows = self._at.db.execute(
            "SELECT contact_id, worker, worker_id FROM cases JOIN held USING (contact_id) WHERE waiting AND team = ?",
            (self._name,),
        )
        for contact_id, worker, worker_id in rows.fetchall():
            waiting = self._unassessed(contact_id, worker_id)
            if worker:
                self._load(worker_id, worker).unassessed.append(waiting)
            else:
                self._unallocated.append(waiting)

    def _unassessed(self, contact_id: str, worker_id: str) -> Unassessed:
        held = self._at.case(contact_id)
        assert held is not None, "a row of `cases` has a case"
        summary, run = held.case.summary, held.case.current
        given_at, details = self._last_given(contact_id)
        return Unassessed(
            contact_id=contact_id, kind=summary.kind, risk=summary.risk, agency=summary.agency,
            received_at=summary.opened_at, opening=run.number, due_at=run.due_at,
            minutes_left=minutes_left(run.due_at, self._at.now), overdue=run.due_at <= self._at.now,
            worker_id=worker_id, how=details.get("how", ""), why=details.get("why", ""), given_at=given_at,
        )  # fmt: skip

    def _last_given(self, contact_id: str) -> tuple[datetime | None, dict[str, str]]:
        """When the last allocation that counts was made, and how it came about."""
        row = self._at.db.execute(
            "SELECT at, json_extract(record, '$.details') FROM case_events WHERE contact_id = ? AND type = 'allocated' "
            "AND json_extract(record, '$.problem') = '' ORDER BY offset DESC LIMIT 1",
            (contact_id,),
        ).fetchone()
        return (as_instant(row[0]), dict(json.loads(row[1]))) if row else (None, {})

    def _count_flags(self) -> None:
        """Clocks of open cases that have a standing flag, and limits that are near."""
        rows = self._at.db.execute(
            "SELECT DISTINCT contact_id, worker, worker_id FROM flags JOIN held USING (contact_id) WHERE open AND team = ?",
            (self._name,),
        )
        near: set[tuple[str, str]] = set()
        for contact_id, worker, worker_id in rows.fetchall():
            load = self._load(worker_id, worker) if worker else None
            for flag in self._at.flags(contact_id):
                soon = flag.state == "due_soon" and self._at.now < flag.due_at
                missed = flag.standing and flag.result == "missed"
                if load is not None:
                    load.due_soon += soon and (contact_id, flag.clock) not in near
                    load.missed += missed
                if soon:
                    near.add((contact_id, flag.clock))
                if soon or (missed and flag.state != "explained"):
                    self._late.append(
                        LateClock(
                            flag_id=flag.flag_id, contact_id=contact_id, clock=flag.clock, opening=flag.opening,
                            due_at=flag.due_at, state=flag.state, to=flag.to, step_at=flag.step_at,
                            worker_id=load.worker_id if load else "",
                        )
                    )  # fmt: skip
        for load in self._loads.values():
            for one in load.unassessed:
                soon = not one.overdue and one.due_at - self._at.now <= SOON
                load.due_soon += soon and (one.contact_id, CLOCK) not in near

    def _count_unsigned(self) -> None:
        rules = self._at.rules
        if rules is None or not rules.waits_for(SIGNED_OFF):
            return
        rows = self._at.db.execute(
            "SELECT DISTINCT contact_id, worker, worker_id FROM case_events JOIN held USING (contact_id) "
            "WHERE type = 'risk_assessed' AND open AND team = ?",
            (self._name,),
        )
        for contact_id, worker, worker_id in rows.fetchall():
            waits = any(SIGNED_OFF in stops for stops in CaseClocks(self._at, self._at.events(contact_id)).waits_for())
            if worker and waits:
                self._load(worker_id, worker).unsigned += 1

    def _count_today(self) -> datetime | None:
        """Today's assessments, by who made them, and the night's own count; when the day began."""
        midnight = midnight_after(civil_date(self._at.now) - timedelta(days=1))
        moments = []
        for event in self._events("risk_assessed", midnight):
            if is_evidence(event):
                self._load("", event.by).assessed_today += 1
                moments.append(event.at)
        for event in self._events("allocated", self._at.now - _NIGHTS):
            if event.details.get("how") in ("night", "duty_ended"):
                load = self._load(event.details.get("worker_id", ""), event.by)
                load.nights += event.details["how"] == "night" or load.role == "night"
        (first,) = self._at.db.execute(
            "SELECT min(started_at) FROM openings JOIN cases USING (contact_id) JOIN held USING (contact_id) "
            "WHERE day = ? AND team = ?",
            (civil_date(self._at.now).isoformat(), self._name),
        ).fetchone()
        if first is not None:
            moments.append(as_instant(first))
        return min(moments, default=None)

    def _events(self, kind: str, since: datetime) -> list[CaseEvent]:
        rows = self._at.db.execute(
            f"SELECT case_events.record FROM case_events JOIN held USING (contact_id) "
            f"WHERE type = '{kind}' AND at >= ? AND at <= ? AND team = ?",
            (as_text(since), as_text(self._at.now), self._name),
        )
        return [CaseEvent.model_validate_json(text) for (text,) in rows.fetchall()]


def _ends(worker: RotaWorker, now: datetime) -> datetime | None:
    """When the duty ends that lasts longest of those that cover the moment; none for an open one."""
    ends = [duty.until for duty in worker.duties if duty.covers(now)]
    return max((end for end in ends if end is not None), default=None) if ends and None not in ends else None


def _absence(worker: RotaWorker, now: datetime) -> dict[str, datetime | None]:
    """The absence that covers the moment, by its bounds."""
    found = next((absence for absence in worker.absences if absence.covers(now)), None)
    return {"absent_since": found.since, "absent_until": found.until} if found is not None else {}


def _by_name(workers: Iterable[RotaWorker]) -> dict[str, str]:
    return {folded_name(worker.name): worker.worker_id for worker in workers}


def _most_urgent_first(one: Unassessed) -> tuple[bool, int, datetime, str]:
    rank = RISK_ORDER.index(one.risk) if one.risk in RISK_ORDER else RISK_ORDER.index("")
    return (not one.overdue, rank, one.received_at, one.contact_id)
