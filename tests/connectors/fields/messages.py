"""How these tests send a message to a reader and what they look at in the reading. All children are invented."""

import json
from typing import Any

from connectors.registry import reader
from schemas.reading import Hint, Reading, Report


def as_bytes(message: Any) -> bytes:
    """A message as its sender would put it on the wire: bytes as they are, text in UTF-8, anything else as JSON."""
    if isinstance(message, bytes):
        return message
    return message.encode() if isinstance(message, str) else json.dumps(message, ensure_ascii=False).encode()


def read_as(agency: str, message: Any, hint: Hint | None = None) -> Reading:
    """The reading of a message from an agency."""
    return reader(agency)(as_bytes(message), hint or Hint())


def reports_of(reading: Reading) -> list[Report]:
    """The contacts in a reading, those that a case system recorded included."""
    return [*reading.reports, *(case.report for case in reading.case_reports if case.report)]


def children(reading: Reading) -> list[tuple[str, str]]:
    """Each child as (forenames and surname, date of birth or "")."""
    return [
        (
            " ".join(filter(None, [report.person.given, *report.person.other_given, report.person.family])),
            report.person.dob.isoformat() if report.person.dob else "",
        )
        for report in reports_of(reading)
    ]


def notes_of(reading: Reading) -> set[str]:
    """The codes of all notes."""
    return {note.code for note in [*reading.notes, *(note for report in reports_of(reading) for note in report.notes)]}
