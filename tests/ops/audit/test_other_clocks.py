"""Warnings, flags and their escalation of clocks that run for weeks: sound by themselves, and never two under one id."""

import pytest

from ops.audit.auditor import Examination
from ops.audit.verdict import Verdict
from schemas.calendars import load_calendars
from schemas.case_event import CaseEvent, Opened
from schemas.catalogue import codec
from schemas.clock_policy import load_policy
from schemas.flag import Flag
from schemas.identity import derived_id
from streams.clock_rules import ClockRules
from streams.clocks import Clocks
from streams.partition import PartitionState

from .log_builder import at

_CONTACT = "11111111-1111-4111-8111-111111111111"
_ARRIVED = at("2026-06-01 10:00")
_ABOUT_FLAGS = ("missed_flagged_once", "no_false_flag", "right_day", "one_clock")


def _events() -> list[CaseEvent]:
    def event(kind: str, when: str, **more: str) -> CaseEvent:
        event_id = derived_id(kind, when)
        return CaseEvent(event_id=event_id, type=kind, contact_id=_CONTACT, at=at(when), by="Ben Hughes", **more)

    def tick(when: str) -> CaseEvent:
        since = at("2026-06-01 09:00")
        return CaseEvent(event_id=derived_id("tick", when), type="tick", contact_id="tick-0", at=at(when), covers_since=since)

    opened = Opened(agency="health", sender="s", kind="referral", team="t", authority_code="383", authority_how="default")
    return [
        event("opened", "2026-06-01 10:00").model_copy(update={"opened": opened}),
        event("risk_assessed", "2026-06-01 10:30", level="red", reason_hash="ab"),
        event("strategy_discussion", "2026-06-01 11:00"),
        *(tick(when) for when in ("2026-06-01 12:00", "2026-06-16 12:00", "2026-06-23 00:10")),
        event("flag_acknowledged", "2026-06-23 09:00"),
        tick("2026-06-24 00:10"),
        event("flag_acknowledged", "2026-06-24 09:00"),
        event("conference_held", "2026-06-25 09:00").model_copy(update={"happened_at": at("2026-06-22 14:00")}),
    ]


def _examined(*more: Flag) -> tuple[list[Flag], Verdict]:
    calendars = load_calendars()
    state = PartitionState(Clocks(ClockRules(load_policy(calendars=calendars), calendars)))
    examination = Examination(now=at("2026-06-26 09:00"), stepped=True, grace_seconds=0)
    try:
        flags: list[Flag] = []
        for offset, event in enumerate(_events()):
            examination.take("case-events", 0, offset, 0, codec("case-events").encode(event), list)
            flags += [o.record for o in state.apply("case-events", offset, event) if isinstance(o.record, Flag)]
        for offset, flag in enumerate([*flags, *more]):
            examination.take("flags", 0, offset, 0, codec("flags").encode(flag), list)
        return flags, examination.verdict()
    finally:
        examination.close()


def _wrong(verdict: Verdict) -> list[str]:
    return [violation.explanation for violation in verdict.violations if violation.invariant in _ABOUT_FLAGS]


def test_the_whole_life_of_a_flag_breaks_no_promise() -> None:
    flags, verdict = _examined()
    assert [flag.state for flag in flags if flag.clock == "icpc"] == [
        "due_soon", "due_soon", "raised", "acknowledged", "escalated", "acknowledged", "withdrawn",
    ]  # fmt: skip
    assert _wrong(verdict) == []
    missed = {flag.flag_id for flag in flags if flag.result == "missed"}
    assert verdict.counts.flags_standing == len(missed) - 1
    assert verdict.counts.flags_withdrawn == 1


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"flag_id": derived_id("another")}, "its id does not come from"),
        ({"started_at": at("2026-06-02 11:00")}, "written twice with different content"),
    ],
)
def test_a_flag_that_is_not_made_of_its_clock_is_named(changes: dict[str, object], says: str) -> None:
    raised = next(flag for flag in _examined()[0] if flag.clock == "icpc" and flag.state == "raised")
    _, verdict = _examined(raised.model_copy(update=changes))
    assert any(says in sentence for sentence in _wrong(verdict))
