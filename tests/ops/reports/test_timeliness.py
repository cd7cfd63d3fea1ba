"""Whether one contact was served in time, and to which group its child belongs, from what the log says of it."""

from datetime import date
from typing import Any

import pytest

from ops.casebook.book import CaseBook
from ops.reports.gathering import Days, timeliness
from ops.reports.groups import DIMENSIONS, UNKNOWN, age_band, care, disability, ethnicity
from ops.reports.timeliness import Judge, band_of, working_days
from schemas.reading import Report
from tests.ops.casebook.planted import CALENDARS, RULES, Planted, at, child

NOW = at("2026-07-01 12:00")


def told(kept: dict[str, str], **person: Any) -> Report:
    return Report(person=child(**person), unmapped=kept)


def outcomes(
    planted: Planted, contact_id: str, awake: tuple[str, str] = ("2026-03-01 00:00", "2026-07-01 00:00")
) -> dict[str, Any]:
    """The contact under each measure; the hub ran in that time."""
    planted.ticks(*awake, every=at(awake[1]) - at(awake[0]))
    with CaseBook() as book:
        story = planted.fill(book).story(contact_id)
        assert story is not None
        found = Judge(RULES, CALENDARS, NOW, book.covered).outcomes(story)
        return {measure: (one.in_time, one.left_out, one.band) for measure, one in found.items()}


def test_assessed_on_its_day_decided_and_assessed_within_45_days() -> None:
    planted = Planted()
    contact_id = planted.arrives("K-1", "2026-03-02 09:00")
    planted.happens(contact_id, "risk_assessed", "2026-03-02 11:00")
    planted.happens(contact_id, "acknowledged", "2026-03-02 12:00")
    planted.happens(contact_id, "decision", "2026-03-03 12:00", details={"decision": "s17"})
    planted.happens(contact_id, "assessment_authorised", "2026-05-07 15:00")
    assert outcomes(planted, contact_id) == {
        "same-day": (True, None, ""), "decision": (True, None, ""), "assessment": (True, None, "41-45"),
    }  # fmt: skip


def test_late_and_never() -> None:
    planted = Planted()
    late, never = planted.arrives("K-1", "2026-03-02 09:00"), planted.arrives("K-2", "2026-03-02 09:00")
    planted.happens(late, "risk_assessed", "2026-03-03 00:01")
    planted.happens(late, "acknowledged", "2026-03-04 12:00")
    planted.happens(late, "decision", "2026-03-04 12:00", details={"decision": "s17"})
    planted.happens(late, "assessment_authorised", "2026-05-08 09:00")
    assert outcomes(planted, late) == {
        "same-day": (False, None, ""), "decision": (False, None, ""), "assessment": (False, None, "46-50"),
    }  # fmt: skip
    assert outcomes(planted, never)["assessment"] == (False, None, "not concluded")


def test_a_limit_while_the_hub_was_down_is_neither_met_nor_missed() -> None:
    planted = Planted()
    contact_id = planted.arrives("K-1", "2026-03-02 09:00")
    found = outcomes(planted, contact_id, ("2026-03-01 00:00", "2026-03-02 18:00"))
    assert {left for _, left, _ in found.values()} == {"not verifiable"}


def test_a_contact_that_is_no_referral_owes_no_decision_and_no_assessment() -> None:
    planted = Planted()
    contact_id = planted.arrives("K-1", "2026-03-02 09:00", kind="contact")
    found = outcomes(planted, contact_id)
    assert found["same-day"] == (False, None, "")
    assert found["decision"] == found["assessment"] == (None, "not asked for", "")


def test_working_days_are_counted_after_the_first_day_and_without_bank_holidays() -> None:
    # Vectors of two calendars: 15 and 45 working days, Easter and the May holidays on the way.
    assert working_days(date(2026, 3, 2), date(2026, 3, 23), CALENDARS) == 15
    assert working_days(date(2026, 3, 2), date(2026, 5, 7), CALENDARS) == 45
    assert [band_of(days) for days in (0, 1, 10, 11, 45, 46, 60, 61)] == [
        "same day", "1-10", "1-10", "11-20", "41-45", "46-50", "51-60", "61 or more",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("found", "group"),
    [
        (disability(child()), UNKNOWN),
        (disability(child(disabilities=["NONE"])), "not disabled"),
        (disability(child(disabilities=["AUT", "LD"])), "disabled"),
        (ethnicity(child(ethnicity="MWBA")), "Mixed"),
        (ethnicity(child(ethnicity="REFU")), UNKNOWN),
        (ethnicity(child(ethnicity_source="Cornish")), UNKNOWN),
        (age_band(child(dob=date(2010, 3, 2)), date(2026, 3, 2)), "16 and over"),
        (age_band(child(dob=date(2010, 3, 3)), date(2026, 3, 2)), "10 to 15"),
        (age_band(child(dob=None, unborn=True), date(2026, 3, 2)), "unborn"),
        (age_band(child(dob=None), date(2026, 3, 2)), UNKNOWN),
        (care(told({"pupil.Looked After?": "Y"})), "looked after"),
        (care(told({"child.isLAC": "false"})), "not looked after"),
        (care(told({"lookedAfter": "see letter", "note": "yes"})), UNKNOWN),
        (care(told({})), UNKNOWN),
        (care(told({"lac": "no"}, looked_after="yes")), "looked after"),
    ],
)
def test_the_group_of_a_child_is_what_a_message_said_of_it(found: str, group: str) -> None:
    assert found == group


def test_the_report_counts_the_contacts_of_the_asked_days_by_london_date() -> None:
    planted = Planted()
    for number in range(12):
        contact_id = planted.arrives(f"K-{number}", "2026-07-01 00:30", child(disabilities=["AUT"] if number < 6 else ["NONE"]))
        if number < 6:
            planted.happens(contact_id, "risk_assessed", "2026-07-01 10:00")
    planted.arrives("the day before", "2026-06-30 23:30")
    planted.ticks("2026-06-30 00:00", "2026-07-02 02:00")
    days = Days(date(2026, 7, 1), date(2026, 7, 1))
    with CaseBook() as book:
        report = timeliness(planted.fill(book), RULES, CALENDARS, now=at("2026-07-02 02:00"), days=days, dimensions=DIMENSIONS)
    table = next(one for one in report.tables if (one.measure, one.dimension) == ("same-day", "disability"))
    assert report.contacts == 12
    assert [(line.group, line.share and (line.share.yes, line.share.of)) for line in table.lines] == [
        ("disabled", (6, 6)), ("not disabled", (0, 6)),
    ]  # fmt: skip
    assert all(line.gap is not None and line.gap.found for line in table.lines)
