"""The duty rota: a CSV file of who is on duty, put on `allocation-in` as events, in one order with the requests.

Columns: worker_id, name, role (worker or manager), duty_from, duty_to (Europe/London or with an offset; empty = open).
A name that stands for a desk is refused: who holds a case must be a named worker. Somebody with several duties has a line
for each; the second is known to the hub as `worker/2`, so that none replaces another.
"""

import csv
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from schemas.allocation import AllocationEvent
from schemas.catalogue import codec
from schemas.codes import is_named_worker
from schemas.identity import derived_id
from schemas.london import LONDON
from schemas.ports import DurableLog, Entry

DEFAULT_ROTA = Path(__file__).parent / "data" / "rota.csv"
_COLUMNS = {"worker_id", "name", "role", "duty_from", "duty_to"}


class RotaError(ValueError):
    """The file is not a rota; says the line and what to change."""


@dataclass(frozen=True)
class OnDuty:
    """One line of the rota."""

    worker_id: str
    name: str
    role: str
    duty_from: datetime | None
    duty_to: datetime | None


def read_rota(path: Path) -> list[OnDuty]:
    """The workers of a rota file. Raises `RotaError`."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restval="")
            missing = _COLUMNS - set(reader.fieldnames or [])
            if missing:
                raise RotaError(f"{path.name}: the first line must name the columns; missing: {', '.join(sorted(missing))}")
            workers = _numbered([_worker(path, number, row) for number, row in enumerate(reader, 2)])
    except OSError as error:
        raise RotaError(f"{path}: cannot be read ({error.strerror})") from None
    except (UnicodeDecodeError, csv.Error):
        raise RotaError(f"{path.name}: is not CSV in UTF-8; save it again as such") from None
    if not workers:
        raise RotaError(f"{path.name}: has no workers; give a line for each person on duty")
    return workers


def _numbered(duties: list[OnDuty]) -> list[OnDuty]:
    before: Counter[str] = Counter()
    numbered = []
    for duty in duties:
        before[duty.worker_id] += 1
        nth = before[duty.worker_id]
        numbered.append(duty if nth == 1 else replace(duty, worker_id=f"{duty.worker_id}/{nth}"))
    return numbered


def _worker(path: Path, number: int, row: dict[str, str]) -> OnDuty:
    if row["role"] not in ("worker", "manager"):
        raise RotaError(f"{path.name} line {number}: role must be worker or manager")
    if not row["worker_id"] or not is_named_worker(row["name"]):
        raise RotaError(f"{path.name} line {number}: give a worker_id and the name of a person, not of a desk")
    return OnDuty(
        row["worker_id"],
        row["name"].strip(),
        row["role"],
        _time(path, number, row["duty_from"]),
        _time(path, number, row["duty_to"]),
    )


def _time(path: Path, number: int, text: str) -> datetime | None:
    if not (text or "").strip():
        return None
    try:
        when = datetime.fromisoformat(text.strip())
    except ValueError:
        raise RotaError(f"{path.name} line {number}: {text!r} is no time; write 2026-08-28T09:00") from None
    return (when if when.tzinfo else when.replace(tzinfo=LONDON)).astimezone(UTC)


async def publish_rota(log: DurableLog, team: str, workers: list[OnDuty], at: datetime) -> None:
    """Put the workers on the team's log; `at` is when the change counts. Raises `NotDurable`."""
    encode = codec("allocation-in").encode
    entries = []
    for worker in workers:
        event = AllocationEvent(
            event_id=derived_id("rota", team, worker.worker_id, at.isoformat(), worker.name),
            type="rota_set",
            team=team,
            at=at,
            worker_id=worker.worker_id,
            worker_name=worker.name,
            role=worker.role,
            duty_from=worker.duty_from or at,
            duty_to=worker.duty_to,
        )
        entries.append(Entry("allocation-in", team.encode(), encode(event)))
    await log.append(entries)
