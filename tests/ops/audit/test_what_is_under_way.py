"""What is young is pending and not violated; what nobody assessed is told from the log alone, with every worker down."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ops.audit.auditor import Examination, audit
from ops.audit.verdict import Verdict
from schemas.identity import derived_id

from .log_builder import Log, at, wait_a_millisecond
from .weekend import NOW, weekend


def _examined(log: Log, *, now: datetime = NOW, grace: float = 0, stepped: bool = True, trimmed: bool = False) -> Verdict:
    examination = Examination(now=now, stepped=stepped, grace_seconds=grace)
    try:
        if trimmed:
            examination.trimmed({"received.health"})
        log.hand_to(examination)
        return examination.verdict()
    finally:
        examination.close()


@pytest.mark.broker
def test_a_message_younger_than_a_minute_is_pending_with_its_age(cluster: str, journals: Path) -> None:
    log = weekend()
    receipt = log.message("just came", at("2026-07-06 00:04"))
    folder = log.write(cluster, journals)
    wait_a_millisecond()
    verdict = audit(cluster, journal_dir=folder, now=NOW, stepped=True)
    assert verdict.ok
    assert [(p.what, p.record_id) for p in verdict.pending] == [("disposition", receipt)]
    assert 0 <= verdict.pending[0].age_seconds < 60
    assert not audit(cluster, journal_dir=folder, now=NOW, stepped=True, grace_seconds=0).ok


def test_a_message_that_waits_longer_than_the_grace_is_a_violation() -> None:
    log = weekend()
    receipt = log.message("came a minute ago", at("2026-07-06 00:04"))
    verdict = _examined(log, grace=59)
    assert [(v.invariant, v.record_ids) for v in verdict.violations] == [("one_disposition", [receipt])]
    assert _examined(log, grace=120).ok


def test_with_every_worker_down_the_log_alone_says_who_was_not_assessed() -> None:
    log = Log()
    log.ticks(at("2026-07-03 08:00"), at("2026-07-04 01:00"))
    log.arrives("assessed", "2026-07-03 09:00")
    log.assessed("assessed", "2026-07-03 10:00")
    log.arrives("waiting", "2026-07-03 11:00")
    log.lose("case-events", lambda r: r.contact_id == log.named["waiting"].contact_id and r.type == "allocated")
    log.unreadable("garbled", "2026-07-03 12:00")
    # From here on no worker ran: only connectors and the ticker did.
    unread = log.message("nobody read it", at("2026-07-03 13:00"))
    today = log.message("came after midnight", at("2026-07-04 00:30"))
    verdict = _examined(log, now=at("2026-07-04 01:00"), grace=3600)
    told = {(e.contact_id or e.receipt_id, e.why, e.overdue, e.allocated_to) for e in verdict.not_assessed}
    assert told == {
        (log.named["waiting"].contact_id, "unassessed", True, ""),
        (log.named["garbled"].contact_id, "unreadable", True, "A. Worker"),
        (unread, "unread", True, ""),
        (today, "unread", False, ""),
    }
    assert verdict.not_assessed[0].due_at == at("2026-07-04 00:00")
    # And the flags that nobody could raise are missed.
    assert verdict.ok and verdict.pending_total > 0
    late = _examined(log, now=at("2026-07-04 01:00"))
    missing = {v.record_ids[0] for v in late.violations if v.invariant == "missed_flagged_once"}
    assert missing == {log.named["waiting"].contact_id, log.named["garbled"].contact_id}


def test_a_limit_that_passed_without_any_tick_is_not_silent() -> None:
    log = Log()
    log.ticks(at("2026-07-03 08:00"), at("2026-07-03 20:00"))
    log.arrives("waiting", "2026-07-03 11:00")
    assert _examined(log, now=at("2026-07-03 23:59")).ok
    verdict = _examined(log, now=at("2026-07-04 00:10"))
    assert [v.invariant for v in verdict.violations] == ["missed_flagged_once"]
    assert "no tick has reached" in verdict.violations[0].explanation
    assert verdict.counts.open == 1


def test_a_flag_raised_by_a_tick_from_the_future_is_false() -> None:
    log = Log()
    log.ticks(at("2026-07-03 08:00"), at("2026-07-04 01:00"))
    log.arrives("early", "2026-07-03 11:00")
    log.flagged("early")
    assert _examined(log, now=at("2026-07-04 01:00")).ok
    # The same log, but the broker had taken those ticks long before the time they speak of.
    before = Examination(now=at("2026-07-03 12:00"), stepped=False, grace_seconds=0)
    for offset, (line, value) in enumerate(log._encoded()):
        moment = min(line.when, at("2026-07-03 12:00"))
        before.take(line.topic, line.partition or 0, offset, int(moment.timestamp() * 1000), value, list)
    verdict = before.verdict()
    before.close()
    assert verdict.counts.refused_ticks > 0
    assert [v.invariant for v in verdict.violations] == ["no_false_flag"]


def test_a_message_past_its_retention_is_not_called_lost() -> None:
    """Messages are kept for 400 days, what became of them for ever."""
    log = Log()
    log.ticks(at("2026-07-03 08:00"), at("2026-07-03 20:00"))
    log.arrives("old", "2026-07-03 11:00")
    log.assessed("old", "2026-07-03 12:00")
    log.lose("received.health", lambda r: r.receipt_id == log.named["old"].receipt_id)
    later = at("2026-07-03 20:00") + timedelta(days=401)
    assert not _examined(log, now=later).ok
    assert _examined(log, now=later, trimmed=True).ok
    # Nothing younger may be gone: whoever deletes records by hand does not get away with it.
    assert not _examined(log, now=later - timedelta(days=100), trimmed=True).ok


def test_a_journal_line_cut_off_by_a_crash_promises_nothing(journals: Path) -> None:
    log = weekend()
    folder = log.write_journal(journals)
    with (folder / "police.jsonl").open("w") as file:
        file.write('{"receipt_id": "' + derived_id("receipt", "booking") + '"}\n{"receipt_id": "0000')
    examination = Examination(now=NOW, stepped=True, grace_seconds=0)
    examination.journals(folder)
    log.hand_to(examination)
    assert examination.verdict().ok
    examination.close()


def test_violations_are_counted_whole_and_kept_in_part() -> None:
    log = Log()
    for number in range(1200):
        log.message(f"lost {number}", at("2026-07-03 10:00"))
    verdict = _examined(log)
    assert verdict.violated["one_disposition"] == 1200
    assert len(verdict.violations) == 1000


def test_an_empty_log_holds() -> None:
    assert _examined(Log()).ok

