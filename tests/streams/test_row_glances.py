"""After a start a row stays text: when it wakes is seen without reading it, and nothing is decided otherwise for that."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.case_event import CaseEvent
from streams.cases import Cases
from streams.clocks import Clocks
from streams.partition import PartitionState
from streams.ticked import TICK_ROW
from tests.streams.deciding import Partition, assessed, corrected, happened, london, opened, ticked
from tests.streams.test_clocks import ANNOUNCED, RULES

ARRIVED = london("2026-03-02 10:00")
MAKES: dict[str, Callable[[], Cases | Clocks]] = {"cases": Cases, "clocks": lambda: Clocks(RULES)}

#: Minutes since the arrival, what happens, and to which contact; some contacts never open.
_TOLD = st.lists(
    st.tuples(
        st.integers(0, 40 * 24 * 60),
        st.sampled_from(["opened", "assessed", "corrected", "strategy_discussion", "s47_started", "closed", "tick", "tick"]),
        st.sampled_from(["c1", "c2"]),
    ),
    max_size=14,
)


def events_of(told: list[tuple[int, str, str]]) -> list[CaseEvent]:
    events = []
    for after, kind, contact in sorted(told):
        at = ARRIVED + timedelta(minutes=after)
        match kind:
            case "opened":
                events.append(opened(at, contact, kind="referral"))
            case "assessed":
                events.append(assessed(at, contact))
            case "corrected":
                events.append(corrected(at, contact))
            case "tick":
                events.append(ticked(at, at - timedelta(minutes=5)))
            case _:
                events.append(happened(kind, at, contact))
    return events


@pytest.mark.parametrize("name", sorted(MAKES))
@given(_TOLD)
@settings(max_examples=150, deadline=None)
def test_a_glance_at_a_row_tells_what_the_whole_row_tells(name: str, told: list[tuple[int, str, str]]) -> None:
    processor = MAKES[name]()
    others = [processor, Clocks(ANNOUNCED)] if name == "clocks" else [processor]
    partition = Partition(processor, "case-events")
    for event in events_of(told):
        partition.give(event)
        for row in partition.state.rows.values():
            text = row.model_dump_json(exclude_defaults=True).encode()
            for other in others:
                assert other.wakes_in(text) == other.wakes_at(row)


@pytest.mark.parametrize("name", sorted(MAKES))
@given(_TOLD, st.sets(st.integers(0, 14)))
@settings(max_examples=150, deadline=None)
def test_a_start_in_between_changes_nothing_that_is_decided(
    name: str, told: list[tuple[int, str, str]], starts: set[int]
) -> None:
    steady, interrupted = Partition(MAKES[name](), "case-events"), Partition(MAKES[name](), "case-events")
    changelog: list[tuple[str, bytes]] = []
    for offset, event in enumerate(events_of(told)):
        if offset in starts:
            interrupted.state = PartitionState(MAKES[name]())
            for key, value in changelog:
                interrupted.state.restore(key, value)
            interrupted.state.recovered({"case-events": offset})
        assert interrupted.give(event) == steady.give(event)
        changelog += [(write.key, write.value) for write in interrupted.state.take_dirty()]
        interrupted.state.durable("case-events", offset + 1)
        steady.state.take_dirty()
        steady.state.durable("case-events", offset + 1)
    assert dict(interrupted.state.rows) == dict(steady.state.rows)


def test_a_start_reads_the_rows_whose_time_has_come_and_no_other() -> None:
    read: list[bytes] = []

    class Reading(Cases):
        def parse_row(self, text: bytes):  # type: ignore[no-untyped-def]
            read.append(text)
            return super().parse_row(text)

    before = Partition(Cases(), "case-events")
    before.give(opened(ARRIVED, "c1"), opened(ARRIVED + timedelta(days=1), "c2"), opened(ARRIVED + timedelta(days=2), "c3"))
    after = PartitionState(Reading())
    for write in before.state.take_dirty():
        after.restore(write.key, write.value)
    after.recovered({"case-events": 3})
    assert not read
    tick = ticked(london("2026-03-03 00:00"), ARRIVED)
    assert [output.record.contact_id for output in after.apply("case-events", 3, tick) if output.topic == "flags"] == ["c1"]
    assert len(read) == 1 and TICK_ROW in after.rows
