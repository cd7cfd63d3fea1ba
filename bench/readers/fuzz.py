"""The command: `python -m bench.readers.fuzz [--mutants N] [--seed S] [--kind NAME ...] [--json FILE]`.

Every mutant must become one reading, in at most two seconds of processor time, without an exception and within bounded memory.
Each kind runs in a process of its own. Exit code 1 when a promise was broken; the seed that broke it gives the mutant again.
"""

import argparse
import json
import multiprocessing
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench.readers.mutants import mutant
from bench.readers.samples import KINDS, kind
from connectors.registry import reader
from schemas.reading import Hint, Reading

SECONDS = 2.0
"""Processor time that one mutant may take."""

_GIVEN_UP = 20.0
"""Seconds of processor time after which a mutant is broken off."""

MEGABYTES = 1024
"""Memory that the process of one kind may take at its largest."""


@dataclass(slots=True)
class Result:
    """What became of the mutants of one kind. `faults` are {seed: class of the exception}, `slow` {seed: seconds}."""

    kind: str
    mutants: int
    outcomes: dict[str, int] = field(default_factory=dict)
    faults: dict[int, str] = field(default_factory=dict)
    slow: dict[int, float] = field(default_factory=dict)
    slowest_ms: float = 0.0
    megabytes: int = 0
    seconds: float = 0.0

    @property
    def kept(self) -> bool:
        """Whether every promise was kept."""
        return not self.faults and not self.slow and self.megabytes <= MEGABYTES and sum(self.outcomes.values()) == self.mutants


class Endless(Exception):
    """A mutant kept the reader busy for longer than anybody waits."""


def fuzz(name: str, mutants: int, seed: int) -> Result:
    """Read `mutants` mutants of a kind; their seeds count from `seed`."""
    messages, result, outcomes = kind(name), Result(name, mutants), Counter[str]()
    read = reader(messages.agency)
    read = getattr(read, "__wrapped__", read)  # without its net for faults of ours
    started = time.process_time()
    for one in range(seed, seed + mutants):
        body = mutant(messages.messages, one)
        began = time.process_time()
        try:
            with _given_up_after(_GIVEN_UP):
                reading = read(body, Hint())
            outcomes[checked(reading)] += 1
        except Exception as error:
            result.faults[one] = type(error).__name__
        took = time.process_time() - began
        result.slowest_ms = max(result.slowest_ms, round(1000 * took, 1))
        if took > SECONDS:
            result.slow[one] = round(took, 1)
    result.outcomes = dict(sorted(outcomes.items()))
    result.seconds = round(time.process_time() - started, 1)
    result.megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return result


def checked(reading: Reading) -> str:
    """The outcome of a reading that is sound; raises `AssertionError` for one that is not."""
    reading.model_dump_json().encode("utf-8")
    assert (reading.outcome == "contact") == bool(reading.reports)
    assert (reading.outcome == "case_events") == bool(reading.case_reports)
    assert reading.outcome in ("contact", "case_events") or (reading.reason_code and reading.reason.endswith("."))
    return reading.outcome


@contextmanager
def _given_up_after(seconds: float) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise Endless

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def main() -> int:
    """Fuzz the kinds that are asked for, and print what became of them."""
    asked = argparse.ArgumentParser(prog="python -m bench.readers.fuzz", description=__doc__)
    asked.add_argument("--mutants", type=int, default=500)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--kind", action="append", choices=KINDS)
    asked.add_argument("--json", type=Path)
    given = asked.parse_args()
    results = []
    context = multiprocessing.get_context("spawn")
    for name in given.kind or KINDS:
        with context.Pool(1) as alone:
            result = alone.apply(fuzz, (name, given.mutants, given.seed))
        results.append(result)
        said = ", ".join(f"{count:,} {outcome}" for outcome, count in result.outcomes.items())
        cost = f"slowest {result.slowest_ms:.0f} ms; {result.megabytes} MB; {result.seconds:.0f} s"
        print(f"{'kept  ' if result.kept else 'BROKEN'} {name}: {result.mutants:,} mutants; {said}; {cost}", flush=True)
        for broken in (result.faults, result.slow):
            for seed, what in list(broken.items())[:5]:
                print(f"       seed {seed}: {what}", file=sys.stderr)
        if given.json:
            given.json.write_text(json.dumps([asdict(one) for one in results], indent=1))
    return 0 if all(result.kept for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
