"""A made-up team as the view answers it."""

from datetime import datetime, timedelta
from typing import Any

from ops.view.team import LateClock, TeamAnswer, Unassessed, WorkerLoad
from schemas.flag import FlagState
from schemas.london import civil_date, midnight_after
from tests.streams.deciding import london

DAY = "2026-08-28 "
NOON = london(DAY + "12:00")


def contact(contact_id: str, arrived: str = "09:00", now: datetime = NOON, **more: Any) -> Unassessed:
    """A contact of the day that waits."""
    at = london(DAY + arrived)
    due = midnight_after(civil_date(at))
    said: dict[str, Any] = {
        "contact_id": contact_id, "kind": "referral", "risk": "amber", "agency": "education", "received_at": at, "opening": 1,
        "due_at": due, "minutes_left": 0, "overdue": due <= now, "worker_id": "", "how": "rota", "why": "", **more,
    }  # fmt: skip
    return Unassessed(**said)


def worker(worker_id: str, name: str, *waiting: Unassessed, **more: Any) -> WorkerLoad:
    """Somebody on duty."""
    said: dict[str, Any] = {
        "role": "worker", "on_duty": True, "email": f"{worker_id}@council.example", "unassessed": list(waiting), **more,
    }  # fmt: skip
    return WorkerLoad(worker_id=worker_id, name=name, **said)


def clock(name: str, state: FlagState, to: str = "worker", step: int = 0) -> LateClock:
    """A clock of contact c1, held by w1, that is near its limit or past it."""
    return LateClock(
        flag_id=f"flag {name}", contact_id="c1", clock=name, opening=1, due_at=NOON, state=state, to=to,
        step_at=NOON + timedelta(hours=step), worker_id="w1",
    )  # fmt: skip


def team(*workers: WorkerLoad, unallocated: tuple[Unassessed, ...] = (), late: tuple[LateClock, ...] = ()) -> TeamAnswer:
    """A team's answer."""
    return TeamAnswer(
        as_of=NOON, behind_records=0, team="front-door", on_duty=0, caseload=0, missed=0, due_soon=0, nights=0,
        assessed_today=0, day_began=london(DAY + "09:00"), oldest_unassessed=None, unallocated=list(unallocated),
        unallocated_total=len(unallocated), workers=list(workers), late=list(late),
    )  # fmt: skip
