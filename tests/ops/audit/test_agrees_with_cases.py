"""Two codes, one answer: whatever happens to a contact, the auditor finds nothing wrong with the flags of `cases`."""

from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from ops.audit.auditor import Examination
from schemas.case_event import CaseEvent, Correction, Opened
from schemas.catalogue import codec
from schemas.flag import Flag
from schemas.identity import derived_id
from streams.cases import Cases
from streams.partition import PartitionState

from .log_builder import at

#: A Friday evening in British Summer Time; the log runs over two midnights. Minutes from here.
_BEGIN = at("2026-07-03 20:02:30")
_CONTACT = "11111111-1111-4111-8111-111111111111"
_ABOUT_FLAGS = ("missed_flagged_once", "no_false_flag", "right_day", "one_clock")

_what = st.sampled_from(["assessed", "assessed", "weak", "corrected", "closed", "became", "tick", "tick", "break"])
_step = st.tuples(_what, st.sampled_from([5, 30, 180, 300, 600]), st.sampled_from([0, 5, 60, 300]), st.booleans())


def _moment(minutes: int) -> datetime:
    return _BEGIN + timedelta(minutes=minutes)


def _event(number: int, what: str, now: int, ago: int, dated: bool) -> CaseEvent:
    """`ago`: minutes between what it says and now; `dated` says it as a date without a time."""
    event = CaseEvent(event_id=derived_id("event", str(number)), type="closed", contact_id=_CONTACT, at=_moment(now))
    said = _moment(now - ago)
    match what:
        case "assessed" | "weak":
            claim = {"happened_on": said.date()} if dated else {"happened_at": said} if ago else {}
            by = "Duty" if what == "weak" else "A. Worker"
            problem = "no_named_person" if what == "weak" else ""
            more = {"type": "risk_assessed", "by": by, "level": "red", "reason_hash": "ab", "problem": problem, **claim}
            return event.model_copy(update=more)
        case "corrected":
            correction = Correction(version=2, risk="red", risk_changed=not dated, child_changed=False)
            return event.model_copy(update={"type": "corrected", "correction": correction})
        case "became":
            return event.model_copy(update={"type": "became", "became": []})
        case _:
            return event


@settings(max_examples=60, deadline=None)
@given(st.lists(_step, min_size=3, max_size=14), st.integers(0, 4), st.booleans())
def test_the_auditor_agrees_with_the_flags_that_cases_raises(
    steps: list[tuple[str, int, int, bool]], opens: int, repeated: bool
) -> None:
    events: list[CaseEvent] = []
    now, ticked = 0, 0
    opened = Opened(agency="health", sender="s", kind="unreadable", team="t", authority_code="383", authority_how="default")
    arrival = CaseEvent(event_id=derived_id("opened"), type="opened", contact_id=_CONTACT, at=_BEGIN, opened=opened)
    for number, (what, after, ago, dated) in enumerate([*steps, ("tick", 5, 0, False)]):
        if number == min(opens, 2):
            events.append(arrival)
        now += after
        if what in ("tick", "break", "became"):
            covers = now if what == "break" else ticked
            events.append(
                CaseEvent(event_id=derived_id("tick", str(now)), type="tick", contact_id="tick-0", at=_moment(now),
                          covers_since=_moment(covers))
            )  # fmt: skip
            ticked = now
        if what not in ("tick", "break") and (what != "became" or arrival in events):
            events.append(_event(number, what, now, ago, dated))
            if repeated:
                events.append(events[-1])
    examination = Examination(now=_moment(now), stepped=True, grace_seconds=0)
    try:
        flags: list[Flag] = []
        state = PartitionState(Cases())
        for offset, event in enumerate(events):
            examination.take("case-events", 0, offset, 0, codec("case-events").encode(event), list)
            flags += [o.record for o in state.apply("case-events", offset, event) if isinstance(o.record, Flag)]
        for offset, flag in enumerate(flags):
            examination.take("flags", 0, offset, 0, codec("flags").encode(flag), list)
        verdict = examination.verdict()
    finally:
        examination.close()
    wrong = [v for v in verdict.violations if v.invariant in _ABOUT_FLAGS]
    assert wrong == []
