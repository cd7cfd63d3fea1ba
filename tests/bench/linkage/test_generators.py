"""The synthetic sets: the same seed makes the same children, the traps are set, and nobody's number is real."""

from collections.abc import Callable, Sequence

import pytest

from bench.linkage.beside import Quality, corrupt, quality
from bench.linkage.measures import Judged, run
from bench.linkage.other_town import make_other_town
from bench.linkage.reports import SyntheticReport, make_set
from schemas.identifiers import check_nhs_number
from streams.linkage.model import Scorer, shipped_model

Make = Callable[[int, int, int], tuple[list[SyntheticReport], Sequence[Judged]]]
TOWNS = pytest.mark.parametrize("make", [make_set, make_other_town])


@TOWNS
def test_a_seed_makes_the_same_set_and_another_seed_another(make: Make) -> None:
    assert make(5, 200, 500)[0] == make(5, 200, 500)[0] != make(6, 200, 500)[0]


@TOWNS
def test_the_traps_are_set_and_numbers_are_of_the_test_range(make: Make) -> None:
    rows, children = make(5, 1_500, 3_500)
    traps = {trap for child in children for trap in child.traps}
    assert {"twins", "twins_alike", "half_sibling", "changed_surname", "in_a_home"} <= traps
    assert {"same_name_and_birthday", "first_of_january"} <= traps
    assert len({child.origin_name for child in children}) == 7
    numbers = [row.nhs_number for row in rows if row.nhs_number]
    assert numbers and all(check_nhs_number(number).value.startswith("999") for number in numbers)
    assert {row.person_id for row in rows} <= {child.person_id for child in children}


@TOWNS
def test_a_run_is_judged_by_the_truth_and_no_sibling_is_merged(make: Make) -> None:
    rows, children = make(5, 400, 1_000)
    found = run(rows, children, Scorer(shipped_model()), with_oracle=True)
    assert found.reports == len(rows) and found.pairs_right <= min(found.pairs_made, found.pairs_true)
    assert found.linked_repeats > 0.6 * found.repeats
    assert found.wrong_kinds["sibling"] == 0 and found.wrong <= 1


def test_the_two_towns_share_no_child() -> None:
    first, other = ({(row.family.casefold(), row.dob) for row in make(5, 300, 700)[0]} for make in (make_set, make_other_town))
    assert len(first & other) < 0.02 * len(first)


def test_quality_finds_the_best_threshold() -> None:
    truth = {("a", "b"), ("c", "d")}
    scores = {("a", "b"): 0.9, ("a", "c"): 0.6, ("c", "d"): 0.5, ("b", "d"): 0.1}
    found = quality(scores, truth)
    assert found == Quality(pytest.approx(0.8), pytest.approx(2 / 3), 1.0, 0.5)


def test_corruption_draws_the_same_for_the_same_seed() -> None:
    names = ("given_name", "surname", "street_number", "address_1", "address_2", "suburb", "postcode", "state", "date_of_birth")
    rows = [(f"rec-{n}", {name: f"{name}{n}" for name in names} | {"date_of_birth": "19800203"}) for n in range(300)]
    assert corrupt(rows) == corrupt(list(reversed(rows))) != corrupt(rows, seed=8)
    changed = sum(1 for (_, new), (_, old) in zip(corrupt(rows), sorted(rows), strict=True) if new != old)
    assert 0.3 < changed / len(rows) < 0.6
