"""Timeliness by group: gaps that are there are found with their size, gaps that are not are not, and nobody can be told."""

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.reports.comparison import Table, Tally, compare
from ops.reports.groups import UNKNOWN
from ops.reports.intervals import difference, wilson
from ops.reports.suppression import SMALLEST_SHOWN, hidden
from ops.reports.timeliness import MEASURES, Measure, Outcome

#: Children of each group in a year, and the share that is of unknown group.
GROUPS = {
    "disability": {"disabled": 500, "not disabled": 2900, UNKNOWN: 600},
    "ethnicity": {"White": 2300, "Mixed": 400, "Asian": 450, "Black": 350, "Other ethnic group": 100, UNKNOWN: 400},
    "age": {"unborn": 120, "under 1": 380, "1 to 4": 900, "5 to 9": 1100, "10 to 15": 1200, "16 and over": 300},
    "looked-after": {"looked after": 200, "not looked after": 2800, UNKNOWN: 1000},
    "agency": {"health": 1000, "education": 900, "police": 1500, "social_care": 600},
    "area": {f"ZZ{number}": 400 for number in range(1, 11)},
}


def year(seed: int, gap: float = 0.0, measures: Sequence[Measure] = ("same-day",)) -> Tally:
    """A year of contacts in which disabled children are assessed on the day less often by `gap`, and chance decides the rest."""
    chance, tally = np.random.default_rng(seed), Tally()
    for (dimension, groups), measure in itertools.product(GROUPS.items(), measures):
        for group, of in groups.items():
            planted = gap if (group, measure) == ("disabled", "same-day") else 0.0
            yes = int(chance.binomial(of, 0.82 - planted))
            tally.yes[measure, dimension, group], tally.no[measure, dimension, group] = yes, of - yes
    return tally


def test_a_gap_of_six_points_lies_in_the_interval_that_is_reported() -> None:
    covered = 0
    for seed in range(100):
        report = compare(year(seed, gap=0.06), GROUPS)
        table = next(one for one in report.tables if (one.measure, one.dimension) == ("same-day", "disability"))
        gap = next(line.gap for line in table.lines if line.group == "disabled")
        assert gap is not None
        covered += gap.low <= -0.06 <= gap.high
    assert covered >= 95


def test_where_there_is_no_gap_hardly_any_report_finds_one() -> None:
    assert sum(bool(compare(year(seed), GROUPS).findings) for seed in range(100)) <= 5


def test_a_large_gap_is_found_and_said_to_be_the_disabled_childrens() -> None:
    findings = compare(year(1, gap=0.2), GROUPS).findings
    assert {(table.measure, table.dimension) for table, _ in findings} == {("same-day", "disability")}
    assert all(line.gap is not None and (line.gap.value < 0) == (line.group == "disabled") for _, line in findings)


def test_the_interval_is_newcombes() -> None:
    # Newcombe 1998, table II: 56/70 against 48/80, method 10, 95 %.
    found = difference(56, 70, 48, 80, 0.95)
    assert (round(found.low, 4), round(found.high, 4)) == (0.0524, 0.3339)
    assert wilson(0, 10, 0.95)[0] == 0


def test_more_comparisons_make_every_interval_wider() -> None:
    whole = year(3, measures=list(MEASURES))
    one, all_ = compare(whole, ["disability"]), compare(whole, GROUPS)
    narrow, wide = (report.tables[0].lines[0].gap for report in (one, all_))
    assert narrow is not None and wide is not None
    assert wide.low < narrow.low and wide.high > narrow.high
    assert all_.comparisons == 3 * (1 + 5 + 6 + 1 + 4 + 10)


def counted(groups: dict[str, tuple[int, int]]) -> Tally:
    tally = Tally()
    for group, (yes, no) in groups.items():
        for in_time, times in ((True, yes), (False, no)):
            for _ in range(times):
                tally.add({"area": group}, {"same-day": Outcome(in_time)})
    return tally


def test_everyone_else_is_every_other_child_whose_group_is_known() -> None:
    table = compare(counted({"LS1": (30, 10), "LS2": (40, 20), UNKNOWN: (50, 50)}), ["area"]).tables[0]
    line = table.lines[0]
    assert line.share is not None and line.others is not None
    assert (line.group, line.others.yes, line.others.of) == ("LS1", 40, 60)
    assert table.unknown is not None and (table.unknown.yes, table.unknown.of) == (100, 200)


def test_a_group_of_few_is_not_shown_and_another_hides_it_from_subtraction() -> None:
    table = compare(counted({"LS1": (3, 0), "LS2": (20, 10), "LS3": (200, 100)}), ["area"]).tables[0]
    assert {line.group for line in table.lines if line.suppressed} == {"LS1", "LS2"}
    assert all(line.share is None and line.others is None and line.gap is None for line in table.lines if line.suppressed)


def test_few_of_unknown_group_do_not_show_in_everyone_elses_figure() -> None:
    table = compare(counted({"LS1": (30, 10), "LS2": (40, 20), "LS3": (90, 90), UNKNOWN: (2, 1)}), ["area"]).tables[0]
    shown = next(line for line in table.lines if line.group == "LS3")
    assert table.unknown is None and table.unknown_among_others
    assert shown.others is not None and table.total is not None
    assert shown.others.of == table.total.of - 180


counts = st.one_of(st.integers(0, 12), st.integers(0, 300))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(counts, counts, counts), min_size=2, max_size=8))
def test_what_is_hidden_cannot_be_worked_out_from_the_totals(rows: list[tuple[int, int, int]]) -> None:
    groups = {f"group {number}": row for number, row in enumerate(rows)}
    out = hidden(groups)
    for name, row in groups.items():
        if name not in out:
            assert all(count == 0 or count >= SMALLEST_SHOWN for count in (*row, sum(row)))
    if out and out != frozenset(groups):
        taken_away = [sum(groups[name][column] for name in out) for column in range(3)]
        assert all(count == 0 or count >= SMALLEST_SHOWN for count in taken_away)
        # One group's own figures alone would be what is left.
        assert sum(1 for name in out if sum(groups[name])) > 1


def told_by(table: Table, names: list[str]) -> list[list[int]]:
    """What a table tells of the groups' counts, as equations: the groups of each row add up to a figure that is known."""
    equations = []

    def say(groups: set[str]) -> None:
        equations.append([int(name in groups) for name in names])

    if table.total is not None:
        say(set(names))
    if table.unknown is not None:
        say({UNKNOWN})
    for line in table.lines:
        if line.share is not None and line.others is not None:
            say({line.group})
            left_out = {line.group} if table.unknown_among_others else {line.group, UNKNOWN}
            say(set(names) - left_out)
    return equations


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(counts, counts), min_size=2, max_size=6), st.tuples(counts, counts))
def test_no_hidden_figure_follows_from_what_a_table_tells(rows: list[tuple[int, int]], unknown: tuple[int, int]) -> None:
    groups = {**{f"LS{number}": row for number, row in enumerate(rows)}, UNKNOWN: unknown}
    tally = Tally()
    for group, (yes, no) in groups.items():
        tally.yes["same-day", "area", group], tally.no["same-day", "area", group] = yes, no
    table = next(one for one in compare(tally, ["area"]).tables if one.measure == "same-day")
    equations = told_by(table, list(groups))
    known = np.linalg.matrix_rank(equations) if equations else 0
    for place, name in enumerate(groups):
        line = next((one for one in table.lines if one.group == name), None)
        hidden_now = table.unknown is None if name == UNKNOWN else line is not None and line.suppressed
        if hidden_now and sum(groups[name]):
            unit = [int(number == place) for number in range(len(groups))]
            assert np.linalg.matrix_rank([*equations, unit]) > known, f"{name} can be worked out"


@pytest.mark.parametrize("bands", [{"1-10": 40, "41-45": 20, "46-50": 20}, {"1-10": 40, "41-45": 3, "46-50": 37}])
def test_bands_are_shown_whole_or_not_at_all(bands: dict[str, int]) -> None:
    tally, measure = Tally(), "assessment"
    for group, (band, times) in itertools.product(("LS1", "LS2", "LS3"), bands.items()):
        for _ in range(times):
            tally.add({"area": group}, {measure: Outcome(band != "46-50", band=band)})  # type: ignore[dict-item]
    lines = next(table for table in compare(tally, ["area"]).tables if table.measure == measure).lines
    for line in lines:
        assert (line.bands is None) == (3 in bands.values())
        if line.bands and line.others_bands:
            assert line.bands["41-45"] == 20 and line.others_bands["41-45"] == 40


def test_what_cannot_be_judged_is_left_out_and_counted() -> None:
    tally, measure = counted({"LS1": (30, 10), "LS2": (40, 20)}), list[Measure](MEASURES)[0]
    tally.add({"area": "LS1"}, {measure: Outcome(None, "not verifiable")})
    report = compare(tally, ["area"])
    assert report.left_out[measure] == {"not verifiable": 1}
    assert report.tables[0].total is not None and report.tables[0].total.of == 100
