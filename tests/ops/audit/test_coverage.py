"""What ticks vouch for: a limit that nobody watched cannot be called met or missed."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from ops.audit.coverage import Coverage
from ops.audit.london_day import micros

from .log_builder import at

_SECOND = 1_000_000
_MIDNIGHT = micros(at("2026-07-04 00:00"))


def _covering(*ticks: tuple[int, int]) -> Coverage:
    """Ticks as (seconds from midnight, seconds before that from which it vouches)."""
    coverage = Coverage(stepped=True)
    for offset, (moment, since) in enumerate(ticks):
        end = _MIDNIGHT + moment * _SECOND
        coverage.add(0, end, end - since * _SECOND, end // 1000, offset)
    return coverage


def test_a_limit_between_two_ticks_of_one_ticker_is_covered() -> None:
    assert _covering((-10, 15), (5, 15)).covered(0, _MIDNIGHT)


def test_a_minute_without_a_ticker_is_bridged_and_more_is_not() -> None:
    assert _covering((-30, 15), (30, 0)).covered(0, _MIDNIGHT)
    assert not _covering((-30, 15), (31, 0)).covered(0, _MIDNIGHT)


def test_a_second_ticker_covers_the_gap_of_the_first_even_if_it_says_so_later() -> None:
    assert _covering((-600, 15), (600, 0), (601, 1300)).covered(0, _MIDNIGHT)


def test_a_limit_in_another_partition_is_not_covered() -> None:
    assert not _covering((-10, 15), (5, 15)).covered(1, _MIDNIGHT)


def test_the_first_tick_past_a_limit_is_found_by_its_append_time() -> None:
    coverage = _covering((-3600, 15), (-15, 15), (15, 30), (30, 15), (90000, 15))
    assert coverage.first_past(0, _MIDNIGHT) == ((_MIDNIGHT + 15 * _SECOND) // 1000, 2)
    assert coverage.first_past(0, micros(at("2026-07-05 00:00"))) == ((_MIDNIGHT + 90000 * _SECOND) // 1000, 4)
    assert coverage.first_past(0, micros(at("2026-07-06 00:00"))) is None
    assert coverage.first_past(0, micros(at("2026-07-02 00:00"))) == ((_MIDNIGHT - 3600 * _SECOND) // 1000, 0)


def test_a_tick_that_runs_ahead_of_the_broker_is_not_believed_unless_a_driver_owns_the_time() -> None:
    strict, stepped = Coverage(stepped=False), Coverage(stepped=True)
    appended = (_MIDNIGHT - 3600 * _SECOND) // 1000
    assert not strict.add(0, _MIDNIGHT, _MIDNIGHT - 15 * _SECOND, appended, 0)
    assert strict.first_past(0, _MIDNIGHT) is None
    assert strict.refused == 1
    assert stepped.add(0, _MIDNIGHT, _MIDNIGHT - 15 * _SECOND, appended, 0)
    assert strict.add(0, _MIDNIGHT, _MIDNIGHT, _MIDNIGHT // 1000 - 4_000, 1)


_pieces = st.lists(st.tuples(st.integers(-3000, 3000), st.integers(0, 900)), min_size=1, max_size=15)


@settings(max_examples=200)
@given(_pieces, st.integers(-4000, 4000))
def test_coverage_is_the_union_of_all_pieces_with_gaps_of_a_minute_bridged(ticks: list[tuple[int, int]], second: int) -> None:
    merged: list[list[int]] = []
    for start, end in sorted((moment - since, moment) for moment, since in ticks):
        if merged and start <= merged[-1][1] + 60:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
    expected = any(start <= second <= end for start, end in merged)
    assert _covering(*ticks).covered(0, _MIDNIGHT + second * _SECOND) == expected


def test_memory_grows_with_gaps_and_days_and_not_with_ticks() -> None:
    coverage = Coverage(stepped=True)
    moment = at("2026-07-03 00:00")
    for offset in range(20_000):
        now = micros(moment + timedelta(seconds=15 * offset))
        coverage.add(0, now, now - 15 * _SECOND, now // 1000, offset)
    here = coverage._partitions[0]
    assert len(here.pieces) == 1
    assert len(here.first_of_day) == 4
