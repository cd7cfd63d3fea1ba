"""The timetable of a day: `timetable.csv` with the columns at,do,agency,via,file,ref,args, in order of `at`.

`do` is `send` (deliver `file`; `ref` names the message), `record` (a case event about `ref`, or `ref/2` for its second
child; `args` is the event as JSON), or `wait` (only move the clock). Times are Europe/London unless they carry an
offset; an hour that occurs twice is its first, an hour that does not exist is an error.
"""

import csv
import json
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.social_care.event_meaning import event_type, tells_how
from schemas.catalogue import AGENCIES
from schemas.london import LONDON

COLUMNS = ("at", "do", "agency", "via", "file", "ref", "args")
DEFAULT_VIA = {"health": "http", "education": "http", "police": "folder", "social_care": "http"}
_YEARS = range(1971, 2100)
"""In which the stepped clock can stand: Kafka's own times begin with 1970."""

_VIAS = ("http", "mllp", "folder", "kafka")


class TimetableError(ValueError):
    """The folder holds no timetable that can be run; says the line and what to change."""


@dataclass(frozen=True)
class Line:
    """One line: what happens at `at` (UTC). `number` is its line in the file."""

    number: int
    at: datetime
    do: str
    agency: str = ""
    via: str = ""
    file: Path | None = None
    ref: str = ""
    args: dict[str, Any] = field(default_factory=dict)


def read_timetable(folder: Path, more_vias: Collection[str] = ()) -> list[Line]:
    """The lines of `folder/timetable.csv`; `more_vias` are ways beside those everybody has. Raises `TimetableError`."""
    path = folder / "timetable.csv"
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, skipinitialspace=True)
            names = [(name or "").strip() for name in reader.fieldnames or []]
            missing = [name for name in ("at", "do") if name not in names]
            if missing:
                raise TimetableError(f"{path}: the first line must be {','.join(COLUMNS)}; missing: {', '.join(missing)}")
            reader.fieldnames = names
            rows = [
                (reader.line_num, {k: (v or "").strip() for k, v in row.items() if isinstance(v, str | None)}) for row in reader
            ]
    except OSError as error:
        raise TimetableError(f"{path}: cannot be read ({error.strerror}); a day is a folder with a timetable.csv") from None
    except (UnicodeDecodeError, csv.Error):
        raise TimetableError(f"{path}: is not CSV in UTF-8") from None
    vias = (*_VIAS, *more_vias)
    lines = [_line(folder, number, row, vias) for number, row in rows if any(row.values())]
    if not lines:
        raise TimetableError(f"{path}: has no lines")
    _check_order(lines)
    _check_refs(lines)
    return lines


def _line(folder: Path, number: int, row: dict[str, str], vias: tuple[str, ...]) -> Line:
    at = local_time(number, row.get("at", ""))
    do = row.get("do", "").lower()
    if do == "wait":
        return Line(number, at, do)
    if do == "send":
        return _send(folder, number, at, row, vias)
    if do == "record":
        return Line(number, at, do, row.get("agency", ""), row.get("via", ""), None, row.get("ref", ""), _args(number, row))
    raise TimetableError(f"line {number}: do must be send, record or wait, not {do!r}")


def _send(folder: Path, number: int, at: datetime, row: dict[str, str], vias: tuple[str, ...]) -> Line:
    agency = row.get("agency", "").lower().replace("-", "_").replace(" ", "_")
    if agency not in AGENCIES:
        raise TimetableError(f"line {number}: agency must be one of {', '.join(AGENCIES)}, not {agency!r}")
    via = row.get("via", "").lower() or DEFAULT_VIA[agency]
    if via not in vias:
        raise TimetableError(f"line {number}: via must be one of {', '.join(vias)}, not {via!r}")
    if via == "mllp" and agency != "health":
        raise TimetableError(f"line {number}: only health sends by mllp")
    file = folder / row.get("file", "")
    if not file.is_file():
        raise TimetableError(f"line {number}: there is no file {row.get('file', '')!r} in the folder")
    if not row.get("ref"):
        raise TimetableError(f"line {number}: a send needs a ref, a name of your own for the message")
    return Line(number, at, "send", agency, via, file, row["ref"])


def _args(number: int, row: dict[str, str]) -> dict[str, Any]:
    try:
        args = json.loads(row.get("args", "") or "{}")
    except ValueError:
        raise TimetableError(f"line {number}: args is not JSON; quotes inside a CSV field are doubled") from None
    if not isinstance(args, dict) or not args.get("event", args.get("type")):
        raise TimetableError(f'line {number}: args must be a JSON object with an "event"')
    return args


def local_time(number: int, text: str) -> datetime:
    """A time of a timetable, in UTC. Raises `TimetableError`."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise TimetableError(f"line {number}: {text!r} is no time; write 2026-08-28 09:30") from None
    if when.year not in _YEARS:
        raise TimetableError(f"line {number}: {text} lies too far away; a day is in the years {_YEARS[0]} to {_YEARS[-1]}")
    if when.tzinfo is not None:
        return when.astimezone(UTC)
    local = when.replace(tzinfo=LONDON, fold=0)
    instant = local.astimezone(UTC)
    if instant.astimezone(LONDON).replace(tzinfo=None) != when:
        raise TimetableError(f"line {number}: {text} does not exist in Europe/London, the clocks went forward")
    return instant


def _check_order(lines: list[Line]) -> None:
    for before, after in zip(lines, lines[1:], strict=False):
        if after.at < before.at:
            raise TimetableError(f"line {after.number}: is earlier than line {before.number}; the lines must be in order of at")


def _check_refs(lines: list[Line]) -> None:
    known: set[str] = set()
    for line in lines:
        base, _, child = line.ref.partition("/")
        if line.do == "send":
            if line.ref in known:
                raise TimetableError(f"line {line.number}: ref {line.ref!r} names an earlier message; every send needs its own")
            known.add(line.ref)
        elif line.do == "record":
            word = str(line.args.get("event", line.args.get("type")))
            named = line.ref in known or base in known
            if named and event_type(word) == "contact_recorded":
                raise TimetableError(f"line {line.number}: ref {line.ref!r} names an earlier message; a contact needs its own")
            if line.ref and not named and (event_type(word) == "contact_recorded" or tells_how(word)):
                known.add(line.ref)
            elif not named:
                raise TimetableError(f"line {line.number}: ref {line.ref!r} names no earlier message")
            elif line.ref not in known and not (child.isdecimal() and int(child) > 0):
                raise TimetableError(f"line {line.number}: write ref/2 for the second child of a message")
