"""A case system's events are understood under its own words, and only what has happened is an event."""

# ruff: noqa: E501 - a sample stays on as few lines as it can be read in

from datetime import UTC, date, datetime
from typing import Any

import pytest

from connectors.social_care.event_meaning import event_type
from schemas.codes import CASE_EVENT_TYPES
from schemas.reading import CaseReport
from tests.connectors.fields.messages import children, notes_of, read_as

CONTACT = "3b241101-e2bb-4255-8caf-4136c566a962"
RECEIPT = "b1946ac9-2492-4d23-8f8a-000000000001"


def only_event(message: Any) -> CaseReport:
    reading = read_as("social_care", message)
    assert reading.outcome == "case_events", reading.reason
    (event,) = reading.case_reports
    return event


@pytest.mark.parametrize(
    "message",
    [
        {"event": "risk_assessed", "contact_id": CONTACT, "by": "A. Worker", "level": "amber", "reason": "Injury"},
        {"eventType": "RiskAssessed", "contactId": CONTACT, "data": {"assessedBy": {"name": "A. Worker"}, "riskLevel": "Amber", "rationale": "Injury"}},
        {"event": {"type": "RISK_ASSESSMENT_COMPLETED", "contactId": CONTACT, "user": "A. Worker", "level": "M", "comment": "Injury"}, "messageType": "X"},
        {"caseEvent": {"name": "RiskAssessed", "contact": {"id": CONTACT}, "assessedBy": "A. Worker", "level": "Amber", "reason": "Injury"}},
        {"specversion": "1.0", "id": "1", "type": "uk.gov.leeds.risk-assessed.v1", "data": {"contactId": CONTACT, "assessor": {"firstName": "A.", "lastName": "Worker"}, "risk": {"level": "amber", "reason": "Injury"}}},
        {"events": [{"type": "Risk assessment recorded", "subject": CONTACT, "worker": "A. Worker", "outcome": "Amber", "notes": "Injury"}]},
        f"<CaseEvent><Event>risk assessed</Event><ContactId>{CONTACT}</ContactId><By>A. Worker</By><Level>amber</Level><Reason>Injury</Reason></CaseEvent>",
    ],
)  # fmt: skip
def test_an_assessment_says_whom_by_whom_how_high_and_why(message: Any) -> None:
    event = only_event(message)
    assert (event.type, event.contact, event.by, event.level) == ("risk_assessed", CONTACT, "A. Worker", "amber")
    assert event.reason == "Injury"


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("AllocatedToWorker", "allocated"), ("case_allocated", "allocated"), ("Worker assigned", "allocated"),
        ("DecisionMade", "decision"), ("single_assessment_started", "assessment_started"),
        ("C&F assessment authorised", "assessment_authorised"), ("AssessmentAuthorized", "assessment_authorised"),
        ("strategy_meeting_held", "strategy_discussion"), ("StrategyDiscussionHeld", "strategy_discussion"),
        ("Section 47 enquiry started", "s47_started"), ("S47EnquiryOpened", "s47_started"), ("section_47_completed", "s47_ended"),
        ("initial_child_protection_conference_held", "conference_held"), ("ICPC", "conference_held"),
        ("review_child_protection_conference", "review_held"), ("core group meeting", "core_group_held"),
        ("Closed - NFA", "closed"), ("case_closure", "closed"), ("NoFurtherAction", "no_further_action"),
        ("CaseTransferredOut", "transferred"), ("TransferredToOtherAuthority", "transferred"),
        ("ContactReceived", "contact_recorded"), ("new referral received", "contact_recorded"),
    ],
)  # fmt: skip
def test_an_event_word_is_understood_in_any_usual_spelling(word: str, meant: str) -> None:
    assert event_type(word) == meant


@pytest.mark.parametrize("type_", CASE_EVENT_TYPES)
def test_our_own_event_words_mean_themselves_in_snake_and_camel_case(type_: str) -> None:
    assert {event_type(type_), event_type(type_.title().replace("_", "")), event_type(f"org.case.{type_}.v2")} == {type_}


@pytest.mark.parametrize(
    "word",
    [
        "risk_assessment_requested", "RiskAssessmentDue", "risk assessment overdue", "risk assessment started", "not risk assessed",
        "RiskAssessmentCancelled", "allocation_requested", "unallocated", "conference_scheduled", "closure declined", "TransferRequested",
        "case reopened", "transfer in received", "strategy discussion planned", "kittens fed", "assessment", "",
    ],
)  # fmt: skip
def test_what_has_not_happened_is_no_event(word: str) -> None:
    assert event_type(word) == ""
    message = {"event": word, "contact_id": CONTACT, "by": "A. Worker", "level": "red", "reason": "Injury"}
    assert read_as("social_care", message).outcome == "quarantined" if word else True


def test_an_event_names_the_second_child_of_a_receipt() -> None:
    base = {"event": "risk_assessed", "by": "A. Worker", "level": "red", "reason": "Injury"}
    assert only_event({**base, "ref": f"{RECEIPT}/2"}).contact == f"{RECEIPT}/2"
    assert only_event({**base, "receipt": RECEIPT, "child": 2}).contact == f"{RECEIPT}/2"


def test_one_event_may_name_several_contacts_and_one_body_several_events() -> None:
    reading = read_as("social_care", {"event": "strategy discussion", "contact_ids": [CONTACT, RECEIPT], "by": "M. Manager"})
    assert [event.contact for event in reading.case_reports] == [CONTACT, RECEIPT]
    reading = read_as(
        "social_care",
        [{"event": "allocated", "contact_id": CONTACT, "worker": "B. Worker"}, {"event": "closed", "contact_id": CONTACT}],
    )
    assert [event.type for event in reading.case_reports] == ["allocated", "closed"]


def test_an_allocation_names_who_holds_the_case_and_a_transfer_where_it_went() -> None:
    event = only_event({"event": "allocated", "contact_id": CONTACT, "by": "M. Manager", "to": "B. Worker", "team": "Duty"})
    assert (event.by, event.details["team"]) == ("B. Worker", "Duty")
    for worker in ("B. Worker", {"name": "B. Worker"}, {"first_name": "B.", "last_name": "Worker"}):
        event = only_event({"event": "allocated", "contact_id": CONTACT, "by": "M. Manager", "worker": worker})
        assert event.by == "B. Worker", "not who gave it to them"
    event = only_event({"event": "transferred", "contact_id": CONTACT, "by": "M. Manager", "to": "Leeds"})
    assert (event.by, event.details["transferred_to"]) == ("M. Manager", "Leeds")


@pytest.mark.parametrize(
    ("left_out", "field"),
    [({"by": ""}, "by"), ({"by": "Duty worker"}, "by"), ({"level": ""}, "level"), ({"reason": ""}, "reason")],
)
def test_an_assessment_that_cannot_stop_the_clock_is_kept_and_says_so(left_out: dict[str, str], field: str) -> None:
    message = {"event": "risk_assessed", "contact_id": CONTACT, "by": "A. Worker", "level": "red", "reason": "Injury", **left_out}
    reading = read_as("social_care", message)
    assert [note.field for note in reading.notes if note.code == "assessment_incomplete"] == [field]


@pytest.mark.parametrize(
    ("when", "at", "on"),
    [
        ("2026-03-28T12:00:00+01:00", datetime(2026, 3, 28, 11, tzinfo=UTC), None),
        ("28/03/2026 12:00", datetime(2026, 3, 28, 12, tzinfo=UTC), None),
        ("2026-03-29 12:00", datetime(2026, 3, 29, 11, tzinfo=UTC), None),
        ("28 March 2026", None, date(2026, 3, 28)),
        ("2027-12-30T00:00:00Z", datetime(2027, 12, 30, tzinfo=UTC), None),
        ("1899-12-30T00:00:00Z", None, None),
    ],
)
def test_the_claimed_time_is_read_as_london_time_and_never_invented(when: str, at: datetime | None, on: date | None) -> None:
    event = only_event({"event": "closed", "contact_id": CONTACT, "by": "M. Manager", "at": when})
    assert (event.happened_at, event.happened_on) == (at, on)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"event": "kittens_fed", "contact_id": CONTACT}, "unknown_event"),
        ({"event": "risk_assessed", "by": "A. Worker", "level": "red", "reason": "x"}, "event_without_contact"),
        ([], "nothing_about_a_child"),
        ({"events": []}, "nothing_about_a_child"),
        ('{"event": "closed", "contact', "incomplete_json"),
    ],
)
def test_an_event_nobody_can_place_is_quarantined_with_what_to_do_next(message: Any, code: str) -> None:
    reading = read_as("social_care", message)
    assert (reading.outcome, reading.reason_code, reading.reason[-1]) == ("quarantined", code, ".")


CALLS: list[dict[str, Any]] = [
    {"event": "contact_recorded", "channel": "telephone", "by": "Joe Marsh", "child": {"forename": "Ella", "surname": "Stone", "dob": "2015-09-12"}, "narrative": "Crying"},
    {"eventType": "ContactRecorded", "method": "Letter", "person": {"firstName": "Ella", "lastName": "Stone", "dateOfBirth": "12/09/2015"}, "reason": "Crying"},
    {"action": "new_contact", "medium": "visit", "subject": {"given_name": "Ella", "family_name": "Stone", "birth_date": "2015-09-12"}, "presenting_concern": "Crying"},
    {"event": "phone_call", "child_name": "Ella Stone", "child_dob": "2015-09-12", "notes": "Crying"},
    {"event": "contact received", "caller": {"name": "Gran"}, "child": {"name": "Ella Stone", "dob": "2015-09-12"}, "what_was_said": "Crying"},
]  # fmt: skip


@pytest.mark.parametrize("message", CALLS)
def test_a_call_a_letter_or_a_visit_is_a_contact(message: dict[str, Any]) -> None:
    reading = read_as("social_care", message)
    assert children(reading) == [("Ella Stone", "2015-09-12")]
    (event,) = reading.case_reports
    assert (event.type, event.report is not None and event.report.narrative) == ("contact_recorded", "Crying")


def test_who_took_the_call_is_not_who_made_it() -> None:
    reading = read_as("social_care", {**CALLS[0], "caller": {"name": "Grace Okafor", "relationship": "grandmother"}})
    (event,) = reading.case_reports
    assert event.by == "Joe Marsh" and event.report is not None
    assert [(one.role, one.given) for one in event.report.people] == [("referrer", "Grace")]
    assert event.report.source_code == "1A"


def test_a_call_about_a_known_contact_opens_no_other() -> None:
    assert (
        read_as("social_care", {"event": "phone call made", "contact_id": CONTACT, "notes": "Rang the school"}).outcome
        == "quarantined"
    )


def test_a_call_among_events_keeps_both() -> None:
    reading = read_as("social_care", [CALLS[0], {"event": "allocated", "contact_id": CONTACT, "worker": "B. Worker"}])
    assert [event.type for event in reading.case_reports] == ["contact_recorded", "allocated"]


def test_a_caller_who_names_no_child_is_a_contact_of_somebody_to_be_found() -> None:
    reading = read_as(
        "social_care", {"event": "contact_recorded", "channel": "telephone", "summary": "Would not say which child"}
    )
    assert children(reading) == [("", "")] and "no_child_named" in notes_of(reading)


def test_no_event_carries_a_child_s_name_in_its_details() -> None:
    event = only_event(
        {
            "event": "closed",
            "contact_id": CONTACT,
            "child": {"name": "Ella Stone"},
            "child_name": "Ella Stone",
            "by": "M. Manager",
        }
    )
    assert "Ella" not in event.model_dump_json() and "Stone" not in event.model_dump_json()
