"""What a supervisor sees of a team: who is there, who holds how much, and what is getting late."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ops.team_command import team_table
from ops.view.fold import Fold
from ops.view.store import open_store
from ops.view.team import TeamAnswer, team
from ops.view.terminal import console
from schemas.allocation import AllocationEvent
from tests.streams.test_clocks import signing_rules

from .days import HASH_KEY, Entry, as_logged, assessed, contact, corrected, event, flag, london, opened
from .pictures import picture_of

Answers = Callable[[Sequence[Entry], datetime], TeamAnswer]


@pytest.fixture
def answer(tmp_path: Path) -> Iterator[Answers]:
    db: list[sqlite3.Connection] = []

    def make(entries: Sequence[Entry], now: datetime) -> TeamAnswer:
        db.append(open_store(tmp_path / f"{len(db)}.sqlite", HASH_KEY))
        Fold(db[-1], HASH_KEY, stepped=True).batch(as_logged(entries))
        return team(picture_of(db[-1], now), "front-door")

    yield make
    for one in db:
        one.close()


def rota(worker: str, name: str, role: str = "worker", start: str = "08:00", end: str = "17:00", **more: Any) -> Entry:
    said = AllocationEvent(
        event_id=f"rota {worker} {start}", type=more.pop("type", "rota_set"), team="front-door", at=london("07:00"),
        worker_id=worker, worker_name=name, role=role, duty_from=london(start), duty_to=london(end), **more,
    )  # fmt: skip
    return ("allocation-in", "front-door", said)


def given(contact: str, at: str, worker: str, name: str, how: str = "rota", **more: str) -> Entry:
    return event(contact, "allocated", london(at), by=name, details={"worker_id": worker, "how": how, **more})


DAY: list[Entry] = [
    rota("w1", "Alma Worker", supervisor="s1", email="alma@council.example", cap=5),
    rota("w1", "Alma Worker", start="12:00", end="13:00", duty="2", absent=True, supervisor="s1", cap=5,
         email="alma@council.example"),
    rota("w2", "Ben Holder"),
    rota("s1", "Sue Chief", "supervisor"),
    rota("n1", "Nia Night", "night", start="00:00", end="07:59"),
    opened("c1", london("01:00"), risk="red"), given("c1", "01:00", "n1", "Nia Night", "night"),
    given("c1", "08:00", "w1", "Alma Worker", "handed_over"),
    opened("c2", london("09:00"), risk="green"), given("c2", "09:00", "w1", "Alma Worker"),
    opened("c3", london("09:30")), given("c3", "09:30", "w2", "Ben Holder"), assessed("c3", london("10:00"), by="Ben Holder"),
    opened("c4", london("11:00"), risk="amber"),
    opened("c5", london("11:30")), given("c5", "11:30", "", "Otto Elsewhere", "partner"), event("c5", "closed", london("11:40")),
    flag("c2", london("09:00"), "due_soon", result="due_soon"),
]  # fmt: skip


def test_each_worker_has_caseload_oldest_unassessed_and_what_is_late(answer: Answers) -> None:
    ended = [given("c3", "11:00", "n1", "Nia Night", "duty_ended"), given("c3", "11:30", "w2", "Ben Holder", "duty_ended")]
    found = answer([*DAY, *ended], london("12:30"))
    loads = {load.worker_id: load for load in found.workers}
    alma, ben, nia = loads["w1"], loads["w2"], loads["n1"]
    assert (alma.caseload, [one.contact_id for one in alma.unassessed], alma.oldest_unassessed) == (
        2, ["c1", "c2"], london("01:00"),
    )  # fmt: skip
    assert [(one.how, one.given_at) for one in alma.unassessed] == [("handed_over", london("08:00")), ("rota", london("09:00"))]
    assert (alma.on_duty, alma.absent, alma.supervisor_name, alma.email) == (False, True, "Sue Chief", "alma@council.example")
    assert (ben.caseload, ben.unassessed, ben.assessed_today, ben.on_duty) == (1, [], 1, True)
    assert (nia.caseload, nia.nights, alma.due_soon, ben.nights) == (0, 2, 1, 0), "the night is counted apart, and once"
    assert (found.caseload, found.oldest_unassessed, found.day_began) == (3, london("01:00"), london("01:00"))


def test_a_teams_answer_names_no_child(answer: Answers) -> None:
    found = answer([*DAY, contact("c2", "r", london("09:00"), "Nora", "Field")], london("12:30"))
    assert "Nora" not in found.model_dump_json() and "Field" not in found.model_dump_json()


def test_what_no_named_worker_holds_is_listed_apart_and_who_is_not_on_the_rota_is_shown(answer: Answers) -> None:
    found = answer([*DAY, opened("c6", london("11:50")), given("c6", "11:50", "", "Duty Desk", "partner")], london("12:30"))
    assert [one.contact_id for one in found.unallocated] == ["c4", "c6"], "a desk's name is nobody"
    assert [(load.name, load.caseload, len(load.unassessed)) for load in found.workers if load.role == "not_on_rota"] == [
        ("Otto Elsewhere", 0, 1)
    ]


def test_a_missed_clock_and_a_near_limit_are_counted_for_the_worker_and_the_team(answer: Answers) -> None:
    found = answer([*DAY, flag("c1", london("01:00"))], london("22:30"))
    [alma] = [load for load in found.workers if load.worker_id == "w1"]
    assert (alma.missed, found.missed) == (1, 1)
    assert alma.due_soon == 2, "both contacts' day ends in less than two hours, and a flag for one says the same"


SIGNATURES = (("11:00", "Alma Worker"), ("11:30", "Sue Chief"))


def test_what_waits_for_a_second_persons_signature_is_counted_where_the_policy_asks_for_it(tmp_path: Path) -> None:
    red = [opened("c1", london("09:00"), risk="red", authority_code="000"), given("c1", "09:00", "w1", "Alma Worker"),
           assessed("c1", london("10:00"), level="red", by="Alma Worker")]  # fmt: skip
    signed = [event("c1", "sign_off_checked", london(at), by=by) for at, by in SIGNATURES]
    db = open_store(tmp_path / "view.sqlite", HASH_KEY)
    counts = []
    for entries in (red, signed[:1], signed[1:]):
        Fold(db, HASH_KEY, stepped=True).batch(as_logged([*DAY[:1], *entries]))
        picture = picture_of(db, london("12:30"))
        counts += [team(one, "front-door").unsigned for one in (replace(picture, rules=signing_rules(tmp_path)), picture)]
    db.close()
    assert counts == [1, 0, 1, 0, 0, 0]


def test_a_reopened_contact_waits_again_and_a_person_off_the_rota_stays_while_they_hold_something(answer: Answers) -> None:
    gone = [rota(worker, "", type="rota_removed", end="17:01") for worker in ("w2", "s1")]
    off = [(topic, key, record.model_copy(update={"event_id": f"off {n}"})) for n, (topic, key, record) in enumerate(gone)]
    found = answer([*DAY, corrected("c3", london("11:00"), "red"), *off], london("12:30"))
    loads = {load.worker_id: load for load in found.workers}
    assert (loads["w2"].role, len(loads["w2"].unassessed)) == ("gone", 1)
    assert "s1" not in loads


def test_people_read_it_without_anything_a_message_can_smuggle_in(answer: Answers) -> None:
    found = answer([*DAY, opened("c7", london("12:00")), given("c7", "12:00", "", "Eve\x1b[2J Elsewhere")], london("12:30"))
    out = console()
    with out.capture() as shown:
        out.print(team_table(found.model_dump(mode="json")))
    assert "\x1b[2J" not in shown.get() and "Alma Worker" in shown.get() and "2/5" in shown.get()
