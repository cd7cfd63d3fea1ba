"""Samples as Prometheus reads them: its text format, version 0.0.4."""

from collections.abc import Iterable
from typing import NamedTuple

from ops.metrics.distribution import BOUNDS, Histogram
from ops.metrics.names import METRICS, OWN, Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_ALL = (*METRICS, *OWN)
_BY_NAME = {metric.name: metric for metric in _ALL}
_ESCAPED = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


class Sample(NamedTuple):
    """One value of a metric. `labels` are the values of its labels, in the catalogue's order."""

    metric: str
    value: float
    labels: tuple[str, ...] = ()


def exposition(samples: Iterable[Sample | Histogram]) -> str:
    """The text of a scrape, families in the catalogue's order. A metric without a sample is left out.

    Raises `KeyError` for a name that is not in the catalogue, `ValueError` for labels that are not the metric's, or for
    two samples of one series.
    """
    families: dict[str, dict[tuple[str, ...], float | Histogram]] = {}
    for sample in samples:
        metric = _BY_NAME[sample.metric]
        if len(sample.labels) != len(metric.labels):
            raise ValueError(f"{metric.name} has the labels {metric.labels}")
        family = families.setdefault(metric.name, {})
        if sample.labels in family:
            raise ValueError(f"two samples of one series of {metric.name}")
        family[sample.labels] = sample.value if isinstance(sample, Sample) else sample
    return "".join(_family(metric, families[metric.name]) for metric in _ALL if metric.name in families)


def _family(metric: Metric, series: dict[tuple[str, ...], float | Histogram]) -> str:
    head = f"# HELP {metric.name} {metric.meaning}\n# TYPE {metric.name} {metric.kind}\n"
    return head + "".join(_series(metric, labels, value) for labels, value in sorted(series.items()))


def _series(metric: Metric, labels: tuple[str, ...], value: float | Histogram) -> str:
    if not isinstance(value, Histogram):
        return f"{metric.name}{_labels(metric, labels)} {value!r}\n"
    ends = zip((*map(repr, BOUNDS), "+Inf"), (*value.within, value.count), strict=True)
    buckets = "".join(f"{metric.name}_bucket{_labels(metric, labels, ('le', end))} {count}\n" for end, count in ends)
    told = _labels(metric, labels)
    return f"{buckets}{metric.name}_sum{told} {value.total!r}\n{metric.name}_count{told} {value.count}\n"


def _labels(metric: Metric, values: tuple[str, ...], *more: tuple[str, str]) -> str:
    pairs = [*zip(metric.labels, values, strict=True), *more]
    if not pairs:
        return ""
    return "{" + ",".join(f'{name}="{value.translate(_ESCAPED)}"' for name, value in pairs) + "}"
