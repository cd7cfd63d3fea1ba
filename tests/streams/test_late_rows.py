"""Rows that come late, and batches that were written whole but never committed: a restart knows what is complete."""

from streams.partition import PartitionState
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
