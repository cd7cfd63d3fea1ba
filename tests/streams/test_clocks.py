"""Every clock of the policy, by its rule and the source of the rule: when a case is late, that is flagged, once."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.calendars import load_calendars
from schemas.case_event import CaseEvent
from schemas.clock_policy import SHIPPED_POLICY, load_policy
from schemas.flag import Flag
from schemas.identity import flag_id
from schemas.london import midnight_after
from streams.case_clocks import runs
from streams.cases import standing_flags
from streams.clock_rows import ClocksRow
from streams.clock_rules import ClockRules
from streams.clocks import Clocks
from streams.milestones import milestones
from streams.partition import PartitionState
from tests.streams.deciding import Partition, assessed, happened, london, opened

CALENDARS = load_calendars()
RULES = ClockRules(load_policy(calendars=CALENDARS), CALENDARS)
#: The same with one more bank holiday.
ANNOUNCED = ClockRules(
    load_policy(),
    replace(
        CALENDARS,
        bank_holidays={**CALENDARS.bank_holidays, date(2026, 3, 20): "A day off for all"},
        bank_holidays_version="next",
    ),
)
#: A Monday.
ARRIVED = london("2026-03-02 10:00")
TICKED = timedelta(hours=6)
#: The clocks that every referral starts, and that a test about another clock has no interest in.
AT_THE_DOOR = frozenset({"allocation", "la-decision", "assessment", "feedback"})


def awake(*events: CaseEvent, until: str, rules: ClockRules = RULES, since: str = "2026-03-02 00:00") -> Partition:
    """A partition with these events in the order of the hub's time, ticked until then."""
    partition = Partition(Clocks(rules), "case-events")
    moment, end = london(since), london(until)
    partition.tick(moment)
    for event in sorted(events, key=lambda event: event.at):
        while moment + TICKED <= event.at:
            moment += TICKED
            partition.tick(moment)
        partition.give(event)
    while moment < end:
        moment = min(end, moment + TICKED)
        partition.tick(moment)
    return partition


def referral(at: datetime = ARRIVED, **more: Any) -> CaseEvent:
    return opened(at, **{"kind": "referral", **more})


def missed(partition: Partition, *, door: bool = False) -> list[tuple[str, int]]:
    """Clock and opening of every flag that stands as missed."""
    standing = [flag for flag in standing_flags(partition.records("flags")) if flag.state in ("raised", "escalated")]
    return sorted((flag.clock, flag.opening) for flag in standing if door or flag.clock not in AT_THE_DOOR)


def due(partition: Partition, clock: str) -> datetime:
    """When the flagged clock ran out."""
    return next(flag.due_at for flag in partition.records("flags") if flag.clock == clock and flag.state == "raised")


def day(text: str) -> datetime:
    """The first late instant after a last day in time."""
    return midnight_after(date.fromisoformat(text))


# -- each clock ---------------------------------------------------------------------------------------------------------


def test_allocation_to_a_named_worker_within_five_minutes_of_arrival() -> None:
    """Narrowing the Gap (2007): new cases are always allocated immediately; five minutes is this product's reading."""
    too_late = happened("allocated", ARRIVED + timedelta(minutes=6), by="Ben Hughes")
    late = awake(opened(ARRIVED), too_late, until="2026-03-02 15:00")
    assert due(late, "allocation") == ARRIVED + timedelta(minutes=5)
    at_once = happened("allocated", ARRIVED + timedelta(seconds=1), by="Ben Hughes")
    assert missed(awake(opened(ARRIVED), at_once, until="2026-03-02 12:00"), door=True) == []


def test_a_desk_is_no_named_worker() -> None:
    """Annex A guidance: a generic Referral Coordinator hides who holds the case."""
    desk = happened("allocated", ARRIVED, by="Referral Coordinator")
    assert missed(awake(opened(ARRIVED), desk, until="2026-03-02 12:00"), door=True) == [("allocation", 1)]


def test_la_decision_within_one_working_day_of_the_referral_needs_the_acknowledgement_and_the_decision() -> None:
    """Working Together, as KCSIE paragraph 67 cites it: receipt acknowledged and next steps decided."""
    friday = london("2026-03-06 16:00")
    both = [happened("acknowledged", friday), happened("decision", london("2026-03-09 17:00"), details={"decision": "s17"})]
    assert ("la-decision", 1) not in missed(awake(referral(friday), *both, until="2026-03-11 00:00"), door=True)
    one = awake(referral(friday), both[1], until="2026-03-11 00:00")
    assert due(one, "la-decision") == day("2026-03-09")


def test_a_contact_that_becomes_a_referral_has_been_one_since_it_arrived() -> None:
    """Working Together counts from the referral, and the referrer has waited since then."""
    decided = happened("decision", london("2026-03-05 09:00"), details={"decision": "s47"})
    late = awake(opened(ARRIVED), decided, until="2026-03-05 12:00")
    assert due(late, "la-decision") == day("2026-03-03")
    never = happened("decision", london("2026-03-05 09:00"), details={"decision": "advice given"})
    assert "la-decision" not in {flag.clock for flag in awake(opened(ARRIVED), never, until="2026-03-09 00:00").records("flags")}


def test_assessment_within_45_working_days_of_the_referral() -> None:
    """Working Together, as the tri.x glossary and Family Rights Group cite it; the vector of two calendars."""
    late = awake(referral(), until="2026-05-08 01:00")
    assert due(late, "assessment") == day("2026-05-07")
    done = happened("assessment_authorised", london("2026-05-07 23:30"))
    assert ("assessment", 1) not in missed(awake(referral(), done, until="2026-05-08 01:00"), door=True)


@pytest.mark.parametrize(
    "ending",
    [("no_further_action", {}), ("closed", {}), ("decision", {"decision": "No further action"}), ("transfer_accepted", {})],
)
def test_nobody_owes_an_assessment_after_no_further_action_closure_or_an_accepted_transfer(
    ending: tuple[str, dict[str, str]],
) -> None:
    """CIN census: a referral with no further action has no assessment."""
    partition = awake(referral(), happened(ending[0], ARRIVED + timedelta(hours=2), details=ending[1]), until="2026-05-09 00:00")
    assert ("assessment", 1) not in missed(partition, door=True)


def test_assessment_within_45_working_days_of_its_actual_start() -> None:
    """CIN census rule 8670Q counts from AssessmentActualStartDate: both clocks run."""
    begun = happened("assessment_started", london("2026-03-26 09:00"))
    partition = awake(referral(), begun, until="2026-06-04 01:00")
    assert due(partition, "assessment-from-start") == day("2026-06-03")
    assert due(partition, "assessment") == day("2026-05-07")


def test_icpc_within_15_working_days_of_the_strategy_discussion_that_initiated_the_enquiries() -> None:
    """Standard safeguarding dataset, Warrington procedures: of several discussions, the one that initiated them."""
    first = happened("strategy_discussion", london("2026-03-02 15:00"))
    second = happened("strategy_discussion", london("2026-03-12 15:00"))
    assert due(awake(referral(), first, second, until="2026-03-25 00:00"), "icpc") == day("2026-03-23")
    held = happened("conference_held", london("2026-03-23 16:00"))
    assert missed(awake(referral(), first, second, held, until="2026-03-25 00:00")) == []


def test_a_conference_that_the_enquiry_found_not_needed_is_not_owed() -> None:
    """CIN census: ICPCnotRequired."""
    discussed = happened("strategy_discussion", london("2026-03-02 15:00"))
    not_needed = happened("conference_not_needed", london("2026-03-16 12:00"))
    assert missed(awake(referral(), discussed, not_needed, until="2026-03-25 00:00")) == []


def test_core_group_within_10_working_days_of_the_conference() -> None:
    """Safeguarding Wales, Guernsey: 10 working days; Good Friday and Easter Monday do not count."""
    partition = awake(referral(), happened("conference_held", london("2026-03-27 10:00")), until="2026-04-15 00:00")
    assert due(partition, "core-group") == day("2026-04-14")


def test_the_first_review_within_three_months_of_the_conference() -> None:
    """NYAS: three months; the end of a shorter month."""
    partition = awake(referral(), happened("conference_held", london("2026-03-31 10:00")), until="2026-07-01 01:00")
    assert due(partition, "review-first") == day("2026-06-30")


def test_each_later_review_within_six_months_of_the_one_before() -> None:
    """NYAS; London Child Protection Procedures: at most six months."""
    reviews = [happened("review_held", london(f"{when} 10:00")) for when in ("2026-06-01", "2026-11-30")]
    partition = awake(referral(), happened("conference_held", london("2026-03-16 10:00")), *reviews, until="2027-06-01 00:00")
    assert [about for about in missed(partition) if about[0].startswith("review")] == [("review-next", 2)]
    assert due(partition, "review-next") == day("2027-05-30")


def test_a_review_told_twice_is_one_review() -> None:
    reviewed = london("2026-06-01 10:00")
    again = happened("review_held", reviewed + timedelta(hours=3), happened_at=reviewed + timedelta(minutes=30))
    partition = awake(
        referral(), happened("conference_held", ARRIVED), happened("review_held", reviewed), again, until="2026-12-02 01:00"
    )
    assert ("review-next", 1) in missed(partition) and ("review-next", 2) not in missed(partition)


def test_encompass_school_told_before_the_next_school_day_starts() -> None:
    """Home Office statutory guidance of 7 November 2025; an incident on a Friday night is due on Monday at 08:45."""
    incident = happened("domestic_abuse_believed", london("2026-03-06 20:00"))
    assert due(awake(referral(), incident, until="2026-03-09 10:00"), "encompass") == london("2026-03-09 08:45")
    told = happened("school_told", london("2026-03-09 08:30"))
    assert missed(awake(referral(), incident, told, until="2026-03-09 10:00")) == []


@pytest.mark.parametrize(("level", "hours"), [("red", 2), ("amber", 6), ("green", 24)])
def test_mash_information_within_two_six_or_24_hours_by_level(level: str, hours: int) -> None:
    """Merton MASH guide."""
    received = happened("mash_received", ARRIVED + timedelta(minutes=10), level=level)
    partition = awake(referral(), received, until="2026-03-04 00:00")
    assert missed(partition) == [(f"mash-{level}", 1)]
    assert due(partition, f"mash-{level}") == received.at + timedelta(hours=hours)
    decided = happened("mash_decision", received.at + timedelta(hours=hours) - timedelta(seconds=1))
    assert missed(awake(referral(), received, decided, until="2026-03-04 00:00")) == []


def test_mash_takes_the_level_last_assessed_and_the_strictest_when_nobody_stated_one() -> None:
    received = happened("mash_received", ARRIVED + timedelta(hours=1))
    green = assessed(ARRIVED + timedelta(minutes=30), level="green")
    assert missed(awake(referral(risk="red"), green, received, until="2026-03-05 00:00")) == [("mash-green", 1)]
    assert missed(awake(referral(), received, until="2026-03-05 00:00")) == [("mash-red", 1)]


def test_feedback_level_of_response_decided_within_24_hours_of_the_contact() -> None:
    """Northumberland procedures."""
    partition = awake(opened(ARRIVED), until="2026-03-03 12:00")
    assert due(partition, "feedback") == ARRIVED + timedelta(hours=24)


_SIGNS = """authorities:
  "000":
    name: Anyshire
    clocks:
      sign-off-red: {tracked: true, source: Anyshire procedures}
"""


def signing_rules(folder: Path) -> ClockRules:
    path = folder / "clocks.yaml"
    path.write_text(SHIPPED_POLICY.read_text().replace("authorities: {}\n", _SIGNS))
    return ClockRules(load_policy(path, calendars=CALENDARS), CALENDARS)


def test_sign_off_of_a_red_assessment_on_its_day_by_somebody_else_where_an_authority_asks_for_it(tmp_path: Path) -> None:
    """A local choice: no source says which assessments are signed, by whom or by when."""
    rules = signing_rules(tmp_path)
    red = assessed(ARRIVED + timedelta(hours=1), level="red")
    amber = assessed(ARRIVED + timedelta(hours=1), level="amber")
    own = happened("sign_off_checked", ARRIVED + timedelta(hours=2), by="ben  hughes")
    chief = happened("sign_off_checked", ARRIVED + timedelta(hours=3), by="Sue Chief")
    unchecked = happened("risk_assessment_signed_off", ARRIVED + timedelta(hours=3), by="Sue Chief")
    again = assessed(ARRIVED + timedelta(hours=2, minutes=30), level="red", by="Sue Chief")

    def asked(*events: CaseEvent, la: str = "000") -> bool:
        partition = awake(opened(ARRIVED, authority_code=la), *events, until="2026-03-04 00:00", rules=rules)
        return ("sign-off-red", 1) in missed(partition)

    assert asked(red) and asked(red, own), "nobody signs their own"
    assert asked(red, unchecked), "a signature alone is no proof that the signer may sign"
    assert not asked(red, chief) and not asked(red, own, chief) and not asked(chief, red)
    assert asked(red, again, chief), "who assessed it last does not sign it either"
    assert not asked(amber) and not asked(red, la="383"), "nobody is asked for more than the policy says"
    assert due(awake(opened(ARRIVED, authority_code="000"), red, until="2026-03-04 00:00", rules=rules), "sign-off-red") == (
        day("2026-03-02")
    )


# -- where the rule is changed ------------------------------------------------------------------------------------------


def test_an_authority_changes_a_row_without_code(tmp_path: Path) -> None:
    own = """authorities:
  "000":
    name: Anyshire
    clocks:
      icpc: {limit: 10, source: Anyshire procedures}
"""
    path = tmp_path / "clocks.yaml"
    path.write_text(SHIPPED_POLICY.read_text().replace("authorities: {}\n", own))
    rules = ClockRules(load_policy(path, calendars=CALENDARS), CALENDARS)
    discussed = happened("strategy_discussion", ARRIVED)
    theirs = awake(referral(authority_code="000"), discussed, until="2026-03-25 00:00", rules=rules)
    assert due(theirs, "icpc") == day("2026-03-16")
    assert due(awake(referral(), discussed, until="2026-03-25 00:00", rules=rules), "icpc") == day("2026-03-23")


@pytest.mark.parametrize("event_first", [False, True])
def test_a_one_off_bank_holiday_moves_open_limits_and_the_log_says_so(event_first: bool) -> None:
    partition = awake(referral(), happened("strategy_discussion", ARRIVED), until="2026-03-12 00:00")
    restarted = Partition(Clocks(ANNOUNCED), "case-events")
    restarted.state = PartitionState(Clocks(ANNOUNCED))
    for write in partition.state.take_dirty():
        restarted.state.restore(write.key, write.value)
    restarted.state.recovered({"case-events": 10_000})
    restarted._offset = 10_000
    if event_first:
        restarted.give(happened("s47_started", london("2026-03-12 00:30")))
    else:
        restarted.tick(london("2026-03-12 01:00"), covers_since=london("2026-03-12 00:00"))
    moved = {event.details["clock"]: event.details for event in restarted.records("case-events")}
    restarted.tick(london("2026-03-24 01:00"))
    assert (moved["icpc"]["before"], moved["icpc"]["after"]) == ("2026-03-24T00:00:00+00:00", "2026-03-25T00:00:00+00:00")
    assert moved["icpc"]["rested_on"] != moved["icpc"]["rests_on"] and "next" in moved["icpc"]["rests_on"]
    assert [flag for flag in restarted.records("flags") if flag.clock == "icpc" and flag.state == "raised"] == []


# -- the life of a flag -------------------------------------------------------------------------------------------------


def of(partition: Partition, clock: str) -> list[Flag]:
    return [flag for flag in partition.records("flags") if flag.clock == clock]


DISCUSSED = happened("strategy_discussion", ARRIVED)
MISSED_ICPC = london("2026-03-24 00:00")


def test_a_missed_clock_is_told_of_at_each_warning_point_once_then_flagged_once_then_goes_up_the_ladder() -> None:
    partition = awake(referral(), DISCUSSED, until="2026-04-05 00:00")
    assert [(flag.state, flag.to, flag.step_at) for flag in of(partition, "icpc")] == [
        ("due_soon", "", london("2026-03-16 09:00")),
        ("due_soon", "", london("2026-03-20 09:00")),
        ("raised", "worker", None),
        ("escalated", "supervisor", MISSED_ICPC + timedelta(days=1)),
        ("escalated", "head-of-service", MISSED_ICPC + timedelta(days=3)),
    ]
    assert {flag.flag_id for flag in of(partition, "icpc")} == {flag_id("c1", "icpc", 1, "2026-03-24T00:00:00+00:00")}
    assert all("england-and-wales 0.19" in flag.rests_on for flag in of(partition, "icpc"))


def test_a_flag_has_the_same_id_in_summer_time_and_after_a_restart() -> None:
    partition = awake(referral(), happened("strategy_discussion", london("2026-06-01 10:00")), until="2026-06-23 01:00")
    [raised] = [flag for flag in of(partition, "icpc") if flag.state == "raised"]
    assert raised.flag_id == flag_id("c1", "icpc", 1, "2026-06-22T23:00:00+00:00")
    again = Partition(Clocks(RULES), "case-events")
    for write in partition.state.take_dirty():
        again.state.restore(write.key, write.value)
    again.state.recovered({"case-events": 10_000})
    assert again.state.rows == partition.state.rows


def test_a_person_acknowledges_and_explains_one_flag_and_the_ladder_ends_there() -> None:
    flag = of(awake(referral(), DISCUSSED, until="2026-03-24 01:00"), "icpc")[-1].flag_id
    seen = happened("flag_acknowledged", MISSED_ICPC + timedelta(hours=2), by="Ben Hughes", details={"flag": flag})
    again = happened("flag_acknowledged", MISSED_ICPC + timedelta(hours=3), by="Ben Hughes", details={"flag": flag})
    why = happened("flag_explained", MISSED_ICPC + timedelta(hours=30), by="B H", reason_code="partner", details={"flag": flag})
    partition = awake(referral(), DISCUSSED, seen, again, why, until="2026-04-05 00:00")
    assert [(one.state, one.reason_code) for one in of(partition, "icpc")][2:] == [
        ("raised", ""), ("acknowledged", ""), ("escalated", ""), ("explained", "partner"),
    ]  # fmt: skip
    assert {one.state for one in of(partition, "la-decision")} == {"due_soon", "raised", "escalated"}


def test_a_warning_whose_clock_is_met_in_time_is_taken_back() -> None:
    held = happened("conference_held", london("2026-03-23 16:00"))
    partition = awake(referral(), DISCUSSED, held, until="2026-03-25 00:00")
    last = of(partition, "icpc")[-1]
    assert (last.state, last.result, last.evidence_event_id) == ("withdrawn", "due_soon", held.event_id)


def test_evidence_told_late_of_what_happened_in_time_withdraws_the_flag() -> None:
    late = happened("conference_held", london("2026-03-27 09:00"), happened_at=london("2026-03-20 14:00"))
    on_a_day = happened("conference_held", london("2026-03-27 09:00"), happened_on=date(2026, 3, 23))
    for evidence in (late, on_a_day):
        last = of(awake(referral(), DISCUSSED, evidence, until="2026-04-05 00:00"), "icpc")[-1]
        assert (last.state, last.result, last.evidence_event_id) == ("withdrawn", "missed", evidence.event_id)


def test_what_is_done_after_the_limit_stays_missed_and_goes_no_higher() -> None:
    late = happened("conference_held", london("2026-03-24 12:00"))
    assert [flag.state for flag in of(awake(referral(), DISCUSSED, late, until="2026-04-05 00:00"), "icpc")][2:] == ["raised"]


def test_a_limit_nobody_was_awake_for_is_not_verifiable() -> None:
    partition = awake(referral(), DISCUSSED, until="2026-03-23 12:00")
    partition.tick(london("2026-03-24 09:00"), covers_since=london("2026-03-24 08:00"))
    assert of(partition, "icpc")[-1].result == "not_verifiable"


def test_a_limit_that_no_calendar_reaches_is_flagged_and_stops_nothing() -> None:
    ancient = happened("strategy_discussion", ARRIVED, happened_at=london("1999-03-01 10:00"))
    assert [flag.result for flag in of(awake(referral(), ancient, until="2026-03-02 12:00"), "icpc")][:1] == ["not_verifiable"]


# -- events that do not fit ---------------------------------------------------------------------------------------------


def test_a_stop_before_its_start_stops_nothing() -> None:
    before = happened("conference_held", ARRIVED + timedelta(hours=1), happened_at=ARRIVED - timedelta(days=40))
    assert ("icpc", 1) in missed(awake(referral(), DISCUSSED, before, until="2026-03-25 00:00"))


def test_a_time_in_the_future_is_not_believed() -> None:
    ahead = happened("strategy_discussion", ARRIVED, happened_at=ARRIVED + timedelta(days=30))
    assert due(awake(referral(), ahead, until="2026-03-25 00:00"), "icpc") == day("2026-03-23")


def test_an_event_for_a_contact_that_never_opened_starts_no_clock() -> None:
    assert awake(DISCUSSED, until="2026-03-25 00:00").records("flags") == []


def test_an_event_that_counts_for_nothing_starts_and_stops_nothing() -> None:
    void = DISCUSSED.model_copy(update={"problem": "no_named_person"})
    assert of(awake(referral(), void, until="2026-03-25 00:00"), "icpc") == []


def test_a_start_told_late_moves_the_limit_and_takes_the_wrong_flag_back() -> None:
    """The discussion that initiated the enquiries was told of last."""
    first = happened("strategy_discussion", london("2026-03-25 09:00"), happened_at=london("2026-03-03 10:00"))
    partition = awake(referral(), happened("strategy_discussion", london("2026-03-04 10:00")), first, until="2026-03-27 00:00")
    assert [(flag.due_at, flag.state) for flag in standing_flags(of(partition, "icpc"))] == [
        (day("2026-03-25"), "withdrawn"), (day("2026-03-24"), "escalated"),
    ]  # fmt: skip


def test_what_is_done_after_a_clock_ended_is_not_late() -> None:
    ended = happened("no_further_action", ARRIVED + timedelta(hours=2))
    done_all_the_same = happened("assessment_authorised", london("2026-06-01 10:00"))
    partition = awake(referral(), ended, done_all_the_same, until="2026-06-02 00:00")
    assert ("assessment", 1) not in missed(partition, door=True)


def test_evidence_of_two_parts_is_recorded_late_when_the_hub_heard_of_one_of_them_late() -> None:
    in_time = ARRIVED + timedelta(hours=3)
    told_late = happened("decision", london("2026-03-05 09:00"), happened_at=in_time)
    events = [referral(), told_late, happened("acknowledged", ARRIVED + timedelta(hours=4))]
    told = [one for event in events for one in milestones(event)]
    [run] = [run for run in runs(told, RULES, "383") if run.clock == "la-decision"]
    assert (run.state, run.recorded_late) == ("met", True)


def test_a_contact_opened_twice_has_one_set_of_clocks() -> None:
    again = referral(london("2026-03-10 10:00"), authority_code="380").model_copy(update={"event_id": "another"})
    partition = awake(referral(), again, until="2026-03-12 00:00")
    assert [flag.due_at for flag in of(partition, "feedback") if flag.state == "raised"] == [ARRIVED + timedelta(hours=24)]
    row = partition.state.rows["c1"]
    assert isinstance(row, ClocksRow) and row.authority == "383"


def test_an_offer_of_transfer_stops_nothing_and_the_acceptance_does() -> None:
    offered = happened("transfer_offered", london("2026-03-10 09:00"), by="Ben Hughes")
    said = happened("transferred", london("2026-03-10 10:00"), by="Ben Hughes")
    accepted = happened("transfer_accepted", london("2026-03-12 09:00"), by="Ruth Adeyemi")
    assert ("icpc", 1) in missed(awake(referral(), DISCUSSED, offered, said, until="2026-03-25 00:00"))
    assert missed(awake(referral(), DISCUSSED, offered, said, accepted, until="2026-06-25 00:00")) == []


def test_a_message_nobody_could_read_has_the_same_day_clock_alone() -> None:
    assert awake(opened(ARRIVED, kind="unreadable"), until="2026-03-05 00:00").records("flags") == []


# -- whatever the order -------------------------------------------------------------------------------------------------

_KINDS = (
    "acknowledged", "decision", "assessment_started", "assessment_authorised", "strategy_discussion", "conference_held",
    "core_group_held", "review_held", "domestic_abuse_believed", "school_told", "mash_received", "closed",
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(_KINDS), st.integers(0, 60 * 24 * 60)), max_size=9),
    st.randoms(use_true_random=False),
)
def test_clocks_do_not_depend_on_the_order_in_which_the_hub_heard_of_the_case(
    told: list[tuple[str, int]], shuffle: random.Random
) -> None:
    heard = london("2026-06-01 09:00")
    events = [
        happened(kind, heard, happened_at=ARRIVED + timedelta(minutes=after)).model_copy(update={"event_id": f"{kind} {after}"})
        for kind, after in told
    ]

    def flags(order: list[CaseEvent]) -> list[str]:
        partition = Partition(Clocks(RULES), "case-events")
        partition.tick(ARRIVED - timedelta(minutes=1))
        partition.give(*order)
        for days in (0, 1, 4, 200):
            partition.tick(heard + timedelta(days=days))
        return sorted(flag.model_dump_json() for flag in partition.records("flags"))

    events.append(referral())
    expected = flags(events)
    assert len(set(expected)) == len(expected)
    shuffle.shuffle(events)
    assert flags(events + events) == expected


def test_flags_do_not_depend_on_when_somebody_noticed() -> None:
    def told(step: timedelta) -> list[Flag]:
        partition = Partition(Clocks(RULES), "case-events")
        partition.tick(ARRIVED)
        partition.give(referral(), DISCUSSED)
        moment = ARRIVED
        while moment < london("2026-06-01 00:00"):
            moment += step
            partition.tick(moment)
        return sorted(partition.records("flags"), key=lambda flag: flag.model_dump_json())

    by: Callable[..., timedelta] = timedelta
    assert told(by(minutes=470)) == told(by(days=13))
