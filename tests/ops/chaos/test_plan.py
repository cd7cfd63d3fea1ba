"""A seed is a plan: the same faults every time, none that the cluster cannot have, and enough of every kind in long runs."""

from collections import Counter, defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from ops.chaos.plan import KINDS, schedule

#: Kinds of which few are enough, because each costs minutes or a file system.
RARE = {"disk-full", "broker-away"}


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.floats(10, 590), st.sampled_from([1, 3]))
def test_a_plan_is_the_seeds_own_fits_its_time_and_hits_who_can_be_hit(seed: int, seconds: float, nodes: int) -> None:
    plan = schedule(seed, seconds, nodes)
    assert plan == schedule(seed, seconds, nodes)
    spent: dict[str, float] = defaultdict(float)
    for number, fault in enumerate(plan):
        kind = KINDS[fault.kind]
        spent[fault.track] += fault.pause + fault.seconds
        assert fault.number == number
        assert nodes in kind.nodes
        assert fault.target in (kind.targets or ("",))
        assert kind.lasts[0] - 0.01 <= fault.seconds <= kind.lasts[1] + 0.01
    assert all(one <= seconds + 0.01 * len(plan) for one in spent.values())


@settings(max_examples=20)
@given(st.integers(0, 2**30))
def test_three_long_runs_have_enough_of_every_kind_on_everybody_and_long_outages(seed: int) -> None:
    runs = [schedule(seed, 960, 1), schedule(seed + 1, 1500, 1), schedule(seed + 2, 1500, 3)]
    counts = Counter(fault.kind for run in runs for fault in run)
    assert counts.total() >= 500
    assert counts.keys() == KINDS.keys()
    assert all(count >= (5 if kind in RARE else 20) for kind, count in counts.items())
    assert [sum(fault.seconds == 300 for fault in run) for run in runs] == [1, 2, 2]
    hit = {(fault.kind, fault.target) for run in runs for fault in run}
    assert hit == {(name, target) for name, kind in KINDS.items() for target in kind.targets or ("",)}


def test_a_kind_that_is_left_out_does_not_come() -> None:
    assert {fault.kind for fault in schedule(1, 600, 1, without=set(KINDS) - {"poison", "half-open"})} == {"poison", "half-open"}


def test_who_is_aimed_at_is_hit_by_every_kind_that_can_and_others_come_as_ever() -> None:
    hit = {
        (fault.kind, fault.target)
        for fault in schedule(1, 600, 1, set(KINDS) - {"kill-delivery", "partner-500"}, ["case-system"])
    }
    assert hit == {("kill-delivery", "delivery"), ("partner-500", "case-system")}
