"""The product's question: which contacts of one day did nobody risk assess on that day?"""

from datetime import date

from ops.view.board import BoardEntry, entry
from ops.view.same_day import ClockState
from ops.view.snapshot import Answer, Snapshot

_MET: frozenset[ClockState] = frozenset({"met_by_proof", "met_by_claim"})


class UnassessedAnswer(Answer):
    """`arrived` counts every clock that began on that Europe/London day, reopened ones and unreadable messages
    included; `states` splits them; `unassessed` lists those that were not met, by state and arrival."""

    date: date
    arrived: int
    states: dict[ClockState, int]
    unassessed: list[BoardEntry]


def unassessed(at: Snapshot, day: date) -> UnassessedAnswer:
    """The contacts of one London civil day that were not risk assessed on it, as known at the snapshot's moment."""
    rows = at.db.execute("SELECT contact_id, number FROM openings WHERE day = ?", (day.isoformat(),)).fetchall()
    states: dict[ClockState, int] = {}
    left: list[BoardEntry] = []
    for contact_id, number in rows:
        held = at.case(contact_id)
        if held is None:
            continue
        run = held.case.openings[number - 1]
        clock = at.clock_state(held, run)
        states[clock] = states.get(clock, 0) + 1
        if clock not in _MET and clock != "ended":
            left.append(entry(at, contact_id, held, run))
    left.sort(key=lambda one: (one.state, one.started_at, one.contact_id, one.opening))
    return UnassessedAnswer(
        as_of=at.now, behind_records=at.behind_records, date=day, arrived=len(rows), states=states, unassessed=left
    )
