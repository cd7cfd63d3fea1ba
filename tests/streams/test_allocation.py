"""New cases are allocated at once to a named worker; siblings to one; nobody on duty is visible, never silent."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.allocation import AllocationEvent
from streams.allocation import Allocation
from streams.allocation_rows import HoldingRow, TeamRow
from tests.streams.deciding import Partition, london

NOON = london("2026-08-28 12:00")


def team() -> Partition:
    return Partition(Allocation(), "allocation-in")


def rota(worker: str, name: str = "", role: str = "worker", at: Any = NOON, **more: Any) -> AllocationEvent:
    return AllocationEvent(
        event_id=f"rota {worker} {at} {more}", type="rota_set", team="t", at=at, worker_id=worker,
        worker_name=name or f"Worker {worker}", role=role, **more,
    )  # fmt: skip


def request(number: int, *contacts: str, at: Any = NOON, **more: Any) -> AllocationEvent:
    ids = list(contacts) or [f"c{number}"]
    return AllocationEvent(event_id=f"request {number}", type="requested", team="t", at=at, contact_ids=ids, **more)


def tick(at: datetime) -> AllocationEvent:
    return AllocationEvent(event_id=f"tick {at}", type="tick", team="tick-0", at=at)


def told(partition: Partition, contact: str) -> list[tuple[str, str]]:
    return [(e.by, e.details["how"]) for e in partition.records("case-events") if e.contact_id == contact]


def holders(partition: Partition) -> dict[str, str]:
    return {event.contact_id: event.details["worker_id"] for event in partition.records("case-events")}


def test_the_worker_with_the_fewest_cases_takes_the_next() -> None:
    partition = team()
    partition.give(rota("a"), rota("b"), *(request(n) for n in range(5)))
    assert list(holders(partition).values()) == ["a", "b", "a", "b", "a"]


def test_siblings_of_one_notice_have_one_worker() -> None:
    partition = team()
    partition.give(rota("a"), rota("b"), request(1, "x", "y", "z"), request(2, "w"))
    assert holders(partition) == {"x": "a", "y": "a", "z": "a", "w": "b"}


def test_a_sibling_added_later_goes_to_the_worker_who_holds_the_others_while_on_duty() -> None:
    partition = team()
    evening = NOON + timedelta(hours=6)
    partition.give(rota("a", duty_to=evening), rota("b"), request(1, "x", "y"))
    partition.give(request(2, "z", siblings=["x", "y"]))
    assert holders(partition)["z"] == "a", "although b holds fewer"
    partition.give(request(3, "v", at=evening, siblings=["x", "y", "z"]))
    assert holders(partition)["v"] == "b", "who is not on duty cannot see anybody today"


def test_only_who_is_on_duty_gets_cases() -> None:
    partition = team()
    off = rota("a", duty_from=NOON - timedelta(hours=9), duty_to=NOON)
    partition.give(off, rota("b", duty_from=NOON), request(1), request(2))
    assert set(holders(partition).values()) == {"b"}


def test_with_nobody_on_duty_the_manager_takes_it_by_name() -> None:
    partition = team()
    partition.give(rota("m", "Frances Whitmore", role="manager"), request(1))
    [event] = partition.records("case-events")
    assert (event.by, event.details["how"], event.details["why"]) == ("Frances Whitmore", "manager", "nobody_on_duty")


def test_with_no_one_at_all_the_request_waits_for_the_next_rota_change() -> None:
    partition = team()
    assert partition.give(request(1)) == []
    later = NOON + timedelta(hours=1)
    partition.give(rota("a", at=later))
    [event] = partition.records("case-events")
    assert (event.contact_id, event.at) == ("c1", later)


def test_what_waits_goes_to_the_worker_whose_duty_begins_at_that_very_tick() -> None:
    partition = team()
    morning = NOON + timedelta(hours=20)
    partition.give(rota("a", duty_from=morning), request(1), request(2, at=NOON + timedelta(hours=1)))
    partition.give(tick(morning - timedelta(seconds=1)))
    assert holders(partition) == {}
    partition.give(tick(morning))
    assert holders(partition) == {"c1": "a", "c2": "a"}
    assert {event.at for event in partition.records("case-events")} == {morning}


def test_a_team_that_waits_for_nobody_is_not_woken() -> None:
    partition = team()
    partition.give(rota("a"), rota("b", duty_from=NOON + timedelta(hours=1)), request(1))
    assert partition.state.processor.wakes_at(partition.state.rows["t"]) is None


def test_what_waits_and_was_given_to_somebody_or_closed_meanwhile_is_left_to_them() -> None:
    partition = team()
    moved = AllocationEvent(
        event_id="move", type="reassigned", team="t", at=NOON, contact_ids=["x"], worker_id="n", worker_name="Night Nurse"
    )
    closed = AllocationEvent(event_id="close", type="released", team="t", at=NOON, contact_ids=["w"])
    partition.give(request(1, "x", "y"), request(2, "w"), moved, closed, rota("a"))
    assert holders(partition) == {"y": "a"}


def test_a_closed_case_no_longer_weighs_and_a_reassigned_one_weighs_on_its_new_worker() -> None:
    partition = team()
    released = AllocationEvent(event_id="rel", type="released", team="t", at=NOON, contact_ids=["c1"])
    moved = AllocationEvent(
        event_id="move", type="reassigned", team="t", at=NOON, contact_ids=["c2"], worker_id="a", worker_name="A"
    )
    partition.give(rota("a"), rota("b"), request(1), request(2), released, moved, request(3))
    assert holders(partition)["c3"] == "b"


def test_the_same_request_again_counts_once() -> None:
    partition = team()
    partition.give(rota("a"), rota("b"), request(1), request(1), request(2))
    assert holders(partition) == {"c1": "a", "c2": "b"}
    assert len(partition.records("case-events")) == 2


def test_who_works_half_the_week_gets_half_as_many() -> None:
    partition = team()
    partition.give(rota("a"), rota("h", share=50), *(request(n) for n in range(9)))
    held = list(holders(partition).values())
    assert (held.count("a"), held.count("h")) == (6, 3)


def test_a_worker_at_the_cap_gets_no_new_family_and_the_manager_does_when_all_are() -> None:
    partition = team()
    partition.give(rota("a", cap=2), rota("m", role="manager"), request(1), request(2, "x", "y"))
    assert holders(partition) == {"c1": "a", "x": "m", "y": "m"}, "three would be past the cap, and siblings stay together"
    assert {e.details.get("why") for e in partition.records("case-events")} == {None, "all_full"}
    partition.give(request(3), request(4))
    assert (holders(partition)["c3"], holders(partition)["c4"]) == ("a", "m")


def test_a_place_that_becomes_free_is_given_to_who_waits() -> None:
    partition = team()
    closed = AllocationEvent(event_id="close", type="released", team="t", at=NOON, contact_ids=["c1"])
    partition.give(rota("a", cap=1), request(1), request(2))
    assert holders(partition) == {"c1": "a"}
    partition.give(closed)
    assert holders(partition) == {"c1": "a", "c2": "a"}


def test_nobody_gets_a_case_of_a_family_an_address_or_a_contact_they_declared() -> None:
    partition = team()
    partition.give(rota("a", conflicts=["hash", "known"]), rota("b"), rota("m", role="manager"))
    partition.give(request(0), request(1, about=["hash"]), request(2, siblings=["known"]), request(3, "known"))
    assert list(holders(partition).values()) == ["a", "b", "b", "b"]
    partition.give(rota("b", conflicts=["hash"]), request(4, about=["hash"]))
    assert partition.records("case-events")[-1].details["why"] == "conflict"


def test_a_duty_manager_in_conflict_leaves_it_to_the_head_of_service() -> None:
    partition = team()
    partition.give(rota("m", role="manager", conflicts=["hash"]), rota("h", role="head"), request(1, about=["hash"]))
    assert holders(partition) == {"c1": "h"}


def test_a_link_never_brings_a_case_to_a_worker_in_conflict() -> None:
    partition = team()
    link = AllocationEvent(event_id="l", type="linked", team="t", at=NOON, contact_ids=["c2"], siblings=["c1"], link="l")
    partition.give(rota("a", conflicts=["hash"]), rota("b"), request(1), request(2, about=["hash"]), link)
    assert holders(partition) == {"c1": "a", "c2": "b"}


def test_the_night_is_held_by_the_emergency_duty_team_by_name_and_handed_over_in_the_morning() -> None:
    partition = team()
    evening, morning = NOON + timedelta(hours=5), NOON + timedelta(hours=21)
    partition.give(
        rota("a", "Amara Okafor", duty_to=evening), rota("a", "Amara Okafor", duty_from=morning, duty="2"),
        rota("b", "Ben Hughes", duty_from=morning, cap=1), rota("m", "Frances Whitmore", role="manager"),
        rota("n", "Nia Evans", role="night", duty_from=evening, duty_to=morning),
        request(1, "x", "y", at=evening), request(2, at=evening), request(3, at=evening),
    )  # fmt: skip
    closed = AllocationEvent(event_id="close", type="released", team="t", at=evening, contact_ids=["c3"])
    partition.give(closed, tick(morning - timedelta(minutes=1)))
    assert set(holders(partition).values()) == {"n"}
    partition.give(tick(morning))
    assert told(partition, "x") == told(partition, "y") == [("Nia Evans", "night"), ("Amara Okafor", "handed_over")]
    assert told(partition, "c2") == [("Nia Evans", "night"), ("Ben Hughes", "handed_over")]
    assert told(partition, "c3") == [("Nia Evans", "night")], "what has ended is nobody's"
    partition.give(tick(morning + timedelta(minutes=1)))
    assert len(told(partition, "x")) == 2


def test_who_is_absent_gets_nothing_though_on_duty() -> None:
    partition = team()
    away = rota("a", at=NOON, duty="2", absent=True, duty_from=NOON, duty_to=NOON + timedelta(hours=1))
    partition.give(rota("a"), away.model_copy(update={"event_id": "away"}), request(1))
    assert holders(partition) == {}
    partition.give(tick(NOON + timedelta(hours=1)))
    assert holders(partition) == {"c1": "a"}


def test_who_works_where_the_child_lives_comes_first_and_anybody_else_when_none_of_them_can() -> None:
    partition = team()
    partition.give(
        rota("a"), rota("n", areas=["ls1", "ls2"], cap=2), rota("s", areas=["ls9"]),
        request(1, areas=["ls1", "383"]), request(2, "x", "y", areas=["ls2"]), request(3, areas=["ls1"]), request(4, areas=["?"]),
        request(5, areas=["ls9"]), request(6, areas=["ls9"]),
    )  # fmt: skip
    assert holders(partition) == {"c1": "n", "x": "a", "y": "a", "c3": "n", "c4": "s", "c5": "s", "c6": "s"}


def away(worker: str, since: datetime, until: datetime | None = None, at: datetime = NOON) -> AllocationEvent:
    gone = rota(worker, duty="2", absent=True, at=at, duty_from=since, duty_to=until)
    return gone.model_copy(update={"event_id": f"away {worker} {since}"})


def assessed(contact: str, kind: Any = "assessed") -> AllocationEvent:
    return AllocationEvent(event_id=f"{kind} {contact}", type=kind, team="t", at=NOON, contact_ids=[contact])


def test_what_an_absent_worker_has_not_assessed_goes_to_others_when_the_absence_begins_siblings_together() -> None:
    partition = team()
    two = NOON + timedelta(hours=2)
    partition.give(rota("a"), *(request(n, f"c{n}", f"d{n}") for n in (1, 2)), request(3), assessed("c3"), request(4))
    partition.give(assessed("c4"), assessed("c4", "reopened"), rota("b"), rota("m", role="manager"))
    partition.give(away("a", two), tick(two - timedelta(seconds=1)))
    assert set(holders(partition).values()) == {"a"}
    partition.give(tick(two))
    moved = {contact for contact, worker in holders(partition).items() if worker == "b"}
    assert moved == {"c1", "d1", "c2", "d2", "c4"}, "what is assessed stays with its worker"
    assert told(partition, "c1") == [("Worker a", "rota"), ("Worker b", "absent")]
    _loads_are_true(partition)


def test_with_nobody_else_the_manager_takes_over_from_who_is_absent_and_with_none_it_waits_for_a_duty() -> None:
    partition = team()
    partition.give(rota("a"), request(1), away("a", NOON))
    assert holders(partition) == {"c1": "a"}
    partition.give(rota("m", role="manager", at=NOON + timedelta(minutes=5)))
    [event] = [event for event in partition.records("case-events") if event.details["worker_id"] == "m"]
    assert (event.details["how"], event.details["why"]) == ("absent", "nobody_on_duty")


def test_a_persons_word_leaves_a_case_with_a_worker_who_is_absent() -> None:
    partition = team()
    moved = AllocationEvent(event_id="mv", type="reassigned", team="t", at=NOON, contact_ids=["c1"], worker_name="Worker a")
    partition.give(rota("b"), request(1), rota("a"), away("a", NOON), moved, tick(NOON + timedelta(minutes=1)))
    assert told(partition, "c1") == [("Worker b", "rota")]
    _loads_are_true(partition)


FIVE = NOON + timedelta(hours=5)
NINE = NOON + timedelta(hours=21)


def test_what_is_unassessed_when_a_duty_ends_goes_to_the_night_and_back_in_the_morning() -> None:
    partition = team()
    partition.give(
        rota("a", duty_to=FIVE), rota("a", duty_from=NINE, duty="2"), request(1, "x", "y"), request(2), assessed("c2"),
        rota("b", duty_from=NINE), rota("n", role="night", duty_from=FIVE, duty_to=NINE), rota("m", role="manager"),
    )  # fmt: skip
    partition.give(tick(FIVE - timedelta(seconds=1)))
    assert set(holders(partition).values()) == {"a"}
    partition.give(tick(FIVE))
    assert holders(partition) == {"x": "n", "y": "n", "c2": "a"}, "what is assessed stays with its worker"
    partition.give(tick(NINE))
    told_x = [("Worker a", "rota"), ("Worker n", "duty_ended"), ("Worker a", "handed_over")]
    assert told(partition, "x") == told(partition, "y") == told_x, "although b holds fewer"
    _loads_are_true(partition)


def test_when_a_duty_ends_and_the_manager_alone_is_there_the_manager_has_it_and_with_nobody_it_stays() -> None:
    partition = team()
    partition.give(rota("a", duty_to=FIVE), rota("b", duty_from=NINE), request(1), tick(FIVE))
    assert holders(partition) == {"c1": "a"}, "by name, until somebody can take it"
    partition.give(rota("m", role="manager", at=FIVE + timedelta(minutes=5)))
    event = partition.records("case-events")[-1]
    assert (event.by, event.details["how"], event.details["why"]) == ("Worker m", "duty_ended", "nobody_on_duty")


def test_the_night_is_not_handed_to_a_manager_because_it_ends_before_the_day_begins() -> None:
    partition = team()
    night = {"role": "night", "duty_from": NOON}
    partition.give(rota("n", duty_to=FIVE, **night), rota("m", role="manager"), request(1), tick(FIVE))
    assert holders(partition) == {"c1": "n"}
    partition.give(rota("o", at=FIVE, duty_to=NINE, **night))
    assert holders(partition) == {"c1": "o"}, "one night hands what is unassessed to the next"
    partition.give(rota("a", duty_from=NINE), tick(NINE))
    assert holders(partition) == {"c1": "a"}


def test_who_is_taken_from_the_rota_keeps_what_is_assessed_and_hands_over_the_rest() -> None:
    partition = team()
    off = AllocationEvent(event_id="off", type="rota_removed", team="t", at=NOON, worker_id="a")
    partition.give(rota("a"), request(1), request(2), assessed("c2"), rota("b"), off)
    assert holders(partition) == {"c1": "b", "c2": "a"}


def test_where_the_team_keeps_what_it_has_the_end_of_a_duty_takes_nothing() -> None:
    partition = Partition(Allocation(at_end_of_duty="keep"), "allocation-in")
    partition.give(rota("a", duty_to=FIVE), rota("b"), request(1), tick(FIVE))
    assert holders(partition) == {"c1": "a"}


def _loads_are_true(partition: Partition) -> None:
    row = partition.state.rows["t"]
    assert isinstance(row, TeamRow)
    held = [r.worker_id for r in partition.state.rows.values() if isinstance(r, HoldingRow)]
    assert {w.worker_id: w.holds for w in row.workers.values()} == {w: held.count(w) for w in row.workers}


def test_one_person_with_two_duties_is_one_worker_with_one_load() -> None:
    partition = team()
    earlier = rota("a/2", "Worker a", duty_from=NOON)
    partition.give(rota("a", duty_to=NOON), earlier, rota("b"), request(1, "x"), request(2))
    assert holders(partition) == {"x": "a", "c2": "b"}
    partition.give(request(3, "y", siblings=["x"]))
    assert holders(partition)["y"] == "a"


def test_who_leaves_the_rota_and_comes_back_still_carries_what_they_hold() -> None:
    partition = team()
    off = AllocationEvent(event_id="off", type="rota_removed", team="t", at=NOON, worker_id="a")
    held = [request(1), assessed("c1"), request(2), assessed("c2")]
    partition.give(rota("a"), *held, off, rota("b"))
    later = NOON + timedelta(minutes=1)
    partition.give(rota("a", at=later), request(3, at=later))
    assert holders(partition)["c3"] == "b"


def test_a_desk_on_the_rota_gets_nothing() -> None:
    partition = team()
    partition.give(rota("d", "Referral Coordinator"), request(1))
    assert holders(partition) == {}


def test_a_case_given_to_somebody_by_name_weighs_on_the_worker_of_that_name() -> None:
    partition = team()
    moved = AllocationEvent(event_id="move", type="reassigned", team="t", at=NOON, contact_ids=["c1"], worker_name="ben  hughes")
    partition.give(rota("a"), rota("b", "Ben Hughes"), request(1), moved, request(2), request(3))
    assert (holders(partition)["c2"], holders(partition)["c3"]) == ("a", "a")


def test_rows_written_when_each_duty_was_a_worker_are_read_as_people() -> None:
    duty = {"name": "Ann Lee", "duty_from": "2026-08-28T08:00:00Z", "holds": 1}
    old = {"team": "t", "workers": {"w": {"worker_id": "w", **duty}, "w/2": {"worker_id": "w/2", **duty}}}
    row = TeamRow.model_validate(old)
    assert (row.workers["w"].holds, len(row.workers["w"].duties), list(row.workers)) == (2, 2, ["w"])
    assert TeamRow.model_validate_json(row.model_dump_json(exclude_defaults=True)) == row


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["request", "close"]), st.integers(0, 8)), max_size=40))
def test_load_stays_balanced_to_one_case(steps: list[tuple[str, int]]) -> None:
    partition = team()
    partition.give(rota("a"), rota("b"), rota("c"))
    load = {"a": 0, "b": 0, "c": 0}
    open_: dict[str, str] = {}
    for number, (step, which) in enumerate(steps):
        if step == "request":
            before = min(load.values())
            partition.give(request(number))
            worker = holders(partition)[f"c{number}"]
            assert load[worker] == before
            load[worker] += 1
            open_[f"c{number}"] = worker
        elif open_:
            contact = sorted(open_)[which % len(open_)]
            load[open_.pop(contact)] -= 1
            partition.give(AllocationEvent(event_id=f"rel {number}", type="released", team="t", at=NOON, contact_ids=[contact]))


_HOURS = st.integers(0, 30)
_PEOPLE = st.lists(
    st.builds(
        dict,
        role=st.sampled_from(["worker", "worker", "worker", "night", "manager"]),
        start=_HOURS, hours=st.integers(1, 30), cap=st.integers(0, 3), share=st.sampled_from([40, 100]),
        conflicts=st.lists(st.sampled_from("pqr"), max_size=2),
    ),
    min_size=1, max_size=5,
)  # fmt: skip
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("request"), st.integers(1, 3), st.lists(st.sampled_from("pqr"), max_size=2)),
        st.tuples(st.sampled_from(["close", "tick"]), st.integers(0, 9), st.just([])),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(_PEOPLE, _STEPS)
def test_nobody_is_past_the_cap_or_in_conflict_and_no_contact_is_forgotten(
    people: list[dict[str, Any]], steps: list[tuple[str, int, list[str]]]
) -> None:
    partition, at = team(), NOON
    for number, person in enumerate(people):
        start = NOON + timedelta(hours=person["start"])
        end = start + timedelta(hours=person["hours"])
        kept = {name: person[name] for name in ("role", "cap", "share", "conflicts")}
        if person["role"] == "manager":
            kept["cap"] = 0
        partition.give(rota(f"p{number}", duty_from=start, duty_to=end, **kept))
    about: dict[str, list[str]] = {}
    closed: set[str] = set()
    for number, (step, size, what) in enumerate(steps):
        at += timedelta(minutes=90)
        if step == "request":
            ids = [f"c{number}-{n}" for n in range(size)]
            about |= dict.fromkeys(ids, what)
            partition.give(request(number, *ids, at=at, about=what))
        elif step == "tick":
            partition.give(tick(at))
        elif about:
            contact = sorted(about)[size % len(about)]
            closed.add(contact)
            partition.give(AllocationEvent(event_id=f"x{number}", type="released", team="t", at=at, contact_ids=[contact]))
        _fair(partition, people, about, closed)


def _fair(partition: Partition, people: list[dict[str, Any]], about: dict[str, list[str]], closed: set[str]) -> None:
    row = partition.state.rows["t"]
    assert isinstance(row, TeamRow)
    held = {r.contact_id: r.worker_id for r in partition.state.rows.values() if isinstance(r, HoldingRow) and r.worker_id}
    for number, person in enumerate(people):
        mine = [contact for contact, worker in held.items() if worker == f"p{number}"]
        assert row.workers[f"p{number}"].holds == len(mine)
        assert person["role"] == "manager" or person["cap"] == 0 or len(mine) <= person["cap"]
        assert not any(set(person["conflicts"]) & set(about[contact]) for contact in mine)
    waiting = {contact for request in row.waiting for contact in request.contact_ids}
    assert set(about) - closed <= set(held) | waiting, "held or visibly waiting, whatever happened"
