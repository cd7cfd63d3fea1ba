"""The case system gets every contact once for each version; senders hear what became of theirs, in codes alone."""

from datetime import UTC, datetime

from schemas.contact import Authority, Contact
from schemas.person import Person
from schemas.reading import Report
from streams.answers import Answers
from streams.routing import Routing
from tests.streams.deciding import Partition, assessed, happened, london, opened

NOON = london("2026-08-28 12:00")


def contact(version: int = 1, action: str = "new") -> Contact:
    return Contact(
        contact_id="c1", receipt_id="r1", version=version, sender="s", agency="education", received_at=NOON,
        authority=Authority(code="383", name="Leeds", how="postcode"), team="t",
        report=Report(person=Person(given="Aisha", family="Clarke"), action=action, narrative="Bruising."),
    )  # fmt: skip


def test_each_version_goes_to_the_case_system_once_under_its_own_id() -> None:
    partition = Partition(Routing(), "contacts")
    partition.give(contact(), contact(2), contact(3, "cancel"), contact())
    items = partition.records("outbound.social_care")
    assert [item.kind for item in items] == ["referral", "correction", "cancel_request", "referral"]
    assert len({item.item_id for item in items}) == 3


def test_senders_hear_outcomes_without_names_levels_or_words() -> None:
    partition = Partition(Answers(), "case-events")
    decision = happened("decision", NOON, by="Ben Hughes", details={"decision": "s17", "case_number": "LCS-1"})
    partition.give(opened(NOON), assessed(NOON), decision, happened("note", NOON, by="Ben Hughes"))
    items = partition.records("outbound.education")
    assert [(item.recipient, item.outcome) for item in items] == [
        ("s", {"outcome": "risk_assessed"}),
        ("s", {"outcome": "decision", "decision": "s17"}),
    ]
    assert all(item.contact is None and "Hughes" not in item.model_dump_json() for item in items)


def test_an_assessment_that_does_not_count_is_not_told() -> None:
    partition = Partition(Answers(), "case-events")
    partition.give(opened(NOON), assessed(NOON, problem="no_reason"))
    assert partition.outputs == []


def test_instants_are_kept_in_utc() -> None:
    assert contact().received_at == datetime(2026, 8, 28, 11, 0, tzinfo=UTC)
