"""Who is told what, and when: a RED contact at once, what is still open at the rounds, a waiting child once."""

from datetime import datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.notices.forecast import not_expected
from ops.notices.health import LASTING, Health, judge
from ops.notices.notice import Alert, Notice
from ops.notices.rules import current_round, look
from ops.view.team import TeamAnswer

from .teams import DAY, NOON, clock, contact, london, team, worker

ROUNDS = [time(14), time(16), time(23)]
CHIEF = worker("s1", "Sue Chief", role="supervisor")
MANAGER = worker("m1", "Frances Whitmore", role="manager")


def told(answer: TeamAnswer, now: datetime = NOON, standing: dict[str, Alert] | None = None) -> list[Notice]:
    return look([answer], standing or {}, ROUNDS, now).notices


def test_a_red_contact_is_pushed_to_its_worker_on_arrival_and_again_to_whoever_gets_it_next() -> None:
    red = contact("c1", risk="red")
    [first] = told(team(worker("w1", "Alma Worker", red, contact("c2")), CHIEF))
    assert (first.kind, [person.name for person in first.to]) == ("red_contact", ["Alma Worker"])
    [same] = told(team(worker("w1", "Alma Worker", red), CHIEF), NOON + timedelta(hours=1))
    assert same.notice_id == first.notice_id, "looking again says nothing new"
    [moved] = told(team(worker("w2", "Ben Holder", red)))
    assert moved.notice_id != first.notice_id


def test_a_red_contact_of_nobody_goes_to_the_duty_manager_and_of_one_without_mail_to_the_supervisor_too() -> None:
    red = contact("c1", "11:59", risk="red")
    assert told(team(MANAGER, unallocated=(red,)), NOON - timedelta(seconds=40)) == [], "allocation takes a moment"
    [notice] = told(team(MANAGER, unallocated=(red,)))
    assert [person.name for person in notice.to] == ["Frances Whitmore"]
    [notice] = told(team(worker("w1", "Alma Worker", red, email="", supervisor="s1"), CHIEF))
    assert [person.name for person in notice.to] == ["Alma Worker", "Sue Chief"]


def test_a_duty_manager_is_told_why_a_red_contact_came_to_them() -> None:
    red = contact("c1", risk="red", how="manager", why="all_full")
    [notice] = told(team(MANAGER.model_copy(update={"unassessed": [red]})))
    assert "everybody on duty is at their cap" in notice.text


def test_at_a_round_worker_and_supervisor_get_by_name_what_is_still_open() -> None:
    alma = worker("w1", "Alma Worker", contact("c1"), contact("c2"), supervisor="s1")
    answer = team(alma, worker("w2", "Ben Holder", contact("c3"), supervisor="s1"), worker("w3", "Cy Done"), CHIEF)
    assert told(answer, london(DAY + "13:59")) == []
    notices = told(answer, london(DAY + "14:00"))
    assert [(n.to[0].name, "c1" in n.text, "c3" in n.text) for n in notices] == [
        ("Alma Worker", True, False), ("Ben Holder", False, True), ("Sue Chief", True, True),
    ]  # fmt: skip
    assert "Alma Worker: 2 open" in notices[2].text and "Ben Holder: 1 open" in notices[2].text
    later = told(answer, london(DAY + "14:30"))
    assert [n.notice_id for n in later] == [n.notice_id for n in notices], "once a round, however often it looks"
    assert {n.notice_id for n in told(answer, london(DAY + "16:00"))}.isdisjoint(n.notice_id for n in notices)


def test_without_a_supervisor_the_duty_manager_answers_and_then_the_head_of_service() -> None:
    alma, head = worker("w1", "Alma Worker", contact("c1")), worker("h1", "Hana Head", role="head")
    at = london(DAY + "16:10")
    assert [n.to[0].name for n in told(team(alma, MANAGER, head), at)] == ["Alma Worker", "Frances Whitmore"]
    assert [n.to[0].name for n in told(team(alma, head), at)] == ["Alma Worker", "Hana Head"]


def test_who_answers_for_an_absent_worker_hears_once_what_stays_with_them() -> None:
    ill = worker("w1", "Alma Worker", caseload=3, supervisor="s1", absent=True, absent_since=NOON - timedelta(hours=1))
    answer = team(ill, CHIEF, MANAGER, worker("w2", "Ben Holder", absent_since=NOON), late=(clock("icpc", "due_soon"),))
    [notice] = [one for one in told(answer) if one.kind == "worker_absent"]
    assert [person.name for person in notice.to] == ["Sue Chief", "Frances Whitmore"]
    assert "Alma Worker is absent and holds 3 contacts" in notice.subject and "contact c1: icpc" in notice.text
    [same] = [one for one in told(answer, NOON + timedelta(hours=3)) if one.kind == "worker_absent"]
    assert same.notice_id == notice.notice_id


def test_what_a_duty_or_an_absence_leaves_is_told_to_who_gets_it_once_in_one_message() -> None:
    five = london(DAY + "17:00")
    left = [contact(f"c{n}", how=how, given_at=five) for n, how in ((1, "duty_ended"), (2, "absent"), (3, "rota"))]
    red = contact("c4", risk="red", how="duty_ended", given_at=five)
    night = team(worker("n1", "Nia Evans", *left, red, role="night"))

    def handed(answer: TeamAnswer, after: timedelta) -> list[Notice]:
        return [notice for notice in told(answer, five + after) if notice.kind == "handed_over"]

    assert handed(night, timedelta(seconds=29)) == [], "all of it is there by then"
    [notice] = handed(night, timedelta(seconds=30))
    assert [person.name for person in notice.to] == ["Nia Evans"]
    assert [one["contact_id"] for one in notice.data["contacts"]] == ["c1", "c2"], "a red one has been pushed already"
    [again] = handed(team(worker("n1", "Nia Evans", left[1], role="night")), timedelta(hours=1))
    assert again.notice_id == notice.notice_id, "what is assessed meanwhile makes no other message"
    back = contact("c1", how="handed_over", given_at=five + timedelta(hours=16))
    assert len(handed(team(worker("w1", "Alma Worker", back)), timedelta(hours=17))) == 1


@pytest.mark.parametrize(
    ("now", "wanted"),
    [("13:59", None), ("14:00", "14:00"), ("14:59", "14:00"), ("15:00", None), ("16:01", "16:00"), ("23:59", "23:00")],
)
def test_a_round_missed_for_an_hour_is_left_to_the_next(now: str, wanted: str | None) -> None:
    found = current_round(ROUNDS, london(DAY + now))
    assert (f"{found:%H:%M}" if found else None) == wanted


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25", "2026-12-31"])
def test_the_last_round_is_an_hour_before_midnight_also_when_clocks_change(day: str) -> None:
    found = current_round(ROUNDS, london(f"{day} 23:00"))
    assert found is not None
    midnight = london(f"{day} 23:59") + timedelta(minutes=1)
    assert midnight - found == timedelta(hours=1)


def test_the_forecast_is_todays_pace_until_the_duty_ends_the_most_urgent_first() -> None:
    open_ = [contact("c1", risk="red"), contact("c2"), contact("c3"), contact("c4", risk="green")]
    alma = worker("w1", "Alma Worker", *open_, assessed_today=3, duty_until=london(DAY + "14:00"))
    late = not_expected(alma, london(DAY + "09:00"), NOON)
    assert [one.contact_id for one in late] == ["c3", "c4"], "one an hour since nine, two hours left"
    assert not_expected(alma.model_copy(update={"on_duty": False}), london(DAY + "09:00"), NOON) == open_
    assert not_expected(alma.model_copy(update={"assessed_today": 0}), london(DAY + "09:00"), NOON) == open_
    [notice] = [n for n in told(team(alma), london(DAY + "14:00")) if n.kind == "still_open" and n.to[0].worker_id == "w1"]
    assert "4 contacts will not be assessed in time" in notice.text, "no time is left at two"
    assert notice.data["not_expected"] == ["c1", "c2", "c3", "c4"]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 12), st.integers(0, 9), st.integers(0, 14 * 60), st.integers(1, 14 * 60))
def test_a_faster_pace_never_makes_more_late(assessed: int, open_: int, worked: int, left: int) -> None:
    waiting = [contact(f"c{n}") for n in range(open_)]
    now = london(DAY + "10:00")

    def late(done: int) -> int:
        load = worker("w", "Alma Worker", *waiting, assessed_today=done, duty_until=now + timedelta(minutes=left))
        return len(not_expected(load, now - timedelta(minutes=worked), now))

    assert 0 <= late(assessed + 1) <= late(assessed) <= open_


def test_a_child_waiting_is_told_once_when_it_begins_and_once_when_it_is_over() -> None:
    later = london("2026-08-29 00:01")
    answer = team(worker("w1", "Alma Worker", contact("c1", now=later), contact("c2", now=later), supervisor="s1"), CHIEF)
    begun = look([answer], {}, ROUNDS, later)
    assert [(n.kind, n.to[0].name, n.subject) for n in begun.notices] == [
        ("child_waiting", "Alma Worker", "A child is waiting: 2 contacts"),
        ("child_waiting", "Sue Chief", "A child is waiting: 2 contacts"),
    ]
    standing = {alert.alert_id: alert for alert in begun.begun}
    assert told(answer, later, standing) == []
    over = look([team(worker("w1", "Alma Worker", contact("c2", now=later), supervisor="s1"), CHIEF)], standing, ROUNDS, later)
    assert [(n.kind, n.to[0].name) for n in over.notices] == [
        ("child_no_longer_waiting", "Alma Worker"), ("child_no_longer_waiting", "Sue Chief"),
    ]  # fmt: skip
    assert len(over.over) == 1


def test_a_contact_that_nobody_holds_for_five_minutes_is_a_child_waiting() -> None:
    answer = team(MANAGER, unallocated=(contact("c1", "11:56"),))
    assert told(answer, NOON) == []
    [notice] = told(answer, NOON + timedelta(minutes=1))
    assert (notice.kind, notice.to[0].name) == ("child_waiting", "Frances Whitmore")
    assert look([team(unallocated=(contact("c1", "11:00"),))], {}, ROUNDS, NOON).notices, "also where nobody is on the rota"


def test_a_missed_clock_climbs_the_ladder_and_each_rung_is_told_once() -> None:
    people = (worker("w1", "Alma Worker", supervisor="s1"), CHIEF, worker("h1", "Hana Head", role="head"))
    standing: dict[str, Alert] = {}
    heard: list[list[tuple[str, str]]] = []
    steps = [
        ("raised", "worker"),
        ("escalated", "supervisor"),
        ("escalated", "head-of-service"),
        ("acknowledged", "head-of-service"),
    ]
    for late in [*((clock("icpc", state, to),) for state, to in steps), ()]:  # type: ignore[arg-type]
        found = look([team(*people, late=late)], standing, ROUNDS, NOON)
        heard.append([(notice.kind.removeprefix("child_"), notice.to[0].name) for notice in found.notices])
        standing |= {alert.alert_id: alert for alert in found.begun}
        standing = {alert_id: alert for alert_id, alert in standing.items() if alert_id not in found.over}
    waits, over = "waiting", "no_longer_waiting"
    assert heard[:4] == [[(waits, "Alma Worker")], [(waits, "Sue Chief")], [(waits, "Hana Head")], []]
    assert sorted(heard[4]) == [(over, "Alma Worker"), (over, "Hana Head"), (over, "Sue Chief")]


def test_a_same_day_flag_says_nothing_twice_but_reaches_the_head_of_service() -> None:
    later = london("2026-08-29 00:01")
    alma = worker("w1", "Alma Worker", contact("c1", now=later), supervisor="s1")
    late = (clock("same-day", "escalated", "head-of-service"),)
    notices = told(team(alma, CHIEF, worker("h1", "Hana Head", role="head"), late=late), later)
    assert [notice.to[0].name for notice in notices] == ["Alma Worker", "Sue Chief", "Hana Head"]


def test_each_warning_before_another_limit_is_pushed_once_to_the_worker() -> None:
    alma = worker("w1", "Alma Worker")
    first, again, second = (told(team(alma, late=(clock("icpc", "due_soon", "", step),))) for step in (0, 0, 1))
    assert [(n.kind, n.to[0].name, "icpc" in n.text) for n in first] == [("limit_near", "Alma Worker", True)]
    assert first[0].notice_id == again[0].notice_id != second[0].notice_id
    assert told(team(alma, late=(clock("same-day", "due_soon"),))) == [], "its warnings are the rounds"


def test_trouble_of_the_hub_is_told_once_it_lasts_and_once_it_is_over() -> None:
    health, kinds, at = Health(), [], NOON
    for minute in range(12):
        troubles = ["the view does not answer"] if 2 <= minute < 7 else []
        for second in (0, 30):
            at = NOON + timedelta(minutes=minute, seconds=second)
            health, notice = judge(health, troubles, at, ["ops@council.example"])
            kinds += [(notice.kind, at)] if notice else []
            # A restart in between remembers only what people know.
            health = Health(told=health.told) if minute == 4 and second == 0 else health
    assert kinds == [("hub_unwell", NOON + timedelta(minutes=3)), ("hub_well_again", NOON + timedelta(minutes=8))]
    assert timedelta(minutes=1) == LASTING


def test_a_process_that_starts_again_at_once_is_no_news() -> None:
    health, notice = Health(), None
    for second in range(0, 300, 10):
        troubles = ["cases is waiting to restart"] if second % 60 < 30 else []
        health, notice = judge(health, troubles, NOON + timedelta(seconds=second), ["ops@council.example"])
        assert notice is None
