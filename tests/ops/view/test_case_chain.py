"""The chain of a case, and a child who is referred again within twelve months."""

import sqlite3
from collections.abc import Sequence
from datetime import date, datetime

import pytest

from ops.view.case_chain import chain, referral_before
from ops.view.snapshot import Snapshot
from schemas.case_event import CaseEvent
from tests.streams.deciding import happened, london, opened

MARCH = london("2026-03-02 10:00")


def view_of(cases: dict[str, Sequence[CaseEvent]], story: str) -> Snapshot:
    """A view that has these contacts, all of one child."""
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE story_of (contact_id TEXT, story_id TEXT)")
    db.execute("CREATE TABLE case_events (contact_id TEXT, record TEXT, offset INTEGER)")
    for contact, events in cases.items():
        db.execute("INSERT INTO story_of VALUES (?, ?)", (contact, story))
        for place, event in enumerate(events):
            db.execute("INSERT INTO case_events VALUES (?, ?, ?)", (contact, event.model_dump_json(), place))
    return Snapshot(db, london("2027-12-01 00:00"), 0, b"key")


def before(first: datetime, again: datetime, kinds: tuple[str, str] = ("referral", "referral")) -> str:
    """What `c2` is a re-referral of, where `c1` of the same child arrived first."""
    cases = {"c1": [opened(first, "c1", kind=kinds[0])], "c2": [opened(again, "c2", kind=kinds[1])]}
    return referral_before(view_of(cases, "c1"), "c2", "c1", cases["c2"])


@pytest.mark.parametrize(
    ("again", "found"), [("2026-03-02 12:00", "c1"), ("2027-03-02 23:00", "c1"), ("2027-03-03 00:10", "")]
)
def test_a_referral_within_twelve_months_of_another_is_a_re_referral(again: str, found: str) -> None:
    assert before(MARCH, london(again)) == found


def test_a_contact_that_is_no_referral_is_neither_of_the_two() -> None:
    assert before(MARCH, london("2026-06-01 09:00"), ("contact", "referral")) == ""
    assert before(MARCH, london("2026-06-01 09:00"), ("referral", "contact")) == ""


def test_the_leap_day_is_a_year_after_the_28th() -> None:
    assert before(london("2027-02-28 09:00"), london("2028-02-29 09:00")) == "c1"
    assert before(london("2027-02-27 09:00"), london("2028-02-29 09:00")) == ""


def test_the_chain_is_in_the_order_in_which_things_happened_and_leaves_out_what_does_not_count() -> None:
    told = london("2026-03-20 09:00")
    events = [
        opened(MARCH, kind="referral"),
        happened("closed", told, by="Ben Hughes"),
        happened("conference_held", told, happened_on=date(2026, 3, 16)),
        happened("strategy_discussion", told, happened_at=london("2026-03-03 09:00")),
        happened("assessment_started", told, problem="no_named_person"),
        happened("decision", MARCH, details={"decision": "s47"}),
        happened("flag_acknowledged", told),
    ]
    assert [(link.what, link.at.date().isoformat()) for link in chain(events)] == [
        ("referral", "2026-03-02"), ("decision: s47", "2026-03-02"), ("strategy discussion", "2026-03-03"),
        ("initial child protection conference", "2026-03-16"), ("closed", "2026-03-20"),
    ]  # fmt: skip
