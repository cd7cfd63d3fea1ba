"""The messages that these tests read: our own synthetic samples, and others' files where they are at hand."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.health.read import read
from schemas.reading import Hint, Reading, Report

SAMPLES = Path(__file__).parent / "samples"
OUTSIDE = Path(__file__).parents[4] / "shared" / "outside"


def sample(name: str) -> bytes:
    """One of our own sample messages."""
    return (SAMPLES / name).read_bytes()


def outside(path: str) -> bytes:
    """A message that others wrote; the test is skipped where those files are not at hand."""
    file = OUTSIDE / path
    if not file.exists():
        pytest.skip("the files of others are not at hand")
    return file.read_bytes()


def all_messages() -> Iterator[bytes]:
    """Every message at hand."""
    for file in (*sorted(SAMPLES.iterdir()), *sorted(OUTSIDE.glob("health_*/*.json")), *sorted(OUTSIDE.glob("health_*/*.hl7"))):
        yield file.read_bytes()


def reading_of(body: bytes) -> Reading:
    """What the reader makes of a body without any help from the transport."""
    return read(body, Hint())


def only_report(body: bytes) -> Report:
    """The report of a message that is a contact about one child."""
    reading = reading_of(body)
    assert reading.outcome == "contact", reading.reason
    assert len(reading.reports) == 1
    return reading.reports[0]


def note_codes(report: Report) -> set[str]:
    """The codes of a report's notes."""
    return {note.code for note in report.notes}
