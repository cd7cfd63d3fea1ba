"""A log that keeps every promise passes; each planted fault is found, and called by its name.

Every fault is planted in a log that is examined record by record; those that `ON_A_BROKER` names also on a real one.
"""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ops.audit.auditor import Examination, audit
from ops.audit.verdict import Verdict
from schemas.identity import derived_id

from .log_builder import Log, at, end_of_day, next_offset, wait_a_millisecond
from .weekend import NOW, weekend


def _examined(log: Log, journals: Path) -> Verdict:
    examination = Examination(now=NOW, stepped=True, grace_seconds=0)
    try:
        examination.journals(log.write_journal(journals))
        log.hand_to(examination)
        return examination.verdict()
    finally:
        examination.close()


def _audit(log: Log, cluster: str, journals: Path) -> Verdict:
    folder = log.write(cluster, journals)
    wait_a_millisecond()
    return audit(cluster, journal_dir=folder, now=NOW, stepped=True, grace_seconds=0)


@pytest.mark.broker
def test_a_weekend_that_keeps_every_promise_holds(cluster: str, journals: Path) -> None:
    verdict = _audit(weekend(), cluster, journals)
    assert verdict.violations == []
    assert verdict.ok
    assert verdict.pending_total == 0
    c = verdict.counts
    assert (c.contacts, c.unreadable, c.clocks) == (16, 3, 20)
    assert (c.met_by_proof, c.met_by_claim, c.missed, c.not_verifiable) == (8, 2, 6, 1)
    assert (c.ended_by_reading, c.carried, c.open) == (1, 1, 1)
    assert (c.flags_standing, c.flags_withdrawn, c.unmatched) == (8, 2, 1)
    assert c.routed == 18
    assert (c.quarantined, c.repaired) == (1, 2)
    assert c.dispositions == {"case_events": 13, "contact": 16, "duplicate": 3, "not_a_contact": 1, "quarantined": 1}
    assert c.repeated_records == {
        "received": 1, "receipts": 1, "contacts": 1, "case-events": 1, "flags": 1, "outbound": 1,
    }  # fmt: skip


# Each fault: what it does to the log, returning the id that the auditor must name, and the invariants it breaks.
Plant = Callable[[Log], str]
FAULTS: dict[str, tuple[Plant, set[str]]] = {}


def fault(*invariants: str) -> Callable[[Plant], Plant]:
    def register(plant: Plant) -> Plant:
        FAULTS[plant.__name__] = (plant, set(invariants))
        return plant

    return register


def _of(log: Log, name: str, **wanted: Any) -> Callable[[Any], bool]:
    contact = log.named[name].contact_id
    return lambda r: getattr(r, "contact_id", "") == contact and all(getattr(r, k) == v for k, v in wanted.items())


@fault("journal_in_log")
def a_promised_message_that_the_log_does_not_hold(log: Log) -> str:
    log.journal.append(derived_id("receipt", "lost"))
    return log.journal[-1]


@fault("journal_in_log")
def a_journal_line_that_cannot_be_read(log: Log) -> str:
    log.torn.append('{"receipt_id": "7f6\n')
    return "health.jsonl:1"


@fault("journal_in_log", "no_phantom")
def a_lost_message_whose_results_are_there(log: Log) -> str:
    child = log.named["in time"]
    log.lose("received.health", lambda r: r.receipt_id == child.receipt_id)
    log.lose("receipts", lambda r: r.duplicate_of == child.receipt_id)
    log.lose("received.health", lambda r: r.receipt_id == derived_id("receipt", "twice"))
    log.journal.remove(derived_id("receipt", "twice"))
    return child.receipt_id


@fault("one_disposition")
def a_lost_disposition(log: Log) -> str:
    receipt = derived_id("receipt", "twice")
    log.lose("receipts", lambda r: r.receipt_id == receipt)
    return receipt


@fault("one_disposition", "no_phantom")
def a_lost_disposition_of_a_contact(log: Log) -> str:
    child = log.named["after midnight"]
    log.lose("receipts", lambda r: r.receipt_id == child.receipt_id)
    return child.receipt_id


@fault("one_disposition")
def a_gap_between_versions(log: Log) -> str:
    receipt = derived_id("receipt", "booking")
    log.change("receipts", lambda r: r.receipt_id == receipt and r.version == 2, version=3)
    return receipt


@fault("one_disposition")
def one_version_of_a_disposition_with_two_contents(log: Log) -> str:
    receipt = derived_id("receipt", "booking")
    log.again("receipts", lambda r: r.receipt_id == receipt and r.version == 1, reason_code="other")
    return receipt


@fault("one_disposition")
def two_messages_that_call_each_other_duplicates(log: Log) -> str:
    first = log.message("first", at("2026-07-04 18:00"))
    second = log.message("second", at("2026-07-04 18:01"))
    log.settled(first, "duplicate", at("2026-07-04 18:02"), duplicate_of=second)
    log.settled(second, "duplicate", at("2026-07-04 18:02"), duplicate_of=first)
    return first


@fault("one_disposition")
def a_duplicate_of_nothing(log: Log) -> str:
    receipt = derived_id("receipt", "twice")
    log.change("receipts", lambda r: r.receipt_id == receipt, duplicate_of=derived_id("receipt", "never sent"))
    return receipt


@fault("one_disposition")
def a_case_event_lost_after_its_disposition(log: Log) -> str:
    event = log.assessed("in time", "2026-07-03 15:00")
    log.lose("case-events", lambda r: r.event_id == event.event_id)
    return event.event_id


@fault("one_disposition")
def a_message_hidden_under_the_receipt_of_another(log: Log) -> str:
    return log.message("booking", at("2026-07-03 10:07"), body=b"another child")


@fault("one_disposition", "routed_once")
def a_contact_that_nobody_can_read(log: Log) -> str:
    log.lose("contacts", _of(log, "in time"))
    log.lose("outbound.social_care", _of(log, "in time"))
    log.arrives("unrouted", "2026-07-05 09:00")
    log.assessed("unrouted", "2026-07-05 10:00")
    log.lose("outbound.social_care", _of(log, "unrouted"))
    return log.named["in time"].contact_id


@fault("no_phantom")
def a_contact_that_no_message_brought(log: Log) -> str:
    contact, receipt = derived_id("contact", "phantom"), log.named["in time"].receipt_id
    log.opened(contact, receipt, at("2026-07-06 00:02"), at=log.named["in time"].opened_at, repairs="")
    log.event("allocated", contact, at("2026-07-06 00:02:01"), by="A. Worker")
    log.change("case-events", lambda r: r.contact_id == contact and r.type == "opened", at=log.named["in time"].opened_at)
    log.event("risk_assessed", contact, at("2026-07-03 12:00"), receipt_id=receipt, by="A. Worker", level="red",
              reason_hash="cd" * 16)  # fmt: skip
    return contact


@fault("no_phantom")
def an_assessment_that_nobody_sent(log: Log) -> str:
    log.change("case-events", _of(log, "in time", type="risk_assessed"), receipt_id="")
    return log.named["in time"].contact_id


@fault("one_clock")
def a_contact_opened_twice(log: Log) -> str:
    log.again("case-events", _of(log, "in time", type="opened"), event_id=derived_id("another"))
    return log.named["in time"].contact_id


@fault("one_clock")
def an_opening_with_two_contents_under_one_id(log: Log) -> str:
    log.again("case-events", _of(log, "in time", type="opened"), sender="somebody else")
    return log.named["in time"].contact_id


@fault("one_clock", "no_phantom")
def a_lost_opening(log: Log) -> str:
    log.lose("case-events", _of(log, "after midnight", type="opened"))
    return log.named["after midnight"].contact_id


@fault("one_clock")
def an_unreadable_message_off_the_clock(log: Log) -> str:
    log.unreadable("quiet", "2026-07-06 00:02")
    log.lose("case-events", _of(log, "quiet"))
    return log.named["quiet"].receipt_id


@fault("one_clock")
def a_correction_that_never_reached_the_clock(log: Log) -> str:
    log.lose("case-events", _of(log, "corrected", type="corrected"))
    return log.named["corrected"].contact_id


@fault("right_day")
def a_limit_at_midnight_utc(log: Log) -> str:
    log.arrives("summer", "2026-07-03 20:00")
    return log.flagged("summer", due_at=end_of_day(at("2026-07-03 20:00")) + timedelta(hours=1)).flag_id


@fault("right_day")
def a_limit_of_the_next_day_for_a_contact_before_midnight(log: Log) -> str:
    log.arrives("just before", "2026-07-03 23:59")
    return log.flagged("just before", due_at=end_of_day(at("2026-07-04 00:01"))).flag_id


@fault("right_day")
def a_clock_that_starts_later_than_its_message_came(log: Log) -> str:
    log.change("case-events", _of(log, "in time", type="opened"), at=at("2026-07-03 10:00:01"))
    return log.named["in time"].contact_id


@fault("missed_flagged_once")
def a_missed_contact_without_a_flag(log: Log) -> str:
    log.lose("flags", _of(log, "closed unassessed"))
    return log.named["closed unassessed"].contact_id


@fault("missed_flagged_once")
def an_unreadable_message_without_a_flag(log: Log) -> str:
    log.lose("flags", _of(log, "garbled"))
    return log.named["garbled"].contact_id


@fault("missed_flagged_once")
def the_second_opening_without_a_flag(log: Log) -> str:
    log.lose("flags", _of(log, "turned red"))
    return log.named["turned red"].contact_id


@fault("missed_flagged_once")
def two_flags_for_one_limit(log: Log) -> str:
    log.again("flags", _of(log, "late", state="raised"), flag_id=derived_id("second flag"))
    return derived_id("second flag")


@fault("missed_flagged_once")
def a_flag_whose_repeat_says_something_else(log: Log) -> str:
    log.again("flags", _of(log, "late", state="raised"), reason_code="other")
    return log.named["late"].contact_id


@fault("missed_flagged_once")
def a_flag_that_was_never_raised(log: Log) -> str:
    log.lose("flags", _of(log, "late", state="raised"))
    return log.named["late"].contact_id


@fault("missed_flagged_once")
def missed_said_of_what_nobody_watched(log: Log) -> str:
    log.change("flags", _of(log, "nobody looked"), result="missed")
    return log.named["nobody looked"].contact_id


@fault("missed_flagged_once")
def a_repair_that_hides_its_own_limit(log: Log) -> str:
    log.lose("flags", _of(log, "closed unassessed"))
    opened = log.find("case-events", _of(log, "closed unassessed", type="opened")).record
    said = opened.opened.model_copy(update={"repairs": log.named["garbled"].contact_id, "repaired_at": at("2026-07-05 08:00")})
    log.change("case-events", _of(log, "closed unassessed", type="opened"), opened=said)
    return log.named["closed unassessed"].contact_id


@fault("no_false_flag")
def a_flag_on_a_contact_assessed_in_time(log: Log) -> str:
    return log.flagged("in time").flag_id


@fault("no_false_flag")
def a_flag_left_standing_after_a_claim(log: Log) -> str:
    log.lose("flags", _of(log, "claimed", state="withdrawn"))
    return log.named["claimed"].contact_id


@fault("no_false_flag")
def a_flag_before_its_limit(log: Log) -> str:
    return log.flagged("still open", seconds=-86340).flag_id


@fault("no_false_flag")
def a_withdrawal_without_evidence(log: Log) -> str:
    return log.flagged("never", "withdrawn", seconds=3600).flag_id


@fault("no_false_flag")
def a_withdrawal_by_a_late_assessment(log: Log) -> str:
    late = log.find("case-events", _of(log, "late", type="risk_assessed")).record
    return log.flagged("late", "withdrawn", seconds=9000, evidence_event_id=late.event_id).flag_id


@fault("no_false_flag")
def a_withdrawal_by_an_assessment_of_another_child(log: Log) -> str:
    other = log.find("case-events", _of(log, "in time", type="risk_assessed")).record
    log.change("flags", _of(log, "claimed", state="withdrawn"), evidence_event_id=other.event_id)
    return log.named["claimed"].contact_id


@fault("no_false_flag")
def a_flag_for_an_opening_that_never_happened(log: Log) -> str:
    return log.flagged("in time", opening=2).flag_id


@fault("no_false_flag")
def a_flag_on_a_contact_that_never_was(log: Log) -> str:
    return log.flag(derived_id("nobody"), at("2026-07-03 10:00"), "raised", at("2026-07-04 00:01")).flag_id


@fault("no_false_flag")
def an_unmatched_flag_on_a_contact_that_opened(log: Log) -> str:
    child = log.named["in time"]
    due = child.opened_at + timedelta(minutes=15)
    return log.flag(child.contact_id, child.opened_at, "raised", due, clock="unmatched", due_at=due, result="unmatched").flag_id


@fault("evidence_stands")
def an_assessment_by_duty(log: Log) -> str:
    return log.assessed("in time", "2026-07-03 16:00", by="Duty").event_id


@fault("evidence_stands")
def an_assessment_without_a_reason(log: Log) -> str:
    return log.assessed("in time", "2026-07-03 16:00", reason_hash="").event_id


@fault("evidence_stands", "missed_flagged_once")
def the_only_assessment_without_a_level(log: Log) -> str:
    log.arrives("weakly", "2026-07-03 10:00")
    return log.assessed("weakly", "2026-07-03 16:00", level="").event_id


@fault("allocated")
def a_settled_contact_that_nobody_holds(log: Log) -> str:
    log.lose("case-events", _of(log, "in time", type="allocated"))
    return log.named["in time"].contact_id


@fault("allocated")
def a_settled_contact_held_by_a_desk(log: Log) -> str:
    log.change("case-events", _of(log, "garbled", type="allocated"), by="Duty team")
    return log.named["garbled"].contact_id


@fault("routed_once")
def a_contact_that_never_left(log: Log) -> str:
    log.lose("outbound.social_care", _of(log, "siblings/2"))
    return log.named["siblings/2"].contact_id


@fault("routed_once")
def a_correction_that_never_left(log: Log) -> str:
    log.lose("outbound.social_care", _of(log, "corrected", kind="correction"))
    return log.named["corrected"].contact_id


@fault("routed_once")
def a_contact_that_left_under_two_ids(log: Log) -> str:
    log.again("outbound.social_care", _of(log, "in time"), item_id=derived_id("item two"))
    return derived_id("item two")


@fault("routed_once")
def one_item_with_two_contents(log: Log) -> str:
    log.again("outbound.social_care", _of(log, "in time"), at=at("2026-07-03 10:30"))
    return derived_id("item", log.named["in time"].contact_id, "1")


def _moved(log: Log, name: str, *, sure: bool = True) -> tuple[str, str]:
    """A link gives a contact to the worker of another one; the link's id and that of the allocation."""
    contact, when = log.named[name].contact_id, at("2026-07-03 17:00")
    linked = log.event("linked", contact, when, details={"story": "another", "may_act": "yes" if sure else "no"})
    said = {"how": "linked", "link": linked.event_id}
    moved = log.event("allocated", contact, when + timedelta(seconds=1), by="B. Worker", details=said)
    return linked.event_id, moved.event_id


def _undone(log: Log, name: str, link: str, *, given_back: bool = True) -> str:
    contact, when = log.named[name].contact_id, at("2026-07-03 18:00")
    unlinked = log.event("unlinked", contact, when, by="C. Worker", details={"story": "another", "link": link})
    if given_back:
        said = {"how": "link_undone", "link": link}
        log.event("allocated", contact, when + timedelta(seconds=1), by="A. Worker", details=said)
    return unlinked.event_id


def test_a_sure_link_may_move_a_case_and_its_undoing_gives_it_back(journals: Path) -> None:
    log = weekend()
    _moved(log, "corrected")
    link, _ = _moved(log, "in time")
    _undone(log, "in time", link)
    log.again("case-events", _of(log, "in time", type="unlinked"), seconds=5)
    assert _examined(log, journals).violations == []


@fault("links_bounded")
def a_case_moved_by_an_unsure_link(log: Log) -> str:
    return _moved(log, "in time", sure=False)[1]


@fault("links_bounded")
def a_case_moved_by_a_link_that_nobody_made(log: Log) -> str:
    moved = _moved(log, "in time")[1]
    log.lose("case-events", _of(log, "in time", type="linked"))
    return moved


@fault("links_bounded")
def an_undone_link_that_gave_nothing_back(log: Log) -> str:
    return _undone(log, "in time", _moved(log, "in time")[0], given_back=False)


@fault("links_bounded")
def a_case_given_back_although_its_link_stands(log: Log) -> str:
    _undone(log, "in time", _moved(log, "in time")[0])
    given = next(line.record for line in log.lines if getattr(line.record, "details", {}).get("how") == "link_undone")
    log.lose("case-events", _of(log, "in time", type="unlinked"))
    return given.event_id  # type: ignore[union-attr]


@fault("quarantine_conserves")
def a_quarantined_message_that_was_not_kept(log: Log) -> str:
    receipt = log.named["garbled"].receipt_id
    log.lose("quarantine", lambda r: r.receipt_id == receipt)
    return receipt


@fault("quarantine_conserves")
def a_quarantined_message_without_its_bytes(log: Log) -> str:
    receipt = log.named["garbled"].receipt_id
    log.change("quarantine", lambda r: r.receipt_id == receipt, body=b"")
    return receipt


@fault("quarantine_conserves")
def something_in_quarantine_that_was_not_quarantined(log: Log) -> str:
    receipt = log.named["in time"].receipt_id
    log.put("quarantine", "health-sender", log._received(receipt), at("2026-07-03 10:00:01"))
    return receipt


@fault("decodes")
def a_record_that_nobody_can_decode(log: Log) -> str:
    log.poison("case-events", at("2026-07-03 12:00"))
    return "case-events/0/"


@fault("decodes")
def a_record_without_a_value(log: Log) -> str:
    log.poison("flags", at("2026-07-03 12:00"), None)
    return "flags/0/"


@fault("decodes")
def a_record_of_another_topic(log: Log) -> str:
    from schemas.catalogue import codec

    log.poison("receipts", at("2026-07-03 12:00"), codec("received.health").encode(log._received(log.journal[0])))
    return "receipts/0/"


ON_A_BROKER = (
    "a_promised_message_that_the_log_does_not_hold",
    "a_lost_message_whose_results_are_there",
    "a_lost_disposition",
    "a_gap_between_versions",
    "two_messages_that_call_each_other_duplicates",
    "a_message_hidden_under_the_receipt_of_another",
    "a_contact_that_no_message_brought",
    "a_contact_opened_twice",
    "a_lost_opening",
    "a_limit_at_midnight_utc",
    "a_missed_contact_without_a_flag",
    "two_flags_for_one_limit",
    "a_flag_on_a_contact_assessed_in_time",
    "a_withdrawal_without_evidence",
    "an_assessment_by_duty",
    "a_settled_contact_that_nobody_holds",
    "a_contact_that_never_left",
    "a_contact_that_left_under_two_ids",
    "a_quarantined_message_without_its_bytes",
    "a_record_that_nobody_can_decode",
)


def _expect(verdict: Verdict, named: str, invariants: set[str]) -> None:
    assert not verdict.ok
    assert {invariant for invariant, number in verdict.violated.items() if number} == invariants, verdict.violations
    assert any(named in given for violation in verdict.violations for given in violation.record_ids), verdict.violations
    assert verdict.pending_total == 0


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found_and_named(name: str, journals: Path) -> None:
    plant, invariants = FAULTS[name]
    log = weekend()
    named = plant(log)
    _expect(_examined(log, journals), named, invariants)


@pytest.mark.broker
@pytest.mark.parametrize("name", ON_A_BROKER)
def test_a_planted_fault_is_found_on_a_broker(name: str, cluster: str, journals: Path) -> None:
    plant, invariants = FAULTS[name]
    log = weekend()
    named = plant(log)
    _expect(_audit(log, cluster, journals), named, invariants)


@pytest.mark.broker
def test_a_dead_letter_with_the_same_bytes_conserves_what_nobody_can_decode(cluster: str, journals: Path) -> None:
    log, offset = weekend(), next_offset(cluster, "case-events")
    early = at("2026-07-01 12:00")
    log.poison("case-events", early, b"\x00garbage")
    headers = (
        ("__connect.errors.topic", b"case-events"),
        ("__connect.errors.partition", b"0"),
        ("__connect.errors.offset", str(offset).encode()),
    )
    log.put("quarantine", "poison", b"\x00garbage", early + timedelta(seconds=1), headers=headers)
    verdict = _audit(log, cluster, journals)
    assert verdict.violations == []
    assert verdict.counts.dead_letters == 1
