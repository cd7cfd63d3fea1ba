"""What the case system is sent says what is known of the child, and which id to echo."""

import json
from datetime import UTC, date, datetime
from importlib.resources import files
from typing import Any

import pytest

from connectors.registry import reader
from connectors.social_care.write import write
from schemas.contact import Authority, Contact
from schemas.outbound import OutboundItem
from schemas.person import Address, Identifier, OtherPerson, Person
from schemas.reading import Attachment, Hint, Organisation, Report

AT = datetime(2026, 8, 28, 9, 30, tzinfo=UTC)
SCHEMA = json.loads((files("connectors.formats") / "frontdoor-referral.schema.json").read_text())


def item(kind: Any = "referral", contact: Contact | None = None, **more: Any) -> OutboundItem:
    return OutboundItem(
        item_id="i1", kind=kind, recipient="case-system", agency="social_care", contact_id="c1", receipt_id="r1", at=AT,
        contact=contact, **more,
    )  # fmt: skip


def contact(person: Person) -> Contact:
    report = Report(
        person=person, narrative="Bruising.", risk="amber", organisation=Organisation(code="RR8"),
        people=[OtherPerson(role="referrer", family="Osei"), OtherPerson(role="parent", given="Ann")],
        attachments=[Attachment(content_type="image/jpeg", size=3, sha256="0f", file_name="stairs.jpg")],
    )  # fmt: skip
    return Contact(
        contact_id="c1", receipt_id="r1", version=1, sender="trust", agency="health", received_at=AT, team="front-door",
        authority=Authority(code="383", name="Leeds", how="postcode"), report=report,
    )  # fmt: skip


CHILD = Person(
    given="Ada", family="Clarke", dob=date(2017, 5, 6), identifiers=[Identifier(kind="nhs_number", value="9990000018")],
    address=Address(lines=["4 Mill Lane"], postcode="LS1 4AP"),
)  # fmt: skip


def test_a_referral_has_the_child_the_concern_and_the_id_to_echo() -> None:
    sent = json.loads(write(item(contact=contact(CHILD))))
    assert sent["frontdoor_contact_id"] == "c1"
    assert (sent["child"]["given_name"], sent["child"]["date_of_birth"]) == ("Ada", "2017-05-06")
    assert (sent["concern"]["risk_level"], sent["concern"]["narrative"]) == ("amber", "Bruising.")
    assert sent["referrer"]["family_name"] == "Osei"
    assert sent["attachments"] == [{"content_type": "image/jpeg", "size": 3, "sha256": "0f", "file_name": "stairs.jpg"}]
    assert [person["role"] for person in sent["people"]] == ["parent"], "the referrer is told apart from the family"


@pytest.mark.parametrize("message", [item(contact=contact(CHILD)), item(contact=contact(Person())), item("outcome")])
def test_it_keeps_to_the_published_schema(message: OutboundItem) -> None:
    sent = json.loads(write(message))
    assert set(SCHEMA["required"]) <= set(sent)
    assert set(sent) <= set(SCHEMA["properties"])
    jsonschema = pytest.importorskip("jsonschema", reason="the package jsonschema is not installed")
    jsonschema.Draft202012Validator(SCHEMA).validate(sent)
    assert sent["format"] == SCHEMA["properties"]["format"]["const"]


def test_what_is_not_known_is_left_out_so_that_it_overwrites_nothing() -> None:
    sent = json.loads(write(item(contact=contact(Person(family="Clarke")))))
    assert sent["child"] == {"family_name": "Clarke"}


def test_its_example_of_an_answer_proves_nothing_until_somebody_has_filled_it_in() -> None:
    example = json.loads(write(item(contact=contact(CHILD))))["reply"]["example"]
    answered = reader("social_care")(json.dumps(example).encode(), Hint(content_type="application/json", transport="http"))
    [event] = answered.case_reports
    assert (event.type, event.contact, event.by) == ("risk_assessed", "c1", "")
    filled = {**example, "by": "A. Worker", "level": "amber", "reason": "Seen."}
    [event] = reader("social_care")(json.dumps(filled).encode(), Hint(transport="http")).case_reports
    assert (event.by, event.level, event.reason) == ("A. Worker", "amber", "Seen.")
