"""What this process counts of itself, for its own Prometheus endpoint: one process, one set of numbers, never any id."""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from ops.metrics.exposition import Sample

_counts: Counter[tuple[str, tuple[str, ...]]] = Counter()
_sources: list[Callable[[], Iterable[Sample]]] = []
_began = time.time()


def count(metric: str, *labels: str, by: int = 1) -> None:
    """Count `by` more of a counter of `ops.metrics.names.OWN`."""
    _counts[metric, labels] += by


def add_source(source: Callable[[], Iterable[Sample]]) -> None:
    """Ask `source` too whenever somebody asks; from another thread, so it must only look."""
    _sources.append(source)


def process_samples() -> list[Sample]:
    """Everything that is counted now, and what the operating system says of this process."""
    found = [Sample(metric, value, labels) for (metric, labels), value in list(_counts.items())]
    for source in _sources:
        found += source()
    times = os.times()
    return [
        *found,
        Sample("process_start_time_seconds", _began),
        Sample("process_cpu_seconds_total", times.user + times.system),
        *_of_linux(),
    ]


def _of_linux() -> list[Sample]:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        files = len(os.listdir("/proc/self/fd"))
    except (OSError, ValueError, IndexError):
        return []
    return [
        Sample("process_resident_memory_bytes", pages * os.sysconf("SC_PAGE_SIZE")),
        Sample("process_open_fds", files),
    ]
