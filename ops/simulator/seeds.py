"""Seed after seed: run its story, judge it, and of the first that fails tell the shortest story that still does."""

import multiprocessing
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

from ops.simulator.invariants import broken_promises
from ops.simulator.run import Run
from ops.simulator.scheduler import write_story
from ops.simulator.shrink import shortest
from ops.simulator.story import Story

#: Seeds that one process takes at a time; fewer than this are not worth a second process.
_SHARE = 50


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one seed came to: the promises it broke, none when all hold."""

    seed: int
    broken: list[str]


@dataclass(frozen=True, slots=True)
class Failure:
    """A failing seed made short: what happened, line by line, and what it broke; `steps` of how many it had."""

    seed: int
    steps: int
    of_steps: int
    told: list[str]
    broken: list[str]


def judge(seed: int, story: Story, sabotage: str = "", telling: bool = False) -> tuple[Run, list[str]]:
    """One run and the promises it broke. An exception anywhere is a broken promise too."""
    run = Run(seed, sabotage, telling)
    try:
        run.play(story)
        return run, broken_promises(run)
    except Exception as error:
        return run, [f"stopped by {type(error).__name__}: {error}"]


def verdicts(seeds: Iterable[int], sabotage: str = "") -> Iterator[Verdict]:
    """Each seed's verdict, in order."""
    for seed in seeds:
        yield Verdict(seed, judge(seed, write_story(seed), sabotage)[1])


def failing(seeds: range, sabotage: str = "") -> list[int]:
    """The seeds that fail, in order; many are shared among the machine's cores."""
    shares = [seeds[start : start + _SHARE] for start in range(0, len(seeds), _SHARE)]
    if len(shares) < 2:
        return _failing(sabotage, seeds)
    with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn")) as pool:
        return [seed for share in pool.map(partial(_failing, sabotage), shares) for seed in share]


def _failing(sabotage: str, seeds: range) -> list[int]:
    return [verdict.seed for verdict in verdicts(seeds, sabotage) if verdict.broken]


def explain(seed: int, sabotage: str = "") -> Failure:
    """The shortest story of a failing seed."""
    whole = write_story(seed)
    short = shortest(whole, lambda story: bool(judge(seed, story, sabotage)[1]))
    run, broken = judge(seed, short, sabotage, telling=True)
    return Failure(seed, len(short), len(whole), run.told, broken)


def tell(seed: int, sabotage: str = "") -> list[str]:
    """The whole story of a seed, line by line."""
    return judge(seed, write_story(seed), sabotage, telling=True)[0].told
