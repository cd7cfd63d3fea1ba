"""Reading that has stopped is noticed; reading that has nothing to do is left alone."""

from hypothesis import given
from hypothesis import strategies as st

from connectors.stall import PATIENCE, Place, StallWatch

PLACE = ("outbound.health", 1)


@given(st.lists(st.tuples(st.floats(0.1, 20), st.integers(0, 3), st.integers(0, 3), st.booleans()), max_size=30))
def test_only_a_partition_that_has_more_and_stands_still_for_the_whole_time_is_named(
    looks: list[tuple[float, int, int, bool]],
) -> None:
    watch, now, stands = StallWatch(), 0.0, None
    for pause, read, more, answered in looks:
        now += pause
        ends: dict[Place, int] = {PLACE: read + more} if answered else {}
        stands = None if not more or not answered else stands if stands and stands[0] == read else (read, now)
        late = stands is not None and now - stands[1] >= PATIENCE
        assert watch.look(now, {PLACE: read}, ends) == (PLACE if late else None)
        if late:
            return


def test_after_a_time_in_which_nothing_could_be_read_patience_begins_anew() -> None:
    watch, place = StallWatch(30), ("outbound.health", 0)
    assert watch.look(0, {place: 5}, {place: 9}) is None
    watch.forget()
    assert watch.look(1000, {place: 5}, {place: 9}) is None
    assert watch.look(1029, {place: 5}, {place: 9}) is None
    assert watch.look(1030, {place: 5}, {place: 9}) == place
