"""The duty rota: a CSV file of who is on duty, put on `allocation-in` as events, in one order with the requests.

Columns: worker_id, name, role (see `schemas.allocation.DUTY_ROLES`), duty_from, duty_to (Europe/London or with an offset;
empty = open). A file may also have: absent (yes: away in that time), area, share (percent of full time), cap (cases held
that stop new ones), conflicts (`family:…`, `postcode:…`, `organisation:…` or `contact:…`, `;` between), supervisor
(a worker_id) and email. A line is one duty or absence; a person may have several. What stands only in a person's first line
counts for all of theirs. A name that stands for a desk is refused: who holds a case must be a named worker.
"""

import csv
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from ops.deadline_command import UnreadableTimeError, read_time
from ops.mail_address import mail_address
from schemas.allocation import DUTY_ROLES, AllocationEvent
from schemas.allocation_areas import area_hash
from schemas.allocation_conflicts import CONFLICT_KINDS, conflict_hash
from schemas.catalogue import codec
from schemas.codes import is_named_worker
from schemas.identity import derived_id, keyed_hash
from schemas.ports import DurableLog, Entry

DEFAULT_ROTA = Path(__file__).parent / "data" / "rota.csv"
_COLUMNS = {"worker_id", "name", "role", "duty_from", "duty_to"}
_MORE_COLUMNS = {"absent", "area", "share", "cap", "conflicts", "supervisor", "email"}
_YES_NO = {"": False, "no": False, "n": False, "yes": True, "y": True}


class RotaError(ValueError):
    """The file is not a rota; says the line and what to change."""


@dataclass(frozen=True)
class OnDuty:
    """One line of the rota. `number` counts the lines of one person; `conflicts` are as typed: `kind:text`."""

    worker_id: str
    name: str
    role: str
    duty_from: datetime | None
    duty_to: datetime | None
    number: int = 1
    absent: bool = False
    area: str = ""
    share: int = 100
    cap: int = 0
    conflicts: tuple[str, ...] = ()
    supervisor: str = ""
    email: str = ""

    def is_now(self, at: datetime) -> bool:
        """Whether it is a duty that covers the moment."""
        begun = self.duty_from is None or self.duty_from <= at
        return not self.absent and begun and (self.duty_to is None or at < self.duty_to)


def read_rota(path: Path) -> list[OnDuty]:
    """The workers of a rota file. Raises `RotaError`."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restval="")
            _check_columns(path, reader.fieldnames or [])
            lines = [(number, _Line(path, number, row).duty()) for number, row in enumerate(reader, 2)]
    except OSError as error:
        raise RotaError(f"{path}: cannot be read ({error.strerror})") from None
    except (UnicodeDecodeError, csv.Error):
        raise RotaError(f"{path.name}: is not CSV in UTF-8; save it again as such") from None
    if not lines:
        raise RotaError(f"{path.name}: has no workers; give a line for each person on duty")
    _check_supervisors(path, lines)
    _check_absences(path, lines)
    return _numbered(path, lines)


def _check_columns(path: Path, found: Sequence[str]) -> None:
    twice = [column for column, times in Counter(found).items() if times > 1]
    if twice:
        raise RotaError(f"{path.name}: the first line names the column {twice[0]} twice; leave one of them out")
    missing = _COLUMNS - set(found)
    if missing:
        raise RotaError(f"{path.name}: the first line must name the columns; missing: {', '.join(sorted(missing))}")
    strange = set(found) - _COLUMNS - _MORE_COLUMNS
    if strange:
        known = ", ".join(sorted(_COLUMNS | _MORE_COLUMNS))
        raise RotaError(f"{path.name}: nobody knows the column {', '.join(sorted(map(str, strange)))}; there are: {known}")


def _check_supervisors(path: Path, lines: list[tuple[int, OnDuty]]) -> None:
    people = {duty.worker_id for _, duty in lines}
    for number, duty in lines:
        if duty.supervisor == duty.worker_id:
            raise RotaError(f"{path.name} line {number}: nobody is their own supervisor; name somebody else's worker_id")
        if duty.supervisor and duty.supervisor not in people:
            raise RotaError(f"{path.name} line {number}: the supervisor {duty.supervisor} has no line; add one for them")


def _check_absences(path: Path, lines: list[tuple[int, OnDuty]]) -> None:
    on_duty = {duty.worker_id for _, duty in lines if not duty.absent}
    for number, duty in lines:
        if duty.absent and duty.worker_id not in on_duty:
            raise RotaError(
                f"{path.name} line {number}: {duty.worker_id} has an absence and no duty; give their duties too, because a "
                "file replaces all that the rota says of a person"
            )


def _numbered(path: Path, lines: list[tuple[int, OnDuty]]) -> list[OnDuty]:
    """Each person's lines counted; what only their first line says is on all of them."""
    first: dict[str, OnDuty] = {}
    count: Counter[str] = Counter()
    numbered = []
    for number, duty in lines:
        count[duty.worker_id] += 1
        lead = first.setdefault(duty.worker_id, duty)
        if (duty.name, duty.role) != (lead.name, lead.role):
            raise RotaError(
                f"{path.name} line {number}: {duty.worker_id} was {lead.name}, {lead.role}, further up; "
                "give one person one name and one role"
            )
        said = {name: getattr(lead, name) for name in ("area", "share", "cap", "conflicts", "supervisor", "email")}
        numbered.append(replace(duty, number=count[duty.worker_id], **said))
    return numbered


class _Line:
    """One line of the file, and what is wrong with it."""

    def __init__(self, path: Path, number: int, row: dict[str, str]) -> None:
        self._where = f"{path.name} line {number}"
        if None in row or any(not isinstance(value, str) for value in row.values()):
            raise self._error("has more fields than the first line; put quotes around a comma")
        self._row = {name: value.strip() for name, value in row.items()}
        if not all(value.isprintable() for value in self._row.values()):
            raise self._error("holds a character that cannot be shown; type that field again")

    def duty(self) -> OnDuty:
        """The line as a duty. Raises `RotaError`."""
        row, role = self._row, self._row["role"]
        if role not in DUTY_ROLES:
            raise self._error(f"role must be {', '.join(DUTY_ROLES[:-1])} or {DUTY_ROLES[-1]}")
        if not row["worker_id"] or "/" in row["worker_id"] or not is_named_worker(row["name"]):
            raise self._error("give a worker_id (without a /) and the name of a person, not of a desk")
        absent = _YES_NO.get(row.get("absent", "").casefold())
        if absent is None:
            raise self._error("absent must be yes, no or empty")
        since, until = self._time("duty_from"), self._time("duty_to")
        if since is not None and until is not None and until <= since:
            raise self._error("duty_to is not after duty_from; write when the duty ends, on the next day if it is so")
        if role == "night" and not absent and (since is None or until is None):
            raise self._error("a night's duty needs duty_from and duty_to: while it lasts, who works by day gets nothing new")
        cap = self._number("cap", 0, 0, 10_000)
        if cap and role in ("manager", "head"):
            raise self._error(f"a {role} has no cap: they take what nobody else can")
        email = row.get("email", "")
        try:
            email and mail_address(email)
        except ValueError:
            raise self._error("email is no address; write one like name@council.example") from None
        return OnDuty(
            worker_id=row["worker_id"],
            name=row["name"],
            role=role,
            duty_from=since,
            duty_to=until,
            absent=absent,
            area=row.get("area", ""),
            share=self._number("share", 100, 1, 100),
            cap=cap,
            conflicts=self._conflicts(),
            supervisor=row.get("supervisor", ""),
            email=email,
        )

    def _conflicts(self) -> tuple[str, ...]:
        found = []
        for text in filter(None, (part.strip() for part in self._row.get("conflicts", "").split(";"))):
            kind, _, what = text.partition(":")
            if kind.strip().casefold() not in (*CONFLICT_KINDS, "contact") or not what.strip():
                # What was typed may be a name.
                kinds = ", ".join(f"{each}:…" for each in (*CONFLICT_KINDS, "contact"))
                raise self._error(f"conflicts must be {kinds} with ; between them")
            found.append(f"{kind.strip().casefold()}:{what.strip()}")
        return tuple(found)

    def _number(self, column: str, default: int, least: int, most: int) -> int:
        text = self._row.get(column, "").removesuffix("%").strip()
        if not text:
            return default
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise self._error(f"{column} must be a whole number from {least} to {most}")
        return int(text)

    def _time(self, column: str) -> datetime | None:
        text = self._row[column]
        if not text:
            return None
        try:
            return read_time(text)[0]
        except UnreadableTimeError as error:
            raise self._error(str(error)) from None

    def _error(self, what: str) -> RotaError:
        return RotaError(f"{self._where}: {what}")


def rota_event(team: str, duty: OnDuty, at: datetime, hashed: Callable[[str], str]) -> AllocationEvent:
    """One line as the event that the log gets; `hashed` is the hub's keyed hash, for conflicts and areas."""
    kinds = (text.partition(":")[::2] for text in duty.conflicts)
    conflicts = [what if kind == "contact" else conflict_hash(hashed, kind, what) for kind, what in kinds]
    return AllocationEvent(
        event_id=derived_id("rota", team, duty.worker_id, str(duty.number), at.isoformat(), duty.name),
        type="rota_set",
        team=team,
        at=at,
        worker_id=duty.worker_id,
        worker_name=duty.name,
        role=duty.role,
        duty_from=duty.duty_from or at,
        duty_to=duty.duty_to,
        duty=str(duty.number),
        absent=duty.absent,
        area=duty.area,
        areas=sorted({area_hash(hashed, area) for area in duty.area.split(";")} - {""}),
        share=duty.share,
        cap=duty.cap,
        conflicts=sorted(set(conflicts) - {""}),
        supervisor=duty.supervisor,
        email=duty.email,
    )


def rota_events(team: str, duties: list[OnDuty], at: datetime, hashed: Callable[[str], str]) -> list[AllocationEvent]:
    """The lines as events. Each person's duty of this moment comes first: the first one replaces all that the rota said of them,
    and until the next is read they would not be on duty, and lose what they have not assessed."""
    count: Counter[str] = Counter()
    events = []
    for duty in sorted(duties, key=lambda one: not one.is_now(at)):
        count[duty.worker_id] += 1
        events.append(rota_event(team, replace(duty, number=count[duty.worker_id]), at, hashed))
    return events


def removal_event(team: str, worker_id: str, at: datetime) -> AllocationEvent:
    """A person leaves the rota of a team: their duty has ended."""
    event_id = derived_id("rota removed", team, worker_id, at.isoformat())
    return AllocationEvent(event_id=event_id, type="rota_removed", team=team, at=at, worker_id=worker_id)


async def publish_rota(log: DurableLog, team: str, workers: list[OnDuty], at: datetime, hash_key: str) -> None:
    """Put the workers on the team's log; `at` is when the change counts, `hash_key` the hub's. Raises `NotDurable`."""
    hashed = partial(keyed_hash, hash_key.encode())
    await append_rota(log, rota_events(team, workers, at, hashed))


async def append_rota(log: DurableLog, events: list[AllocationEvent]) -> None:
    """Append rota changes in order. Raises `NotDurable`."""
    encode = codec("allocation-in").encode
    await log.append([Entry("allocation-in", event.team.encode(), encode(event)) for event in events])
