"""Rows that come late, and batches that were written whole but never committed: a restart knows what is complete."""

from datetime import timedelta

from streams.cases import Cases
from streams.partition import PartitionState
from tests.streams.deciding import Partition, happened, london, opened, ticked
from tests.streams.test_partition import TOPIC, Entangled, Log, Moved, Run, undisturbed


def test_a_paused_workers_rows_read_on_top_of_a_kept_partition_are_as_good_as_a_restart() -> None:
    events = [Moved(key="a"), Moved(key="b"), Moved(key="a", others=["b"])]
    rows, outputs = undisturbed(Entangled(), events)
    log = Log(events)
    paused = Run(Entangled(), log)
    paused.batch(1, commit=False)
    for offset, said in paused.decide(1):
        log.tell(offset, said)
    late = paused.state.take_dirty()
    successor = Run(Entangled(), log)
    log.changelog += late
    for row in late:
        successor.state.restore(row.key, row.value)
    log.changelog += successor.state.recovered({})
    successor.to_the_end(1)
    assert (successor.state.rows, log.outputs) == (rows, outputs)


def test_a_whole_batch_without_its_commit_stands_after_an_outage_in_which_compaction_ran() -> None:
    events = [Moved(key="a"), Moved(key="a", others=["b"]), Moved(key="a", others=["b"])]
    rows, outputs = undisturbed(Entangled(), events)
    log = Log(events)
    run = Run(Entangled(), log)
    run.batch(1)
    run.batch(1, commit=False)
    log.changelog = list({row.key: row for row in log.changelog}.values())
    again = Run(Entangled(), log)
    again.to_the_end()
    assert (again.state.rows, log.outputs) == (rows, outputs)


def test_a_batch_of_which_a_row_is_missing_is_decided_again_as_a_whole() -> None:
    events = [Moved(key="a"), Moved(key="a", others=["b"])]
    log = Log(events)
    run = Run(Entangled(), log)
    run.batch(1)
    run.batch(1, commit=False)
    for missing in (1, 2):
        state = PartitionState(Entangled())
        for row in log.changelog[:missing] + log.changelog[missing + 1 :]:
            state.restore(row.key, row.value)
        state.recovered({TOPIC: 1})
        assert set(state.rows) == {"a"}
        assert state.settled == {TOPIC: 1}


def test_a_tick_before_a_version_that_outlived_its_predecessor_leaves_the_waking_to_the_next_tick() -> None:
    """Of the batch of a tick and a late opening, the opened case's row alone was written, and compaction took the one before."""
    arrived, ends = london("2026-03-02 10:00"), london("2026-03-03 00:05")
    first, second = ticked(ends, arrived), ticked(ends + timedelta(minutes=5), arrived)
    events = [happened("allocated", arrived), first, opened(arrived), second]
    steady = Partition(Cases(), "case-events")
    steady.give(events[0])
    steady.state.take_dirty()
    steady.state.durable("case-events", 1)
    steady.give(*events[1:3])
    written = [write for write in steady.state.take_dirty() if write.key == "c1"]
    steady.state.durable("case-events", 3)
    raised = [output.record for output in steady.give(events[3]) if output.topic == "flags"]
    assert [flag.state for flag in raised] == ["raised"]

    again = PartitionState(Cases())
    again.durable("case-events", 1)
    for write in written:
        again.restore(write.key, write.value)
    again.recovered({"case-events": 1})
    said = [output for offset in (1, 2, 3) for output in again.apply("case-events", offset, events[offset])]
    assert [output.record for output in said if output.topic == "flags"] == raised
