"""The linker against its goals, on fresh synthetic sets: `python -m bench.linkage.evaluate [--seeds 7001 7002 ...]`.

`--harder` repeats it with twice and three times the misspellings and missing cells, and with names no table knows;
`--shuffles N` in N other orders of arrival; `--scale N` measures time and memory with an index of N children.
"""

import argparse
import gc
import resource
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from time import thread_time

from bench.linkage import reports as writing
from bench.linkage.families import Child, make_families
from bench.linkage.measures import Judged, Measures, run, to_report
from bench.linkage.other_town import make_other_town
from bench.linkage.reports import SyntheticReport, make_set, write_report
from ops.linkage.batch import steady_memory
from streams.linkage.decision import LINK, NEW, REVIEW, decide
from streams.linkage.index import Index
from streams.linkage.model import Scorer, load_model, shipped_model

Town = Callable[[int], tuple[list[SyntheticReport], Sequence[Judged]]]
"""Makes a set from a seed."""

SEEDS = (7_001, 7_002, 7_003, 7_004, 7_005)

_VOWELS, _OTHER_VOWELS = "aeiou", "eioua"
_CONSONANTS = "bcdfghjklmnpqrstvwxyz"
_CIPHER = str.maketrans(
    _VOWELS + _CONSONANTS + (_VOWELS + _CONSONANTS).upper(),
    _OTHER_VOWELS + _CONSONANTS[7:] + _CONSONANTS[:7] + (_OTHER_VOWELS + _CONSONANTS[7:] + _CONSONANTS[:7]).upper(),
)


def as_written(rows: list[SyntheticReport]) -> list[SyntheticReport]:
    """The set as it is."""
    return rows


def unknown_names(rows: list[SyntheticReport]) -> list[SyntheticReport]:
    """The set with every name replaced letter by letter: no table and no model has met these names."""
    kept = ("unborn", "baby", "infant", "unknown", "nk")
    return [
        row
        if row.given.casefold().startswith(kept)
        else replace(row, given=row.given.translate(_CIPHER), family=row.family.translate(_CIPHER))
        for row in rows
    ]


def shuffled(seed: int) -> Callable[[list[SyntheticReport]], list[SyntheticReport]]:
    """The set in another order of arrival."""

    def change(rows: list[SyntheticReport]) -> list[SyntheticReport]:
        return Random(seed).sample(rows, len(rows))

    return change


@contextmanager
def noisier(factor: float) -> Iterator[None]:
    """Agencies that misspell and leave out `factor` times as often."""
    kept = dict(writing.HABITS)
    for name, habit in kept.items():
        writing.HABITS[name] = replace(
            habit,
            typo=habit.typo * factor,
            phonetic=habit.phonetic * factor,
            variant=min(0.4, habit.variant * factor),
            dob_slip=habit.dob_slip * factor,
            no_dob=min(0.3, habit.no_dob * factor),
            no_postcode=min(0.3, habit.no_postcode * factor),
        )
    try:
        yield
    finally:
        writing.HABITS.update(kept)


def measure(
    seeds: Sequence[int],
    scorer: Scorer,
    with_oracle: bool,
    change: Callable[[list[SyntheticReport]], list[SyntheticReport]] = as_written,
    town: Town = make_set,
) -> tuple[Measures, list[Measures]]:
    """All sets together, and each alone."""
    each = []
    for seed in seeds:
        rows, children = town(seed)
        each.append(run(change(rows), children, scorer, with_oracle))
    total = Measures()
    for one in each:
        total.add(one)
    return total, each


def goals(answered: Measures, nobody: Measures) -> list[tuple[str, str, str, bool]]:
    """Each goal: what, the aim, the figure, reached."""
    a, n = answered, nobody
    bands = {band: (seen, right / seen if seen else 1.0) for band, (seen, right) in a.bands.items()}
    missed = {origin: v[3] / v[0] for origin, v in a.by_origin.items() if v[0]}
    base = missed.get("White British", 0.0)
    worst = max(missed, key=lambda origin: missed[origin])
    wrong = 10_000 * a.share(a.wrong, a.linked)
    wrong_nobody = 10_000 * n.share(n.wrong, n.linked)
    twins = 100 * a.share(a.wrong_twin_pairs, a.twin_pairs)
    review, true = a.reviews / a.reports, a.share(a.reviews_true, a.reviews)
    p, (middle, high, top) = a.percentile(0.99), (bands[b][1] for b in ((0.85, 0.95), (0.95, 0.99), (0.999, 1.01)))
    household = a.share(a.household_right, a.household)
    missed_all = a.share(a.missed, a.repeats)
    return [
        ("1 wrong automatic links in 10,000, reviews answered", "<= 2", f"{wrong:.2f} ({a.wrong} of {a.linked})", wrong <= 2),
        ("1 the same, nobody reviewing", "<= 2", f"{wrong_nobody:.2f} ({n.wrong} of {n.linked})", wrong_nobody <= 2),
        ("1 twin pairs merged in 100", "<= 1", f"{twins:.2f} ({a.wrong_twin_pairs} of {a.twin_pairs})", twins <= 1),
        ("2 recall of pairs, nobody reviewing", ">= .79", f"{n.recall:.3f}", n.recall >= 0.79),
        ("2 precision of those pairs", ">= .999", f"{n.precision:.5f}", n.precision >= 0.999),
        ("3 missed repeat reports", "<= 1.0%", f"{missed_all:.2%}", missed_all <= 0.01),
        ("3 reports reviewed", "<= 17%", f"{review:.1%}", review <= 0.17),
        ("3 reviews that name the right child", ">= 80%", f"{true:.1%}", true >= 0.80),
        ("4 band .85-.95 true", ">= 75%", f"{middle:.1%} of {bands[(0.85, 0.95)][0]}", middle >= 0.75),
        ("4 band .95-.99 true", ">= 93%", f"{high:.1%} of {bands[(0.95, 0.99)][0]}", high >= 0.93),
        ("4 band .999 and above true", ">= 99%", f"{top:.1%} of {bands[(0.999, 1.01)][0]}", top >= 0.99),
        ("6 one whole decision at about 5,000 records, p99", "<= 1 ms", f"{p:.2f} ms (p50 {a.percentile(0.5):.2f})", p <= 1.0),
        (
            f"7 missed, worst name origin ({worst}) v White British",
            "<= 2x",
            f"{missed[worst]:.2%} v {base:.2%}",
            missed[worst] <= 2 * base,
        ),
        ("8 household signal right", ">= .99", f"{household:.4f} of {a.household}", household >= 0.99),
    ]


def show(title: str, answered: Measures, nobody: Measures, each: Sequence[Measures]) -> None:
    """Print the goals table, the runs one by one, name origins and bands."""
    print(f"\n## {title}: {answered.reports} reports, {answered.repeats} repeats\n\n| goal | aim | measured | |\n|---|---|---|---|")
    for what, aim, figure, reached in goals(answered, nobody):
        print(f"| {what} | {aim} | {figure} | {'reached' if reached else 'NOT reached'} |")
    print("\n| set | wrong | of links | kinds | twin pairs merged | automatic | review | missed |\n|---|---|---|---|---|---|---|---|")
    for number, one in enumerate(each, 1):
        print(
            f"| {number} | {one.wrong} | {one.linked} | {dict(one.wrong_kinds)} | {one.wrong_twin_pairs} of {one.twin_pairs} "
            f"| {one.share(one.linked_repeats, one.repeats):.3f} | {one.reviews / one.reports:.3f} "
            f"| {one.share(one.missed, one.repeats):.4f} |"
        )
    print("\n| name origin | repeats | automatic | missed |\n|---|---|---|---|")
    for origin, (repeats, linked, _, missed) in sorted(answered.by_origin.items(), key=lambda item: -item[1][0]):
        print(f"| {origin} | {repeats} | {linked / max(1, repeats):.3f} | {missed / max(1, repeats):.2%} |")
    print("\n| score | reports | true |\n|---|---|---|")
    for (low, high), (seen, right) in answered.bands.items():
        print(f"| {low} to {min(high, 1.0)} | {seen} | {right / max(1, seen):.3f} |")
    print("\n| reason for review | times | right child shown |\n|---|---|---|")
    for reason, times in answered.reasons.most_common():
        print(f"| {reason} | {times} | {answered.reasons_true[reason] / times:.2f} |")


def scale(children: int, scorer: Scorer) -> None:
    """Fill an index with one report of each of so many children, then time decisions about known ones. CPU time."""
    random = Random(5)
    index = Index()
    probes: list[tuple[Child, str]] = []
    known, built, written = 0, 0.0, 0
    base = _resident_kb()
    gc.disable()
    while known < children:
        families = make_families(random, min(20_000, children - known))
        for child in families:
            known += 1
            report = to_report(write_report(random, child, 1, [], f"k{known}", "health"))
            start = thread_time()
            decision, changes = decide(index, report, scorer)
            index.apply(changes)
            built += thread_time() - start
            if known % max(1, children // 2_000) == 0 and decision.outcome != LINK:
                probes.append((child, decision.person))
    held = _resident_kb() - base
    times, wrong, linked, missed = [], Counter[str](), 0, 0
    with steady_memory():
        for number, (child, person) in enumerate(probes):
            report = to_report(write_report(random, child, 1, [], f"probe{number}", random.choice(("police", "education"))))
            start = thread_time()
            decision, _ = decide(index, report, scorer)
            times.append((thread_time() - start) * 1_000)
            linked += decision.outcome == LINK
            missed += decision.outcome == NEW
            if decision.outcome == LINK and decision.person != person:
                wrong["+".join(sorted(child.traps)) or "no trap"] += 1
            written += decision.outcome == REVIEW
    times.sort()
    print(
        f"\n{len(index)} records of {len(index.persons)} children: built at {known / built:,.0f} records/s (each decided), "
        f"{held / known:.2f} kB a child (the bench's own families included); one decision p50 {times[len(times) // 2]:.2f} ms, "
        f"p99 {times[int(len(times) * 0.99)]:.2f} ms, {1_000 * len(times) / sum(times):,.0f} a second; "
        f"of {len(times)} second reports {linked} linked, {written} to a person, {missed} new, wrong {dict(wrong)}"
    )


def _resident_kb() -> float:
    """Memory this process holds now, in kB."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 1024


def main() -> None:
    """Print the goals table for each condition asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--model", type=Path)
    parser.add_argument("--harder", action="store_true")
    parser.add_argument("--shuffles", type=int, default=0)
    parser.add_argument("--scale", type=int)
    given = parser.parse_args()
    scorer = Scorer(load_model(given.model) if given.model else shipped_model())
    print(f"model {scorer.model.version}, seeds {given.seeds}")
    if given.scale:
        scale(given.scale, scorer)
        return
    conditions: list[tuple[str, float, Callable[[list[SyntheticReport]], list[SyntheticReport]], Town]]
    conditions = [
        ("The town the model knows the like of", 1.0, as_written, make_set),
        ("The other town", 1.0, as_written, make_other_town),
    ]
    if given.harder:
        conditions += [
            ("Twice the misspellings and gaps", 2.0, as_written, make_set),
            ("Three times the misspellings and gaps", 3.0, as_written, make_set),
            ("Names nobody has met", 1.0, unknown_names, make_set),
        ]
    conditions += [(f"In another order ({n})", 1.0, shuffled(n), make_set) for n in range(1, given.shuffles + 1)]
    for title, factor, change, town in conditions:
        with noisier(factor):
            answered, each = measure(given.seeds, scorer, True, change, town)
            nobody, _ = measure(given.seeds, scorer, False, change, town)
        show(title, answered, nobody, each)


if __name__ == "__main__":
    main()
