"""Folding: the same log gives the same answers, in whatever order topics are read and however often."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ops.view.coverage import add_tick, ticked
from ops.view.fold import FOLDED_TOPICS, Fold, Logged
from ops.view.retention import forget
from ops.view.store import empty, open_store
from ops.view.story import story

from .days import HASH_KEY, SATURDAY, as_logged, london, small_day, ticks_logged
from .pictures import everything, picture_of

DAY = as_logged(small_day())
COVER = ticks_logged([(london("00:00"), london("12:00")), (london("12:00"), london("00:30", SATURDAY))])


@contextmanager
def folded(path: Path, *batches: list[Logged]) -> Iterator[sqlite3.Connection]:
    db = open_store(path, HASH_KEY)
    try:
        fold = Fold(db, HASH_KEY, stepped=True)
        for batch in batches:
            fold.batch(batch)
        yield db
    finally:
        db.close()


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    with folded(tmp_path_factory.mktemp("view") / "view.sqlite", DAY + COVER) as db:
        return everything(picture_of(db))


def in_any_order(draw: st.DrawFn) -> list[Logged]:
    """The day with partitions interleaved anyhow, and stretches of a partition read again."""
    by_place: dict[tuple[str, int], list[Logged]] = {}
    for record in DAY + COVER:
        by_place.setdefault((record.topic, record.partition), []).append(record)
    for records in by_place.values():
        again = draw(st.integers(0, len(records)))
        records += records[len(records) - again :]
    mixed: list[Logged] = []
    places = sorted(by_place)
    while places:
        place = draw(st.sampled_from(places))
        take = draw(st.integers(1, len(by_place[place])))
        mixed += by_place[place][:take]
        del by_place[place][:take]
        if not by_place[place]:
            places.remove(place)
    return mixed


@given(data=st.data())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_answers_do_not_depend_on_the_order_of_topics_nor_on_reading_twice(
    data: st.DataObject, expected: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    mixed = in_any_order(data.draw)
    cut = data.draw(st.integers(0, len(mixed)))
    with folded(tmp_path_factory.mktemp("view") / "view.sqlite", mixed[:cut], mixed[cut:]) as db:
        assert everything(picture_of(db)) == expected


def test_a_batch_is_folded_whole_or_not_at_all(tmp_path: Path) -> None:
    class Broken(bytes):
        def __len__(self) -> int:
            raise OSError("the disk is full")

    bad = Logged("receipts", 0, 99, Broken(b"x"))
    with folded(tmp_path / "view.sqlite") as db:
        with pytest.raises(OSError, match="disk"):
            Fold(db, HASH_KEY, stepped=True).batch([*DAY, bad])
        assert db.execute("SELECT count(*) FROM offsets").fetchone() == (0,)
        assert db.execute("SELECT count(*) FROM case_events").fetchone() == (0,)


def test_a_record_that_is_none_is_counted_and_stops_nothing(tmp_path: Path) -> None:
    header = (("__connect.errors.topic", b"received.health"),)
    lost = [Logged("contacts", 1, 0, b"\x00\x00\x00\x00\x63junk"), Logged("quarantine", 2, 5, None, 0, header)]
    with folded(tmp_path / "view.sqlite", lost) as db:
        answers = everything(picture_of(db))
    assert [one["position"]["topic"] for one in answers["quarantine"]["undecodable"]] == ["contacts", "quarantine"]
    assert answers["quarantine"]["undecodable"][1]["errors"] == {"topic": "received.health"}


def test_bodies_and_contents_of_what_was_sent_are_never_kept(tmp_path: Path) -> None:
    with folded(tmp_path / "view.sqlite", DAY) as db:
        dump = "\n".join(db.iterdump())
    assert "%%%" not in dump
    assert "elm-1.json" not in dump, "file names are kept as keyed hashes"
    assert "key-1" not in dump


@pytest.mark.parametrize("other", ["written with another key", "no database"])
def test_a_file_that_does_not_fit_is_replaced(tmp_path: Path, other: str) -> None:
    path = tmp_path / "view.sqlite"
    with folded(path, DAY):
        pass
    if other == "no database":
        path.write_bytes(b"not a database at all" * 100)
    db = open_store(path, "another key" if other == "written with another key" else HASH_KEY)
    assert db.execute("SELECT count(*) FROM offsets").fetchone() == (0,)
    db.close()


def test_a_file_that_fits_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "view.sqlite"
    with folded(path, DAY) as db:
        before = db.execute("SELECT * FROM offsets").fetchall()
    with folded(path) as db:
        assert db.execute("SELECT * FROM offsets").fetchall() == before


def test_emptying_leaves_a_file_that_can_be_folded_into(tmp_path: Path, expected: dict[str, Any]) -> None:
    path = tmp_path / "view.sqlite"
    with folded(path, DAY) as db:
        empty(db)
        Fold(db, HASH_KEY, stepped=True).batch(DAY + COVER)
        assert everything(picture_of(db)) == expected


def test_only_its_owner_may_read_the_file(tmp_path: Path) -> None:
    path = tmp_path / "view.sqlite"
    with folded(path, DAY):
        for name in ("view.sqlite", "view.sqlite-wal", "view.sqlite-shm"):
            assert (tmp_path / name).stat().st_mode & 0o077 == 0


def test_what_retention_took_from_the_log_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "view.sqlite"
    with folded(path, DAY) as db:
        forget(db, {(topic, partition): 1000 for topic in FOLDED_TOPICS for partition in range(4)})
        told = story(picture_of(db), "c-red")
        assert (told.child, told.person, told.narratives, told.versions, told.outbound) == ("", None, [], [], [])
        assert [step.type for step in told.story] == ["opened", "allocation_requested", "allocated", "flag_raised"]
        assert path.read_bytes().count(b"Nora") == 0


def test_a_tick_from_the_future_vouches_for_nothing(tmp_path: Path) -> None:
    tick = next(record for record in COVER if record.partition == 0)
    believed = Logged(tick.topic, 0, 0, tick.value, int(london("12:00").timestamp() * 1000))
    early = Logged(tick.topic, 1, 0, tick.value, int(london("11:59").timestamp() * 1000))
    db = open_store(tmp_path / "view.sqlite", HASH_KEY)
    Fold(db, HASH_KEY, stepped=False).batch([believed, early])
    assert ticked(db, 0, london("11:00")).covered
    assert not ticked(db, 1, london("11:00")).passed
    db.close()


@given(
    st.lists(st.tuples(st.integers(0, 600), st.integers(0, 90)), min_size=1, max_size=12), st.randoms(use_true_random=False)
)
@settings(max_examples=60, deadline=None)
def test_cover_is_the_union_of_ticks_with_gaps_of_a_minute_bridged(stretches: list[tuple[int, int]], shuffle: Any) -> None:
    def at(second: int) -> datetime:
        return datetime.fromtimestamp(1_800_000_000 + second, UTC)

    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE coverage (partition INTEGER, since TEXT, until TEXT)")
    shuffled = list(stretches)
    shuffle.shuffle(shuffled)
    for since, length in shuffled:
        add_tick(db, 0, at(since), at(since + length))
    merged: list[list[int]] = []
    for since, until in sorted((since, since + length) for since, length in stretches):
        if merged and since - merged[-1][1] <= 60:
            merged[-1][1] = max(merged[-1][1], until)
        else:
            merged.append([since, until])
    for second in range(-5, 700, 5):
        expected = any(since <= second <= until for since, until in merged)
        assert ticked(db, 0, at(second)).covered == expected
    db.close()

