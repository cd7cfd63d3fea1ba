"""Every contact is risk assessed on the London day it arrived, or a flag says by whom it was not."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.case_event import CaseEvent
from schemas.flag import Flag
from schemas.london import LONDON
from streams.cases import UNMATCHED_AFTER, Cases, standing_flags
from tests.streams.deciding import SOON, Partition, assessed, corrected, happened, london, opened

MORNING = london("2026-08-28 09:00")
MIDNIGHT = london("2026-08-29 00:00")
_OFFERS = ("transfer_offered", "transferred")


def a_day(*events: CaseEvent, until: datetime = MIDNIGHT + SOON) -> Partition:
    """A partition awake from the morning until after midnight, with these events in between."""
    partition = Partition(Cases("Frances Whitmore"), "case-events")
    partition.tick(london("2026-08-28 00:10"))
    for event in events:
        partition.tick(event.at)
        partition.give(event)
    partition.tick(until)
    return partition


def flags(partition: Partition) -> list[Flag]:
    return standing_flags(partition.records("flags"))


def test_a_contact_assessed_on_its_day_has_no_flag() -> None:
    assert flags(a_day(opened(MORNING), assessed(MORNING + timedelta(hours=2)))) == []


def test_a_contact_nobody_assessed_is_flagged_once_when_its_day_ends() -> None:
    partition = a_day(opened(MORNING))
    partition.tick(MIDNIGHT + timedelta(hours=1))
    raised = partition.records("flags")
    assert [(f.state, f.result, f.due_at) for f in raised] == [("raised", "missed", MIDNIGHT)]


@pytest.mark.parametrize(("at", "late"), [("2026-08-28 23:59:59.999", False), ("2026-08-29 00:00:00", True)])
def test_the_first_late_instant_is_midnight(at: str, late: bool) -> None:
    assert bool(flags(a_day(opened(MORNING), assessed(london(at))))) is late


def test_the_day_is_londons_and_not_utcs() -> None:
    # 00:30 in summer is the day before in UTC.
    arrived = london("2026-08-28 00:30")
    assert flags(a_day(opened(arrived), assessed(london("2026-08-28 23:30")))) == []


@pytest.mark.parametrize(
    "change", [{"by": "Duty"}, {"by": ""}, {"level": "purple"}, {"level": ""}, {"reason_hash": ""}, {"problem": "no_reason"}]
)
def test_only_a_named_person_with_level_and_reason_stops_the_clock(change: dict[str, str]) -> None:
    assert len(flags(a_day(opened(MORNING), assessed(MORNING + timedelta(hours=1), **change)))) == 1


@pytest.mark.parametrize("kind", ["closed", "transferred", "no_further_action", "cancel_requested", "decision", "acknowledged"])
def test_nothing_but_an_assessment_stops_the_clock(kind: str) -> None:
    assert len(flags(a_day(opened(MORNING), happened(kind, MORNING + timedelta(hours=1), by="Ben Hughes")))) == 1


def test_the_worker_keeps_the_case_until_the_other_authority_accepts_it() -> None:
    said = [happened(kind, MORNING + timedelta(hours=n), by="Ben Hughes") for n, kind in enumerate(_OFFERS, 1)]
    partition = a_day(opened(MORNING), *said)
    assert partition.records("allocation-in") == []
    partition.give(happened("transfer_accepted", MIDNIGHT + timedelta(days=1), by="Ruth Adeyemi"))
    assert [(told.type, told.contact_ids) for told in partition.records("allocation-in")] == [("released", ["c1"])]


def test_evidence_that_arrives_late_but_happened_in_time_withdraws_the_flag_visibly() -> None:
    partition = a_day(opened(MORNING))
    partition.give(assessed(MIDNIGHT + timedelta(hours=8), happened_at=MORNING + timedelta(hours=3)))
    assert [f.state for f in partition.records("flags")] == ["raised", "withdrawn"]
    assert partition.records("flags")[1].evidence_event_id


def test_a_claimed_date_counts_only_if_it_is_the_day_of_arrival() -> None:
    on_the_day, day_before = date(2026, 8, 28), date(2026, 8, 27)
    for claimed, expected in ((on_the_day, "withdrawn"), (day_before, "raised")):
        partition = a_day(opened(MORNING))
        partition.give(assessed(MIDNIGHT + timedelta(hours=8), happened_on=claimed))
        assert flags(partition)[0].state == expected


@pytest.mark.parametrize(
    "claimed",
    [{}, {"happened_at": MIDNIGHT}, {"happened_at": MORNING - timedelta(days=1)}, {"happened_at": MORNING - timedelta(days=365)}],
)
def test_late_evidence_leaves_the_flag_and_so_does_a_time_before_the_day_of_arrival(claimed: dict[str, datetime]) -> None:
    partition = a_day(opened(MORNING))
    partition.give(assessed(MIDNIGHT + timedelta(hours=8), **claimed))
    assert [f.state for f in flags(partition)] == ["raised"]


def test_a_correction_that_changes_the_risk_after_the_assessment_opens_the_clock_again() -> None:
    green = assessed(MORNING + timedelta(hours=1), level="green")
    partition = a_day(opened(MORNING), green, corrected(MORNING + timedelta(hours=5)))
    assert [(f.opening, f.result) for f in flags(partition)] == [(2, "missed")]


def test_an_assessment_after_the_correction_meets_the_second_opening() -> None:
    green = assessed(MORNING + timedelta(hours=1), level="green")
    again = assessed(MORNING + timedelta(hours=6))
    assert flags(a_day(opened(MORNING), green, corrected(MORNING + timedelta(hours=5)), again)) == []


def test_an_assessment_dated_before_the_correction_does_not_meet_the_second_opening() -> None:
    green = assessed(MORNING + timedelta(hours=1), level="green")
    backdated = assessed(MORNING + timedelta(hours=6), happened_at=MORNING + timedelta(hours=2))
    assert len(flags(a_day(opened(MORNING), green, corrected(MORNING + timedelta(hours=5)), backdated))) == 1


def test_a_correction_before_any_assessment_leaves_one_clock() -> None:
    partition = a_day(opened(MORNING), corrected(MORNING + timedelta(hours=1)), assessed(MORNING + timedelta(hours=2)))
    assert flags(partition) == []


def test_a_correction_that_changes_neither_risk_nor_child_reopens_nothing() -> None:
    done = assessed(MORNING + timedelta(hours=1))
    same = corrected(MORNING + timedelta(hours=2), risk_changed=False)
    assert flags(a_day(opened(MORNING), done, same)) == []


def test_a_deadline_nobody_was_awake_for_is_not_verifiable_and_never_met() -> None:
    partition = Partition(Cases(), "case-events")
    partition.tick(MORNING)
    partition.give(opened(MORNING))
    partition.tick(london("2026-08-28 22:00"))
    partition.tick(london("2026-08-29 07:00"), covers_since=london("2026-08-29 06:59"))
    assert [f.result for f in flags(partition)] == ["not_verifiable"]


def test_a_gap_of_a_minute_is_bridged() -> None:
    partition = Partition(Cases(), "case-events")
    partition.tick(MORNING)
    partition.give(opened(MORNING))
    partition.tick(MIDNIGHT - timedelta(seconds=25))
    partition.tick(MIDNIGHT + timedelta(seconds=40), covers_since=MIDNIGHT + timedelta(seconds=30))
    assert [f.result for f in flags(partition)] == ["missed"]


def test_an_event_before_its_contact_waits_for_it() -> None:
    partition = a_day(assessed(MORNING), opened(MORNING + timedelta(minutes=2)))
    assert flags(partition) == []


def test_an_event_for_a_contact_that_never_opens_is_listed_with_an_owner() -> None:
    partition = Partition(Cases("Frances Whitmore"), "case-events")
    partition.tick(MORNING)
    partition.give(assessed(MORNING, "nobody"))
    assert partition.tick(MORNING + UNMATCHED_AFTER - SOON) == []
    partition.tick(MORNING + UNMATCHED_AFTER)
    assert [(f.result, f.owner) for f in flags(partition)] == [("unmatched", "Frances Whitmore")]


def test_the_same_event_twice_counts_once() -> None:
    green = assessed(MORNING + timedelta(hours=1), level="green")
    change = corrected(MORNING + timedelta(hours=2))
    partition = a_day(opened(MORNING), green, change, change)
    assert [f.opening for f in flags(partition)] == [2]


def test_two_openings_of_one_contact_are_one_clock() -> None:
    again = opened(MORNING + timedelta(days=2)).model_copy(update={"event_id": "another"})
    partition = a_day(opened(MORNING), assessed(MORNING + timedelta(hours=1)))
    partition.give(again)
    partition.tick(MORNING + timedelta(days=4))
    assert flags(partition) == []


def test_what_an_unreadable_message_became_ends_its_clock() -> None:
    unreadable = opened(MORNING, kind="unreadable")
    became = happened("became", MORNING + timedelta(hours=3), became=["c2"])
    assert flags(a_day(unreadable, became)) == []


def test_a_repair_after_the_day_does_not_raise_a_second_flag_for_that_day() -> None:
    partition = a_day(opened(MORNING, kind="unreadable"))
    partition.give(happened("became", MIDNIGHT + timedelta(hours=9), became=["c2"]))
    partition.give(opened(MORNING, "c2", repairs="c1", repaired_at=MIDNIGHT + timedelta(hours=9)))
    partition.tick(MIDNIGHT + timedelta(hours=10))
    assert [f.contact_id for f in flags(partition)] == ["c1"]


def test_a_flag_is_acknowledged_and_explained_in_this_order() -> None:
    partition = a_day(opened(MORNING))
    partition.give(happened("flag_acknowledged", MIDNIGHT + timedelta(hours=8), by="Ben Hughes"))
    partition.give(happened("flag_explained", MIDNIGHT + timedelta(hours=9), by="Ben Hughes", reason_code="staffing"))
    partition.give(happened("flag_acknowledged", MIDNIGHT + timedelta(hours=10), by="Ben Hughes"))
    assert [f.state for f in partition.records("flags")] == ["raised", "acknowledged", "explained"]


def test_closing_a_case_frees_its_worker_once() -> None:
    partition = a_day(opened(MORNING), happened("closed", MORNING + timedelta(hours=1), by="Ben Hughes"))
    partition.give(happened("closed", MORNING + timedelta(hours=2), by="Ben Hughes"))
    assert [e.type for e in partition.records("allocation-in")] == ["released"]


@settings(max_examples=25, deadline=None)
@given(
    arrivals=st.lists(st.integers(0, 3 * 24 * 60 - 1), min_size=1, max_size=12),
    delays=st.lists(st.one_of(st.none(), st.integers(0, 2000)), min_size=12, max_size=12),
    period=st.sampled_from([15, 600, 3601, 40000]),
)
def test_a_flag_stands_for_every_missed_day_and_for_no_other_whatever_the_ticks(
    arrivals: list[int], delays: list[int | None], period: int
) -> None:
    """The autumn night with 25 hours is among the days."""
    start = london("2026-10-24 00:00")
    events: list[tuple[datetime, CaseEvent]] = []
    expected = set()
    for number, (minute, delay) in enumerate(zip(arrivals, delays, strict=False)):
        contact, at = f"c{number}", start + timedelta(minutes=minute)
        events.append((at, opened(at, contact)))
        done = None if delay is None else at + timedelta(minutes=delay)
        if done is not None:
            events.append((done, assessed(done, contact)))
        if done is None or done.astimezone(LONDON).date() > at.astimezone(LONDON).date():
            expected.add(contact)
    partition = Partition(Cases(), "case-events")
    partition.tick(start)
    moment, end = start, start + timedelta(days=6)
    for at, event in sorted(events, key=lambda pair: pair[0]):
        while moment < at:
            partition.tick(moment)
            moment += timedelta(seconds=period)
        partition.give(event)
    partition.tick(end)
    standing = flags(partition)
    assert {f.contact_id for f in standing} == expected
    assert len(standing) == len(partition.records("flags")) == len(expected)
    assert all(f.result == "missed" for f in standing)


def test_flags_do_not_depend_on_when_somebody_noticed() -> None:
    early, late = a_day(opened(MORNING)), a_day(opened(MORNING), until=MIDNIGHT + timedelta(days=3))
    assert early.records("flags") == late.records("flags")
    assert early.records("flags")[0].due_at.tzinfo == UTC
