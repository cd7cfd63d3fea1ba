"""The linker over a list of reports, one after the other: the same decisions as in the hub, without Kafka."""

import gc
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from streams.linkage import review
from streams.linkage.decision import NEW, REVIEW, Decision, decide
from streams.linkage.index import Index
from streams.linkage.model import Scorer
from streams.linkage.report import Report


@dataclass(frozen=True, slots=True)
class Linked:
    """A decision and, after an answer to its review if there was one, the person the record belongs to."""

    decision: Decision
    person: str


class Oracle:
    """Answers each review from the true person of records, as a perfect reviewer shown the candidates would."""

    def __init__(self, truth: Mapping[str, str]) -> None:
        self._truth = truth

    def answer(self, index: Index, decision: Decision) -> str:
        """Carry out the answers to a review; the person the record belongs to afterwards."""
        own = decision.person
        who = self._truth.get(decision.record_id, "")
        for candidate in decision.candidates:
            if who and self._truth.get(candidate.person) == who:
                index.apply(review.answer(index, own, candidate.person, "same"))
                return candidate.person
        for candidate in decision.candidates:
            index.apply(review.answer(index, own, candidate.person, "not_same"))
        return own


def link_reports(
    reports: Iterable[Report], scorer: Scorer, oracle: Oracle | None = None, index: Index | None = None
) -> Iterator[Linked]:
    """Decide about each report in order; with an oracle each review is answered before the next report is read."""
    known = Index() if index is None else index
    for report in reports:
        decision, changes = decide(known, report, scorer)
        known.apply(changes)
        person = decision.person
        if oracle is not None and decision.outcome == REVIEW and decision.candidates:
            person = oracle.answer(known, decision)
        yield Linked(decision, person)


@contextmanager
def steady_memory() -> Iterator[None]:
    """Keep Python's cyclic collector out of the decisions: it stops the slowest of 5,000 records for 80 ms and more."""
    was_on = gc.isenabled()
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.unfreeze()
        if was_on:
            gc.enable()


__all__ = ["NEW", "REVIEW", "Linked", "Oracle", "link_reports", "steady_memory"]
