"""Nothing is passed over: what is committed has no hole, and a batch that begins past the frontier is fetched again."""

import time
from dataclasses import dataclass

import pytest
from confluent_kafka import Producer
from hypothesis import given
from hypothesis import strategies as st

from schemas.catalogue import codec
from schemas.settings import Settings
from streams.frontier import Frontier
from tests.streams.transport.account import Auditor
from tests.streams.transport.hub import INPUT, OUTPUT, Hub, entry, event
from tests.streams.transport.worker_process import until


@dataclass(frozen=True)
class Fetched:
    """A record, as far as a frontier looks at it."""

    offset: int


#: Batches as they may arrive: any run of offsets, in any order, again, or with runs missing between them.
BATCHES = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 12)), max_size=60)


@given(BATCHES, st.integers(0, 20))
def test_whatever_arrives_every_record_is_processed_once_and_in_order_up_to_what_is_committed(
    batches: list[tuple[int, int]], beginning: int
) -> None:
    frontier = Frontier()
    frontier.start("t", 0, beginning)
    processed: list[int] = []
    for first, size in batches:
        admitted = frontier.admit("t", 0, [Fetched(offset) for offset in range(first, first + size)])
        if admitted.seek_to is not None:
            assert (admitted.records, admitted.seek_to) == ([], frontier.position("t", 0))
        elif admitted.records:
            processed += [record.offset for record in admitted.records]
            frontier.advance("t", 0, processed[-1] + 1)
        assert processed == list(range(beginning, frontier.position("t", 0)))
        moved = frontier.to_commit()
        assert moved == ({("t", 0): beginning + len(processed)} if moved else {})
        frontier.committed(moved)
        assert frontier.to_commit() == {}


def test_what_arrives_for_a_partition_that_went_to_another_worker_is_left_to_it() -> None:
    frontier = Frontier()
    frontier.start("t", 0, 5)
    frontier.advance("t", 0, 7)
    frontier.drop("t", 0)
    admitted = frontier.admit("t", 0, [Fetched(7)])
    assert (admitted.records, admitted.seek_to, frontier.to_commit()) == ([], None, {})


def test_a_frontier_never_goes_back() -> None:
    frontier = Frontier()
    frontier.start("t", 0, 5)
    with pytest.raises(AssertionError):
        frontier.advance("t", 0, 5)


@pytest.mark.broker
@pytest.mark.skipif(Settings().binding == "plain", reason="the fault is built into Faust's fetching")
def test_batches_that_get_lost_on_the_way_are_fetched_again_and_the_marks_of_transactions_passed(hub: Hub) -> None:
    worker = hub.workers.start(COUNTING_FAULT="lossy", FRONTDOOR_SESSION_TIMEOUT_SECONDS="3").await_ready()
    hub.append([entry(event("lost-1", "c"), partition=0)])
    until("a batch is dropped", lambda: worker.log.count("dropped") == 1)
    assert hub.committed().get((INPUT, 0)) is None
    # The next batch shows the hole.
    hub.append([entry(event("after", "c"), partition=0)])
    hub.await_no_lag()
    assert "batch began after the frontier" in worker.log
    # No batch follows this one: the worker must look by itself.
    hub.append([entry(event("lost-2", "c"), partition=0)])
    hub.await_no_lag()
    assert "fetching it again" in worker.log
    # A transaction's mark takes an offset at which nothing will ever arrive.
    backwards = worker.log.count("batch began after the frontier")
    append_in_a_transaction(hub, "marked")
    hub.append([entry(event("last", "c"), partition=0)])
    hub.await_no_lag()
    assert worker.log.count("batch began after the frontier") == backwards
    account = Auditor(hub).account()
    assert account.faults == {}
    assert (account.events, account.repeats) == (5, 0)


def test_a_transactions_mark_at_the_end_is_nothing_to_wait_for(hub: Hub) -> None:
    """Its partition seems to have more for ever; a worker that waited for it would end every three sessions."""
    worker = hub.workers.start(FRONTDOOR_SESSION_TIMEOUT_SECONDS="3").await_ready()
    append_in_a_transaction(hub, "marked")
    until("the record is processed", lambda: hub.count(OUTPUT) == 1)
    patient_until = time.monotonic() + 15
    until("patience is over", lambda: worker.child.returncode is not None or time.monotonic() > patient_until)
    assert worker.child.returncode is None, worker.log
    hub.append([entry(event("last", "c"), partition=0)])
    hub.await_no_lag()


def append_in_a_transaction(hub: Hub, event_id: str) -> None:
    producer = Producer({"bootstrap.servers": hub.bootstrap, "transactional.id": hub.name, "log_level": 0})
    producer.init_transactions()
    producer.begin_transaction()
    record = event(event_id, "c")
    producer.produce(INPUT, codec(INPUT).encode(record), record.contact_id.encode(), partition=0)
    producer.commit_transaction()
