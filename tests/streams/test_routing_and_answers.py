"""The case system gets every contact once for each version; senders hear what became of theirs, in codes alone."""

import json
from datetime import UTC, datetime
from typing import Any

from connectors.registry import reader, writer_for
from schemas.authorities import authorities
from schemas.contact import Authority, Contact
from schemas.identity import unreadable_contact_id
from schemas.person import Person
from schemas.reading import Report
from schemas.received import Received
from streams.answers import Answers
from streams.intake import Intake
from streams.routing import Routing
from tests.streams.deciding import KEY, Partition, assessed, happened, london, opened

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


def test_a_contact_that_names_another_authority_is_forwarded_to_it_with_its_first_received_time() -> None:
    def named(how: str, code: str = "380") -> Contact:
        return contact().model_copy(update={"authority": Authority(code=code, name="Bradford", how=how)})

    partition = Partition(Routing(authorities={"380": "bradford"}), "contacts")
    partition.give(named("message"), named("postcode"), named("message", "383"))
    items = partition.records("outbound.social_care")
    assert [item.recipient for item in items] == ["case-system", "bradford", "case-system", "case-system"]
    written = json.loads(writer_for("social_care", "")(items[1]).body)
    assert (items[1].contact.received_at, written["received_at"]) == (NOON, "2026-08-28T11:00:00Z")


def test_senders_hear_outcomes_without_names_levels_or_words() -> None:
    partition = Partition(Answers(KEY), "case-events")
    decision = happened("decision", NOON, by="Ben Hughes", details={"decision": "s17", "case_number": "LCS-1"})
    accepted = happened("transfer_accepted", NOON, by="Ben Hughes", details={"receiving_authority": "Bradford"})
    partition.give(opened(NOON), assessed(NOON), decision, happened("note", NOON, by="Ben Hughes"), accepted)
    items = partition.records("outbound.education")
    assert [(item.recipient, item.outcome) for item in items] == [
        ("s", {"outcome": "risk_assessed"}),
        ("s", {"outcome": "decision", "decision": "s17"}),
        ("s", {"outcome": "transfer_accepted"}),
    ]
    assert all(item.contact is None and "Hughes" not in item.model_dump_json() for item in items)


def test_an_assessment_that_does_not_count_is_not_told() -> None:
    partition = Partition(Answers(KEY), "case-events")
    partition.give(opened(NOON), assessed(NOON, problem="no_reason"))
    assert partition.outputs == []


HL7 = (
    "MSH|^~\\&|PAS|STM|FD|FD|20260828110000||REF^I12|MSG-77|P|2.4\rRF1||||||REF-4711^STM\rPRD|RP|Adair^Ruth\r"
    "PID|1||9990000018^^^NHS^NH||Clarke^Aisha||20190304|F\rNTE|1||Bruising on both arms, says that she is afraid.\r"
)
"""What a hospital sends: MSH-10 is its message's own id, RF1-6 its referral's own number."""


def received(body: str, agency: str = "health", **more: Any) -> Received:
    raw = body.encode()
    fields = {"receipt_id": "r1", "sender": "st-marys", "transport": "mllp", "received_at": NOON, **more}
    return Received(agency=agency, size=len(raw), body=raw, **fields)


def intake() -> Partition:
    rules = {"hash_key": KEY, "authorities": authorities("383"), "team": "t"}
    return Partition(Intake(reader, **rules), "received.health")


def test_an_answer_names_the_sender_s_own_numbers_which_nobody_else_s_record_does() -> None:
    came = intake()
    came.give(received(HL7))
    [opening] = [event for event in came.records("case-events") if event.type == "opened"]
    seen = [output for output in came.outputs if output.topic != "contacts" and not output.topic.startswith("linkage")]
    assert not any("REF-47" in output.key + output.record.model_dump_json() for output in seen), "kept for ever"
    partition = Partition(Answers(KEY), "case-events")
    decided = happened("decision", NOON, opening.contact_id, details={"decision": "s47"})
    [told] = partition.give(opening, decided)
    assert told.record.outcome == {
        "outcome": "decision", "decision": "s47", "reference": "REF-4711", "message_id": "MSG-77",
    }  # fmt: skip
    assert "4711" not in told.key
    answer = writer_for("health", "hl7v2")(told.record).body.decode()
    assert "\rMSA|AA|MSG-77|" in answer and "RF1|A^Accepted^HL70283|||||REF-4711|" in answer
    task = json.loads(writer_for("health", "fhir-json")(told.record).body)["entry"][1]["resource"]
    assert task["basedOn"][0]["identifier"]["value"] == "REF-4711"
    # Another sender, or who has another key, gets nothing out of it.
    assert opening.opened is not None
    stolen = opening.model_copy(update={"opened": opening.opened.model_copy(update={"sender": "other"})})
    for key, event in ((KEY, stolen), (b"another key", opening)):
        [told] = Partition(Answers(key), "case-events").give(event, decided)
        assert told.record.outcome == {"outcome": "decision", "decision": "s47"}


def test_who_could_not_be_understood_is_told_why_once_in_its_own_format() -> None:
    came = intake()
    torn = received("MSH|^~\\&|PAS|STM|FD|FD|20260828110000||REF^I12|MSG-78|P|2.4\r")
    came.give(torn, torn, torn.model_copy(update={"receipt_id": "r2"}))
    [item] = came.records("outbound.health")
    assert (item.recipient, item.outcome["outcome"], item.outcome["message_id"]) == ("st-marys", "not_understood", "MSG-78")
    assert came.records("quarantine") and item.contact_id == unreadable_contact_id("r1")
    answer = writer_for("health", "hl7v2")(item).body.decode()
    assert "\rMSA|AE|MSG-78|receipt r1\r" in answer and item.outcome["reason"][:30] in answer


def test_only_who_had_no_answer_from_its_way_in_is_sent_a_receipt() -> None:
    came = intake()
    for transport in ("mllp", "http", "folder", "kafka", "mesh", "sftp"):
        came.give(received(HL7, receipt_id=f"by {transport}", sender=transport, transport=transport))
    told = came.records("outbound.health")
    assert [(item.receipt_id, item.outcome["outcome"]) for item in told] == [("by mesh", "received"), ("by sftp", "received")]
    assert told[0].outcome["reference"] == "REF-4711" and told[0].outcome["message_id"] == "MSG-77"


def test_instants_are_kept_in_utc() -> None:
    assert contact().received_at == datetime(2026, 8, 28, 11, 0, tzinfo=UTC)
