"""Samples as Prometheus reads them: its text format, version 0.0.4."""

from collections.abc import Iterable
from typing import NamedTuple

from ops.metrics.names import METRICS, Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_BY_NAME = {metric.name: metric for metric in METRICS}
_ESCAPED = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


class Sample(NamedTuple):
    """One value of a metric. `labels` are the values of its labels, in the catalogue's order."""

    metric: str
    value: float
    labels: tuple[str, ...] = ()


def exposition(samples: Iterable[Sample]) -> str:
    """The text of a scrape, families in the catalogue's order. A metric without a sample is left out.

    Raises `KeyError` for a name that is not in the catalogue, `ValueError` for labels that are not the metric's, or for
    two samples of one series.
    """
    families: dict[str, dict[tuple[str, ...], float]] = {}
    for sample in samples:
        metric = _BY_NAME[sample.metric]
        if len(sample.labels) != len(metric.labels):
            raise ValueError(f"{metric.name} has the labels {metric.labels}")
        family = families.setdefault(metric.name, {})
        if sample.labels in family:
            raise ValueError(f"two samples of one series of {metric.name}")
        family[sample.labels] = sample.value
    return "".join(_family(metric, families[metric.name]) for metric in METRICS if metric.name in families)


def _family(metric: Metric, series: dict[tuple[str, ...], float]) -> str:
    head = f"# HELP {metric.name} {metric.meaning}\n# TYPE {metric.name} {metric.kind}\n"
    return head + "".join(f"{metric.name}{_labels(metric, labels)} {value!r}\n" for labels, value in sorted(series.items()))


def _labels(metric: Metric, values: tuple[str, ...]) -> str:
    if not values:
        return ""
    pairs = zip(metric.labels, values, strict=True)
    return "{" + ",".join(f'{name}="{value.translate(_ESCAPED)}"' for name, value in pairs) + "}"
