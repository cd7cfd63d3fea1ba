"""The four-class model: same child (M), twin (T), sibling or household (S), unrelated (U).

Two classes are not enough: a twin agrees in everything but the forename, and a model that knows only "same" and
"unrelated" must then call the twin the same. The model is data: a versioned JSON file with its reliability table, so a
decision can name the model it was made by and be made again.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from math import log2
from pathlib import Path
from typing import Any

from streams.linkage.comparison import FIELDS, LEVELS, OTHER_FORM, SAME, SWAPPED, Vector
from streams.linkage.report import Features

FORMAT = "frontdoor-linkage-model/1"
CLASSES = ("M", "T", "S", "U")
SHIPPED = Path(__file__).with_name("models") / "uk-synthetic-2.json"

LEAST_TRAINING_RECORDS = 2_000
"""Fewer records than this cannot tell twins from the same child: such a model is refused."""

TWIN_SHARE = 0.03
"""At most this share of children is one of twins (about 3% of UK births): EM may not invent more."""

TF_WEIGHT = 1_000.0
"""Children the shipped name frequencies count for, beside the children of the index itself."""

NAMESAKES = 0.01
"""Of unrelated children, one whose name and birthday are this child's is met this often, for each earlier record of the
child itself: chance alone, which takes names and birthdays for independent, says it never happens. Between 0.16% and
15% of records share both in five American hospitals (McCoy 2013)."""

LEAST_INDEX = 200
"""The prior is not raised further while the index is smaller than this."""


class ModelError(ValueError):
    """A model file that cannot be used; the text says why and what to do."""


@dataclass(frozen=True)
class Model:
    """Everything a decision needs to know about agreement, frequencies and priors.

    `levels[field][class]` are probabilities of levels 1.. (missing is no evidence); `kappa` are expected earlier
    records of each class for one incoming report; `given_counts` and `family_counts` are by name as compared.
    """

    version: str
    kappa: Mapping[str, float]
    levels: Mapping[str, Mapping[str, tuple[float, ...]]]
    swapped: float
    given_counts: Mapping[str, int]
    given_total: int
    family_counts: Mapping[str, int]
    family_total: int
    records: int
    records_per_child: float
    normaliser: str
    reliability: tuple[Mapping[str, Any], ...] = ()
    card: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Score:
    """Probabilities that a pair is the same child, twins, or of one household; the rest is "unrelated"."""

    same: float
    twin: float
    sibling: float

    @property
    def household(self) -> float:
        """Another child of the same household, twin or sibling."""
        return self.twin + self.sibling


class NameCounts:
    """How many children of the index carry each name: frequencies follow the place the hub serves."""

    __slots__ = ("children", "family", "given")

    def __init__(self) -> None:
        self.children = 0
        self.given: dict[str, int] = {}
        self.family: dict[str, int] = {}

    def add(self, features: Features, by: int) -> None:
        """Count one child in (by = 1) or out (by = -1)."""
        self.children += by
        for names, counts in (
            (_given_names(features), self.given),
            (_family_names(features), self.family),
        ):
            for name in names:
                left = counts.get(name, 0) + by
                if left:
                    counts[name] = left
                else:
                    counts.pop(name, None)


def _given_names(features: Features) -> set[str]:
    given = features.given
    return {given.main, f"={given.roots[0]}"} if given.main else set()


def _family_names(features: Features) -> set[str]:
    family = features.family
    return {family.joined, f"={family.roots[0]}"} if family.joined else set()


class Scorer:
    """A model made ready: likelihood ratios against "unrelated", looked up by level."""

    def __init__(self, model: Model) -> None:
        self.model = model
        ratios: dict[str, list[list[float]]] = {}
        for name in FIELDS:
            if name == "order":
                continue
            u = model.levels[name]["U"]
            ratios[name] = [
                [1.0, *(p / q for p, q in zip(model.levels[name][kind], u, strict=True))] for kind in CLASSES[:3]
            ]
        self._ratios = ratios
        self._given_m = model.levels["given"]["M"]
        self._given_u = model.levels["given"]["U"]
        self._family_u = model.levels["family"]["U"]
        self._swapped = model.swapped
        self._kappa_m = model.kappa["M"]
        self._kappa_t = min(model.kappa["T"], TWIN_SHARE * model.records_per_child)
        self._kappa_s = model.kappa["S"]
        self._given_floor = 0.5 / max(1, model.given_total)
        self._family_floor = 0.5 / max(1, model.family_total)

    def given_frequency(self, name: str, counts: NameCounts) -> float:
        """The share of children with this forename: the model's tables and the index's own children together."""
        model = self.model
        known = model.given_counts.get(name)
        shipped = known / model.given_total if known else self._given_floor
        return (TF_WEIGHT * shipped + counts.given.get(name, 0)) / (TF_WEIGHT + counts.children)

    def family_frequency(self, name: str, counts: NameCounts) -> float:
        """The share of children with this surname."""
        model = self.model
        known = model.family_counts.get(name)
        shipped = known / model.family_total if known else self._family_floor
        return (TF_WEIGHT * shipped + counts.family.get(name, 0)) / (TF_WEIGHT + counts.children)

    def score(self, vector: Vector, report: Features, counts: NameCounts, index_size: int) -> Score:
        """The class probabilities of a pair, for a report against one record of an index of `index_size` records."""
        given, family, dob, place, sex, nhs, upn, order = vector
        ratios = self._ratios
        m = t = s = 1.0
        if given:
            by_class = ratios["given"]
            m, t, s = by_class[0][given], by_class[1][given], by_class[2][given]
            if given <= OTHER_FORM:
                frequency = self._frequency(report, given, order == SWAPPED, True, counts)
                # A name shared by chance is as likely as it is common, for twins and siblings too: their ratio stays.
                chance = frequency if given == SAME else max(self._given_u[1], 0.5 * frequency)
                m = self._given_m[given - 1] / chance
        if family:
            by_class = ratios["family"]
            fm, ft, fs = by_class[0][family], by_class[1][family], by_class[2][family]
            if family <= OTHER_FORM:
                frequency = self._frequency(report, family, order == SWAPPED, False, counts)
                # A surname is inherited: a rare one tells M, T and S from U, and nothing between them.
                u = self._family_u[family - 1]
                factor = u / (frequency if family == SAME else max(u, 0.5 * frequency))
                fm, ft, fs = fm * factor, ft * factor, fs * factor
            m, t, s = m * fm, t * ft, s * fs
        if dob:
            by_class = ratios["dob"]
            m, t, s = m * by_class[0][dob], t * by_class[1][dob], s * by_class[2][dob]
        # A namesake lives anywhere: the name and the birthday agree, and nothing else does more than by chance.
        namesake = m * NAMESAKES * self._kappa_m if given and family and dob else 0.0
        if place:
            by_class = ratios["place"]
            m, t, s = m * by_class[0][place], t * by_class[1][place], s * by_class[2][place]
        if sex:
            by_class = ratios["sex"]
            m, t, s = m * by_class[0][sex], t * by_class[1][sex], s * by_class[2][sex]
        if nhs:
            by_class = ratios["nhs"]
            m, t, s = m * by_class[0][nhs], t * by_class[1][nhs], s * by_class[2][nhs]
        if upn:
            by_class = ratios["upn"]
            m, t, s = m * by_class[0][upn], t * by_class[1][upn], s * by_class[2][upn]
        if order:
            m, t, s = m * self._swapped, t * self._swapped, s * self._swapped
            namesake *= self._swapped
        size = index_size if index_size > LEAST_INDEX else LEAST_INDEX
        m *= self._kappa_m
        t *= self._kappa_t
        s *= self._kappa_s
        total = m + t + s + namesake + size - self._kappa_m - self._kappa_t - self._kappa_s
        return Score(m / total, t / total, s / total)

    def _frequency(self, report: Features, level: int, swapped: bool, given: bool, counts: NameCounts) -> float:
        """How common the agreeing name is; a swapped name is looked up where the other record wrote it."""
        if given:
            name = report.given.main if level == SAME else f"={report.given.roots[0]}"
            return (self.family_frequency if swapped else self.given_frequency)(name, counts)
        name = report.family.joined if level == SAME else f"={report.family.roots[0]}"
        return (self.given_frequency if swapped else self.family_frequency)(name, counts)

    def weights(self, vector: Vector) -> dict[str, tuple[str, float, float]]:
        """For people: by field the level's name, and its weight in bits same v unrelated and same v twin.

        Name frequencies are left out here: they are the report's own, not the model's.
        """
        shown: dict[str, tuple[str, float, float]] = {}
        for name, level in zip(FIELDS, vector, strict=True):
            label = LEVELS[name][level]
            if name == "order":
                shown[name] = (label, log2(self._swapped) if level else 0.0, 0.0)
                continue
            m, t, _ = (by_class[level] for by_class in self._ratios[name])
            shown[name] = (label, round(log2(m), 2), round(log2(m / t), 2))
        return shown


def to_json(model: Model) -> str:
    """The model as it is stored; equal models give equal bytes."""
    return json.dumps(
        {
            "format": FORMAT,
            "version": model.version,
            "normaliser": model.normaliser,
            "records": model.records,
            "records_per_child": model.records_per_child,
            "kappa": dict(model.kappa),
            "swapped": model.swapped,
            "levels": {name: {k: list(v) for k, v in kinds.items()} for name, kinds in model.levels.items()},
            "reliability": list(model.reliability),
            "card": dict(model.card),
            "given_total": model.given_total,
            "given_counts": dict(sorted(model.given_counts.items())),
            "family_total": model.family_total,
            "family_counts": dict(sorted(model.family_counts.items())),
        },
        ensure_ascii=False,
        indent=1,
    )


def from_json(text: str) -> Model:
    """A model from its stored form. Raises `ModelError` for another format, damaged numbers or too little data."""
    try:
        stored = json.loads(text)
    except ValueError as error:
        raise ModelError("the linkage model is not JSON: train it again with `frontdoor linkage train`") from error
    if not isinstance(stored, dict) or stored.get("format") != FORMAT:
        raise ModelError(f"this is not a linkage model of format {FORMAT}: train it again with `frontdoor linkage train`")
    try:
        model = Model(
            version=str(stored["version"]),
            kappa={kind: float(stored["kappa"][kind]) for kind in CLASSES[:3]},
            levels={
                name: {kind: tuple(float(p) for p in stored["levels"][name][kind]) for kind in CLASSES}
                for name in FIELDS
                if name != "order"
            },
            swapped=float(stored["swapped"]),
            given_counts={str(k): int(v) for k, v in stored["given_counts"].items()},
            given_total=int(stored["given_total"]),
            family_counts={str(k): int(v) for k, v in stored["family_counts"].items()},
            family_total=int(stored["family_total"]),
            records=int(stored["records"]),
            records_per_child=float(stored["records_per_child"]),
            normaliser=str(stored["normaliser"]),
            reliability=tuple(stored.get("reliability", ())),
            card=stored.get("card", {}),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError("the linkage model lacks parts or numbers: train it again with `frontdoor linkage train`") from error
    check_model(model)
    return model


def check_model(model: Model) -> None:
    """Raise `ModelError` unless the model has enough data behind it and every level of every class a probability."""
    if model.records < LEAST_TRAINING_RECORDS:
        raise ModelError(
            f"the linkage model was trained on {model.records} records; at least {LEAST_TRAINING_RECORDS} are needed "
            "before it may decide: train it on more, or use the model that comes with the product"
        )
    for name, kinds in model.levels.items():
        for kind, levels in kinds.items():
            if len(levels) != len(LEVELS[name]) - 1 or not all(0.0 < p <= 1.0 for p in levels):
                raise ModelError(f"the linkage model's levels for {name}, class {kind}, are not probabilities")
    if not (0.0 < model.swapped < 1.0 and all(k > 0.0 for k in model.kappa.values())):
        raise ModelError("the linkage model's priors are not usable: train it again with `frontdoor linkage train`")


def load_model(path: Path) -> Model:
    """Read a model file. Raises `ModelError`, or `OSError` when it cannot be read."""
    return from_json(path.read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def shipped_model() -> Model:
    """The model that comes with the product, trained on synthetic children only."""
    return load_model(SHIPPED)
