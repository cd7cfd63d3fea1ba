"""A log that a run full of faults has left is what an undisturbed hub decides; whatever else is on it, or missing, is named."""

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pytest

from ops.chaos.replayed import (
    NO_ROW,
    NO_SUCH_ROW,
    NOT_DECIDED,
    NOT_ON_THE_LOG,
    OTHER_CONTENT,
    OTHER_ORDER,
    OTHER_ROW,
    Replay,
)
from ops.replay.choice import Logged
from ops.simulator.hub import processors
from ops.simulator.run import Run
from ops.simulator.scheduler import write_story
from ops.simulator.story import Poison, Release
from schemas.catalogue import codec
from streams.changelog import RowRecord

#: Between what a changelog's record says about a row, and the row.
ROW = b', "row": '


@dataclass
class Left:
    """What a run has left behind: the log by topic, each worker's changelog and commits."""

    log: dict[str, list[Logged]]
    rows: dict[str, list[RowRecord]]
    committed: dict[str, dict[tuple[str, int], int]]

    def replayed(self) -> dict[str, Any]:
        again = Replay(processors())
        for topic in again.topics:
            for record in self.log.get(topic, ()):
                again.take(record)
        for processor in processors():
            again.rows(processor, self.rows[processor.name], self.committed[processor.name])
        return again.found()

    def last(self, topic: str) -> tuple[int, Any]:
        """The last record of a topic that only workers write to, and its place there."""
        return len(self.log[topic]) - 1, codec(topic).decode(self.log[topic][-1].value)


@pytest.fixture
def left() -> Left:
    """A copy of what a run has left, to be spoilt."""
    kept = left_of_a_run()
    return Left(
        {topic: list(records) for topic, records in kept.log.items()},
        {name: list(rows) for name, rows in kept.rows.items()},
        kept.committed,
    )


@cache
def left_of_a_run() -> Left:
    """Of a story in which workers are killed, paused and moved, on the longest night."""
    run = Run(2)
    # Bytes that are no record on `case-events`, which three workers read.
    damaged = Poison(topic=5, partition=0, number=0)
    run.play((*(step for step in write_story(2) if not isinstance(step, Release)), damaged))
    log: dict[str, list[Logged]] = {}
    for stored in (stored for records in run.log._topics.values() for stored in records):
        headers = () if stored.writer is None else stored.headers
        log.setdefault(stored.topic, []).append(
            Logged(stored.topic, stored.partition, stored.offset, stored.appended, stored.key, stored.value, headers)
        )
    seats = [(group.processor, partition) for group in run.groups for partition in range(2)]
    rows: dict[str, list[RowRecord]] = {processor.name: [] for processor, _ in seats}
    committed: dict[str, dict[tuple[str, int], int]] = {processor.name: {} for processor, _ in seats}
    for processor, partition in seats:
        changelog = run.log.rows((processor.name, partition))
        rows[processor.name] += [RowRecord(partition, row.offset, row.key, row.value) for row in changelog]
        for topic in processor.inputs:
            committed[processor.name][topic, partition] = run.log.committed(processor.name, topic, partition) or 0
    return Left(log, rows, committed)


def test_a_log_of_many_faults_says_what_a_hub_without_any_decides(left: Left) -> None:
    found = left.replayed()
    assert found["ok"] and found["differences"] == {}
    assert found["records"]["flags"] and found["records"]["quarantine"] and found["records"]["outbound.social_care"]
    assert "__connect.errors.offset" in {name for record in left.log["quarantine"] for name, _ in record.headers}
    # Routing keeps none.
    assert set(found["rows"]) == {processor.name for processor in processors()} - {"routing"}
    # Every record once more: what a worker repeats under one id after a crash is no difference.
    left.log |= {topic: [*records, *records] for topic, records in left.log.items() if topic in ("flags", "outbound.social_care")}
    assert left.replayed() == found


def test_an_output_that_is_lost_changed_or_made_up_is_named_and_nothing_else(left: Left) -> None:
    place, flag = left.last("flags")
    changed = codec("flags").encode(flag.model_copy(update={"owner": "Somebody else"}))
    left.log["flags"][place] = replace(left.log["flags"][place], value=changed)
    outcome, item = left.last("outbound.social_care")
    del left.log["outbound.social_care"][outcome]
    forged, receipt = left.last("receipts")
    made_up = receipt.model_copy(update={"receipt_id": "made-up"})
    headers = tuple((name, b"made-up" if name == "ce_id" else said) for name, said in left.log["receipts"][forged].headers)
    left.log["receipts"].append(replace(left.log["receipts"][forged], value=codec("receipts").encode(made_up), headers=headers))
    found = left.replayed()
    assert not found["ok"]
    assert found["examples"] == {
        OTHER_CONTENT: [f"flags: {flag.flag_id}"],
        NOT_ON_THE_LOG: [f"outbound.social_care: {item.item_id}"],
        NOT_DECIDED: ["receipts: made-up"],
    }


def test_outputs_of_one_partition_that_changed_places_are_named(left: Left) -> None:
    # All come of one partition: there is one partnership.
    links = [link for link in left.log["links"] if link.partition == 0]
    links[-2:] = [replace(links[-1], offset=links[-2].offset), replace(links[-2], offset=links[-1].offset)]
    left.log["links"] = links + [link for link in left.log["links"] if link.partition != 0]
    assert left.replayed()["differences"] == {OTHER_ORDER: 1}


def test_a_row_that_is_lost_changed_or_made_up_is_named_and_nothing_else(left: Left) -> None:
    cases = left.rows["cases"]
    last = {row.key: row for row in cases}
    lost, changed, third = [key for key in last if key != "tick"][:3]
    row, other = last[changed], last[third]
    assert row.value is not None and other.value is not None
    spoilt = row.value.partition(ROW)[0] + ROW + other.value.partition(ROW)[2]
    kept = [one for one in cases if one.key != lost]
    left.rows["cases"] = [*kept, row._replace(value=spoilt), row._replace(key="made-up")]
    found = left.replayed()
    assert found["examples"] == {
        NO_ROW: [f"cases/{last[lost].partition}: {lost}"],
        OTHER_ROW: [f"cases/{row.partition}: {changed}"],
        NO_SUCH_ROW: [f"cases/{row.partition}: made-up"],
    }
