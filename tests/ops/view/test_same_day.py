"""The same-day clock, worked out from a contact's events alone."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ops.view.same_day import Ticked, openings, state
from schemas.case_event import CaseEvent

from .days import FRIDAY, SATURDAY, Entry, assessed, corrected, event, london, opened

RAN = Ticked(covered=True, passed=True)
SLEPT = Ticked(covered=False, passed=True)
NOT_PAST = Ticked(covered=False, passed=False)
MORNING, NOON, NEXT = london("09:00"), london("12:00"), london("08:00", SATURDAY)


def events(*entries: Entry) -> list[CaseEvent]:
    return [entry[2] for entry in entries if isinstance(entry[2], CaseEvent)]


def test_the_limit_is_the_end_of_the_london_day_of_arrival() -> None:
    (run,) = openings(events(opened("c", london("00:20", SATURDAY))))
    assert run.due_at == datetime(2026, 8, 29, 23, 0, tzinfo=UTC), "00:20 in summer time is still Friday in UTC"


@pytest.mark.parametrize(
    ("assessment", "expected"),
    [
        ({"at": NOON}, "met_by_proof"),
        ({"at": NEXT, "happened_at": london("23:59:30")}, "met_by_claim"),
        ({"at": NEXT, "happened_on": FRIDAY}, "met_by_claim"),
        ({"at": NEXT, "happened_on": FRIDAY - timedelta(days=1)}, "missed"),
        ({"at": NEXT, "happened_at": london("00:00", SATURDAY)}, "missed"),
        ({"at": NEXT, "happened_at": london("23:59", FRIDAY - timedelta(days=1))}, "missed"),
        ({"at": NEXT}, "missed"),
        ({"at": NEXT, "happened_at": london("23:00", SATURDAY)}, "missed"),
        ({"at": NOON, "by": "Duty Team"}, "missed"),
        ({"at": NOON, "level": ""}, "missed"),
        ({"at": NOON, "reason_hash": ""}, "missed"),
        ({"at": NOON, "problem": "no_reason"}, "missed"),
    ],
)
def test_only_a_complete_assessment_in_time_meets_it(assessment: dict[str, Any], expected: str) -> None:
    at = assessment.pop("at")
    (run,) = openings(events(opened("c", MORNING), assessed("c", at, **assessment)))
    assert state(run, london("09:00", SATURDAY), RAN) == expected


@pytest.mark.parametrize("type_", ["closed", "no_further_action", "cancel_requested", "transferred", "acknowledged"])
def test_nothing_but_an_assessment_stops_it(type_: str) -> None:
    (run,) = openings(events(opened("c", MORNING), event("c", type_, NOON, by="Ben Holder")))
    assert run.waiting


def test_a_passed_limit_is_judged_only_by_a_hub_that_ran() -> None:
    (run,) = openings(events(opened("c", MORNING)))
    assert state(run, NOON, NOT_PAST) == "open"
    assert state(run, NEXT, NOT_PAST) == "overdue"
    assert state(run, NEXT, RAN) == "missed"
    assert state(run, NEXT, SLEPT) == "not_verifiable"


def test_a_changed_risk_after_the_assessment_opens_it_again() -> None:
    first, second = openings(events(opened("c", MORNING), assessed("c", NOON), corrected("c", london("15:00"), "red")))
    assert state(first, london("16:00"), NOT_PAST) == "met_by_proof"
    assert second.number == 2
    assert second.started_at == london("15:00")
    assert second.waiting


def test_a_change_before_any_assessment_opens_nothing() -> None:
    (run,) = openings(events(opened("c", MORNING), corrected("c", NOON, "red"), assessed("c", london("13:00"))))
    assert run.evidence is not None


def test_an_assessment_of_the_earlier_version_does_not_meet_the_second_opening() -> None:
    told = events(
        opened("c", MORNING),
        assessed("c", NOON),
        corrected("c", london("15:00"), "red"),
        assessed("c", london("16:00"), happened_at=london("14:00")),
    )
    assert openings(told)[1].waiting


def test_what_came_before_the_opening_was_parked_and_counts() -> None:
    (run,) = openings(events(assessed("c", NOON), opened("c", MORNING)))
    assert state(run, NEXT, RAN) == "met_by_proof"


def test_a_message_read_in_time_ends_its_clock_and_one_read_later_does_not() -> None:
    (in_time,) = openings(events(opened("u", MORNING, kind="unreadable"), event("u", "became", NOON, became=["c"])))
    (too_late,) = openings(events(opened("u", MORNING, kind="unreadable"), event("u", "became", NEXT, became=["c"])))
    assert (state(in_time, NEXT, RAN), state(too_late, NEXT, RAN)) == ("ended", "missed")
    assert not too_late.waiting, "what it became waits in its place"


def test_what_was_read_after_its_day_carries_no_flag_of_its_own() -> None:
    (run,) = openings(events(opened("c", MORNING, repairs="u", repaired_at=NEXT)))
    assert state(run, NEXT, RAN) == "carried"
    assert run.waiting
