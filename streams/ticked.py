"""What the readers of `case-events` do alike with ticks, and with the row that remembers when somebody was awake. Pure."""

from schemas.case_event import CaseEvent
from schemas.record import Record
from streams.case_row import TickRow
from streams.coverage import extended
from streams.processor import Decision, Rows, Tick

#: One tick row a partition: rows live in partitions, so the same key everywhere is a row of its own in each.
TICK_ROW = "tick"


def tick_of(event: Record) -> Tick | None:
    """The tick in a case event, if it is one."""
    assert isinstance(event, CaseEvent)
    if event.type != "tick" or event.covers_since is None:
        return None
    return Tick(event.at, event.covers_since)


def vouched(rows: Rows, event: CaseEvent) -> Decision:
    """The tick row with one more tick."""
    assert event.covers_since is not None
    known = rows.get(TICK_ROW)
    intervals = known.intervals if isinstance(known, TickRow) else []
    return Decision([], {TICK_ROW: TickRow(intervals=extended(intervals, Tick(event.at, event.covers_since)))})


def parsed(text: bytes, row: type[Record]) -> Record:
    """A contact's row, or the partition's tick row."""
    return (row if b'"contact_id"' in text else TickRow).model_validate_json(text, extra="ignore")
