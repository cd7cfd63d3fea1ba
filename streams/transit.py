"""How long a message was under way: from the time its sender wrote into it to its arrival at the hub's edge. Pure.

The clock of a contact runs from its arrival whatever stands here; the note tells a person that the worry is older than it looks.
"""

from datetime import datetime, timedelta

from schemas.reading import Note, Reading, Report

LATE = timedelta(hours=24)
"""A message that was longer under way is marked."""

_AHEAD = timedelta(minutes=15)
"""A sender's clock may be this much ahead of ours before it is said."""


def with_transit_delay(reading: Reading, received_at: datetime) -> Reading:
    """The reading with a note on every report that came late, or that its sender says it will only write later."""
    return reading.model_copy(
        update={
            "reports": [_marked(report, received_at) for report in reading.reports],
            "case_reports": [
                case if case.report is None else case.model_copy(update={"report": _marked(case.report, received_at)})
                for case in reading.case_reports
            ],
        }
    )


def _marked(report: Report, received_at: datetime) -> Report:
    if report.written_at is None:
        return report
    under_way = received_at - report.written_at
    if under_way >= LATE:
        hours = int(under_way / timedelta(hours=1))
        note = Note(code="transit_delay", field="written_at", text=f"It arrived {hours} hours after its sender wrote it.")
    elif under_way < -_AHEAD:
        note = Note(code="written_after_arrival", field="written_at", text="Its sender's time is later than its arrival.")
    else:
        return report
    return report.model_copy(update={"notes": [*report.notes, note]})
