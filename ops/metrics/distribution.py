"""How long things took, as Prometheus keeps it: how many took at most so long, the sum, the count."""

from bisect import bisect_left
from dataclasses import dataclass

#: Upper ends of the buckets, in seconds.
BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


@dataclass(frozen=True, slots=True)
class Histogram:
    """One series of a histogram. `within` has one count for each of `BOUNDS`, each holding those before it."""

    metric: str
    within: tuple[int, ...]
    total: float
    count: int
    labels: tuple[str, ...] = ()


class Distribution:
    """What was observed so far. One thread observes; others may look."""

    def __init__(self) -> None:
        self._in_bucket = [0] * (len(BOUNDS) + 1)
        self._total = 0.0

    def observe(self, seconds: float) -> None:
        """One more."""
        self._in_bucket[bisect_left(BOUNDS, seconds)] += 1
        self._total += seconds

    def told(self, metric: str, *labels: str) -> Histogram:
        """As a series."""
        counts, so_far, within = list(self._in_bucket), 0, []
        for count in counts[:-1]:
            so_far += count
            within.append(so_far)
        return Histogram(metric, tuple(within), self._total, so_far + counts[-1], labels)
