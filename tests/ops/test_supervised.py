"""A process that ends is started again, however often it has ended: a broker may be away for a night."""

from itertools import pairwise

from ops.supervised import pause_after


def test_a_process_is_started_again_after_any_number_of_ends() -> None:
    pauses = [pause_after(failures) for failures in (1, 2, 5, 10, 100, 5_000, 1_000_000)]
    assert pauses[0] < 1.0, "the first time at once"
    assert all(one <= other for one, other in pairwise(pauses)), "then ever more slowly"
    assert max(pauses) <= 10.0, "and never so slowly that a broker that is back is waited for"
