"""A worker that cannot make its work durable stops with code 70, has committed nothing of it, and says why."""

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import DeletedRecords

from schemas.ports import Entry
from tests.streams.transport import log_reading
from tests.streams.transport.account import Auditor
from tests.streams.transport.counting_worker import SECRET
from tests.streams.transport.hub import INPUT, OUTPUT, Hub, entry, event
from tests.streams.transport.worker_process import FAIL_STOP

pytestmark = pytest.mark.broker


def test_an_exception_in_a_decision_stops_the_worker_before_anything_of_the_batch_is_said(hub: Hub) -> None:
    hub.append([entry(event("good", "c"), partition=0), entry(event("bad", "c", "poison"), partition=0)])
    worker = hub.workers.start()
    assert worker.await_end() == FAIL_STOP
    assert (hub.committed(), hub.count(OUTPUT), hub.count(hub.changelog)) == ({}, 0, 0)
    assert "ValueError" in worker.log
    assert SECRET not in worker.log, "an exception's text may name a child"


def test_outputs_or_rows_that_the_broker_refuses_stop_the_worker_and_nothing_is_lost(hub: Hub) -> None:
    hub.append([entry(event("first", "c"), partition=0), entry(event("second", "c"), partition=0)])
    auditor = Auditor(hub)
    for topic, outputs in ((OUTPUT, 0), (hub.changelog, 2)):
        hub.set_topic(topic, "max.message.bytes", "10")
        worker = hub.workers.start()
        assert worker.await_end() == FAIL_STOP
        assert "did not take a record" in worker.log
        assert (hub.committed(), hub.count(OUTPUT), hub.count(hub.changelog)) == ({}, outputs, 0)
        hub.set_topic(topic, "max.message.bytes", "10485760")
    hub.workers.start()
    hub.await_no_lag()
    account = auditor.account()
    assert account.faults == {}
    assert account.repeats == 2


def test_records_that_expired_before_they_were_processed_are_not_passed_over_in_silence(hub: Hub) -> None:
    hub.append([entry(event("first", "c"), partition=0)])
    worker = hub.workers.start().await_ready()
    hub.await_no_lag()
    assert worker.terminate()[0] == 0
    [(_, last)] = hub.append([entry(event("second", "c"), partition=0)])
    hub.append([entry(event("third", "c"), partition=0)])
    expire(hub, last + 1)
    worker = hub.workers.start()
    assert worker.await_end() == FAIL_STOP
    assert f"records {last} to {last + 1} expired" in worker.log
    assert hub.count(OUTPUT) == 1


@pytest.mark.parametrize(("binding", "session"), [("plain", "2"), ("faust", "6")])
def test_a_worker_that_is_sent_nothing_more_ends_and_the_next_one_reads_on(hub: Hub, binding: str, session: str) -> None:
    hub.append([entry(event("first", "c"), partition=0)])
    worker = hub.workers.start(FRONTDOOR_BINDING=binding, COUNTING_FAULT="deaf", FRONTDOOR_SESSION_TIMEOUT_SECONDS=session)
    hub.await_no_lag()
    hub.append([entry(event("second", "c"), partition=0)])
    assert worker.await_end() == FAIL_STOP
    assert "has more, and nothing of it has come" in worker.log
    hub.workers.start(FRONTDOOR_BINDING=binding)
    hub.await_no_lag()
    assert hub.count(OUTPUT) == 2


def test_a_worker_whose_broker_did_not_name_its_topics_at_first_asks_again(hub: Hub) -> None:
    """It would be a member of the group without a partition, and nobody else would have them, for five minutes."""
    hub.append([entry(event("first", "c"), partition=0)])
    hub.workers.start(COUNTING_FAULT="uninformed", FRONTDOOR_BINDING="faust")
    hub.await_no_lag()
    assert hub.count(OUTPUT) == 1


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("misinformed", f"the broker does not name {INPUT}, frontdoor-counting"),
        ("fetchless", "a task of the group's client has ended"),
    ],
)
def test_a_worker_that_would_live_and_not_read_ends_and_the_next_one_reads_on(hub: Hub, fault: str, says: str) -> None:
    hub.append([entry(event("first", "c"), partition=0)])
    worker = hub.workers.start(COUNTING_FAULT=fault, FRONTDOOR_BINDING="faust")
    assert worker.await_end() == FAIL_STOP
    assert says in worker.log
    hub.append([entry(event("second", "c"), partition=0)])
    hub.workers.start()
    hub.await_no_lag()
    assert hub.count(OUTPUT) == 2


def expire(hub: Hub, before: int) -> DeletedRecords:
    marks = [TopicPartition(INPUT, 0, before)]
    [answer] = log_reading.admin(hub.bootstrap).delete_records(marks).values()
    return answer.result(log_reading.PATIENCE)


def test_rows_that_know_of_records_that_the_topic_does_not_have_stop_the_worker(hub: Hub) -> None:
    """The topic was made anew under the worker: all its new records would count as decided already."""
    row = f'{{"topic": "{INPUT}", "offset": 1000000, "since": 0, "before": -1, "row": {{"n": 7}}}}'
    hub.append([Entry(hub.changelog, b"c", row.encode(), (), 0), entry(event("first", "c"), partition=0)])
    worker = hub.workers.start()
    assert worker.await_end() == FAIL_STOP
    assert "the topic was cut or replaced" in worker.log
    assert (hub.committed(), hub.count(OUTPUT)) == ({}, 0)
