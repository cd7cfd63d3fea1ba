"""A seed is a plan: the same faults every time, none that the cluster cannot have, and every kind in a long run."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ops.chaos.plan import KINDS, schedule


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.floats(10, 600), st.sampled_from([1, 3]))
def test_a_plan_is_the_seeds_own_fits_its_time_and_hits_who_can_be_hit(seed: int, seconds: float, nodes: int) -> None:
    plan = schedule(seed, seconds, nodes)
    assert plan == schedule(seed, seconds, nodes)
    assert sum(fault.pause + fault.seconds for fault in plan) <= seconds + 0.01 * len(plan)
    for number, fault in enumerate(plan):
        kind = KINDS[fault.kind]
        assert fault.number == number
        assert nodes in kind.nodes
        assert fault.target in (kind.targets or ("",))
        assert kind.lasts[0] - 0.01 <= fault.seconds <= kind.lasts[1] + 0.01


@settings(max_examples=20)
@given(st.integers(0, 2**32), st.sampled_from([1, 3]))
def test_half_an_hour_has_every_kind_but_those_left_out(seed: int, nodes: int) -> None:
    kinds = {fault.kind for fault in schedule(seed, 2400, nodes, without={"disk-full"})}
    assert kinds == {name for name, kind in KINDS.items() if nodes in kind.nodes and name not in ("disk-full", "broker-away")} | (
        kinds & {"broker-away"}
    )
