"""A worker that was paused past its session does no harm: it ends, and where its rows come late the newer ones win."""

import pytest

from tests.streams.transport.account import Auditor
from tests.streams.transport.hub import OUTPUT, Hub, entry, event
from tests.streams.transport.log_reading import PARTITIONS, ChangelogRow, changelog
from tests.streams.transport.worker_process import FAIL_STOP, WorkerProcess, until

pytestmark = pytest.mark.broker

#: Seconds; so that nobody waits long for it to run out.
SHORT = {"FRONTDOOR_SESSION_TIMEOUT_SECONDS": "3"}


def one_in_each_partition(hub: Hub, name: str) -> None:
    hub.append([entry(event(f"{name}-{p}", f"c{p}"), partition=p) for p in PARTITIONS])


def test_workers_that_come_back_after_their_session_write_nothing(hub: Hub) -> None:
    """One was paused before its outputs, one between its outputs and its rows; a third has done their work."""
    paused = [
        hub.workers.start(name, **SHORT, COUNTING_FAULT="unaware", FRONTDOOR_FAILPOINT=f"{where}:3:STOP")
        for name, where in (("1", "outputs-due"), ("2", "outputs-durable"))
    ]
    for worker in paused:
        worker.await_ready()
    hub.await_both_share()
    for name in ("settled", "in-hand"):
        one_in_each_partition(hub, name)
        if name == "settled":
            hub.await_no_lag()
    until("both are paused", lambda: all(worker.paused for worker in paused))
    hub.workers.start("3", **SHORT)
    hub.await_no_lag()
    auditor = Auditor(hub)
    before = auditor.account()
    assert before.faults == {}
    written = hub.count(OUTPUT), hub.count(hub.changelog)
    for worker in paused:
        worker.resume()
        assert worker.await_end() == FAIL_STOP
        assert "longer than the session" in worker.log
    assert (hub.count(OUTPUT), hub.count(hub.changelog)) == written
    assert auditor.account().faults == {}


def test_rows_that_land_after_the_new_owners_lose(hub: Hub) -> None:
    """Compaction would leave the old row alone, so the new owner reads it and puts the newer one behind it."""
    hub.append([entry(event("first", "c"), partition=0)])
    paused = hub.workers.start("1", **SHORT, COUNTING_FAULT="unaware", FRONTDOOR_FAILPOINT="rows-due:2:STOP")
    paused.await_ready()
    hub.await_no_lag()
    hub.append([entry(event(name, "c"), partition=0) for name in ("second", "third")])
    until("the worker is paused", lambda: paused.paused)
    owner = hub.workers.start("2", **SHORT)
    hub.await_no_lag()
    hub.append([entry(event("fourth", "c"), partition=0)])
    hub.await_no_lag()
    assert [row.row["n"] for row in rows(hub)][-1] == 4
    paused.resume()
    auditor = Auditor(hub)
    until("the old row is the last", lambda: rows(hub)[-1].row["n"] == 3)
    assert auditor.account().outlived == ["c"]
    paused.kill()
    # It has nothing to do, so that only its own look at the changelog can tell it.
    assert owner.await_end() == FAIL_STOP
    assert "another worker wrote rows" in owner.log
    successor = restarted(hub)
    assert auditor.account().faults == {}
    successor.kill()
    hub.compact("c")
    hub.append([entry(event("fifth", "c"), partition=0)])
    restarted(hub)
    hub.await_no_lag()
    assert Auditor(hub).account().faults == {}
    assert [row.row["n"] for row in rows(hub)] == [4, 5]


def rows(hub: Hub) -> list[ChangelogRow]:
    return changelog(hub.bootstrap, hub.changelog)


def restarted(hub: Hub) -> WorkerProcess:
    return hub.workers.start("2", **SHORT).await_ready()


def test_a_worker_whose_place_was_taken_under_its_own_name_ends(hub: Hub) -> None:
    """As when somebody starts again what still runs: the later one has the place, the earlier one stops."""
    hub.append([entry(event("first", "c"), partition=0)])
    earlier = hub.workers.start("1", **SHORT).await_ready()
    hub.await_no_lag()
    hub.workers.start("1", **SHORT)
    assert earlier.await_end() == FAIL_STOP
    hub.append([entry(event("second", "c"), partition=0)])
    hub.await_no_lag()
    assert Auditor(hub).account().faults == {}
