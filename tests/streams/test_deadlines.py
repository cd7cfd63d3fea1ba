"""When is it late? Each clock by its rule and source, published vectors, a second method for every start day,
and what must hold for any start at all."""

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.calendars import SHIPPED_CALENDARS, CalendarError, CalendarRangeError, Calendars, load_calendars
from schemas.clock_policy import SHIPPED_POLICY, Policy, UnknownClockError, load_policy
from schemas.london import LONDON
from streams import deadlines
from streams.deadlines import Deadline, DeadlineError, recompute, same_day_due

CALENDARS = load_calendars()
POLICY = load_policy(calendars=CALENDARS)
WORKING_DAY_CLOCKS = {
    "la-decision": 1,
    "initial-assessment-2000": 7,
    "initial-assessment-2010": 10,
    "core-group": 10,
    "icpc": 15,
    "core-assessment-2000": 35,
    "core-assessment-2010": 35,
    "assessment": 45,
    "assessment-from-start": 45,
}
ELAPSED_CLOCKS = {"allocation": 5, "mash-red": 120, "mash-amber": 360, "mash-green": 1440, "feedback": 1440}


def due(
    clock: str,
    start: datetime,
    la: str | None = None,
    policy: Policy = POLICY,
    calendars: Calendars = CALENDARS,
) -> Deadline:
    return deadlines.deadline(clock, start, policy=policy, calendars=calendars, la=la)


def london(text: str, fold: int = 0) -> datetime:
    """A London time, as the instant it was."""
    return datetime.fromisoformat(text).replace(tzinfo=LONDON, fold=fold).astimezone(UTC)


def changed(tmp_path: Path, rows: str, calendars: Calendars = CALENDARS) -> Policy:
    """The shipped policy with changes of authority 000, as written in its file."""
    authorities = 'authorities:\n  "000":\n    name: Anyshire\n    clocks:\n' + rows
    path = tmp_path / "clocks.yaml"
    path.write_text(SHIPPED_POLICY.read_text().replace("authorities: {}\n", authorities))
    return load_policy(path, calendars=calendars)


def calendars_with(tmp_path: Path, name: str, text: str) -> Calendars:
    """The shipped calendars with one file replaced."""
    shutil.copytree(SHIPPED_CALENDARS, tmp_path / "calendars")
    (tmp_path / "calendars" / name).write_text(text)
    return load_calendars(tmp_path / "calendars")


ANYSHIRE = """version: "1"
school_day_starts: "08:45"
authorities:
  "000":
    version: "1"
    name: Anyshire
    terms:
      - {first_day: 2026-09-02, last_day: 2026-12-18, title: Autumn term}
      - {first_day: 2027-01-04, last_day: 2027-03-25, title: Spring term}
    breaks: [{first_day: 2026-10-26, last_day: 2026-10-30, title: Half term}]
    closures: [{date: 2026-12-29, title: Christmas closure}, {date: 2026-12-30, title: Christmas closure}]
    office_hours:
      monday: {opens: "09:00", closes: "17:00"}
      tuesday: {opens: "09:00", closes: "17:00"}
      wednesday: {opens: "09:00", closes: "17:00"}
      thursday: {opens: "09:00", closes: "17:00"}
      friday: {opens: "09:00", closes: "17:00"}
"""

# --- each clock, named after its rule -------------------------------------------------------------


@pytest.mark.parametrize("at", ["00:00", "00:30", "09:00", "23:59:59.999999"])
def test_same_day_ends_with_the_london_day_of_arrival(at: str) -> None:
    """Source: Ofsted, Narrowing the Gap (2007): contacts risk assessed on the day they arrive."""
    found = due("same-day", london(f"2026-03-02T{at}"))
    assert found.due_at.isoformat() == "2026-03-03T00:00:00+00:00"
    assert found.due_date == date(2026, 3, 2)
    assert due("same-day", london(f"2026-07-01T{at}")).due_at.isoformat() == "2026-07-02T00:00:00+01:00"


def test_same_day_has_no_relief_at_weekends_and_on_christmas_day() -> None:
    """Source: domain fact 1a: no working-day relief is stated."""
    assert due("same-day", london("2026-12-25T18:00")).due_date == date(2026, 12, 25)
    assert due("same-day", london("2026-03-07T18:00")).due_date == date(2026, 3, 7)


def test_same_day_of_a_summer_night_is_the_london_date_and_not_the_utc_date() -> None:
    """Source: domain fact 1b: 00:30 British Summer Time is the previous date in UTC."""
    assert due("same-day", datetime(2026, 6, 30, 23, 30, tzinfo=UTC)).due_date == date(2026, 7, 1)


def test_allocation_is_within_five_minutes_at_any_hour() -> None:
    """Source: Narrowing the Gap: allocated immediately; five minutes is the house reading."""
    assert due("allocation", london("2026-12-25T03:00")).due_at == london("2026-12-25T03:05")


def test_sign_off_of_a_red_assessment_is_that_day_and_of_an_amber_one_one_working_day() -> None:
    """House rule: no source found says which assessments are signed, by whom or by when."""
    assert due("sign-off-red", london("2026-03-07T22:00")).due_at == london("2026-03-08T00:00")
    assert due("sign-off-amber", london("2026-03-06T16:55")).due_date == date(2026, 3, 9)


def test_la_decision_is_one_working_day_after_the_referral() -> None:
    """Source: Working Together, as KCSIE paragraph 67 cites it: within one working day."""
    assert due("la-decision", london("2026-03-06T16:55")).due_date == date(2026, 3, 9)
    assert due("la-decision", london("2026-12-24T09:00")).due_date == date(2026, 12, 29)


def test_assessment_is_45_working_days_from_the_referral() -> None:
    """Source: Working Together, as the tri.x glossary cites it: from the point of referral."""
    assert due("assessment", london("2026-03-02T10:00")).due_date == date(2026, 5, 7)


def test_assessment_from_start_is_45_working_days_from_the_actual_start() -> None:
    """Source: CIN census rule 8670Q counts from AssessmentActualStartDate."""
    assert due("assessment-from-start", london("2026-03-26T10:00")).due_date == date(2026, 6, 3)


def test_icpc_is_15_working_days_after_the_strategy_discussion() -> None:
    """Source: Standard safeguarding dataset: 15 working days after the strategy discussion."""
    assert due("icpc", london("2026-03-02T10:00")).due_date == date(2026, 3, 23)


def test_core_group_is_10_working_days_after_the_conference() -> None:
    """Source: Safeguarding Wales and Guernsey procedures: 10 working days (NYAS: 10 days)."""
    assert due("core-group", london("2026-03-02T10:00")).due_date == date(2026, 3, 16)


def test_first_review_is_three_calendar_months_after_the_conference() -> None:
    """Source: NYAS: the first review within three months. The day is not moved off a weekend."""
    found = due("review-first", london("2026-03-02T10:00"))
    assert found.due_date == date(2026, 6, 2)
    assert found.due_at == london("2026-06-03T00:00")
    assert due("review-first", london("2026-01-11T10:00")).due_date == date(2026, 4, 11)  # a Saturday


def test_later_review_is_six_calendar_months_after_the_last_clamped_to_the_month() -> None:
    """Source: NYAS; London Child Protection Procedures: at most six months between reviews."""
    assert due("review-next", london("2026-08-31T10:00")).due_date == date(2027, 2, 28)
    assert due("review-next", london("2027-08-31T10:00")).due_date == date(2028, 2, 29)


@pytest.mark.parametrize(
    ("start", "late", "last_day"),
    [
        ("2026-03-02T02:00", "2026-03-02T08:45", "2026-03-01"),  # Monday night: that morning
        ("2026-03-02T08:44", "2026-03-02T08:45", "2026-03-01"),
        ("2026-03-02T08:45", "2026-03-03T08:45", "2026-03-02"),
        ("2026-03-02T10:00", "2026-03-03T08:45", "2026-03-02"),
        ("2026-03-06T20:00", "2026-03-09T08:45", "2026-03-08"),  # Friday evening: Monday
        ("2026-03-07T20:00", "2026-03-09T08:45", "2026-03-08"),
        ("2026-04-02T20:00", "2026-04-07T08:45", "2026-04-06"),  # before Easter
        ("2026-03-27T20:00", "2026-03-30T08:45", "2026-03-29"),  # over the spring change
    ],
)
def test_encompass_ends_when_the_next_school_day_starts(start: str, late: str, last_day: str) -> None:
    """Source: statutory guidance, 7 November 2025 (Operation Encompass): before the next school day."""
    found = due("encompass", london(start))
    assert found.due_at == london(late)
    assert found.due_date == date.fromisoformat(last_day)


def test_encompass_without_term_dates_says_so() -> None:
    """Source: house rule: Monday to Friday less bank holidays where an authority's terms are not known."""
    found = due("encompass", london("2026-08-12T10:00"))
    assert found.due_at == london("2026-08-13T08:45")
    assert "no term dates: Monday-Friday less bank holidays" in found.notes
    assert "no term dates" in found.calendar_version


def test_encompass_with_term_dates_waits_for_the_end_of_the_holiday(tmp_path: Path) -> None:
    """Source: as above; incidents at weekends and in holidays are included."""
    calendars = calendars_with(tmp_path, "authorities.yaml", ANYSHIRE)
    half_term = due("encompass", london("2026-10-23T20:00"), "000", calendars=calendars)
    assert half_term.due_at == london("2026-11-02T08:45")
    assert half_term.due_date == date(2026, 11, 1)
    assert "Half term" in [skipped.why for skipped in half_term.skipped]
    assert not [note for note in half_term.notes if "no term dates" in note]
    christmas = due("encompass", london("2026-12-25T20:00"), "000", calendars=calendars)
    assert christmas.due_at == london("2027-01-04T08:45")
    with pytest.raises(CalendarRangeError, match="term dates of 000"):
        due("encompass", london("2027-03-25T20:00"), "000", calendars=calendars)


@pytest.mark.parametrize(("clock", "hours"), [("mash-red", 2), ("mash-amber", 6), ("mash-green", 24)])
def test_mash_red_amber_green_are_2_6_24_hours_round_the_clock(clock: str, hours: int) -> None:
    """Source: Merton MASH guide: two, six and twenty-four hours; London: green twenty-four hours."""
    start = london("2026-12-25T22:30")
    assert due(clock, start).due_at - start == timedelta(hours=hours)


def test_mash_in_hours_runs_only_while_the_office_is_open(tmp_path: Path) -> None:
    """Source: Luton MASH timescales: time runs only in MASH hours, but red is worked to completion."""
    calendars = calendars_with(tmp_path, "authorities.yaml", ANYSHIRE)
    policy = changed(tmp_path, "      mash-amber: {calendar: office-hours, source: Luton}\n", calendars)

    def amber(start: str) -> Deadline:
        return due("mash-amber", london(start), "000", policy, calendars)

    assert amber("2026-03-02T09:00").due_at == london("2026-03-02T15:00")
    assert amber("2026-03-02T11:00").due_at == london("2026-03-02T17:00")
    assert amber("2026-03-06T16:00").due_at == london("2026-03-09T14:00")
    assert amber("2026-03-06T17:00").due_at == amber("2026-03-08T03:00").due_at == london("2026-03-09T15:00")
    over_christmas = amber("2026-12-24T16:00")
    assert over_christmas.due_at == london("2026-12-31T14:00")
    assert over_christmas.due_date == date(2026, 12, 31)
    assert [s.why for s in over_christmas.skipped if "closure" in s.why] == ["closed: Christmas closure"] * 2
    assert due("mash-red", london("2026-03-06T16:30"), "000", policy, calendars).due_at == london("2026-03-06T18:30")


def test_mash_limits_of_another_authority_are_data(tmp_path: Path) -> None:
    """Source: Surrey Police: 4 working hours, 24 hours and 72 hours."""
    calendars = calendars_with(tmp_path, "authorities.yaml", ANYSHIRE)
    rows = (
        "      mash-red: {limit: 240, calendar: office-hours, source: Surrey Police}\n"
        "      mash-amber: {limit: 1440, source: Surrey Police}\n"
        "      mash-green: {limit: 4320, source: Surrey Police}\n"
    )
    policy = changed(tmp_path, rows, calendars)
    start = london("2026-03-06T15:00")
    late = [due(f"mash-{c}", start, "000", policy, calendars).due_at for c in ("red", "amber", "green")]
    assert late == [london("2026-03-09T11:00"), london("2026-03-07T15:00"), london("2026-03-09T15:00")]


def test_feedback_is_24_hours_after_the_contact() -> None:
    """Source: Northumberland procedures: level of response decided within 24 hours."""
    assert due("feedback", london("2026-03-06T16:00")).due_at == london("2026-03-07T16:00")


def test_pre_birth_is_10_days_after_birth_and_20_if_the_mother_is_unfit() -> None:
    """Source: London Child Protection Procedures, as Bromley quotes them."""
    assert due("pre-birth", london("2026-03-02T10:00")).due_date == date(2026, 3, 12)
    assert due("pre-birth-mother-unfit", london("2026-03-02T10:00")).due_date == date(2026, 3, 22)


def test_cp_file_is_5_days_after_a_move_or_the_first_5_days_of_term() -> None:
    """Source: Devon one-minute guide 6."""
    assert due("cp-file", london("2026-03-02T10:00")).due_date == date(2026, 3, 7)
    assert due("cp-file-term", london("2026-09-02T08:45")).due_date == date(2026, 9, 6)


def test_historic_profile_of_2000_is_7_and_35_working_days() -> None:
    """Source: Framework for the Assessment of Children in Need (2000); Parliamentary question 113614."""
    assert due("initial-assessment-2000", london("2026-03-02T10:00")).due_date == date(2026, 3, 11)
    assert due("core-assessment-2000", london("2026-03-02T10:00")).due_date == date(2026, 4, 22)


def test_historic_profile_of_2010_is_10_and_35_working_days() -> None:
    """Source: Working Together 2010, as Coventry LSCB cites it."""
    assert due("initial-assessment-2010", london("2026-03-02T10:00")).due_date == date(2026, 3, 16)
    assert due("core-assessment-2010", london("2026-03-02T10:00")).due_date == date(2026, 4, 22)


# --- counting -------------------------------------------------------------------------------------

VECTORS = [
    ("icpc", "2026-03-02", "2026-03-23", "2026-03-20"),
    ("assessment", "2026-03-02", "2026-05-07", "2026-05-06"),
    ("assessment", "2026-03-26", "2026-06-03", "2026-06-02"),
    ("la-decision", "2026-12-24", "2026-12-29", "2026-12-24"),
    ("assessment", "2026-12-24", "2027-03-02", "2027-03-01"),
]


@pytest.mark.parametrize(("clock", "start", "excluded", "included"), VECTORS)
def test_published_vectors_with_the_start_day_excluded_and_included(
    tmp_path: Path, clock: str, start: str, excluded: str, included: str
) -> None:
    """Source: domain facts 1b; two public implementations differ in exactly this."""
    policy = changed(tmp_path, f"      {clock}: {{counting: start-day-included, source: CIN rule 8670Q}}\n")
    for at in ("00:00", "10:00", "23:59"):
        found = due(clock, london(f"{start}T{at}"))
        assert (found.due_date.isoformat(), found.counting_rule) == (excluded, "start-day-excluded")
        other = due(clock, london(f"{start}T{at}"), "000", policy)
        assert (other.due_date.isoformat(), other.counting_rule) == (included, "start-day-included")


def test_a_start_on_a_day_that_is_no_working_day_begins_to_count_with_the_next_working_day() -> None:
    for start in ("2026-03-07", "2026-03-08"):
        assert due("la-decision", london(f"{start}T12:00")).due_date == date(2026, 3, 9)
    assert due("la-decision", london("2026-12-25T12:00")).due_date == date(2026, 12, 29)


def test_the_answer_names_every_day_it_skipped_and_why() -> None:
    found = due("la-decision", london("2026-04-02T12:00"))
    assert [(skipped.day.isoformat(), skipped.why) for skipped in found.skipped] == [
        ("2026-04-03", "Good Friday"),
        ("2026-04-04", "Saturday"),
        ("2026-04-05", "Sunday"),
        ("2026-04-06", "Easter Monday"),
    ]
    assert due("same-day", london("2026-04-03T12:00")).skipped == ()


def test_local_closures_count_only_where_the_authority_says_so(tmp_path: Path) -> None:
    """Source: domain fact 1: closures are configuration, never silently mixed with bank holidays."""
    calendars = calendars_with(tmp_path, "authorities.yaml", ANYSHIRE)
    start = london("2026-12-24T12:00")
    assert due("la-decision", start, "000", calendars=calendars).due_date == date(2026, 12, 29)
    rows = "      la-decision: {calendar: england-and-wales-with-closures, source: Anyshire}\n"
    own = due("la-decision", start, "000", changed(tmp_path, rows), calendars)
    assert own.due_date == date(2026, 12, 31)
    assert "Anyshire" in own.calendar_version


def test_24_to_29_december_one_working_day_from_each() -> None:
    expected = {
        2026: [29, 29, 29, 29, 29, 30],
        2027: [29, 29, 29, 29, 29, 30],
        2025: [29, 29, 29, 29, 29, 30],
    }
    for year, days in expected.items():
        found = [due("la-decision", london(f"{year}-12-{start}T12:00")).due_date.day for start in range(24, 30)]
        assert found == days, year


def test_29_february_starts_and_ends_like_any_day() -> None:
    leap = london("2028-02-29T12:00")
    assert due("same-day", leap).due_at == london("2028-03-01T00:00")
    assert due("la-decision", london("2028-02-28T12:00")).due_date == date(2028, 2, 29)
    assert due("review-first", leap).due_date == date(2028, 5, 29)
    assert due("review-first", london("2027-11-30T12:00")).due_date == date(2028, 2, 29)
    assert due("review-first", london("2026-11-30T12:00")).due_date == date(2027, 2, 28)


@pytest.mark.parametrize("clock", [*WORKING_DAY_CLOCKS, "encompass"])
def test_a_count_that_leaves_the_known_days_is_an_error_that_says_what_to_do(clock: str) -> None:
    with pytest.raises(CalendarRangeError, match="not for 2029-01-01: install a newer govuk-bank-holidays or add"):
        due(clock, london("2028-12-29T12:00"))


def test_clocks_that_need_no_calendar_go_on_past_its_end() -> None:
    for clock in (*ELAPSED_CLOCKS, "same-day", "review-first", "review-next", "pre-birth"):
        assert due(clock, london("2035-03-02T12:00")).due_at > london("2035-03-02T12:00")


# --- a second method for every start day from 2022 to 2028 ----------------------------------------

#: Typed out here, apart from the list that the engine reads.
TYPED_BANK_HOLIDAYS = {
    "2022": "01-03 04-15 04-18 05-02 06-02 06-03 08-29 09-19 12-26 12-27",
    "2023": "01-02 04-07 04-10 05-01 05-08 05-29 08-28 12-25 12-26",
    "2024": "01-01 03-29 04-01 05-06 05-27 08-26 12-25 12-26",
    "2025": "01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26",
    "2026": "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28",
    "2027": "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28",
    "2028": "01-03 04-14 04-17 05-01 05-29 08-28 12-25 12-26",
}
NUMPY_CALENDAR = np.busdaycalendar(
    holidays=[date.fromisoformat(f"{year}-{day}") for year, days in TYPED_BANK_HOLIDAYS.items() for day in days.split()]
)
FIRST, LAST = date(2022, 1, 1), date(2028, 12, 31)
EVERY_DAY = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]


def summer_time(instant: datetime) -> bool:
    """The rule itself: from the last Sunday of March, 01:00 UTC, to the last Sunday of October, 01:00 UTC."""

    def last_sunday(month: int) -> datetime:
        day = datetime(instant.year, month, 31, 1, tzinfo=UTC)
        return day - timedelta(days=(day.weekday() + 1) % 7)

    return last_sunday(3) <= instant < last_sunday(10)


def london_midnight(day: date) -> datetime:
    at = datetime.combine(day, time(), UTC)
    return at - timedelta(hours=1) if summer_time(at - timedelta(hours=1)) else at


def agrees(clock: str, limit: int, policy: Policy, la: str | None, counted: Callable[[date, int], date]) -> None:
    for start in EVERY_DAY:
        instant = london_midnight(start) + timedelta(hours=10)
        expected = counted(start, limit)
        if expected > LAST:
            with pytest.raises(CalendarRangeError):
                due(clock, instant, la, policy)
        else:
            found = due(clock, instant, la, policy)
            assert found.due_date == expected, (clock, start)
            assert found.due_at == london_midnight(expected + timedelta(days=1)), (clock, start)


def by_numpy_excluded(start: date, limit: int) -> date:
    found: date = np.busday_offset(start, limit, roll="backward", busdaycal=NUMPY_CALENDAR).astype(object)
    return found


def by_numpy_included(start: date, limit: int) -> date:
    found: date = np.busday_offset(start, limit - 1, roll="forward", busdaycal=NUMPY_CALENDAR).astype(object)
    return found


@pytest.mark.parametrize(("clock", "limit"), WORKING_DAY_CLOCKS.items())
def test_every_start_day_agrees_with_numpy(clock: str, limit: int) -> None:
    agrees(clock, limit, POLICY, None, by_numpy_excluded)


@pytest.mark.parametrize("clock", ["la-decision", "icpc", "assessment"])
def test_every_start_day_agrees_with_numpy_when_the_start_day_counts(tmp_path: Path, clock: str) -> None:
    policy = changed(tmp_path, f"      {clock}: {{counting: start-day-included, source: CIN rule 8670Q}}\n")
    agrees(clock, WORKING_DAY_CLOCKS[clock], policy, "000", by_numpy_included)


@pytest.mark.parametrize(("hour", "later"), [(2, 0), (10, 1)])
def test_every_start_day_of_encompass_agrees_with_numpy(hour: int, later: int) -> None:
    for start in EVERY_DAY[:-3]:
        next_school_day = np.busday_offset(start + timedelta(days=later), 0, roll="forward", busdaycal=NUMPY_CALENDAR).astype(
            object
        )
        found = due("encompass", london(f"{start}T{hour:02}:30"))
        assert found.due_at == london(f"{next_school_day}T08:45"), start
        assert found.due_date == next_school_day - timedelta(days=1), start


@pytest.mark.parametrize(("clock", "months"), [("review-first", 3), ("review-next", 6)])
def test_every_start_day_of_months_agrees_with_numpy(clock: str, months: int) -> None:
    for start in EVERY_DAY:
        month = np.datetime64(start, "M") + months
        last = (month + 1).astype("M8[D]") - np.timedelta64(1, "D")
        expected = min(month.astype("M8[D]") + np.timedelta64(start.day - 1, "D"), last).astype(object)
        found = due(clock, london(f"{start}T10:00"))
        assert found.due_date == expected, start
        assert found.due_at == london_midnight(expected + timedelta(days=1)), start


def test_every_day_of_arrival_ends_at_the_london_midnight_by_the_rule_of_summer_time() -> None:
    for start in EVERY_DAY:
        begins, ends = london_midnight(start), london_midnight(start + timedelta(days=1))
        for instant in (begins, begins + timedelta(hours=3), ends - timedelta(microseconds=1)):
            assert same_day_due(instant) == ends
            assert due("same-day", instant).due_at == ends


# --- what holds for any start ---------------------------------------------------------------------

INSTANTS = st.datetimes(datetime(2022, 1, 1), datetime(2028, 6, 30), timezones=st.just(UTC))
DST_NIGHTS = st.builds(
    lambda night, seconds: night + timedelta(seconds=seconds),
    st.sampled_from([datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)]),
    st.integers(-36 * 3600, 36 * 3600),
)
CHRISTMAS = st.builds(
    lambda year, seconds: datetime(year, 12, 24, tzinfo=UTC) + timedelta(seconds=seconds),
    st.integers(2022, 2027),
    st.integers(0, 6 * 86400 - 1),
)
LEAP_DAYS = st.builds(
    lambda year, seconds: datetime(year, 2, 28, tzinfo=UTC) + timedelta(seconds=seconds),
    st.sampled_from([2024, 2028]),
    st.integers(0, 3 * 86400),
)
STARTS = st.one_of(INSTANTS, DST_NIGHTS, CHRISTMAS, LEAP_DAYS)
CLOCKS = st.sampled_from(sorted(POLICY.clocks))


@cache
def is_working_day(day: date) -> bool:
    return bool(np.is_busday(day, busdaycal=NUMPY_CALENDAR))


@given(CLOCKS, STARTS)
def test_a_limit_is_never_early_and_never_before_the_start(clock: str, start: datetime) -> None:
    found = due(clock, start)
    assert found.due_at > start
    row = POLICY.clock(clock)
    started_on = start.astimezone(LONDON).date()
    if row.unit == "minute":
        assert found.due_at - start == timedelta(minutes=row.limit)
    elif row.unit == "working-day":
        days = [started_on + timedelta(days=n) for n in range(1, (found.due_date - started_on).days + 1)]
        assert sum(map(is_working_day, days)) == row.limit
        assert is_working_day(found.due_date)
        assert [skipped.day for skipped in found.skipped] == [day for day in days if not is_working_day(day)]


@given(CLOCKS, STARTS, STARTS)
def test_a_later_start_is_never_due_earlier(clock: str, one: datetime, other: datetime) -> None:
    earlier, later = sorted((one, other))
    assert due(clock, earlier).due_at <= due(clock, later).due_at


@given(CLOCKS, STARTS)
def test_the_first_late_instant_follows_the_last_day_in_time(clock: str, start: datetime) -> None:
    found = due(clock, start)
    last_in_time = (found.due_at - timedelta(microseconds=1)).astimezone(LONDON)
    if POLICY.clock(clock).counting == "before-start-of-day":
        assert found.due_date == last_in_time.date() - timedelta(days=1)
        assert last_in_time.time() < time(8, 45) <= found.due_at.astimezone(LONDON).time()
    else:
        assert found.due_date == last_in_time.date()
        if POLICY.clock(clock).unit != "minute":
            assert found.due_at.astimezone(LONDON).time() == time()


@given(CLOCKS, STARTS)
def test_every_offset_is_the_one_in_force_in_london(clock: str, start: datetime) -> None:
    found = due(clock, start)
    for at in (found.started_at, found.due_at, *found.due_soon_at):
        assert at.utcoffset() == timedelta(hours=1 if summer_time(at.astimezone(UTC)) else 0)


@given(CLOCKS, STARTS)
def test_warnings_come_in_order_between_start_and_limit(clock: str, start: datetime) -> None:
    found = due(clock, start)
    points = (start, *found.due_soon_at, found.due_at)
    assert all(one < other for one, other in pairwise(points))


@given(CLOCKS, STARTS, st.integers(-12, 14))
def test_the_same_instant_in_any_offset_gives_the_same_limit(clock: str, start: datetime, hours: int) -> None:
    assert due(clock, start.astimezone(timezone(timedelta(hours=hours)))) == due(clock, start)


@given(DST_NIGHTS)
def test_hours_on_a_clock_change_night_are_elapsed_hours(start: datetime) -> None:
    for clock, minutes in ELAPSED_CLOCKS.items():
        assert due(clock, start).due_at - start == timedelta(minutes=minutes)


@given(st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))
def test_the_fast_same_day_is_the_same_day_clock_in_utc(start: datetime) -> None:
    fast = same_day_due(start)
    assert fast == due("same-day", start).due_at
    assert fast.tzinfo is UTC


def test_a_day_of_23_and_of_25_hours_ends_at_its_own_midnight() -> None:
    assert same_day_due(london("2026-03-29T00:00")) - london("2026-03-29T00:00") == timedelta(hours=23)
    assert same_day_due(london("2026-10-25T00:00")) - london("2026-10-25T00:00") == timedelta(hours=25)
    twice = [due("mash-red", london("2026-10-25T01:30", fold=fold)).due_at for fold in (0, 1)]
    assert twice[1] - twice[0] == timedelta(hours=1)


# --- bad input, and data that changes -------------------------------------------------------------


def test_a_start_without_an_offset_is_refused() -> None:
    for ask in (lambda: due("icpc", datetime(2026, 3, 2)), lambda: same_day_due(datetime(2026, 3, 2))):
        with pytest.raises(DeadlineError, match="needs an offset"):
            ask()


@pytest.mark.parametrize("clock", sorted(POLICY.clocks))
def test_a_start_at_the_edge_of_time_is_an_error_of_ours(clock: str) -> None:
    for start in (datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)):
        try:
            found = due(clock, start)
        except (DeadlineError, CalendarRangeError):
            continue
        assert found.due_at > start


def test_an_unknown_clock_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(UnknownClockError, match="Clocks: same-day"):
        due("pudding", london("2026-03-02T10:00"))


def test_office_hours_without_an_authority_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "clocks.yaml"
    text = SHIPPED_POLICY.read_text()
    row = text.index("  mash-red:")
    path.write_text(text[:row] + text[row:].replace("calendar: every-day", "calendar: office-hours", 1))
    with pytest.raises(CalendarError, match="no office hours are known for the country as a whole"):
        due("mash-red", london("2026-03-02T10:00"), policy=load_policy(path))


def test_an_authority_nobody_knows_gets_the_shipped_rules_and_is_told_so() -> None:
    found = due("icpc", london("2026-03-02T10:00"), "301")
    assert "nothing of its own is held for authority 301: the shipped rules apply" in found.notes
    assert found.due_date == due("icpc", london("2026-03-02T10:00")).due_date


ONE_OFF = 'version: "2"\nadditions: [{date: 2026-03-20, title: One-off bank holiday, source: a proclamation}]\n'


def test_a_new_bank_holiday_moves_open_deadlines_and_leaves_a_record(tmp_path: Path) -> None:
    calendars = calendars_with(tmp_path, "bank-holidays.yaml", ONE_OFF)
    before = due("icpc", london("2026-03-02T10:00"))
    record = recompute(before, policy=POLICY, calendars=calendars)
    assert record is not None
    assert record.moved
    assert (record.due_at_before, record.deadline.due_date) == (before.due_at, date(2026, 3, 24))
    assert record.calendar_version_before != record.deadline.calendar_version
    assert recompute(record.deadline, policy=POLICY, calendars=calendars) is None


def test_a_new_bank_holiday_outside_the_count_changes_the_version_but_not_the_limit(tmp_path: Path) -> None:
    calendars = calendars_with(tmp_path, "bank-holidays.yaml", ONE_OFF)
    record = recompute(due("icpc", london("2026-04-02T10:00")), policy=POLICY, calendars=calendars)
    assert record is not None
    assert not record.moved
    assert recompute(due("same-day", london("2026-04-02T10:00")), policy=POLICY, calendars=calendars) is None


def test_warnings_of_same_day_are_at_14_and_16_and_an_hour_before_midnight() -> None:
    morning = due("same-day", london("2026-03-02T09:00"))
    expected = ["2026-03-02T14:00", "2026-03-02T16:00", "2026-03-02T23:00"]
    assert list(morning.due_soon_at) == [london(at) for at in expected]
    assert list(due("same-day", london("2026-03-02T15:00")).due_soon_at) == [london(at) for at in expected[1:]]
    assert due("same-day", london("2026-03-02T23:30")).due_soon_at == ()


def test_warnings_in_working_days_before_the_start_are_left_out(tmp_path: Path) -> None:
    rows = "      icpc:\n        limit: 3\n        source: Anyshire\n"
    found = due("icpc", london("2026-03-02T08:00"), "000", changed(tmp_path, rows))
    assert list(found.due_soon_at) == [london("2026-03-04T09:00")]
