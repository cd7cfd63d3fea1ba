"""Blocking keys are keyed hashes: the secret decides what they look like and never what is decided."""

from dataclasses import replace

from streams.linkage.blocking import keys_of
from streams.linkage.candidates import BLOCK_CAP, BUDGET, candidates_of
from streams.linkage.decision import REVIEW, decide
from streams.linkage.index import Index
from streams.linkage.model import Scorer, shipped_model
from streams.linkage.report import Report, read_features

CHILD = Report("a", "health", "Oliver", "Ashworth", "2015-03-14", "M", "LS1 4AB", "12 Acacia Road", "9990000018", "B801200005001")


def test_a_key_is_a_number_that_another_secret_changes() -> None:
    features = read_features(CHILD)
    one, other = keys_of(features, b"one"), keys_of(features, b"other")
    assert len(one) == len({digest for digest, _ in one}) == 11
    assert not {digest for digest, _ in one} & {digest for digest, _ in other}
    assert all(0 <= digest < 2**64 for digest, _ in one)


def test_the_secret_changes_no_decision() -> None:
    scorer = Scorer(shipped_model())
    outcomes = []
    for secret in (b"one", b"other"):
        index, trail = Index(secret), []
        for report in (CHILD, replace(CHILD, record_id="b", given="Ollie"), replace(CHILD, record_id="c", given="Amelia")):
            decision, changes = decide(index, report, scorer)
            index.apply(changes)
            trail.append(decision)
        outcomes.append(trail)
    assert outcomes[0] == outcomes[1]


def test_never_more_than_the_budget_is_compared_and_full_blocks_are_not_read() -> None:
    index, scorer = Index(), Scorer(shipped_model())
    for n in range(BLOCK_CAP + 20):
        report = Report(f"k{n}", given="Amina", family="Khan", dob=f"20{n % 17:02d}-{n % 12 + 1:02d}-11")
        _, changes = decide(index, report, scorer)
        index.apply(changes)
    found = candidates_of(index, read_features(Report("x", given="Amina", family="Khan", dob="2003-04-11")))
    assert 0 < len(found.records) <= BUDGET and found.skipped_blocks >= 1 and not found.too_many
    decision, _ = decide(index, Report("y", given="Amina", family="Khan"), scorer)
    assert (decision.outcome, decision.reasons[0], decision.compared) == (REVIEW, "too_many_candidates", 0)


def test_a_home_with_many_children_is_crowded_and_a_family_is_not() -> None:
    index, scorer = Index(), Scorer(shipped_model())
    names = "Oliver Amina Wei Zofia Priya Saoirse Kwame Harry Ivy Jack Leo Nora Bilal Tuan".split()
    for n, name in enumerate(names):
        born = f"20{n + 5:02d}-0{n % 9 + 1}-1{n % 9}"
        report = Report(f"h{n}", "social_care", name, f"{name}son", born, "", "LS1 4AB", "1 Park Home")
        _, changes = decide(index, report, scorer)
        index.apply(changes)
        assert index.crowded(read_features(report).place) == (n >= 12)
