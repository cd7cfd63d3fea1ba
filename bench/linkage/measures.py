"""What is measured of a run: wrong links by kind, recall, reviews, missed reports, bands, by name origin, time."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import thread_time
from typing import Protocol

from bench.linkage.reports import SyntheticReport
from ops.linkage.batch import Linked, Oracle, link_reports, steady_memory
from streams.linkage.decision import LINK, NEW, REVIEW
from streams.linkage.index import Index
from streams.linkage.model import Scorer
from streams.linkage.report import Report

BANDS = ((0.20, 0.50), (0.50, 0.85), (0.85, 0.95), (0.95, 0.99), (0.99, 0.999), (0.999, 1.01))


class Judged(Protocol):
    """What judging needs to know of a synthetic child, whichever generator made it."""

    @property
    def person_id(self) -> str: ...
    @property
    def household(self) -> int: ...
    @property
    def origin_name(self) -> str: ...
    @property
    def twin_of(self) -> str: ...
    @property
    def traps(self) -> set[str]: ...


def to_report(row: SyntheticReport) -> Report:
    """A synthetic row as the linker sees it: without the truth."""
    return Report(
        row.record_id,
        row.agency,
        row.given,
        row.family,
        row.dob,
        row.sex,
        row.postcode,
        row.address_line,
        row.nhs_number,
        row.upn,
    )


@dataclass
class Measures:
    """Counts of one run or, added together, of several."""

    reports: int = 0
    repeats: int = 0
    linked: int = 0
    wrong: int = 0
    wrong_kinds: Counter[str] = field(default_factory=Counter)
    wrong_twin_pairs: int = 0
    twin_pairs: int = 0
    linked_repeats: int = 0
    reviews: int = 0
    reviews_true: int = 0
    missed: int = 0
    pairs_true: int = 0
    pairs_made: int = 0
    pairs_right: int = 0
    bands: dict[tuple[float, float], list[int]] = field(default_factory=lambda: {band: [0, 0] for band in BANDS})
    by_origin: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0, 0, 0]))
    household: int = 0
    household_right: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    reasons_true: Counter[str] = field(default_factory=Counter)
    missed_ids: list[tuple[str, str]] = field(default_factory=list)
    wrong_ids: list[tuple[str, str]] = field(default_factory=list)
    times_ms: list[float] = field(default_factory=list)

    def add(self, other: "Measures") -> None:
        """Add another run's counts."""
        for name, value in vars(other).items():
            mine = getattr(self, name)
            if isinstance(value, int):
                setattr(self, name, mine + value)
            elif isinstance(value, Counter):
                mine.update(value)
            elif isinstance(value, list):
                mine.extend(value)
            else:
                for key, counts in value.items():
                    mine[key] = [a + b for a, b in zip(mine[key], counts, strict=True)]

    @property
    def precision(self) -> float:
        """Share of record pairs put together that are one child."""
        return self.pairs_right / max(1, self.pairs_made)

    @property
    def recall(self) -> float:
        """Share of record pairs of one child that were put together."""
        return self.pairs_right / max(1, self.pairs_true)

    def share(self, count: int, of: int) -> float:
        """A share, 0 of nothing."""
        return count / of if of else 0.0

    def percentile(self, share: float) -> float:
        """Milliseconds of CPU time a whole decision took, at this share of decisions."""
        held = sorted(self.times_ms)
        return held[min(len(held) - 1, int(share * len(held)))] if held else 0.0


def _pairs(count: int) -> int:
    return count * (count - 1) // 2


def run(rows: Sequence[SyntheticReport], children: Sequence[Judged], scorer: Scorer, with_oracle: bool) -> Measures:
    """Link a synthetic set and judge every decision by the truth."""
    truth = {row.record_id: row.person_id for row in rows}
    child_of = {child.person_id: child for child in children}
    oracle = Oracle(truth) if with_oracle else None
    found = Measures(reports=len(rows))
    index = Index()
    links: list[Linked] = []
    reports = [to_report(row) for row in rows]
    with steady_memory():
        stream = link_reports(reports, scorer, oracle, index)
        while True:
            start = thread_time()
            one = next(stream, None)
            if one is None:
                break
            found.times_ms.append((thread_time() - start) * 1000)
            links.append(one)
    seen: set[str] = set()
    merged_twins: set[tuple[str, str]] = set()
    owner: dict[str, str] = {}  # the child whose record founded a person
    for row, one in zip(rows, links, strict=True):
        decision = one.decision
        who = row.person_id
        origin = found.by_origin[child_of[who].origin_name]
        repeat = who in seen
        found.repeats += repeat
        origin[0] += repeat
        if decision.candidates:
            top = decision.candidates[0]
            right = truth[top.person] == who
            for band, counts in found.bands.items():
                if band[0] <= top.score.same < band[1]:
                    counts[0] += 1
                    counts[1] += right
        if decision.outcome == LINK:
            found.linked += 1
            if truth[decision.person] != who:
                found.wrong += 1
                other = child_of[truth[decision.person]]
                kind = _kind(child_of[who], other)
                found.wrong_kinds[kind] += 1
                found.wrong_ids.append((row.record_id, decision.person))
                if kind == "twin":
                    merged_twins.add((min(who, other.person_id), max(who, other.person_id)))
            found.linked_repeats += repeat
            origin[1] += repeat
        elif decision.outcome == REVIEW:
            found.reviews += 1
            origin[2] += repeat
            hit = any(truth[c.person] == who for c in decision.candidates)
            found.reviews_true += hit
            found.reasons.update(decision.reasons)
            if hit:
                found.reasons_true.update(decision.reasons)
            if repeat and not hit:
                found.reasons["(repeat, right child not shown)"] += 1
        elif decision.outcome == NEW and repeat:
            found.missed += 1
            origin[3] += 1
            found.missed_ids.append((row.record_id, who))
        for person in decision.household:
            found.household += 1
            mate = child_of[truth[person]]
            found.household_right += mate.household == child_of[who].household and mate.person_id != who
        seen.add(who)
        owner.setdefault(one.person, who)
    found.wrong_twin_pairs = len(merged_twins)
    found.twin_pairs = sum(1 for child in children if child.twin_of and child.person_id in seen and child.twin_of in seen)
    clusters: dict[str, Counter[str]] = defaultdict(Counter)
    for record, record_row in index.records.items():
        clusters[record_row.person][truth[record]] += 1
    sizes = Counter(row.person_id for row in rows)
    found.pairs_true = sum(_pairs(count) for count in sizes.values())
    found.pairs_made = sum(_pairs(sum(held.values())) for held in clusters.values())
    found.pairs_right = sum(_pairs(count) for held in clusters.values() for count in held.values())
    return found


def _kind(one: Judged, other: Judged) -> str:
    if one.twin_of == other.person_id or other.twin_of == one.person_id:
        return "twin"
    if one.household == other.household:
        return "sibling"
    if "same_name_and_birthday" in one.traps and "same_name_and_birthday" in other.traps:
        return "namesake"
    return "stranger"
