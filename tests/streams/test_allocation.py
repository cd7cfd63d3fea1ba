"""New cases are allocated at once to a named worker; siblings to one; nobody on duty is visible, never silent."""

from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.allocation import AllocationEvent
from streams.allocation import Allocation
from tests.streams.deciding import Partition, london

NOON = london("2026-08-28 12:00")


def team() -> Partition:
    return Partition(Allocation(), "allocation-in")


def rota(worker: str, name: str = "", role: str = "worker", at: Any = NOON, **more: Any) -> AllocationEvent:
    return AllocationEvent(
        event_id=f"rota {worker} {at}", type="rota_set", team="t", at=at, worker_id=worker,
        worker_name=name or f"Worker {worker}", role=role, **more,
    )  # fmt: skip


def request(number: int, *contacts: str, at: Any = NOON, **more: Any) -> AllocationEvent:
    ids = list(contacts) or [f"c{number}"]
    return AllocationEvent(event_id=f"request {number}", type="requested", team="t", at=at, contact_ids=ids, **more)


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
    assert (event.by, event.details["how"]) == ("Frances Whitmore", "manager")


def test_with_no_one_at_all_the_request_waits_for_the_next_rota_change() -> None:
    partition = team()
    assert partition.give(request(1)) == []
    later = NOON + timedelta(hours=1)
    partition.give(rota("a", at=later))
    [event] = partition.records("case-events")
    assert (event.contact_id, event.at) == ("c1", later)


def test_what_waits_goes_to_the_worker_whose_duty_has_begun_when_the_team_next_hears_anything() -> None:
    partition = team()
    morning = NOON + timedelta(hours=20)
    partition.give(rota("a", duty_from=morning), request(1), request(2, at=NOON + timedelta(hours=1)))
    assert holders(partition) == {}
    partition.give(request(3, at=morning))
    assert holders(partition) == {"c1": "a", "c2": "a", "c3": "a"}


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
