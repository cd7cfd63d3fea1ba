"""A worker that counts: the smallest processor whose state shows every event lost or counted twice.

Each `case-events` record raises its contact's count by one and emits a narrative whose text is the new count, so the
same event id must always come out with the same text.
"""

from schemas.case_event import CaseEvent
from schemas.identity import output_id
from schemas.narrative import Narrative
from schemas.record import Record
from streams.processor import Decision, Output, Rows, Timeless


class CountRow(Record):
    """How many events of a contact were seen."""

    n: int


class Counting(Timeless):
    """Named `routing` because that changelog is in the catalogue and its real owner keeps no rows."""

    name = "routing"
    inputs = ("case-events",)

    def parse_row(self, text: bytes) -> Record:
        return CountRow.model_validate_json(text)

    def decide(self, rows: Rows, event: Record) -> Decision:
        assert isinstance(event, CaseEvent)
        row = rows.get(event.contact_id)
        n = row.n + 1 if isinstance(row, CountRow) else 1
        told = Narrative(
            narrative_id=output_id(event.event_id, "count"),
            about=event.contact_id,
            event_id=event.event_id,
            kind="note",
            text=str(n),
            at=event.at,
        )
        return Decision([Output("narratives", event.contact_id, told)], {event.contact_id: CountRow(n=n)})


if __name__ == "__main__":
    from ops.worker_process import run_worker
    from schemas.settings import Settings

    run_worker(Counting(), Settings(), "counting")
