"""However often a worker is killed, nothing is missing, nothing counts twice, and what is committed is durable."""

import random
import time

import pytest

from schemas.catalogue import catalogue
from schemas.ports import Entry
from tests.streams.transport.account import Auditor
from tests.streams.transport.hub import OUTPUT, Hub, entries, entry, event
from tests.streams.transport.worker_process import WorkerProcess, until

pytestmark = pytest.mark.broker

EVENTS, CONTACTS, KILLS = 10_000, 500, 5
#: Kills of two workers, in turn: one that is taken over by the other between two that come back.
TURNS = 3


def kill_at_random(hub: Hub, chance: random.Random, worker: WorkerProcess, before: int) -> None:
    """Kill it after some more outputs than `before` and a moment, so that it happens at any point of a batch, with work left."""
    more = chance.randint(1, EVENTS // KILLS // 2)
    until("the workers go on", lambda: hub.count(OUTPUT) >= before + more)
    time.sleep(chance.uniform(0, 0.05))
    worker.kill()
    assert hub.lag() > 0, "the worker was faster than its killer"


def test_one_worker_killed_five_times_in_10000_events(hub: Hub) -> None:
    chance = random.Random(20260501)
    auditor = Auditor(hub)
    for portion in portions():
        hub.append(portion)
        before = hub.count(OUTPUT)
        worker = hub.workers.start()
        kill_at_random(hub, chance, worker, before)
        assert auditor.account().overcommitted == []
    hub.workers.start()
    hub.await_no_lag()
    account = auditor.account()
    assert account.faults == {}
    assert account.events == EVENTS


def test_two_workers_killed_in_turn_with_their_partitions_moving(hub: Hub) -> None:
    """Every second time the other worker takes over, once the session has run out; else the killed one comes back."""
    chance = random.Random(20260502)
    auditor = Auditor(hub)
    workers = {name: hub.workers.start(name) for name in ("1", "2")}
    for worker in workers.values():
        worker.await_ready()
    # Its last events take a second: what runs already must not be faster than its killer, however late that one comes.
    rounds = [[*portion, *slow(number)] for number, portion in enumerate(portions()[:TURNS])]
    for number, portion in enumerate(rounds):
        before = hub.count(OUTPUT)
        hub.append(portion)
        victim = "12"[number % 2]
        kill_at_random(hub, chance, workers[victim], before)
        assert auditor.account().overcommitted == []
        if number % 2:
            hub.await_no_lag()
        workers[victim] = hub.workers.start(victim)
    hub.await_no_lag()
    account = auditor.account()
    assert account.faults == {}
    assert account.events == sum(map(len, rounds))


def slow(number: int) -> list[Entry]:
    """Ten events of a tenth of a second for each partition."""
    places = range(catalogue().keyed_partitions)
    return [entry(event(f"slow{number}-{p}-{each}", f"s{p}", "slow"), partition=p) for p in places for each in range(10)]


def portions() -> list[list[Entry]]:
    """The events in equal parts, every contact in each."""
    size = EVENTS // KILLS
    return [entries(size, CONTACTS, f"e{number}-") for number in range(KILLS)]


@pytest.mark.parametrize("point", ["outputs-durable:2", "rows-durable:2"])
def test_a_crash_between_outputs_rows_and_commit_with_a_key_twice_in_the_batch(hub: Hub, point: str) -> None:
    hub.append([entry(event("first", "c"), partition=0)])
    worker = hub.workers.start(FRONTDOOR_FAILPOINT=point, FRONTDOOR_COMMIT_INTERVAL_SECONDS="60").await_ready()
    hub.await_no_lag()
    hub.append([entry(event(name, "c"), partition=0) for name in ("second", "third")])
    assert worker.await_end() == -9
    cut = Auditor(hub)
    assert cut.account().missing == []
    assert hub.lag() == 2
    hub.workers.start().await_ready()
    hub.await_no_lag()
    account = cut.account()
    assert account.faults == {}
    # What a row speaks for is not said again; what no row speaks for may be, under the same ids.
    assert account.repeats == (2 if point.startswith("outputs") else 0)
