"""The view as a process on a real broker: killed, restarted, rebuilt, cut off from the broker."""

import json
import random
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from ops.embedded_kafka import EmbeddedKafka
from ops.topics import apply_topics
from ops.view.fold import FOLDED_TOPICS, Logged
from ops.view.log_ends import LogEnds
from ops.view.store import open_reader

from .days import (
    FRIDAY,
    Entry,
    allocated,
    as_logged,
    assessed,
    contact,
    corrected,
    disposition,
    london,
    opened,
    received,
    small_day,
    ticks_logged,
)
from .pictures import AFTER, everything, picture_of
from .running import RunningView, put_on_log, until

pytestmark = pytest.mark.broker


def many_contacts(count: int) -> list[Entry]:
    """A busy day: every third contact assessed, every sixth of those corrected afterwards."""
    entries: list[Entry] = []
    for n in range(count):
        at = london("06:00") + timedelta(seconds=30 * n % 60_000)
        name, receipt = f"busy-{n}", f"busy-r-{n}"
        entries += [received(receipt, at), disposition(receipt, at, "contact", contact_ids=[name])]
        entries += [contact(name, receipt, at, "Child", f"No {n}", risk="amber"), opened(name, at, receipt=receipt, risk="amber")]
        entries.append(allocated(name, at))
        if n % 3 == 0:
            entries.append(assessed(name, at + timedelta(minutes=20)))
        if n % 18 == 0:
            entries.append(corrected(name, at + timedelta(minutes=40), "red"))
    return entries


def answers_in(path: Path) -> dict[str, Any]:
    db = open_reader(path)
    try:
        return everything(picture_of(db, behind=0))
    finally:
        db.close()


@pytest.fixture(scope="module")
def on_the_log(hub_broker: EmbeddedKafka) -> list[Logged]:
    records = as_logged([*small_day(), *many_contacts(300)])
    cover = ticks_logged([(london("00:00", FRIDAY), AFTER)])
    # A worker that crashed writes its last outputs again: the same ids, later in the log.
    again = [record for record in records if record.topic in ("case-events", "flags", "receipts")][-40:]
    put_on_log(hub_broker.bootstrap, [*records, *cover, *again])
    return records


@pytest.fixture(scope="module")
def view(on_the_log: list[Logged], hub_broker: EmbeddedKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningView]:
    """A view that has folded the day, for tests that only ask."""
    running = RunningView(hub_broker.bootstrap, tmp_path_factory.mktemp("view") / "run", AFTER)
    running.start()
    running.until_ready()
    yield running
    running.stop()


def test_killed_at_any_moment_it_forgets_nothing_and_doubles_nothing(
    on_the_log: list[Logged], view: RunningView, tmp_path: Path
) -> None:
    chance = random.Random(7)
    killed = RunningView(view.settings.bootstrap_servers, tmp_path / "killed", AFTER)
    for _ in range(2):
        before = killed.folded()
        killed.start()
        wanted = before + chance.randint(1, 300)
        until(lambda: killed.folded() >= min(wanted, len(on_the_log)), "some folding")  # noqa: B023
        killed.kill()
    killed.start()
    killed.until_ready()
    assert killed.stop() == 0
    view.until_ready()
    assert answers_in(killed.file) == answers_in(view.file), "as built without being killed"
    db = open_reader(killed.file)
    ids = {json.loads(row[0])["event_id"] for row in db.execute("SELECT record FROM case_events")}
    assert db.execute("SELECT count(*) FROM case_events").fetchone() == (len(ids),)
    assert db.execute("SELECT count(*) FROM contacts WHERE contact_id LIKE 'busy-%'").fetchone() == (300,)
    db.close()


def test_it_says_how_far_it_has_read(view: RunningView) -> None:
    progress = view.get("/progress").json()
    assert progress["caught_up"] is True
    assert (progress["behind_records"], progress["behind_seconds"]) == (0, 0)
    assert len(progress["partitions"]) == len(FOLDED_TOPICS) * 4
    assert all(one["next_offset"] == one["end_offset"] for one in progress["partitions"])
    assert progress["as_of"] == AFTER.isoformat().replace("+00:00", "Z")


def test_what_is_written_while_it_runs_is_seen_at_once(view: RunningView) -> None:
    assert view.get("/receipts/r-new").status_code == 404
    put_on_log(view.settings.bootstrap_servers, as_logged([received("r-new", london("09:00"), file_name="today.json")]))
    until(lambda: view.get("/receipts/r-new").status_code == 200, "the new receipt", 5)
    assert view.get("/receipts/r-new").json()["status"] == "received, not read yet"
    assert view.get("/find", {"q": "today.json"}).json()["matches"][0]["receipt"]["receipt_id"] == "r-new"


def test_it_answers_questions_about_the_day(view: RunningView) -> None:
    board = view.get("/board", {"limit": "5"}).json()
    assert board["total"] > 5 and len(board["contacts"]) == 5
    assert view.get("/unassessed", {"date": FRIDAY.isoformat()}).json()["states"]["met_by_proof"] == 101
    assert view.get("/flags", {"state": "withdrawn"}).json()["total"] == 1
    assert view.get("/cases/r-red/1").json()["child"] == "Nora Field"
    assert view.get("/quarantine/r-bad").json()["position"]["topic"] == "quarantine"
    assert view.get("/healthz").json() == {"status": "alive"}


def test_what_it_cannot_answer_is_explained(view: RunningView) -> None:
    refused = view.get("/cases/nobody")
    assert refused.status_code == 404
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["title"] == "Not found"
    mistaken = view.get("/unassessed", {"date": "Nora Field"})
    assert mistaken.status_code == 422
    assert "Nora" not in mistaken.text
    assert view.get("/board", Host="evil.example").status_code == 400, "a page elsewhere cannot point a name at it"
    assert "/board" in view.get("/openapi.json").json()["paths"]


def test_nothing_personal_is_logged(view: RunningView) -> None:
    view.get("/find", {"q": "Nora Field"})
    view.get("/cases/Nora Field")
    view.get("/unassessed", {"date": "Nora Field"})
    assert "Nora" not in view.log() and "elm-1" not in view.log()


def test_two_views_of_one_stack_are_refused(view: RunningView) -> None:
    second = RunningView(view.settings.bootstrap_servers, view.settings.run_dir, AFTER)
    before = view.settings.endpoint_file("view").read_text()
    second.start()
    assert second.wait() == 1
    assert "another view runs" in view.log()
    view.settings.endpoint_file("view").write_text(before)
    assert view.get("/healthz").status_code == 200


def test_it_knows_where_the_log_begins(hub_broker: EmbeddedKafka, on_the_log: list[Logged]) -> None:
    ends = LogEnds(hub_broker.bootstrap, timeout=20)
    place = ("narratives", next(one.partition for one in on_the_log if one.topic == "narratives"))
    end = ends.ends()[place]
    assert end > 0
    admin = AdminClient({"bootstrap.servers": hub_broker.bootstrap})
    for done in admin.delete_records([TopicPartition(*place, end)]).values():
        done.result(20)
    assert {key: first for key, first in ends.beginnings().items() if first} == {place: end}


@pytest.fixture(scope="module")
def other_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    """Another cluster, with topics of the same names."""
    kafka = EmbeddedKafka(tmp_path_factory.mktemp("other") / "kafka")
    kafka.start()
    try:
        apply_topics(kafka.bootstrap)
        yield kafka
    finally:
        kafka.kill()


@pytest.fixture(scope="module")
def moved(
    other_broker: EmbeddedKafka, view: RunningView, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningView]:
    """A view on the other cluster that was given the file folded from the first."""
    running = RunningView(other_broker.bootstrap, tmp_path_factory.mktemp("moved"), AFTER)
    with sqlite3.connect(view.file) as source, sqlite3.connect(running.file) as target:
        source.backup(target)
    put_on_log(other_broker.bootstrap, as_logged([opened("c", london("09:00"))]))
    running.start()
    running.until_ready()
    yield running
    running.stop()


def test_on_another_log_it_starts_again(moved: RunningView) -> None:
    assert "another cluster" in moved.log()
    assert {entry["contact_id"] for entry in moved.get("/board").json()["contacts"]} <= {"c", "d"}


def test_without_the_broker_it_answers_what_it_knows_and_says_so(other_broker: EmbeddedKafka, moved: RunningView) -> None:
    other_broker.kill()
    board = moved.get("/board").json()
    assert board["behind_records"] is None
    assert [entry["contact_id"] for entry in board["contacts"]] == ["c"]
    assert moved.get("/progress").json()["behind_seconds"] is None
    assert moved.stop() == 0
    assert not moved.settings.endpoint_file("view").exists()
    moved.start()
    moved.until_up()
    assert moved.get("/board").json()["total"] == 1
    assert moved.get("/readyz").status_code == 503
    other_broker.restart()
    put_on_log(other_broker.bootstrap, as_logged([opened("d", london("09:00"))]))
    until(lambda: moved.get("/board").json()["total"] == 2, "the broker's return")


def test_a_file_it_cannot_write_ends_it_visibly(hub_broker: EmbeddedKafka, tmp_path: Path) -> None:
    broken = RunningView(hub_broker.bootstrap, tmp_path / "broken", AFTER)
    broken.start()
    broken.until_ready()
    with sqlite3.connect(broken.file) as db:
        db.execute("DROP TABLE case_events")
    put_on_log(hub_broker.bootstrap, as_logged([opened("late-one", london("09:00"))]))
    assert broken.wait() == 70
    assert "folding stopped: OperationalError" in broken.log()
