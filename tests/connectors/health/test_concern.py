"""What is no referral but speaks of a concern is read by a person; what says that there is none is not."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.health.concern import speaks_of_concern
from tests.connectors.health.messages import outside, reading_of

CONCERNS = (
    "Safeguarding concern raised with the named nurse",
    "?NAI",
    "Fractures of differing age, suspicious for non-accidental injury",
    "Child disclosed being hit by step-father",
    "Unexplained bruising to both ears",
    "Neglected: no food in the home",
    "On a child protection plan: yes",
    "Any safeguarding concerns? Yes",
    "No explanation was given by anybody for these injuries; query NAI",
    "Victim of domestic violence",
)
NO_CONCERNS = (
    "Routine follow-up of asthma",
    "No safeguarding concerns.",
    "No known child protection plan",
    "Safeguarding concerns: none",
    "Safeguarding concern | N No",
    "Any safeguarding concerns? No",
    "Safeguarding: no concerns identified.",
    "Left visual neglect after stroke",
    "NAIDOO clinic, room 4",
    "Substance misuse clinic",
)


@pytest.mark.parametrize("text", CONCERNS)
def test_words_of_a_concern_are_found(text: str) -> None:
    assert speaks_of_concern([text], of_adult=False)


@pytest.mark.parametrize("text", NO_CONCERNS)
def test_other_words_and_a_denied_concern_are_not(text: str) -> None:
    assert not speaks_of_concern([text], of_adult=False)


@given(st.sampled_from(CONCERNS), st.lists(st.sampled_from(NO_CONCERNS), max_size=4), st.integers(0, 4))
def test_one_concern_is_found_among_any_denials(concern: str, denials: list[str], place: int) -> None:
    texts = [*denials[:place], concern, *denials[place:]]
    assert speaks_of_concern(texts, of_adult=False)
    assert speaks_of_concern(["\n".join(texts)], of_adult=False)


def test_of_an_adult_the_text_has_to_name_a_child_as_well() -> None:
    assert not speaks_of_concern(["Victim of domestic violence"], of_adult=True)
    assert speaks_of_concern(["Victim of domestic violence", "Two children at home"], of_adult=True)


def adt(*segments: str, kind: str = "ADT^A01", born: str = "20180304") -> bytes:
    head = (f"MSH|^~\\&|PAS|RXP|FD|383|20260605101500||{kind}|C-1|P|2.4", f"PID|1||1||SAMPLE^ROBIN||{born}|F")
    return "\r".join((*head, *segments, "")).encode()


@pytest.mark.parametrize("kind", ["ADT^A01", "ADT^A08", "ORU^R01", "MDM^T02", "SIU^S12", "ORM^O01", "ZZZ^Z01"])
@pytest.mark.parametrize(
    "segment",
    [
        "NTE|1||Child disclosed being hit by step-father",
        "OBX|1|TX|R^Report||Suspicious for NAI",
        "PV2|||^Query non-accidental injury",
    ],
)
def test_a_concern_in_an_hl7_message_that_is_no_referral_reaches_a_person(kind: str, segment: str) -> None:
    reading = reading_of(adt(segment, kind=kind))
    assert (reading.outcome, reading.reason_code, reading.transport_id) == ("quarantined", "concern_without_referral", "C-1")
    assert "REF^I12" in reading.reason


@pytest.mark.parametrize(
    "segments",
    [
        ("OBX|1|CE|SG^Safeguarding concern||N^No",),
        ("NTE|1||No safeguarding concerns. Well.",),
        ("NK1|1|NEGLECT^ABUSED|MTH^Mother",),
        ("PV1|1|E|SAFEGUARDING TEAM ROOM",),
    ],
)
def test_a_denied_concern_and_a_name_are_no_concern(segments: tuple[str, ...]) -> None:
    assert reading_of(adt(*segments)).outcome == "not_a_contact"


def test_an_answer_repeats_what_was_said_and_is_no_concern_itself() -> None:
    assert reading_of(adt("NTE|1||Child disclosed abuse", kind="RRI^I12")).reason_code == "answer"


def booking(comment: str) -> bytes:
    appointment = {"resourceType": "Appointment", "status": "booked", "comment": comment}
    patient = {"resourceType": "Patient", "name": [{"family": "Abused"}], "birthDate": "2018-03-04"}
    entries = [{"resource": appointment}, {"resource": patient}]
    return json.dumps({"resourceType": "Bundle", "type": "message", "id": "B-1", "entry": entries}).encode()


def test_a_booking_with_a_concern_in_it_reaches_a_person_and_another_does_not() -> None:
    told = reading_of(booking("Child disclosed being hit by step-father"))
    assert (told.outcome, told.reason_code, told.transport_id) == ("quarantined", "concern_without_referral", "B-1")
    assert reading_of(booking("Bring the red book")).reason_code == "booking"


def test_a_finding_without_a_request_reaches_a_person() -> None:
    finding = {"resourceType": "Condition", "code": {"text": "Suspected non accidental injury"}}
    body = json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": finding}]})
    assert reading_of(body.encode()).reason_code == "concern_without_referral"


def test_the_messages_of_others_that_are_no_referral_stay_so() -> None:
    for path in ("health_fhir/booking.json", "health_hl7v2/ADT-A08-02.hl7"):
        assert reading_of(outside(path)).outcome == "not_a_contact"
