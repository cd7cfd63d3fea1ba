"""What a worker refuses to start on, and what it never does: serve tables, keep standby rows, make topics."""

import os
from pathlib import Path

import pytest
from faust import streams as faust_streams

from schemas.catalogue import codec
from schemas.ports import Entry
from schemas.received import Received
from schemas.settings import Settings
from streams.steps import WorkerOptions
from streams.worker import Worker
from tests.streams.transport import log_reading
from tests.streams.transport.account import Auditor
from tests.streams.transport.counting_worker import NamedCounting
from tests.streams.transport.hub import INPUT, NOW, OUTPUT, Hub, entries
from tests.streams.transport.worker_process import FAIL_STOP, MISCONFIGURED


@pytest.mark.broker
def test_a_changelog_with_another_partition_count_is_refused_with_the_remedy(hub: Hub) -> None:
    hub.append(entries(1, 1))
    hub.delete_topic(hub.changelog)
    hub.make_topic(hub.changelog, 3)
    worker = hub.workers.start()
    assert worker.await_end() == MISCONFIGURED
    assert f"{hub.changelog} has 3 partitions and the catalogue says 4" in worker.log
    assert "frontdoor topics plan" in worker.log
    assert (hub.committed(), hub.count(OUTPUT)) == ({}, 0)


@pytest.mark.broker
def test_a_worker_that_the_group_refuses_ends_and_says_so(hub: Hub) -> None:
    """The broker allows no session so short."""
    worker = hub.workers.start(FRONTDOOR_SESSION_TIMEOUT_SECONDS="0.5")
    assert worker.await_end() == FAIL_STOP
    assert "the group does not take this worker: invalidsessiontimeout" in worker.log.lower().replace("_", "")


def test_a_pure_python_stream_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(faust_streams, "_CStreamIterator", None)
    with pytest.raises(RuntimeError, match="without its compiled stream iterator"):
        Worker(NamedCounting("counting", (INPUT,)), NoLog(), WorkerOptions("127.0.0.1:1", tmp_path))


class NoLog:
    """A log that nobody should come to use."""

    async def append(self, entries: object) -> list[tuple[int, int]]:
        raise AssertionError("nothing may be written")


@pytest.mark.broker
def test_two_workers_share_all_inputs_with_their_rows_and_serve_make_and_copy_nothing(hub: Hub, tmp_path: Path) -> None:
    hub.work_with(tmp_path, ("received.police", "received.education"))
    topics = known_topics(hub)
    workers = [hub.workers.start(name).await_ready() for name in ("1", "2")]
    hub.await_both_share()
    hub.append([received(topic, f"{topic}-{i}", f"{topic}/{i}") for i in range(40) for topic in hub.inputs])
    hub.await_no_lag()
    assert Auditor(hub).account().faults == {}
    owned = hub.assigned()
    # Without Faust the group shares inputs alone; each worker reads the rows that go with them by itself.
    shared = hub.inputs if Settings().binding == "plain" else (*hub.inputs, hub.changelog)
    assert sorted(owned) == [f"{hub.group}-1", f"{hub.group}-2"]
    for places in owned.values():
        partitions = {topic: [p for t, p in places if t == topic] for topic in shared}
        assert len(places) == sum(map(len, partitions.values()))
        assert len({tuple(p) for p in partitions.values()}) == 1, "inputs and rows were assigned apart"
    everything = sorted(place for places in owned.values() for place in places)
    assert len(everything) == len(set(everything)), "a partition's rows are with two workers"
    assert known_topics(hub) == topics
    for worker in workers:
        assert listening(worker.pid) == []


def known_topics(hub: Hub) -> set[str]:
    return set(log_reading.admin(hub.bootstrap).list_topics(timeout=log_reading.PATIENCE).topics)


def received(topic: str, receipt_id: str, sender: str) -> Entry:
    record = Received(
        receipt_id=receipt_id, sender=sender, agency="police", transport="folder", received_at=NOW, size=1, body=b"x"
    )
    return Entry(topic, sender.encode(), codec(topic).encode(record))


def listening(pid: int) -> list[str]:
    """The TCP sockets on which a process listens, where the system tells (Linux)."""
    if not Path("/proc/net/tcp").exists():
        return []
    sockets = {os.readlink(fd) for fd in Path(f"/proc/{pid}/fd").iterdir() if fd.is_symlink()}
    lines = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    return [line[1] for line in lines if line[3] == "0A" and f"socket:[{line[9]}]" in sockets]
