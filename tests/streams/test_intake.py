"""Every message ends as exactly one thing, nothing is dropped in silence, and a child counts once."""

import json
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.authorities import authorities
from schemas.identity import derived_id, unreadable_contact_id
from schemas.person import Identifier, Person
from schemas.reading import CaseReport, Hint, Reading, Report
from schemas.received import Received, Repair
from streams.intake import Intake
from tests.streams.deciding import KEY, Partition, london

NOON = london("2026-08-28 12:00")


def reading_of(body: bytes, hint: Hint) -> Reading:
    """A reader for decisions' tests: the body is the reading, or it is unreadable."""
    try:
        return Reading.model_validate_json(body)
    except ValueError:
        return Reading(outcome="quarantined", reason_code="not_json", reason="This is not JSON.")


def intake() -> Partition:
    processor = Intake(lambda agency: reading_of, hash_key=KEY, authorities=authorities("383"), team="front-door")
    return Partition(processor, "received.health")


def test_a_reader_that_cannot_be_loaded_stops_the_worker_and_is_no_fault_of_the_message() -> None:
    def reader_of(agency: str) -> Any:
        raise ModuleNotFoundError(name="openpyxl")

    processor = Intake(reader_of, hash_key=KEY, authorities=authorities("383"), team="front-door")
    with pytest.raises(RuntimeError, match="openpyxl is not installed"):
        Partition(processor, "received.health").give(raw(b"anything"))


def child(given: str = "Aisha", nhs: str = "", dob: date = date(2019, 3, 4), **more: Any) -> Person:
    identifiers = [Identifier(kind="nhs_number", value=nhs)] if nhs else []
    return Person(given=given, family="Clarke", dob=dob, identifiers=identifiers, **more)


def message(*reports: Report, at: datetime = NOON, receipt: str = "", transport_id: str = "", **more: Any) -> Received:
    reading = Reading(outcome="contact", reports=list(reports), transport_id=transport_id)
    return raw(reading.model_dump_json().encode(), at=at, receipt=receipt, **more)


def raw(body: bytes, at: datetime = NOON, receipt: str = "", **more: Any) -> Received:
    fields: dict[str, Any] = {
        "receipt_id": receipt or derived_id(str(at), str(len(body)), str(hash(body))), "sender": "hospital", "agency": "health",
        "transport": "mllp", "received_at": at, "size": len(body), "body": body,
    }  # fmt: skip
    return Received(**{**fields, **more})


def report(person: Person | None = None, **more: Any) -> Report:
    return Report(person=person or child(), narrative="Bruising.", **more)


def settled(partition: Partition) -> list[tuple[str, str]]:
    """Each receipt's last disposition, in order of arrival."""
    last = {d.receipt_id: d.disposition for d in partition.records("receipts")}
    return list(last.items())


def test_a_referral_becomes_a_contact_with_a_clock_and_a_request_for_a_worker() -> None:
    partition = intake()
    partition.give(message(report(risk="red"), receipt="r1"))
    [contact] = partition.records("contacts")
    [opened] = partition.records("case-events")
    [request] = partition.records("allocation-in")
    assert opened.type == "opened" and opened.at == NOON and opened.opened.risk == "red"
    assert request.contact_ids == [contact.contact_id] == [opened.contact_id]
    assert settled(partition) == [("r1", "contact")]


def test_the_same_message_twice_is_a_duplicate_that_names_the_first() -> None:
    partition = intake()
    partition.give(message(report(reference="R1"), receipt="r1", transport_id="M1"))
    partition.give(message(report(reference="R1"), receipt="r2", transport_id="M1", at=NOON + timedelta(hours=3)))
    assert settled(partition) == [("r1", "contact"), ("r2", "duplicate")]
    assert partition.records("receipts")[1].duplicate_of == "r1"
    assert len(partition.records("contacts")) == 1


def test_a_correction_under_the_same_reference_is_a_version_of_the_same_contact() -> None:
    partition = intake()
    partition.give(message(report(reference="R1", risk="green"), receipt="r1", transport_id="M1"))
    partition.give(message(report(reference="R1", risk="red"), receipt="r2", transport_id="M1", at=NOON + timedelta(hours=1)))
    first, second = partition.records("contacts")
    assert (first.contact_id, first.version, second.version) == (second.contact_id, 1, 2)
    [corrected] = [e for e in partition.records("case-events") if e.type == "corrected"]
    assert corrected.correction.risk_changed and corrected.correction.risk == "red"
    assert settled(partition)[1] == ("r2", "contact")


def test_a_correction_under_the_same_message_id_without_a_reference_is_a_version_too() -> None:
    partition = intake()
    partition.give(message(report(risk="green"), receipt="r1", transport_id="M1"))
    partition.give(message(report(risk="red"), receipt="r2", transport_id="M1", at=NOON + timedelta(hours=1)))
    assert len({c.contact_id for c in partition.records("contacts")}) == 1


def test_the_same_id_about_another_child_is_a_new_contact() -> None:
    partition = intake()
    partition.give(message(report(child("Aisha", "9990000018"), reference="R1"), receipt="r1", transport_id="M1"))
    partition.give(message(report(child("Noah", "9990000026"), reference="R1"), receipt="r2", transport_id="M1"))
    contacts = partition.records("contacts")
    assert len({c.contact_id for c in contacts}) == 2
    assert "reference_reused" in [note.code for note in partition.records("receipts")[1].notes]


def test_a_child_that_a_correction_leaves_out_stays_open_and_one_it_adds_is_opened() -> None:
    partition = intake()
    partition.give(message(report(child("Aisha"), reference="R1"), report(child("Noah"), reference="R1"), receipt="r1"))
    partition.give(
        message(report(child("Noah"), reference="R1", risk="red"), report(child("Zara"), reference="R1"), receipt="r2")
    )
    opened = [e.contact_id for e in partition.records("case-events") if e.type == "opened"]
    assert len(opened) == len(set(opened)) == 3
    [_, added] = partition.records("allocation-in")
    assert (added.contact_ids, added.siblings) == (opened[2:], opened[:2]), "their worker takes the third as well"
    noted = {note.code for disposition in partition.records("receipts") for note in disposition.notes}
    assert "reference_reused" not in noted, "siblings share a reference, and one of them was known under it"


def test_a_later_version_that_adds_an_nhs_number_speaks_of_the_same_child() -> None:
    partition = intake()
    partition.give(message(report(child(), reference="R1"), receipt="r1"))
    partition.give(message(report(child(nhs="9990000018"), reference="R1"), receipt="r2"))
    assert len({c.contact_id for c in partition.records("contacts")}) == 1


def test_the_same_content_within_ten_minutes_is_a_duplicate_and_later_a_new_worry() -> None:
    partition = intake()
    partition.give(message(report(), receipt="r1", transport_id="A"))
    partition.give(message(report(), receipt="r2", transport_id="B", at=NOON + timedelta(minutes=10)))
    partition.give(message(report(), receipt="r3", transport_id="C", at=NOON + timedelta(minutes=21)))
    assert [kind for _, kind in settled(partition)] == ["contact", "duplicate", "contact"]
    first, repeat = partition.records("contacts")
    assert repeat.possible_repeat_of == first.contact_id and repeat.contact_id != first.contact_id


def test_a_return_to_an_earlier_content_is_a_correction_and_not_a_duplicate() -> None:
    partition = intake()
    for number, risk in enumerate(("green", "red", "green")):
        at = NOON + timedelta(minutes=number)
        partition.give(message(report(reference="R1", risk=risk), receipt=f"r{number}", transport_id=f"M{number}", at=at))
    assert [c.version for c in partition.records("contacts")] == [1, 2, 3]


def test_siblings_of_one_notice_are_contacts_of_their_own_in_one_request() -> None:
    partition = intake()
    partition.give(message(*(report(child(name), reference="P1") for name in ("A", "B", "C")), receipt="r1"))
    contacts = partition.records("contacts")
    [request] = partition.records("allocation-in")
    assert request.contact_ids == [c.contact_id for c in contacts] and len(set(request.contact_ids)) == 3
    assert contacts[0].siblings == request.contact_ids[1:]


def test_twins_without_any_difference_are_still_two() -> None:
    partition = intake()
    twin = child("", dob=date(2026, 8, 1))
    partition.give(message(report(twin, reference="P1"), report(twin, reference="P1"), receipt="r1"))
    assert len({c.contact_id for c in partition.records("contacts")}) == 2


def test_what_cannot_be_read_is_kept_and_runs_the_clock() -> None:
    partition = intake()
    partition.give(raw(b"\x00garbage", receipt="r1"))
    [kept] = partition.records("quarantine")
    [opened] = partition.records("case-events")
    assert kept.body == b"\x00garbage"
    assert opened.opened.kind == "unreadable" and opened.contact_id == unreadable_contact_id("r1")
    assert partition.records("allocation-in")[0].contact_ids == [opened.contact_id]


def test_a_reader_that_fails_costs_nobody_a_message() -> None:
    def broken(body: bytes, hint: Hint) -> Reading:
        raise ZeroDivisionError("Aisha Clarke")

    processor = Intake(lambda agency: broken, hash_key=KEY, authorities=authorities("383"), team="t")
    partition = Partition(processor, "received.health")
    partition.give(raw(b"{}", receipt="r1"))
    assert settled(partition) == [("r1", "quarantined")]
    assert "Aisha" not in partition.records("receipts")[0].model_dump_json()


def test_a_repair_puts_the_contact_on_the_original_day_and_ends_the_unreadable_one() -> None:
    partition = intake()
    partition.give(raw(b"broken", receipt="r1"))
    later = NOON + timedelta(hours=2)
    repaired = message(report(), receipt="r1-repaired", at=NOON).model_copy(
        update={"repair": Repair(of_receipt="r1", by="Ben Hughes", reason="typed in"), "picked_up_at": later}
    )
    partition.give(repaired)
    [contact] = partition.records("contacts")
    became = [e for e in partition.records("case-events") if e.type == "became"]
    assert contact.received_at == NOON
    assert became[0].became == [contact.contact_id] and became[0].at == later
    assert settled(partition)[0] == ("r1", "contact")


def test_a_retry_of_the_same_receipt_is_counted_and_changes_nothing() -> None:
    partition = intake()
    for _ in range(3):
        partition.give(message(report(), receipt="r1"))
    dispositions = partition.records("receipts")
    assert [(d.version, d.deliveries, d.disposition) for d in dispositions] == [
        (1, 1, "contact"),
        (2, 2, "contact"),
        (3, 3, "contact"),
    ]
    assert len(partition.records("contacts")) == 1


def test_a_cancel_asks_a_person_and_stops_nothing() -> None:
    partition = intake()
    partition.give(message(report(reference="R1"), receipt="r1"))
    partition.give(message(report(reference="R1", action="cancel"), receipt="r2", at=NOON + timedelta(hours=1)))
    assert [e.type for e in partition.records("case-events")] == ["opened", "cancel_requested"]


def test_an_assessment_without_name_level_or_reason_is_kept_with_its_problem() -> None:
    partition = intake()
    for changed, problem in (
        ({"by": "Duty"}, "no_named_person"),
        ({"level": ""}, "no_level"),
        ({"reason": " "}, "no_reason"),
        ({}, ""),
    ):
        fields = {"type": "risk_assessed", "contact": "c1", "by": "Ben Hughes", "level": "red", "reason": "Because.", **changed}
        reading = Reading(outcome="case_events", case_reports=[CaseReport(**fields)])
        partition.give(raw(reading.model_dump_json().encode(), receipt=problem or "ok"))
        assert partition.records("case-events")[-1].problem == problem


def test_a_telephone_call_opens_a_contact() -> None:
    partition = intake()
    call = CaseReport(type="contact_recorded", by="Ben Hughes", report=report(), details={"method": "telephone"})
    partition.give(raw(Reading(outcome="case_events", case_reports=[call]).model_dump_json().encode(), receipt="r1"))
    assert settled(partition) == [("r1", "contact")]
    assert [e.type for e in partition.records("case-events")] == ["opened", "contact_recorded"]


def test_nothing_personal_leaves_the_topics_made_for_it() -> None:
    partition = intake()
    marked = Person(
        given="Zebedee",
        family="Markedname",
        dob=date(2018, 1, 2),
        identifiers=[Identifier(kind="nhs_number", value="9990000018")],
    )
    partition.give(
        message(
            report(marked, reference="REF-Markedname"), receipt="r1", transport_id="MID-Markedname", file_name="Markedname.xml"
        )
    )
    for output in partition.outputs:
        if output.topic not in ("contacts", "narratives", "quarantine", "linkage-in"):
            text = output.record.model_dump_json() + output.key
            assert not any(secret in text for secret in ("Markedname", "Zebedee", "9990000018", "2018-01-02")), output.topic
    rows = json.dumps([row.value.decode() for row in partition.state.take_dirty()])
    assert "Markedname" not in rows and "9990000018" not in rows


_people = st.sampled_from(
    [child("Aisha"), child("Noah"), child("Aisha", "9990000018"), Person(), child("", dob=date(2026, 8, 1))]
)
_reports = st.lists(
    st.builds(
        Report,
        person=_people,
        reference=st.sampled_from(["", "R1", "R2"]),
        risk=st.sampled_from(["", "green", "red"]),
        action=st.sampled_from(["new", "update", "cancel"]),
    ),
    min_size=1,
    max_size=3,
)
_messages = st.lists(
    st.tuples(st.one_of(_reports, st.none()), st.sampled_from(["", "M1", "M2"]), st.integers(0, 15), st.integers(0, 6)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=150, deadline=None)
@given(_messages)
def test_every_message_has_one_disposition_and_every_contact_one_opening(
    sent: list[tuple[list[Report] | None, str, int, int]],
) -> None:
    partition = intake()
    at = NOON
    for reports, transport_id, minutes, receipt in sent:
        at += timedelta(minutes=minutes)
        if reports is None:
            partition.give(raw(b"unreadable %d" % receipt, at=at, receipt=f"u{receipt}"))
        else:
            partition.give(message(*reports, at=at, transport_id=transport_id, receipt=f"r{receipt}-{hash(str(reports))}"))
    versions: dict[str, list[int]] = {}
    for disposition in partition.records("receipts"):
        versions.setdefault(disposition.receipt_id, []).append(disposition.version)
    assert all(found == list(range(1, len(found) + 1)) for found in versions.values())
    opened = [e.contact_id for e in partition.records("case-events") if e.type == "opened"]
    assert len(opened) == len(set(opened))
    requested = [c for e in partition.records("allocation-in") for c in e.contact_ids]
    assert sorted(requested) == sorted(opened)
    contacts: dict[str, list[int]] = {}
    for contact in partition.records("contacts"):
        contacts.setdefault(contact.contact_id, []).append(contact.version)
    assert all(found == list(range(1, len(found) + 1)) for found in contacts.values())
    named = {c for d in partition.records("receipts") for c in d.contact_ids}
    assert set(opened) == named


@settings(max_examples=60, deadline=None)
@given(_messages, st.data())
def test_deciding_again_after_a_crash_at_any_row_gives_the_same(
    sent: list[tuple[list[Report] | None, str, int, int]], data: st.DataObject
) -> None:
    """A crash leaves a prefix of a batch's rows; the next worker restores it and decides the batch again."""
    events = []
    at = NOON
    for number, (reports, transport_id, minutes, _) in enumerate(sent):
        at += timedelta(minutes=minutes)
        body = raw(b"unreadable", at=at, receipt=f"r{number}") if reports is None else None
        events.append(body or message(*(reports or []), at=at, transport_id=transport_id, receipt=f"r{number}"))
    whole = intake()
    for event in events:
        whole.give(event)
    rows = whole.state.take_dirty()
    cut = data.draw(st.integers(0, len(rows)))
    again = intake()
    for row in rows[:cut]:
        again.state.restore(row.key, row.value)
    again.state.recovered()
    for event in events:
        again.give(event)
    assert {o.record.model_dump_json() for o in again.outputs} <= {o.record.model_dump_json() for o in whole.outputs}
    assert {k: r.model_dump() for k, r in again.state.rows.items()} == {k: r.model_dump() for k, r in whole.state.rows.items()}
