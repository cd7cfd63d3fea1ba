"""What intake asks linkage: every child it could read, and what a named person decided, with nothing that is not compared."""

from datetime import date, timedelta
from typing import Any

import pytest

from schemas.identity import output_id
from schemas.person import Address, Identifier, Person
from schemas.reading import CaseReport, Reading, Report
from tests.streams.test_intake import NOON, child, intake, message, raw, report, settled


def entry(**more: Any) -> Any:
    said = CaseReport(**{"type": "link_answered", "contact": "c1", "by": "Ben Hughes", "reason": "Rang the school.", **more})
    return raw(Reading(outcome="case_events", case_reports=[said]).model_dump_json().encode())


def test_each_version_of_a_child_is_asked_about_once() -> None:
    partition = intake()
    partition.give(message(report(reference="R1", risk="green"), receipt="r1", transport_id="M1"))
    partition.give(message(report(reference="R1", risk="red"), receipt="r2", transport_id="M1", at=NOON + timedelta(hours=1)))
    partition.give(message(report(reference="R1", risk="red"), receipt="r3", transport_id="M2", at=NOON + timedelta(hours=2)))
    contact = partition.records("contacts")[0].contact_id
    asked = partition.records("linkage-in")
    assert [(one.type, one.contact_id, one.version) for one in asked] == [("reported", contact, 1), ("reported", contact, 2)]
    assert [one.event_id for one in asked] == [output_id(contact, f"reported-v{version}") for version in (1, 2)]


def test_only_what_is_compared_is_sent() -> None:
    person = Person(
        given="Aisha", family="Clarke", dob=date(2019, 3, 4), sex="F", ethnicity="WBRI", language="en", school="Elm Primary",
        disabilities=["MOB"], address=Address(lines=["22 Elm Road", "Leeds"], postcode="LS10 4YU"),
        identifiers=[Identifier(kind="nhs_number", value="9990000018"), Identifier(kind="la_child_id", value="L-1")],
    )  # fmt: skip
    partition = intake()
    partition.give(message(report(person)))
    [asked] = partition.records("linkage-in")
    assert asked.person.model_dump(exclude_defaults=True) == {
        "given": "Aisha", "family": "Clarke", "dob": "2019-03-04", "sex": "F", "postcode": "LS10 4YU",
        "address_line": "22 Elm Road, Leeds", "nhs_number": "9990000018",
    }  # fmt: skip


def test_siblings_of_one_notice_are_asked_about_each() -> None:
    partition = intake()
    partition.give(message(report(child("Aisha"), reference="R1"), report(child("Noah"), reference="R1")))
    assert [one.person.given for one in partition.records("linkage-in")] == ["Aisha", "Noah"]


def test_a_message_nobody_could_read_and_a_bare_withdrawal_ask_nothing() -> None:
    partition = intake()
    partition.give(raw(b"not a reading"))
    assert [kind for _, kind in settled(partition)] == ["quarantined"] and partition.records("linkage-in") == []
    partition.give(message(report(reference="R1"), receipt="r1"))
    partition.give(message(Report(person=Person(), reference="R1", action="cancel"), receipt="r2", at=NOON + timedelta(hours=1)))
    assert [one.version for one in partition.records("linkage-in")] == [1]


def test_what_a_named_person_decided_goes_to_linkage_and_its_words_do_not() -> None:
    partition = intake()
    partition.give(entry(details={"other_contact": "c2", "verdict": "not_same"}))
    [event], [told] = partition.records("case-events"), partition.records("linkage-in")
    assert (event.type, event.problem) == ("link_answered", "")
    assert (told.type, told.contact_id, told.other_contact, told.verdict, told.by) == (
        "answered", "c1", "c2", "not_same", "Ben Hughes",
    )  # fmt: skip
    assert told.reason_hash and "school" not in told.model_dump_json()


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"by": "Duty desk"}, "no_named_person"),
        ({"reason": " "}, "no_reason"),
        ({"details": {"other_contact": "c2", "verdict": "maybe"}}, "no_verdict"),
        ({"details": {"verdict": "same"}}, "no_other_contact"),
        ({"type": "identity_superseded", "details": {}}, "no_other_contact"),
        ({"type": "link_undone", "by": ""}, "no_named_person"),
    ],
)
def test_a_decision_that_lacks_something_is_kept_and_carried_out_by_nobody(more: dict[str, Any], problem: str) -> None:
    partition = intake()
    partition.give(entry(**{"details": {"other_contact": "c2", "verdict": "same"}, **more}))
    [event] = partition.records("case-events")
    assert event.problem == problem and partition.records("linkage-in") == []
