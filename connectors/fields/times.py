"""When the sender wrote, and when it happened: from one field, or from a date and a time in two."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from connectors.dates import Precision, read_instant
from connectors.decoding import one_line
from connectors.fields.groups import Leaf
from schemas.reading import Note

_EPOCH = re.compile(r"1[0-9]{9}(?:[0-9]{3})?(?:\.[0-9]{1,6})?")


@dataclass(frozen=True, slots=True)
class Time:
    """An instant in UTC, or None with a note in the list given; `precision` "day" when no time of day was given."""

    value: datetime | None = None
    precision: Precision = ""


def read_time(text: str, field: str, notes: list[Note], time_of_day: str = "") -> Time:
    """A time in any spelling of `connectors.dates`, in seconds or milliseconds since 1970, or day and time apart."""
    line = one_line(text, 60)
    if _EPOCH.fullmatch(line):
        seconds = float(line) if len(line.partition(".")[0]) == 10 else float(line) / 1000
        return Time(datetime.fromtimestamp(seconds, UTC), "second")
    read = read_instant(line, field)
    if time_of_day and read.precision == "day":
        both = read_instant(f"{line} {one_line(time_of_day, 20)}", field)
        read = both if both.value else read
    notes.extend(read.notes)
    return Time(read.value, read.precision)


def written_and_incident(
    found: dict[str, list[Leaf]], where: str, notes: list[Note]
) -> tuple[datetime | None, datetime | None]:
    """(written, incident). A plain `date` is the day of writing, or of the incident when another field has the writing."""
    written = _first(found, ("written", "written_late"), "written_time", f"{where}.written_at", notes)
    bare_is_incident = written is not None and not found.get("incident")
    incident = _first(
        found, ("incident", *(("bare_date",) if bare_is_incident else ())), "incident_time", f"{where}.incident_at", notes
    )
    if written is None and not bare_is_incident:
        written = _first(found, ("bare_date",), "bare_time", f"{where}.written_at", notes)
    return written, incident


def _first(
    found: dict[str, list[Leaf]], wanted: tuple[str, ...], clock: str, field: str, notes: list[Note]
) -> datetime | None:
    for concept in wanted:
        for leaf in found.get(concept, ()):
            hour = next(iter([*found.get(clock, ()), *found.get("bare_time", ())]), None)
            seen: list[Note] = []
            time = read_time(leaf.text, field, seen, hour.text if hour else "")
            notes.extend(note for note in seen if note not in notes)
            if time.value:
                leaf.used = True
                if hour and time.precision not in ("", "day") and read_instant(leaf.text, field).precision == "day":
                    hour.used = True
                return time.value
    return None
