"""From times of appends to a rate, and from latencies to percentiles."""

from collections.abc import Sequence
from dataclasses import dataclass

#: The share of the work that warms a process up and is not counted.
WARM_UP = 0.1


@dataclass(frozen=True, slots=True)
class Step:
    """By the time `at` (seconds) so much was `done`."""

    at: float
    done: int


def rate(steps: Sequence[Step]) -> float:
    """Done in a second, once warm. 0 if it was over within one step."""
    if not steps:
        return 0.0
    last: dict[float, int] = {step.at: step.done for step in sorted(steps, key=lambda step: (step.at, step.done))}
    settled = [Step(at, done) for at, done in last.items()]
    end = settled[-1]
    start = next(step for step in settled if step.done >= end.done * WARM_UP)
    return (end.done - start.done) / (end.at - start.at) if end.at > start.at else 0.0


def percentile(values: Sequence[float], share: float) -> float:
    """The value that so large a share does not exceed (nearest rank). Raises `ValueError` without values."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * round(share * 1000) // 1000) - 1)]


def milliseconds(seconds: Sequence[float]) -> dict[str, float]:
    """How latencies are told."""
    return {
        "count": len(seconds), "p50_ms": round(percentile(seconds, 0.5) * 1000, 1),
        "p99_ms": round(percentile(seconds, 0.99) * 1000, 1), "max_ms": round(max(seconds) * 1000, 1),
    }  # fmt: skip
