"""What a restart promises: whatever a crash cut off, rows and outputs end as if nothing had happened.

A simulated log stands for the broker: outputs, then rows, then the commit, as the worker writes them. A crash may come
anywhere, leave any part of a batch's rows, and a worker that had lost the partition may write its rows late.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.allocation import AllocationEvent
from schemas.record import Instant, Record
from streams.allocation import Allocation
from streams.allocation_rows import TeamRow
from streams.partition import PartitionState, RowWrite
from streams.processor import Decision, Output, Processor, Rows, Tick

TOPIC = "in"
START = datetime(2026, 5, 1, 9, 0, tzinfo=UTC)


class Moved(Record):
    """An event about `key` that also touches `others`; `tick` makes it a tick, in minutes after the start."""

    key: str
    others: list[str] = []
    minutes: int | None = None


class Told(Record):
    """An output: its id, and what it says."""

    told_id: str
    text: str


class Row(Record):
    """What a key has seen, as one text, and when it wants to be woken."""

    text: str = ""
    wake: Instant | None = None


def at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


class Entangled:
    """A processor whose every answer depends on all that its rows went through: any event lost, taken twice, or
    decided on rows from another moment, shows in the texts."""

    name = "entangled"
    inputs = (TOPIC,)

    def parse_row(self, text: bytes) -> Record:
        return Row.model_validate_json(text)

    def tick(self, event: Record) -> Tick | None:
        assert isinstance(event, Moved)
        return None if event.minutes is None else Tick(at(event.minutes), at(event.minutes))

    def wakes_at(self, row: Record) -> datetime | None:
        assert isinstance(row, Row)
        return row.wake

    def decide(self, rows: Rows, event: Record) -> Decision:
        assert isinstance(event, Moved)
        if event.minutes is not None:
            return Decision()
        seen = {key: self._text(rows, key) for key in [*event.others, event.key]}
        told = "+".join(seen.values())
        changed: dict[str, Record] = {}
        for key, text in seen.items():
            size = len(text)
            changed[key] = Row(text=f"{text}{event.key}{len(told) % 10}", wake=at(size) if size % 3 == 0 else None)
        return Decision([Output("out", event.key, Told(told_id="", text=told))], changed)

    def wake(self, rows: Rows, key: str, tick: Tick) -> Decision:
        text = self._text(rows, key)
        return Decision([Output("out", key, Told(told_id="", text=f"woke {text}"))], {key: Row(text=text + "w")})

    def _text(self, rows: Rows, key: str) -> str:
        row = rows.get(key)
        return row.text if isinstance(row, Row) else ""


class Glanced(Entangled):
    """The same, whose rows stay text after a start."""

    def wakes_in(self, text: bytes) -> datetime | None:
        return self.wakes_at(self.parse_row(text))


@dataclass
class Log:
    """The broker: the input, the outputs by id, the changelog in the order written, the committed offset."""

    events: Sequence[Record]
    outputs: dict[str, str] = field(default_factory=dict)
    repeats: int = 0
    changelog: list[RowWrite] = field(default_factory=list)
    committed: int = 0

    def tell(self, offset: int, outputs: Sequence[Output]) -> None:
        for position, output in enumerate(outputs):
            told_id, text = f"{offset}/{position}/{output.key}", output.record.model_dump_json()
            self.repeats += told_id in self.outputs
            assert self.outputs.setdefault(told_id, text) == text, f"{told_id} was said twice, differently"


@dataclass
class Run:
    """A worker at work on a log, from its recovery to its end."""

    processor: Processor
    log: Log

    def __post_init__(self) -> None:
        self.state = PartitionState(self.processor)
        self.state.durable(TOPIC, self.log.committed)
        for row in self.log.changelog:
            self.state.restore(row.key, row.value)
        self.log.changelog += self.state.recovered({TOPIC: self.log.committed} if self.log.committed else {})
        self.frontier = self.log.committed

    def decide(self, size: int) -> list[tuple[int, list[Output]]]:
        end = min(self.frontier + size, len(self.log.events))
        offsets = range(self.frontier, end)
        return [(offset, self.state.apply(TOPIC, offset, self.log.events[offset])) for offset in offsets]

    def batch(self, size: int, commit: bool = True) -> None:
        decided = self.decide(size)
        for offset, outputs in decided:
            self.log.tell(offset, outputs)
        self.log.changelog += self.state.take_dirty()
        self.settle(decided, commit)

    def settle(self, decided: Sequence[tuple[int, object]], commit: bool) -> None:
        if decided:
            self.frontier = decided[-1][0] + 1
            self.state.durable(TOPIC, self.frontier)
        if commit:
            self.log.committed = max(self.log.committed, self.frontier)

    def to_the_end(self, size: int = 7) -> None:
        while self.frontier < len(self.log.events):
            self.batch(size)


def undisturbed(processor: Processor, events: Sequence[Record]) -> tuple[Mapping[str, Record], Mapping[str, str]]:
    """Rows and outputs of one run, one event at a time."""
    log = Log(events)
    run = Run(processor, log)
    run.to_the_end(1)
    return run.state.rows, log.outputs


def last_written(log: Log) -> dict[str, int]:
    """What compaction would leave: the origin of each key's last record."""
    return {row.key: json.loads(row.value)["offset"] for row in log.changelog}


def newest_written(log: Log) -> dict[str, int]:
    newest: dict[str, int] = {}
    for row in log.changelog:
        newest[row.key] = max(newest.get(row.key, -1), json.loads(row.value)["offset"])
    return newest


KEYS = st.sampled_from("abcd")
EVENTS = st.lists(
    st.one_of(
        st.builds(Moved, key=KEYS, others=st.lists(KEYS, max_size=2, unique=True)),
        st.builds(lambda minutes: Moved(key="tick", minutes=minutes), st.integers(0, 30)),
    ),
    min_size=1,
    max_size=30,
)
#: What happens to one batch: its size, where it is cut (outputs, then rows; None: not at all), which of its rows were
#: written, whether the commit follows, and whether the batch is held back and written after its owner's successor.
STEPS = st.lists(
    st.tuples(
        st.integers(1, 8),
        st.sampled_from(["whole", "cut in outputs", "cut in rows", "cut before commit", "paused"]),
        st.lists(st.booleans(), min_size=12, max_size=12),
    ),
    max_size=8,
)


@settings(max_examples=300, deadline=None)
@pytest.mark.parametrize("make", [Entangled, Glanced])
@given(EVENTS, STEPS)
def test_a_crash_anywhere_changes_neither_rows_nor_outputs(make, events, steps) -> None:  # type: ignore[no-untyped-def]
    rows, outputs = undisturbed(Entangled(), events)
    log = Log(events)
    run = Run(make(), log)
    late: list[RowWrite] = []
    for size, what, kept in steps:
        if what in ("whole", "cut before commit"):
            run.batch(size, commit=what == "whole")
        else:
            decided = run.decide(size)
            told = decided[: size // 2] if what == "cut in outputs" else decided
            for offset, said in told:
                log.tell(offset, said)
            written = run.state.take_dirty() if what != "cut in outputs" else []
            if what == "cut in rows":
                log.changelog += [row for row, keep in zip(written, kept, strict=False) if keep]
            elif what == "paused":
                # Its rows land after a successor has taken over and gone on.
                late += written
        if what != "whole":
            run = Run(make(), log)
        elif late:
            log.changelog += late
            late = []
    run = Run(make(), log)
    run.to_the_end()
    assert run.state.rows == rows
    assert log.outputs == outputs
    again, told_before = PartitionState(Entangled()), PartitionState(Entangled())
    told_before.durable(TOPIC, log.committed)
    for row in log.changelog + late:
        again.restore(row.key, row.value)
        told_before.restore(row.key, row.value)
    written = again.recovered({TOPIC: log.committed})
    assert told_before.recovered({TOPIC: log.committed}) == written
    assert told_before.rows == again.rows == rows
    log.changelog += late + written
    assert last_written(log) == newest_written(log), "compaction would bring an older row back"


@settings(max_examples=100, deadline=None)
@given(EVENTS, st.integers(1, 8), st.lists(st.booleans(), min_size=12, max_size=12))
def test_nothing_is_said_again_once_a_row_proves_that_it_was_said(events: list[Moved], size: int, kept: list[bool]) -> None:
    log = Log(events)
    run = Run(Entangled(), log)
    decided = run.decide(size)
    for offset, said in decided:
        log.tell(offset, said)
    written = run.state.take_dirty()
    log.changelog += [row for row, keep in zip(written, kept, strict=False) if keep]
    proved = max((json.loads(row.value)["offset"] for row in log.changelog), default=-1)
    # Outputs behind the last row of the batch may be repeated, under the same ids; none that a row speaks for.
    may_repeat = sum(len(said) for offset, said in decided if offset > proved)
    Run(Entangled(), log).to_the_end()
    assert log.repeats <= may_repeat


def test_one_key_twice_in_a_batch_counts_twice_after_a_crash_between_rows_and_commit() -> None:
    events = [Moved(key="a"), Moved(key="a"), Moved(key="b"), Moved(key="a")]
    rows, outputs = undisturbed(Entangled(), events)
    log = Log(events)
    Run(Entangled(), log).batch(3, commit=False)
    run = Run(Entangled(), log)
    run.to_the_end()
    assert (run.state.rows, log.outputs, log.repeats) == (rows, outputs, 0)


def test_a_request_and_its_reassignment_in_one_batch_leave_the_right_load_after_a_crash() -> None:
    """Holdings are written before the team, so a crash can leave the holding of the later event alone."""
    rota = [
        AllocationEvent(event_id=f"r{w}", type="rota_set", team="t", at=START, worker_id=w, worker_name=f"Worker {w}")
        for w in ("w1", "w2")
    ]
    asked = AllocationEvent(event_id="q", type="requested", team="t", at=START, contact_ids=["c"])
    moved = AllocationEvent(event_id="m", type="reassigned", team="t", at=START, contact_ids=["c"], worker_id="w2")
    log = Log([*rota, asked, moved])
    run = Run(Allocation(), log)
    run.batch(2)
    for offset, said in run.decide(2):
        log.tell(offset, said)
    holding, team = run.state.take_dirty()
    assert team.key == "t"
    log.changelog.append(holding)
    again = Run(Allocation(), log)
    again.to_the_end()
    row = again.state.rows["t"]
    assert isinstance(row, TeamRow)
    assert {worker: row.workers[worker].holds for worker in ("w1", "w2")} == {"w1": 0, "w2": 1}


def test_an_older_row_that_comes_later_loses_and_is_outvoted_in_the_log() -> None:
    events = [Moved(key="a"), Moved(key="b"), Moved(key="a")]
    log = Log(events)
    run = Run(Entangled(), log)
    run.batch(1)
    stale = log.changelog[0]
    run.to_the_end()
    newer = run.state.rows["a"]
    log.changelog.append(stale)
    state = PartitionState(Entangled())
    for row in log.changelog:
        state.restore(row.key, row.value)
    again = state.recovered({TOPIC: 3})
    assert [row.key for row in again] == ["a"]
    assert json.loads(again[0].value)["offset"] == 2
    assert state.rows["a"] == newer


def test_compaction_while_nobody_ran_leaves_the_later_row_standing() -> None:
    """The batch was cut before its commit and its earlier rows are gone: what is there is kept, nothing counts twice."""
    events = [Moved(key="a"), Moved(key="a"), Moved(key="a")]
    rows, outputs = undisturbed(Entangled(), events)
    log = Log(events)
    run = Run(Entangled(), log)
    run.batch(1)
    run.batch(2, commit=False)
    log.changelog = log.changelog[-1:]
    again = Run(Entangled(), log)
    again.to_the_end()
    assert (again.state.rows, log.outputs) == (rows, outputs)


def test_a_row_is_woken_once_by_the_first_tick_that_reaches_it() -> None:
    events = [Moved(key="a"), Moved(key="tick", minutes=0), Moved(key="tick", minutes=1)]
    _, outputs = undisturbed(Entangled(), events)
    assert [text for text in outputs.values() if "woke" in text] == [Told(told_id="", text="woke a0").model_dump_json()]
