"""The decision once more: the same on the same records, and a log that was tampered with does not pass."""

from dataclasses import replace
from itertools import count

import pytest

from ops.why.decision import Rerun
from ops.why.records import Found, Input, Place
from ops.why.rule import rule_of
from schemas.case_event import CaseEvent
from schemas.flag import Flag
from streams.cases import Cases
from streams.clocks import Clocks
from tests.ops.casebook.planted import POLICY, RULES, Planted, at


def lively() -> Planted:
    """A referral whose flags go through every state but one, beside another contact, and an event about none."""
    planted = Planted()
    first = planted.arrives("K-1", "2026-03-02 09:00")
    other = planted.arrives("K-2", "2026-03-02 09:30")
    planted.happens(first, "allocated", "2026-03-02 09:20", by="Ben Hughes")
    planted.happens(first, "flag_acknowledged", "2026-03-03 02:30", by="Ben Hughes")
    planted.happens(other, "risk_assessed", "2026-03-02 23:30")
    planted.happens(first, "risk_assessed", "2026-03-03 09:00", happened_at=at("2026-03-02 22:00"))
    planted.happens(first, "flag_explained", "2026-03-05 10:00", by="Ben Hughes", reason_code="capacity")
    planted.happens("5f0c7e0e-0000-5000-8000-000000000000", "closed", "2026-03-02 10:00")
    planted.ticks("2026-03-02 08:00", "2026-03-10 12:00")
    return planted


def flags_and_inputs() -> tuple[list[Found], list[Input]]:
    found: dict[str, Found] = {}
    inputs: list[Input] = []
    offsets: dict[tuple[str, int], count[int]] = {}
    for topic, partition, record in lively().placed():
        place = Place(topic, partition, next(offsets.setdefault((topic, partition), count())))
        if isinstance(record, Flag):
            found.setdefault(record.flag_id, Found(record.flag_id)).states.append((record, [place]))
        elif isinstance(record, CaseEvent):
            inputs.append(Input(place, record))
    return list(found.values()), inputs


def again(found: Found, inputs: list[Input]) -> Rerun:
    rerun = Rerun(found, (Cases("Frances Whitmore"), Clocks(RULES)))
    for one in inputs:
        if one.place.partition == found.partition and one.event.contact_id in (found.flag.contact_id, f"tick-{found.partition}"):
            rerun.take(one)
    return rerun


def test_every_flag_comes_out_the_same_and_each_state_has_the_record_that_led_to_it() -> None:
    flags, inputs = flags_and_inputs()
    assert {"raised", "withdrawn", "acknowledged", "explained", "escalated"} <= {
        state.state for found in flags for state, _ in found.states
    }
    for found in flags:
        rerun = again(found, inputs)
        assert rerun.same, found.flag
        assert [state for cause in rerun.causes for state in cause.led_to] == [state for state, _ in found.states]
        assert all(cause.input.event.contact_id in (found.flag.contact_id, f"tick-{found.partition}") for cause in rerun.causes)


@pytest.mark.parametrize("tamper", ["forged", "lost", "changed"])
def test_a_flag_that_the_records_do_not_explain_differs_and_says_where(tamper: str) -> None:
    flags, inputs = flags_and_inputs()
    found = next(one for one in flags if one.flag.clock == "same-day" and one.flag.state == "withdrawn")
    forged = found.flag.model_copy(update={"state": "explained", "reason_code": "other"})
    states = {
        "forged": [*found.states, (forged, [Place("flags", 0, 99)])],
        "lost": found.states[:-1],
        "changed": [*found.states[:-1], (forged, found.states[-1][1])],
    }[tamper]
    rerun = again(replace(found, states=states), inputs)
    assert not rerun.same
    assert [state.state for state in rerun.unexplained] == ([] if tamper == "lost" else ["explained"])
    assert [state.state for state in rerun.missing] == ([] if tamper == "forged" else ["withdrawn"])


def test_the_rule_of_every_clock_has_a_source() -> None:
    for clock in (*POLICY.clocks, "unmatched"):
        rule = rule_of(clock, "383", POLICY)
        assert rule.title and rule.limit and rule.source and rule.policy
    assert "no such clock" in rule_of("retired", "383", POLICY).source
