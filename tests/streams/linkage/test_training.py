"""Training: no label is read, too little data is refused, the same reports give the same bytes."""

import pytest

from bench.linkage.measures import to_report
from bench.linkage.reports import make_set
from streams.linkage import training
from streams.linkage.model import LEAST_TRAINING_RECORDS, ModelError, check_model, to_json
from streams.linkage.report import Report
from streams.linkage.training import train


@pytest.fixture(scope="module")
def reports() -> list[Report]:
    rows, _ = make_set(3, 1_000, 2_300)
    return [to_report(row) for row in rows]


def test_the_same_reports_give_the_same_model_and_it_may_decide(reports: list[Report], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "RANDOM_PAIRS", 20_000)
    first, again = train(reports, "x"), train(reports, "x")
    assert to_json(first.model) == to_json(again.model)
    check_model(first.model)
    levels = first.model.levels
    assert levels["given"]["M"][0] > 0.5 > levels["given"]["T"][0], "twins share everything but the forename"
    assert levels["dob"]["T"] == levels["dob"]["M"] and levels["dob"]["S"][0] < 0.01
    assert all(count >= training.LEAST_NAME_COUNT for count in first.model.given_counts.values())


def test_too_little_is_refused(reports: list[Report]) -> None:
    with pytest.raises(ModelError, match="too few"):
        train(reports[: LEAST_TRAINING_RECORDS - 1], "x")


def test_reports_that_have_nothing_in_common_teach_nothing() -> None:
    with pytest.raises(ModelError, match="nothing to learn"):
        train([Report(f"r{n}") for n in range(LEAST_TRAINING_RECORDS)], "x")
