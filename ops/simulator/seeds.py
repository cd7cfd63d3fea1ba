"""Seed after seed: run its stories, judge them, and of the first that fails tell the shortest story that still does."""

import gc
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from ops.simulator.delivery import sabotage as of_delivery
from ops.simulator.delivery.checks import broken_promises as broken_on_the_way
from ops.simulator.delivery.run import DeliveryRun
from ops.simulator.delivery.story import Story as StoryOfWhatLeaves
from ops.simulator.delivery.story import write_story as write_what_leaves
from ops.simulator.invariants import broken_promises
from ops.simulator.run import Run
from ops.simulator.sabotage import SABOTAGES
from ops.simulator.scheduler import write_story
from ops.simulator.shrink import shortest
from ops.simulator.story import Story

#: Seeds that one process takes at a time; fewer than this are not worth a second process.
_SHARE = 50

#: Protections that can be taken away, here or there, each by name with what it takes away.
ALL_SABOTAGES = {**SABOTAGES, **of_delivery.SABOTAGES}


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
    """One run of what is decided, and the promises it broke. An exception anywhere is a broken promise too."""
    run = Run(seed, sabotage, telling)
    return run, _broken(run, story, broken_promises)


def judge_what_leaves(
    seed: int, story: StoryOfWhatLeaves, sabotage: str = "", telling: bool = False
) -> tuple[DeliveryRun, list[str]]:
    """One run of what leaves the hub, and the promises it broke; likewise."""
    run = DeliveryRun(sabotage, telling)
    return run, _broken(run, story, broken_on_the_way)


def _broken(run: Any, story: Any, promises: Callable[[Any], list[str]]) -> list[str]:
    try:
        run.play(story)
        return promises(run)
    except Exception as error:
        return [f"stopped by {type(error).__name__}: {error}"]


def _worlds(sabotage: str) -> list[tuple[Callable[[int], Any], Callable[..., Any]]]:
    """How the stories of a seed are written, and judged: of what is decided, and of what leaves, where the sabotage is there."""
    worlds: list[tuple[Callable[[int], Any], Callable[..., Any]]] = []
    if not sabotage or sabotage in SABOTAGES:
        worlds.append((write_story, judge))
    if not sabotage or sabotage in of_delivery.SABOTAGES:
        worlds.append((write_what_leaves, judge_what_leaves))
    return worlds


def verdicts(seeds: Iterable[int], sabotage: str = "") -> Iterator[Verdict]:
    """Each seed's verdict, in order."""
    for seed in seeds:
        with _garbage_kept():
            broken = [line for write, hear in _worlds(sabotage) for line in hear(seed, write(seed), sabotage)[1]]
        yield Verdict(seed, broken)


@contextmanager
def _garbage_kept() -> Iterator[None]:
    """Nothing is looked through for garbage while a run grows, which would take a fifth of its time; after it, it is."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def failing(seeds: range, sabotage: str = "", jobs: int | None = None) -> list[int]:
    """The seeds that fail, in order; many are shared among `jobs` processes, by default one for each of the machine's cores."""
    jobs = jobs or os.cpu_count() or 1
    shares = [seeds[start : start + _SHARE] for start in range(0, len(seeds), _SHARE)]
    if len(shares) < 2 or jobs < 2:
        return _failing(sabotage, seeds)
    with ProcessPoolExecutor(min(jobs, len(shares)), multiprocessing.get_context("spawn")) as pool:
        return [seed for share in pool.map(partial(_failing, sabotage), shares) for seed in share]


def _failing(sabotage: str, seeds: range) -> list[int]:
    return [verdict.seed for verdict in verdicts(seeds, sabotage) if verdict.broken]


def explain(seed: int, sabotage: str = "") -> Failure:
    """The shortest story of a failing seed."""
    worlds = _worlds(sabotage)
    write, hear = next((world for world in worlds if world[1](seed, world[0](seed), sabotage)[1]), worlds[0])
    whole = write(seed)
    short = shortest(whole, lambda story: bool(hear(seed, story, sabotage)[1]))
    run, broken = hear(seed, short, sabotage, telling=True)
    return Failure(seed, len(short), len(whole), run.told, broken)


def tell(seed: int, sabotage: str = "") -> list[str]:
    """The whole stories of a seed, line by line."""
    return [line for write, hear in _worlds(sabotage) for line in hear(seed, write(seed), sabotage, telling=True)[0].told]
