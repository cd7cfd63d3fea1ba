"""What a model says about itself: its bands and results on fresh synthetic children, stored with the model."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bench.linkage.measures import Measures, run
from bench.linkage.reports import make_set
from streams.linkage.model import Model, Scorer

CARD_SEEDS = (9_001, 9_002, 9_003)
"""Sets used for the card only: no weight, threshold or rule was chosen by them."""


def measure(model: Model, seeds: Sequence[int], with_oracle: bool) -> Measures:
    """A model's decisions on synthetic sets, judged by the truth."""
    scorer, total = Scorer(model), Measures()
    for seed in seeds:
        rows, children = make_set(seed)
        total.add(run(rows, children, scorer, with_oracle))
    return total


def reliability_table(found: Measures) -> tuple[dict[str, Any], ...]:
    """For each band of the score: reports whose best candidate lay there, and the share that was that child."""
    return tuple(
        {
            "from": low,
            "to": min(1.0, high),
            "reports": seen,
            "true": round(right / seen, 4) if seen else None,
        }
        for (low, high), (seen, right) in found.bands.items()
    )


def measured(model: Model, seeds: Sequence[int] = CARD_SEEDS) -> Model:
    """The model with its reliability table and, in its card, its results over fresh sets and by name origin."""
    found = measure(model, seeds, with_oracle=True)
    results = {
        "measured_on": f"synthetic sets {', '.join(map(str, seeds))}; every review answered rightly before the next report",
        "reports": found.reports,
        "automatic_links": found.linked,
        "wrong_automatic_links": found.wrong,
        "twin_pairs": found.twin_pairs,
        "twin_pairs_merged": found.wrong_twin_pairs,
        "review_share": round(found.reviews / found.reports, 4),
        "reviews_true": round(found.share(found.reviews_true, found.reviews), 4),
        "missed_share": round(found.share(found.missed, found.repeats), 4),
        "by_name_origin": {
            origin: {
                "repeat_reports": repeats,
                "automatic": round(linked / repeats, 4) if repeats else None,
                "missed": round(missed / repeats, 4) if repeats else None,
            }
            for origin, (repeats, linked, _, missed) in sorted(found.by_origin.items())
        },
    }
    return replace(model, reliability=reliability_table(found), card={**model.card, "results": results})
