"""The model file: what it must hold before it may decide, and what a score means."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from streams.linkage.comparison import Vector, compare
from streams.linkage.model import ModelError, NameCounts, Scorer, from_json, load_model, shipped_model, to_json
from streams.linkage.report import NORMALISER_VERSION, Report, read_features

CHILD = read_features(Report("a", "", "Oliver", "Ashworth", "2015-03-14", "M", "LS1 4AB", "12 Acacia Road"))


def same(vector: Vector, size: int = 5_000) -> float:
    return Scorer(shipped_model()).score(vector, CHILD, NameCounts(), size).same


def test_the_shipped_model_says_how_often_it_is_right() -> None:
    model = shipped_model()
    assert model.normaliser == NORMALISER_VERSION
    bands = {(row["from"], row["to"]): row for row in model.reliability}
    assert set(bands) == {(0.2, 0.5), (0.5, 0.85), (0.85, 0.95), (0.95, 0.99), (0.99, 0.999), (0.999, 1.0)}
    assert all(row["reports"] > 0 and 0.0 <= row["true"] <= 1.0 for row in model.reliability)
    assert bands[(0.999, 1.0)]["true"] >= 0.99 and bands[(0.95, 0.99)]["true"] >= 0.93 and bands[(0.85, 0.95)]["true"] >= 0.75
    results = model.card["results"]
    assert {"wrong_automatic_links", "twin_pairs_merged", "by_name_origin"} <= set(results) and model.card["limits"]


def test_a_model_comes_back_as_it_was_stored() -> None:
    model = shipped_model()
    assert from_json(to_json(model)) == model and to_json(from_json(to_json(model))) == to_json(model)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"records": 1_999}, "at least 2000"),
        ({"swapped": 0.0}, "priors"),
        ({"levels": {}}, "lacks parts"),
        ({"format": "another"}, "not a linkage model"),
        ({"kappa": {"M": "many"}}, "lacks parts"),
    ],
)
def test_a_model_that_may_not_decide_is_refused_with_the_reason(tmp_path: Path, change: dict[str, object], said: str) -> None:
    file = tmp_path / "model.json"
    file.write_text(json.dumps(json.loads(to_json(shipped_model())) | change))
    with pytest.raises(ModelError, match=said):
        load_model(file)


def test_levels_must_be_probabilities() -> None:
    stored = json.loads(to_json(shipped_model()))
    stored["levels"]["dob"]["T"][0] = 1.5
    with pytest.raises(ModelError, match="dob, class T"):
        from_json(json.dumps(stored))


def test_the_same_evidence_weighs_less_among_more_children() -> None:
    vector = compare(CHILD, replace(CHILD, dob=0))
    assert same(vector, 5_000) > same(vector, 100_000) > same(vector, 1_000_000)


def test_missing_is_no_evidence() -> None:
    nothing = Vector(0, 0, 0, 0, 0, 0, 0, 0)
    model = shipped_model()
    assert same(nothing) == pytest.approx(model.kappa["M"] / 5_000, rel=1e-6)


def test_a_name_and_a_birthday_alone_never_reach_the_band_that_may_act() -> None:
    other_town = replace(CHILD, place=read_features(Report("b", postcode="BD7 1QQ", address_line="3 Mill Lane")).place)
    assert same(compare(CHILD, other_town)) < 0.95
    assert same(compare(CHILD, CHILD)) > 0.999


def test_a_common_name_says_less_than_a_rare_one() -> None:
    scorer, counts = Scorer(shipped_model()), NameCounts()
    rare = read_features(Report("r", given="Peregrine", family="Quillfeather", postcode="LS1 4AB"))
    common = read_features(Report("c", given="Oliver", family="Smith", postcode="LS1 4AB"))
    scores = [scorer.score(compare(child, child), child, counts, 5_000).same for child in (rare, common)]
    assert scores[0] > scores[1]
