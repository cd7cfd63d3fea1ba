"""Rows that stay text until somebody asks for them are a dict of the same rows, whoever asks and when."""

import json

from hypothesis import given
from hypothesis import strategies as st

from schemas.record import Record
from streams.cold_rows import ColdRows
from streams.partition import PartitionState
from streams.processor import Decision, Rows, Timeless


class _Row(Record):
    text: str


_STEPS = st.lists(st.tuples(st.sampled_from(["restore", "put", "get", "delete"]), st.sampled_from("abc"), st.text(max_size=3)))


@given(_STEPS)
def test_they_are_a_dict_of_the_rows(steps: list[tuple[str, str, str]]) -> None:
    rows, want = ColdRows(_Row.model_validate_json), dict[str, Record]()
    for what, key, text in steps:
        row = _Row(text=text)
        if what == "restore":
            rows.restore(key, row.model_dump_json().encode())
            want[key] = row
        elif what == "put":
            rows[key] = want[key] = row
        elif what == "get":
            assert rows.get(key) == want.get(key)
        elif key in want:
            del rows[key], want[key]
        assert len(rows) == len(want)
        assert set(rows) == want.keys()
        assert all((each in rows) == (each in want) for each in "abc")
    assert rows == want


class _Counting(Timeless):
    """No clock concerns it; counts what is read."""

    name = "counting"
    inputs = ("received.health",)

    def __init__(self) -> None:
        self.read: list[bytes] = []

    def decide(self, rows: Rows, event: Record) -> Decision:
        return Decision()

    def parse_row(self, text: bytes) -> Record:
        self.read.append(text)
        return _Row.model_validate_json(text)


def test_a_restart_reads_only_rows_that_are_asked_for() -> None:
    state = PartitionState(counting := _Counting())
    for offset in range(3):
        head = {"topic": "received.health", "offset": offset, "since": offset, "until": offset + 1, "rows": 1, "before": -1}
        state.restore(f"key {offset}", f'{json.dumps(head)[:-1]}, "row": {{"text": "{offset}"}}}}'.encode())
    state.recovered({"received.health": 3})
    assert not counting.read
    assert state.get("key 1") == state.get("key 1") == _Row(text="1")
    assert len(counting.read) == 1
