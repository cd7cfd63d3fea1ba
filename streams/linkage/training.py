"""Learning the model from reports alone: expectation-maximisation over four classes, no label read. Needs numpy.

What each class may learn is limited, because data without labels cannot say everything: forename, sex and identifiers of
twins and siblings are fixed (two children of a family share a forename about as often as strangers); twins share M's
errors in the date of birth; the probabilities of "unrelated" come from random pairs and stay.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from streams.linkage import births
from streams.linkage.blocking import keys_of
from streams.linkage.candidates import BLOCK_CAP
from streams.linkage.comparison import DIFFERENT, FIELDS, LEVELS, OTHER_FORM, Vector, compare
from streams.linkage.model import CLASSES, LEAST_TRAINING_RECORDS, Model, ModelError
from streams.linkage.report import NORMALISER_VERSION, Features, Report, read_features

if TYPE_CHECKING:
    import numpy as np

FLOOR = 0.005
"""Added to every level of M, T and S: what was not seen in training is rare, not impossible."""

TWIN_START_WEIGHT = 300.0
"""Pairs the starting values count for when T learns: few twins are seen, and free T takes changed surnames from M."""

LEAST_ANCHORED = 300
"""Pairs with the same NHS or pupil number needed before they may say how often a child's forename is another one."""

ANCHORED_MARGIN = 1.5
"""Agencies that hold no numbers write names worse: their share of other forenames is taken this much higher."""

RANDOM_PAIRS = 400_000
ITERATIONS = 200
LEAST_NAME_COUNT = 3
"""A name carried by fewer records is left out of the model file: it says nothing general, and could point to a child."""

_FIXED: dict[str, dict[str, tuple[float, ...]]] = {
    # same, other form, one slip, vaguely alike, different. About a quarter of twins have names that are alike.
    "given": {
        "T": (0.006, 0.014, 0.015, 0.15, 0.815),
        "S": (0.006, 0.008, 0.006, 0.04, 0.940),
    },
    # Siblings who are not twins are never born on one day; a slip can make it look so. Else S takes the twins.
    "dob": {"S": (0.0015, 0.001, 0.004, 0.035, 0.957, 0.0015)},
    "sex": {"T": (0.62, 0.38), "S": (0.50, 0.50)},
    "nhs": {"T": (0.006, 0.004, 0.990), "S": (0.004, 0.004, 0.992)},
    "upn": {"T": (0.006, 0.044, 0.950), "S": (0.004, 0.006, 0.990)},
}
_START: dict[str, dict[str, tuple[float, ...]]] = {
    "given": {"M": (0.80, 0.08, 0.05, 0.04, 0.03)},
    "family": {
        "M": (0.80, 0.06, 0.06, 0.02, 0.06),
        "T": (0.86, 0.05, 0.05, 0.01, 0.03),
        "S": (0.78, 0.05, 0.05, 0.02, 0.10),
    },
    "dob": {
        "M": (0.94, 0.01, 0.02, 0.01, 0.01, 0.01),
        "T": (0.94, 0.01, 0.02, 0.01, 0.01, 0.01),
    },
    "place": {
        "M": (0.70, 0.07, 0.02, 0.02, 0.02, 0.17),
        "T": (0.78, 0.06, 0.02, 0.02, 0.02, 0.10),
        "S": (0.70, 0.07, 0.02, 0.02, 0.02, 0.17),
    },
    "sex": {"M": (0.99, 0.01)},
    "nhs": {"M": (0.985, 0.005, 0.010)},
    "upn": {"M": (0.980, 0.010, 0.010)},
}
_START_SWAPPED = 0.02
_START_KAPPA = {"M": 1.5, "T": 0.05, "S": 1.5}


@dataclass(frozen=True)
class Trained:
    """A model and how its training went: pairs looked at, iterations made, and the last step's largest change."""

    model: Model
    pairs: int
    iterations: int
    last_change: float


def blocked_pairs(features: Sequence[Features]) -> list[tuple[int, int]]:
    """Pairs of positions that share a blocking key whose block is not over the cap, each once, earlier first."""
    blocks: dict[int, list[int]] = {}
    for position, one in enumerate(features):
        for digest, _ in keys_of(one):
            blocks.setdefault(digest, []).append(position)
    pairs: set[tuple[int, int]] = set()
    for held in blocks.values():
        if 1 < len(held) <= BLOCK_CAP:
            for later, second in enumerate(held):
                for first in held[:later]:
                    if first != second:
                        pairs.add((first, second))
    return sorted(pairs)


def train(reports: Sequence[Report], version: str, card: dict[str, Any] | None = None, seed: int = 1) -> Trained:
    """Learn a model from reports, without labels. The same reports and seed give the same model.

    Raises `ModelError` for fewer than 2,000 reports.
    """
    # Only here: deciding does not need it, and every worker would carry it.
    import numpy as np

    if len(reports) < LEAST_TRAINING_RECORDS:
        raise ModelError(
            f"{len(reports)} reports are too few to learn from: at least {LEAST_TRAINING_RECORDS} are needed"
        )
    features = [read_features(report) for report in reports]
    tables = _name_tables(features)
    unrelated = _random_pair_levels(np, features, seed)
    pairs = blocked_pairs(features)
    if not pairs:
        raise ModelError("no two of these reports share a name, a date of birth, a place or a number: nothing to learn")
    vectors = [compare(features[b], features[a]) for a, b in pairs]
    levels, swapped, kappa, done, change = _maximise(np, features, pairs, vectors, unrelated, tables)
    size = len(reports)
    # EM counts both directions of a pair over the whole set; an incoming report meets, on average, half of it.
    per_record = {kind: kappa[kind] / 2 for kind in ("M", "T", "S")}
    records_per_child = 1.0 + kappa["M"] / 2
    model = Model(
        version=version,
        kappa={kind: round(max(value, 1e-4), 6) for kind, value in per_record.items()},
        levels=levels,
        swapped=swapped,
        given_counts={name: n for name, n in tables.given.items() if n >= LEAST_NAME_COUNT},
        given_total=tables.given_total,
        family_counts={name: n for name, n in tables.family.items() if n >= LEAST_NAME_COUNT},
        family_total=tables.family_total,
        records=size,
        records_per_child=round(records_per_child, 4),
        normaliser=NORMALISER_VERSION,
        card=card or {},
    )
    return Trained(model, len(pairs), done, change)


@dataclass(frozen=True)
class _Tables:
    given: Counter[str]
    given_total: int
    family: Counter[str]
    family_total: int

    def given_share(self, name: str) -> float:
        return max(self.given[name], 0.5) / max(1, self.given_total)

    def family_share(self, name: str) -> float:
        return max(self.family[name], 0.5) / max(1, self.family_total)


def _name_tables(features: Sequence[Features]) -> _Tables:
    given: Counter[str] = Counter()
    family: Counter[str] = Counter()
    givens = families = 0
    for one in features:
        if one.given.main:
            given.update({one.given.main, f"={one.given.roots[0]}"})
            givens += 1
        if one.family.joined:
            family.update({one.family.joined, f"={one.family.roots[0]}"})
            families += 1
    return _Tables(given, givens, family, families)


def _random_pair_levels(np: Any, features: Sequence[Features], seed: int) -> dict[str, "np.ndarray"]:
    """Level probabilities of pairs drawn at random: almost all are unrelated."""
    random = np.random.default_rng(seed)
    first = random.integers(0, len(features), RANDOM_PAIRS)
    second = random.integers(0, len(features), RANDOM_PAIRS)
    counts = {name: np.full(len(LEVELS[name]) - 1, 0.5) for name in FIELDS if name != "order"}
    for a, b in zip(first.tolist(), second.tolist(), strict=True):
        if a == b:
            continue
        vector = compare(features[a], features[b])
        if vector.order:
            continue
        for name, level in zip(FIELDS[:-1], vector[:-1], strict=True):
            if level:
                counts[name][level - 1] += 1
    return {name: held / held.sum() for name, held in counts.items()}


def _maximise(
    np: Any,
    features: Sequence[Features],
    pairs: list[tuple[int, int]],
    vectors: list[Vector],
    unrelated: dict[str, "np.ndarray"],
    tables: _Tables,
) -> tuple[dict[str, dict[str, tuple[float, ...]]], float, dict[str, float], int, float]:
    names = FIELDS[:-1]
    codes = np.array(vectors, dtype=np.int8)
    order = codes[:, -1].astype(bool)
    scale = _chance_scales(np, features, pairs, vectors, unrelated, tables)
    current = {
        kind: {
            name: np.array(_FIXED.get(name, {}).get(kind) or _START[name].get(kind) or _START[name]["M"]) for name in names
        }
        for kind in CLASSES[:3]
    }
    other_forename = _other_forename_share(vectors)
    swapped = _START_SWAPPED
    size = len(features)
    kappa = dict(_START_KAPPA)
    change, done = 1.0, 0
    while done < ITERATIONS:
        done += 1
        odds = {}
        for kind in CLASSES[:3]:
            ratio = np.full(len(vectors), kappa[kind] / size)
            for column, name in enumerate(names):
                by_level = np.concatenate(([1.0], current[kind][name] / unrelated[name]))
                ratio = ratio * by_level[codes[:, column]]
            ratio = ratio * scale["family"]
            if kind == "M":
                ratio = ratio * scale["given"]
            odds[kind] = np.where(order, ratio * swapped, ratio)
        rest = 1.0 - sum(kappa[kind] for kind in CLASSES[:3]) / size
        total = rest + sum(odds.values())
        share = {kind: odds[kind] / total for kind in CLASSES[:3]}
        before = {kind: dict(current[kind]) for kind in CLASSES[:3]}
        for kind in CLASSES[:3]:
            kappa[kind] = max(1e-3, 2.0 * float(share[kind].sum()) / size)
            for column, name in enumerate(names):
                if kind in _FIXED.get(name, {}) or (name == "dob" and kind == "T"):
                    continue
                learnt = np.bincount(codes[:, column], weights=share[kind], minlength=len(LEVELS[name]))[1:]
                mass = learnt.sum()
                if mass < 20:
                    continue  # too little seen: the start stands
                if kind == "T":
                    learnt = learnt + TWIN_START_WEIGHT * np.array(_START[name]["T"])
                    mass = learnt.sum()
                learnt = learnt / mass + FLOOR
                learnt = learnt / learnt.sum()
                if kind == "M" and name == "given" and other_forename is not None:
                    # Left alone, M takes half of the twins as children whose forename changed.
                    learnt[:-1] *= (1.0 - other_forename) / learnt[:-1].sum()
                    learnt[-1] = other_forename
                current[kind][name] = learnt
        current["T"]["dob"] = current["M"]["dob"]
        kappa["T"] = min(kappa["T"], 0.25)
        together = sum(share.values())
        swapped = float(min(0.2, max(0.002, (together * order).sum() / max(1.0, together.sum()))))
        change = max(
            float(np.abs(current[kind][name] - before[kind][name]).max()) for kind in CLASSES[:3] for name in names
        )
        if change < 1e-6:
            break
    levels = {
        name: {
            **{kind: _rounded(current[kind][name]) for kind in CLASSES[:3]},
            "U": tuple(float(f"{p:.4g}") for p in unrelated[name]),
        }
        for name in names
    }
    return levels, round(swapped, 6), kappa, done, change


def _other_forename_share(vectors: Sequence[Vector]) -> float | None:
    """How often one child has another forename in two reports, from pairs that share a number and a birthday.

    None when there are too few such pairs; then EM alone decides.
    """
    anchored = Counter(
        vector.given for vector in vectors if (vector.nhs == 1 or vector.upn == 1) and vector.dob == births.SAME and vector.given
    )
    total = sum(anchored.values())
    if total < LEAST_ANCHORED:
        return None
    return min(0.05, max(FLOOR, ANCHORED_MARGIN * anchored[DIFFERENT] / total))


def _rounded(levels: "np.ndarray") -> tuple[float, ...]:
    return tuple(max(1e-6, round(float(p), 6)) for p in levels)


def _chance_scales(
    np: Any,
    features: Sequence[Features],
    pairs: list[tuple[int, int]],
    vectors: list[Vector],
    unrelated: dict[str, "np.ndarray"],
    tables: _Tables,
) -> dict[str, "np.ndarray"]:
    """For each pair, by how much an agreeing name is rarer than the average agreement; 1 where names do not agree."""
    given = np.ones(len(pairs))
    family = np.ones(len(pairs))
    u_given, u_family = unrelated["given"], unrelated["family"]
    for place, ((_, later), vector) in enumerate(zip(pairs, vectors, strict=True)):
        one = features[later]
        if 0 < vector.given <= OTHER_FORM:
            name = one.given.main if vector.given == 1 else f"={one.given.roots[0]}"
            common = tables.family_share(name) if vector.order else tables.given_share(name)
            chance = common if vector.given == 1 else max(float(u_given[1]), 0.5 * common)
            given[place] = u_given[vector.given - 1] / chance
        if 0 < vector.family <= OTHER_FORM:
            name = one.family.joined if vector.family == 1 else f"={one.family.roots[0]}"
            common = tables.given_share(name) if vector.order else tables.family_share(name)
            u = float(u_family[vector.family - 1])
            family[place] = u / (common if vector.family == 1 else max(u, 0.5 * common))
    return {"given": given, "family": family}


def first_of_january_share(features: Sequence[Features]) -> float:
    """The share of dated reports born on 1 January: far above 1 in 365 means invented dates. For the model's card."""
    dated = [one.dob for one in features if one.dob]
    return sum(1 for dob in dated if dob % 10_000 == 101) / len(dated) if dated else 0.0


assert len(LEVELS["dob"]) - 1 == births.SAME_FIRST_OF_JANUARY
