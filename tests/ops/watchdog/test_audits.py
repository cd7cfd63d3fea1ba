"""Audits beside the watchdog: one that cannot be finished is an alarm, without a word of any record, until one can."""

import threading
import time

from ops.audit.verdict import INVARIANTS, CannotLook, Counts, Verdict, Violation
from ops.watchdog.alarms import Alarm
from ops.watchdog.audits import Audits


def verdict(*broken: str) -> Verdict:
    moment = "2026-11-02T09:00:00Z"
    found = [Violation(invariant=name, record_ids=["id"], explanation="") for name in broken]
    return Verdict.model_validate(
        {"ok": not broken, "audited_at": moment, "now": moment, "counts": Counts(), "violated": dict.fromkeys(INVARIANTS, 0),
         "violations": found, "pending_total": 0, "pending": [], "not_assessed_total": 0, "not_assessed": [],
         "read": 1, "seconds": 1}
    )  # fmt: skip


def after_one(audits: Audits, thread_of: list[int]) -> list[Alarm]:
    """What stands when one more audit has ended."""
    before, limit = len(thread_of), time.monotonic() + 20
    while len(thread_of) == before or audits.under_way:
        assert time.monotonic() < limit
        audits.go_on()
        time.sleep(0.001)
    return [*audits.broken(), *audits.failed()]


def test_an_audit_that_cannot_be_finished_is_an_alarm_until_one_is() -> None:
    made: list[int] = []
    outcomes = [
        verdict("one_clock", "one_clock"),
        ValueError("Alice Example, born 2015"),
        CannotLook("this broker has no\n topic flags"),
        verdict(),
    ]

    def examine() -> Verdict:
        made.append(1)
        outcome = outcomes[len(made) - 1]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    audits = Audits(examine, 0.001)
    [broken] = after_one(audits, made)
    assert (broken.kind, broken.about, broken.text[:7]) == ("promise-broken", "one_clock", "2 times")
    again, failed = after_one(audits, made)
    # What was found is not over because nobody could look again.
    assert again == broken
    assert (failed.kind, failed.about) == ("cannot-look", "audit")
    assert "ValueError at test_audits.py line" in failed.text and "Alice" not in failed.text
    assert after_one(audits, made)[1].text.endswith("this broker has no topic flags")
    assert after_one(audits, made) == []


def test_none_is_made_where_none_is_asked_for() -> None:
    audits = Audits(verdict, 0)
    audits.go_on()
    assert not audits.under_way


def test_an_audit_that_does_not_end_is_an_alarm_until_it_does() -> None:
    go = threading.Event()

    def hangs() -> Verdict:
        go.wait(20)
        return verdict()

    audits = Audits(hangs, 1000, patience=0.5)
    audits.go_on()
    deadline = time.monotonic() + 20
    while not (failed := audits.failed()):
        assert audits.under_way and time.monotonic() < deadline
        time.sleep(0.01)
    assert (failed[0].kind, failed[0].about) == ("cannot-look", "audit under way")
    assert "has not ended" in failed[0].text
    go.set()
    while audits.under_way:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert audits.failed() == []
