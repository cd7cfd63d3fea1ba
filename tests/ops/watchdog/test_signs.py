"""The watchdog raises the alarm for what is wrong, once, says when it is over, and keeps quiet otherwise."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from ops.watchdog.alarms import KINDS, Alarm, Alarms
from ops.watchdog.rhythm import Rhythm
from ops.watchdog.signs import Signs

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def micros(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000)


def received(at: datetime, *, picked_up: datetime | None = None, repair: bool = False) -> dict[str, object]:
    return {
        "sender": "st-marys-ae",
        "received_at": micros(at),
        "picked_up_at": micros(picked_up) if picked_up else None,
        "repair": {"of_receipt": "r"} if repair else None,
    }


def kinds(signs: Signs, now: datetime) -> list[tuple[str, str]]:
    return [(alarm.kind, alarm.about) for alarm in signs.wrong(now)]


def test_a_partition_without_a_tick_for_a_minute() -> None:
    signs = Signs(NOW, 2)
    assert kinds(signs, NOW + 60 * SECOND) == []
    signs.tick({"at": micros(NOW + 50 * SECOND)}, 0, NOW + 50 * SECOND)
    assert kinds(signs, NOW + 61 * SECOND) == [("no-tick", "case-events/1")]
    assert kinds(signs, NOW + 111 * SECOND) == [("no-tick", "case-events/0"), ("no-tick", "case-events/1")]


def test_ticks_ahead_of_the_brokers_clock_are_written_and_move_nothing() -> None:
    signs = Signs(NOW, 1)
    for minute in range(3):
        at = NOW + minute * MINUTE
        signs.tick({"at": micros(at + 6 * SECOND)}, 0, at)
    assert kinds(signs, NOW + 2 * MINUTE) == [("old-tick", "case-events/0")]
    signs.tick({"at": micros(NOW + 2 * MINUTE + 5 * SECOND)}, 0, NOW + 2 * MINUTE)
    assert kinds(signs, NOW + 2 * MINUTE) == []


def test_lag_that_grows_for_five_minutes_is_no_burst() -> None:
    signs = Signs(NOW, 0)
    for step in range(21):
        lags = {"grows": 10 + step, "drains": 100 - step, "stands": 7, "burst": 500 if step > 15 else 0}
        signs.lags(NOW + step * 15 * SECOND, lags)
        assert kinds(signs, NOW + step * 15 * SECOND) == ([("lag-grows", "grows")] if step == 20 else [])
    signs.lags(NOW + 5 * MINUTE + 15 * SECOND, {"burst": 0, "grows": 3})
    assert kinds(signs, NOW + 5 * MINUTE + 15 * SECOND) == []


def test_a_worker_that_takes_nothing_although_there_is_something() -> None:
    """Its lag need not grow: at night one contact may be all there is."""
    signs, group = Signs(NOW, 0), "frontdoor-routing"
    for step in range(10):
        stuck, moves, idle = (None, 1), (100 + step, 7), (5, 0)
        places = {(group, "contacts", 0): stuck, (group, "contacts", 1): moves, (group, "contacts", 2): idle}
        if step == 5:
            # Its coordinator did not answer this once.
            places = {}
        signs.places(NOW + step * 15 * SECOND, places)
        standing = signs.wrong(NOW + step * 15 * SECOND)
        assert [(one.kind, one.about) for one in standing] == ([("stands-still", group)] if step * 15 > 120 else [])
    assert standing[0].text == "1 record waits on contacts/0, and none was taken for 2 min"
    signs.places(NOW + 150 * SECOND, {(group, "contacts", 0): (42, 1)})
    assert kinds(signs, NOW + 150 * SECOND) == []


def test_one_worker_that_is_down_is_one_alarm() -> None:
    signs, group = Signs(NOW, 0), "frontdoor-intake"
    for step in range(10):
        signs.places(NOW + step * 15 * SECOND, {(group, "received.health", p): (7, 3) for p in range(4) if step or p == 2})
    assert [(one.about, one.text[:40]) for one in signs.wrong(NOW + 135 * SECOND)] == [
        (group, "3 records wait on received.health/2, and")
    ]


def test_time_in_which_the_broker_was_away_is_not_held_against_a_worker() -> None:
    signs, place = Signs(NOW, 0), ("frontdoor-routing", "contacts", 0)
    signs.places(NOW, {place: (41, 1)})
    signs.places(NOW + 5 * MINUTE, {place: (41, 1)})
    assert kinds(signs, NOW + 5 * MINUTE) == []
    for step in range(1, 10):
        signs.places(NOW + 5 * MINUTE + step * 15 * SECOND, {place: (41, 1)})
    assert kinds(signs, NOW + 5 * MINUTE + 135 * SECOND) == [("stands-still", "frontdoor-routing")]


def test_a_message_long_on_its_way_to_the_log_but_not_a_repair_nor_a_pulled_one() -> None:
    signs = Signs(NOW, 0)
    signs.received(received(NOW - HOUR, repair=True), NOW)
    signs.received(received(NOW - 9 * HOUR, picked_up=NOW - SECOND), NOW)
    signs.received(received(NOW - 2 * SECOND), NOW)
    assert kinds(signs, NOW) == []
    signs.received(received(NOW - 2.1 * SECOND), NOW)
    assert kinds(signs, NOW) == [("late-append", "st-marys-ae")]
    # A clock that is ahead is as wrong as one that is behind.
    ahead = Signs(NOW, 0)
    ahead.received(received(NOW + 3 * SECOND), NOW)
    assert kinds(ahead, NOW) == [("late-append", "st-marys-ae")]
    stepped = Signs(NOW, 0, stepped=True)
    stepped.received(received(NOW - HOUR), NOW)
    assert kinds(stepped, NOW) == []


def test_a_file_that_waits_in_a_drop_folder() -> None:
    signs = Signs(NOW, 0)
    inboxes = [("police drop folder", NOW - 3 * MINUTE), ("health drop folder", NOW - MINUTE)]
    assert [alarm.about for alarm in signs.wrong(NOW, inboxes)] == ["police drop folder"]


# -- rhythm


def office(weeks: int, until: datetime) -> Rhythm:
    """A school that sends once an hour from nine to four on working days."""
    rhythm = Rhythm()
    at = until - timedelta(weeks=weeks)
    while at < until:
        if at.weekday() < 5 and 9 <= at.hour < 16:
            rhythm.heard(at + 12 * MINUTE)
        at += HOUR
    return rhythm


def test_a_school_is_not_missed_at_night_or_at_the_weekend_and_is_on_monday_afternoon() -> None:
    friday_evening = datetime(2026, 11, 6, 18, 0, tzinfo=UTC)
    rhythm = office(4, friday_evening)
    monday = datetime(2026, 11, 9, 0, 0, tzinfo=UTC)
    assert rhythm.silent_since(friday_evening + 12 * HOUR) is None
    assert rhythm.silent_since(monday) is None
    # One hour of silence is nothing; a day without anything is.
    assert rhythm.silent_since(monday + 11 * HOUR) is None
    assert rhythm.silent_since(monday + 16 * HOUR) == datetime(2026, 11, 6, 15, 12, tzinfo=UTC)


def test_nobody_is_missed_who_is_hardly_known() -> None:
    rhythm = office(1, NOW)
    assert rhythm.silent_since(NOW + timedelta(days=2)) is None
    assert Rhythm().silent_since(NOW) is None


@settings(max_examples=40, deadline=None)
@example([0, 1, 2, 3, 4], 0)
@given(st.lists(st.integers(0, 4 * 7 * 24 - 1), max_size=60), st.integers(0, 72))
def test_silence_once_news_stays_news_until_something_comes(hours: list[int], silence: int) -> None:
    rhythm = Rhythm()
    for hour in hours:
        rhythm.heard(NOW - timedelta(weeks=4) + hour * HOUR)
    later = NOW + silence * HOUR
    if rhythm.silent_since(later) is not None:
        assert rhythm.silent_since(later + HOUR) is not None
        rhythm.heard(later)
        assert rhythm.silent_since(later) is None


# -- said once


@settings(max_examples=100)
@given(st.lists(st.sets(st.sampled_from(["a", "b", "c"])), max_size=12))
def test_an_alarm_is_said_once_when_it_begins_and_once_when_it_is_over(looks: list[set[str]]) -> None:
    alarms, standing = Alarms(), set()
    for wrong in looks:
        notices = alarms.looked(NOW, [Alarm("lag-grows", about, "") for about in sorted(wrong)])
        said = {(notice.state, notice.alarm.about) for notice in notices}
        assert len(notices) == len(said)
        assert said == {("raised", about) for about in wrong - standing} | {("over", about) for about in standing - wrong}
        standing = set(wrong)
        assert {alarm.about for alarm in alarms.standing} == standing


def test_what_was_not_looked_at_is_not_over() -> None:
    alarms = Alarms()
    alarms.looked(NOW, [Alarm("promise-broken", "one_clock", "")], ["promise-broken"])
    assert alarms.looked(NOW, [], ["lag-grows"]) == []
    assert [notice.state for notice in alarms.looked(NOW, [], ["promise-broken"])] == ["over"]


def test_each_alarm_has_its_line_in_the_docs() -> None:
    page = (Path(__file__).parents[3] / "docs" / "reliability.md").read_text()
    assert [kind for kind in KINDS if f"\n| `{kind}` " not in page] == []
