"""The history that the benchmark of recovery writes is one that a worker could have left."""

import pytest

from bench.recovery import decided
from bench.recovery.history import TOPIC, entries_of
from ops.run import PROCESSORS
from schemas.settings import Settings
from streams.case_row import CaseRow
from streams.partition import PartitionState


def test_the_rows_of_the_history_are_read_as_finished_work() -> None:
    cases = PROCESSORS["cases"](Settings())
    entries = list(entries_of(cases, "rows", partitions=1, each=3, updates=10))
    state = PartitionState(cases)
    for entry in entries:
        if entry.topic == "rows":
            state.restore((entry.key or b"").decode(), entry.value or b"")
    assert state.recovered({}) == [], "no row lost against an older one"
    assert len(state.rows) == 3 and all(isinstance(row, CaseRow) and row.holders for row in state.rows.values())
    assert state.settled[TOPIC] == sum(entry.topic == TOPIC for entry in entries), "every event is done with"


@pytest.mark.parametrize("role", ["allocation", "linkage"])
def test_what_was_decided_for_each_case_is_read_as_finished_work(role: str) -> None:
    kind = decided.KINDS[role]
    entries = list(decided.entries_of(role, "rows", partitions=1, each=3, updates=2))
    state = PartitionState(PROCESSORS[role](Settings()))
    for entry in entries:
        if entry.topic == "rows":
            state.restore((entry.key or b"").decode(), entry.value or b"")
    assert state.recovered({}) == [], "no row lost against an older one"
    assert len(state.rows) >= 3, "a row for each case"
    assert state.settled[kind.topic] == sum(entry.topic == kind.topic for entry in entries), "every event is done with"
