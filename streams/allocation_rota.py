"""A team's rota: who is on duty, and who of them takes the next case. Pure.

The load of a worker is the cases held, weighed by the part of full time that they work: of two, one of whom works half the
week, that one gets half as many. Ties go to the lower worker id, so that everybody comes to the same answer.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from fractions import Fraction

from pydantic import Field

from schemas.allocation import AllocationEvent
from schemas.codes import is_named_worker
from schemas.record import Instant, Record

#: In this order a case is offered; how an allocation says that it came about.
HOW = {"night": "night", "worker": "rota", "manager": "manager", "head": "manager"}


class Period(Record):
    """From `since` until `until`, without it; open-ended when empty."""

    since: Instant
    until: Instant | None = None

    def covers(self, at: datetime) -> bool:
        """Whether the instant lies in it."""
        return self.since <= at and (self.until is None or at < self.until)

    @property
    def bounds(self) -> list[datetime]:
        """Where it begins, and where it ends if it does."""
        return [self.since] if self.until is None else [self.since, self.until]


class RotaWorker(Record):
    """One person of a team, however many duties they have. `holds` counts the cases held now, also while the rota does not
    name them; `share`, `cap`, `conflicts` and `areas` are as in `AllocationEvent`."""

    worker_id: str
    name: str
    role: str = "worker"
    area: str = ""
    areas: list[str] = Field(default_factory=list)
    share: int = 100
    cap: int = 0
    conflicts: list[str] = Field(default_factory=list)
    supervisor: str = ""
    duties: list[Period] = Field(default_factory=list)
    absences: list[Period] = Field(default_factory=list)
    holds: int = 0

    def on_duty(self, at: datetime) -> bool:
        """Whether a duty covers the instant, and no absence does."""
        return any(duty.covers(at) for duty in self.duties) and not self.absent(at)

    def absent(self, at: datetime) -> bool:
        """Whether an absence covers the instant."""
        return any(absence.covers(at) for absence in self.absences)

    def conflicted(self, about: Collection[str]) -> bool:
        """Whether a declared conflict of interest is with any of these."""
        return bool(set(self.conflicts) & set(about))

    def has_room(self, more: int) -> bool:
        """Whether so many more cases stay within the cap."""
        return self.cap == 0 or self.holds + more <= self.cap

    def load(self, more: int) -> Fraction:
        """Cases held after so many more, for each full-time part worked."""
        return Fraction(self.holds + more, max(1, self.share))


def person_of(event: AllocationEvent) -> str:
    """The person whom an event names. Earlier rota events told the second duty of `w1` as a worker `w1/2`."""
    person, stroke, number = event.worker_id.rpartition("/")
    return person if stroke and number.isdigit() else event.worker_id


def put_on_rota(known: RotaWorker | None, event: AllocationEvent) -> RotaWorker | None:
    """The worker as a `rota_set` event leaves them; as they were if it names a desk and not a person."""
    if not is_named_worker(event.worker_name):
        return known
    person = person_of(event)
    added = Period(since=event.duty_from or event.at, until=event.duty_to)
    further = event.duty not in ("", "1") or person != event.worker_id
    duties = list(known.duties) if known is not None and further else []
    absences = list(known.absences) if known is not None and further else []
    (absences if event.absent else duties).append(added)
    return RotaWorker(
        worker_id=person,
        name=event.worker_name,
        role=event.role,
        area=event.area,
        areas=event.areas,
        share=event.share,
        cap=event.cap,
        conflicts=event.conflicts,
        supervisor=event.supervisor,
        duties=duties,
        absences=absences,
        holds=known.holds if known is not None else 0,
    )


def next_change(workers: Iterable[RotaWorker], after: datetime) -> datetime | None:
    """When next a duty or an absence begins or ends."""
    periods = (period for worker in workers for period in (*worker.duties, *worker.absences))
    return min((bound for period in periods for bound in period.bounds if bound > after), default=None)


def choose(
    workers: Iterable[RotaWorker], at: datetime, about: Collection[str], more: int, areas: Collection[str] = ()
) -> RotaWorker | None:
    """Who takes so many cases: the least loaded person on duty who has room and no conflict, of those who work in one of the
    areas if there is one, else of all. The emergency duty team before the workers while one of theirs is on duty, then a
    duty manager, then the head of service: for these two no cap counts, because after them there is nobody."""
    there = [worker for worker in workers if worker.on_duty(at) and not worker.conflicted(about)]
    for role in HOW:
        fit = [w for w in there if w.role == role and (role in ("manager", "head") or w.has_room(more))]
        if fit:
            near = [w for w in fit if set(w.areas) & set(areas)]
            return min(near or fit, key=lambda worker: (worker.load(more), worker.worker_id))
    return None


def next_leaving(workers: Iterable[RotaWorker], after: datetime) -> datetime | None:
    """When next an absence of somebody who holds cases begins, or a duty of theirs ends."""
    holding = [worker for worker in workers if worker.holds]
    begins = [absence.since for worker in holding for absence in worker.absences]
    ends = [duty.until for worker in holding for duty in worker.duties if duty.until is not None]
    return min((moment for moment in (*begins, *ends) if moment > after), default=None)


def next_duty(worker: RotaWorker, after: datetime) -> datetime | None:
    """When somebody who is not on duty will be; None when the rota does not say."""
    bounds = (bound for period in (*worker.duties, *worker.absences) for bound in period.bounds)
    return min((bound for bound in bounds if bound > after and worker.on_duty(bound)), default=None)


def why_a_manager(workers: Iterable[RotaWorker], at: datetime, about: Collection[str]) -> str:
    """Why no worker took a case: nobody_on_duty, conflict (of all who were) or all_full."""
    there = [worker for worker in workers if worker.role in ("worker", "night") and worker.on_duty(at)]
    if not there:
        return "nobody_on_duty"
    return "conflict" if all(worker.conflicted(about) for worker in there) else "all_full"
