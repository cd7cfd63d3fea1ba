"""The linker over a list: the oracle is a perfect reviewer, and reads the truth of nothing but a review."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

from ops.linkage.batch import Linked, Oracle, link_reports
from streams.linkage.decision import LINK, NEW, REVIEW
from streams.linkage.index import Index
from streams.linkage.model import Scorer, shipped_model
from streams.linkage.report import Report

KNOWN = Report("known", "health", "Oliver", "Ashworth", "2015-03-14", "M", "LS1 4AB", "12 Acacia Road", "9990000018")
BABY = replace(KNOWN, record_id="baby", given="Baby", nhs_number="")
AGAIN = replace(KNOWN, record_id="again", agency="police")


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer(shipped_model())


class Watched(Mapping[str, str]):
    """The truth, remembering who asked for what."""

    def __init__(self, truth: dict[str, str]) -> None:
        self.truth, self.asked = truth, set[str]()

    def __getitem__(self, key: str) -> str:
        self.asked.add(key)
        return self.truth[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.truth)

    def __len__(self) -> int:
        return len(self.truth)


def linked(scorer: Scorer, truth: Mapping[str, str] | None, index: Index | None = None) -> list[Linked]:
    return list(link_reports([KNOWN, BABY, AGAIN], scorer, Oracle(truth) if truth else None, index))


def test_a_right_candidate_is_answered_same_and_the_others_not_same(scorer: Scorer) -> None:
    index = Index()
    found = linked(scorer, {"known": "p1", "baby": "p1", "again": "p1"}, index)
    assert [one.person for one in found] == ["known"] * 3
    apart = Index()
    found = linked(scorer, {"known": "p1", "baby": "p2", "again": "p1"}, apart)
    assert [(one.decision.outcome, one.person) for one in found] == [(NEW, "known"), (REVIEW, "baby"), (LINK, "known")]
    assert apart.persons["baby"].not_same == {"known"} and not apart.persons["baby"].waiting_for


def test_the_truth_is_asked_about_reviews_only(scorer: Scorer) -> None:
    truth = Watched({"known": "p1", "baby": "p2", "again": "p1"})
    linked(scorer, truth)
    assert truth.asked == {"baby", "known"}


def test_nobody_answering_leaves_the_question_open(scorer: Scorer) -> None:
    index = Index()
    found = linked(scorer, None, index)
    assert [one.decision.outcome for one in found] == [NEW, REVIEW, LINK]
    assert index.persons["baby"].waiting_for == ("known",)
