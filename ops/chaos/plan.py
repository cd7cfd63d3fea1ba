"""What goes wrong, and when: a schedule of faults from a seed. Pure.

Faults run on three tracks beside each other, because faults do not wait for each other: what happens to the broker and its
network, to the hub's processes, and at the partners' ends. On one track one comes after the other.
"""

import random
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal

WORKERS = ("intake", "routing", "allocation", "cases", "clocks", "answers", "linkage")
#: Routing decides each message by itself, and has no rows to read.
WITH_ROWS = tuple(worker for worker in WORKERS if worker != "routing")
CONNECTORS = ("connector-health", "connector-education", "connector-police", "connector-social_care")
#: Who is called over HTTP with what leaves the hub, and can fail.
RECIPIENTS = ("case-system", "health-http", "education-http")

Track = Literal["broker", "processes", "partners"]
TRACKS: tuple[Track, ...] = ("broker", "processes", "partners")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault: what it does, how long it lasts (least and most, in seconds), and whom it can hit (empty: the
    broker, the network or the hub as a whole). `share` is how often it comes beside the others of its track, `undoing` the
    seconds that it usually takes to undo."""

    what: str
    track: Track
    lasts: tuple[float, float]
    targets: tuple[str, ...] = ()
    #: On how many broker nodes it makes sense.
    nodes: tuple[int, ...] = (1, 3)
    share: float = 1.0
    undoing: float = 0.0


KINDS: dict[str, Kind] = {
    "kill-broker": Kind("SIGKILL of the broker, and a restart", "broker", (0.5, 3), nodes=(1,), undoing=4),
    "kill-node": Kind(
        "SIGKILL of one of three brokers, leaders included, and a restart", "broker", (2, 6), ("1", "2", "3"), (3,), undoing=5
    ),
    "cut-network": Kind("every connection to the broker cut, and none made", "broker", (0.5, 4), nodes=(1,)),
    "slow-network": Kind("every answer of the broker comes late and in pieces", "broker", (3, 8), nodes=(1,)),
    "half-open": Kind("answers of the broker get lost: what was written is not known to be", "broker", (1, 5), nodes=(1,)),
    "disk-full": Kind(
        "no space is left under the broker's log; it ends, and starts when there is", "broker", (2, 5), (), (1,), 0.4, 5
    ),
    "broker-away": Kind("every broker away for most of a minute; in a long run also for five minutes", "broker", (40, 55),
                        share=0.12, undoing=5),
    "kill-worker": Kind("SIGKILL of a stream worker", "processes", (0, 0), WORKERS),
    "kill-connector": Kind("SIGKILL of a connector", "processes", (0, 0), CONNECTORS),
    "kill-ticker": Kind("SIGKILL of the ticker", "processes", (0, 0), ("ticker",)),
    "kill-delivery": Kind("SIGKILL of the process that delivers what leaves the hub", "processes", (0, 0), ("delivery",)),
    "kill-recovering": Kind("SIGKILL of a worker, and again while it reads its rows", "processes", (0, 0), WITH_ROWS, undoing=3),
    "pause-worker": Kind(
        "a worker stopped until another has its partitions, then let go on", "processes", (11, 14), WORKERS, undoing=3
    ),
    "rebalance": Kind("two more workers join the group, and leave it", "processes", (4, 8), WORKERS, undoing=2),
    "next-release": Kind(
        "a process goes over to the next release, which writes newer versions of every schema, or back",
        "processes", (0, 0), (*WORKERS, *CONNECTORS, "ticker", "delivery"), undoing=1,
    ),
    "partner-times-out": Kind("a recipient takes what it is sent and never answers", "partners", (12, 18), RECIPIENTS),
    "partner-500": Kind("a recipient answers 500 to everything", "partners", (12, 18), RECIPIENTS),
    "partner-drops": Kind("a recipient begins to answer 200, drops the connection and what it was sent", "partners", (12, 18),
                          RECIPIENTS),
    "poison": Kind("a burst of messages of every kind that nobody can read", "partners", (0, 0)),
    "duplicate-storm": Kind("messages sent before, ten times each, shuffled", "partners", (0, 0)),
    "clock-jump": Kind("the hub's clock jumps by an hour, ahead or back", "partners", (0, 0), ("ahead", "back")),
}  # fmt: skip

#: Seconds of peace before a fault, for each track; sometimes there is none, sometimes as much as a busy hub needs.
_REST: dict[Track, tuple[float, float]] = {"broker": (3.0, 7.0), "processes": (4.0, 11.0), "partners": (2.0, 7.0)}
_LONG_REST = (16.0, 24.0)
#: For each so many seconds of a run there is one outage of so many.
_OUTAGE_EVERY, _LONG_OUTAGE = 600.0, 300.0


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: `pause` seconds after the one before on its track has ended, for `seconds`. `seed` is for choices it makes
    itself."""

    number: int
    kind: str
    target: str
    pause: float
    seconds: float
    seed: int

    @property
    def track(self) -> Track:
        """Beside which others it runs."""
        return KINDS[self.kind].track


def schedule(seed: int, seconds: float, nodes: int, without: Collection[str] = (), targets: Collection[str] = ()) -> list[Fault]:
    """Faults for a run of so many seconds, numbered track by track. With `targets`, kinds that can hit one of them hit nobody
    else. The same for the same arguments."""
    faults: list[Fault] = []
    for track in TRACKS:
        kinds = {
            name: _aimed(kind, targets)
            for name, kind in KINDS.items()
            if kind.track == track and nodes in kind.nodes and name not in without and kind.lasts[1] + kind.undoing < seconds
        }
        if kinds:
            faults += _of_track(track, kinds, random.Random(f"{seed}/{track}"), seconds, len(faults))
    return faults


def _aimed(kind: Kind, targets: Collection[str]) -> Kind:
    hit = tuple(target for target in kind.targets if target in targets)
    return replace(kind, targets=hit) if hit else kind


def _of_track(track: Track, kinds: dict[str, Kind], chance: random.Random, seconds: float, first: int) -> list[Fault]:
    """Always the kind that has come least for its share, the target that was hit least; among equals by chance."""
    faults: list[Fault] = []
    came: Counter[str] = Counter()
    hits: Counter[tuple[str, str]] = Counter()
    passed = 0.0
    outages = _outages(seconds, chance) if "broker-away" in kinds else []
    while True:
        pause = _pause(track, chance, passed == 0.0)
        if outages and passed >= outages[0]:
            name, lasts = "broker-away", _LONG_OUTAGE
            outages.pop(0)
        else:
            name = min(kinds, key=lambda one: (came[one] + chance.random()) / kinds[one].share)
            lasts = chance.uniform(*kinds[name].lasts)
        kind = kinds[name]
        passed += pause + lasts + kind.undoing
        if passed > seconds:
            return faults
        target = min(kind.targets, key=lambda one: (hits[name, one], chance.random())) if kind.targets else ""
        came[name] += 1
        hits[name, target] += 1
        faults.append(Fault(first + len(faults), name, target, round(pause, 2), round(lasts, 2), chance.randrange(2**32)))


def _outages(seconds: float, chance: random.Random) -> list[float]:
    """When the long outages begin, each in the second quarter of its stretch: after it there is time to drain."""
    number = int(seconds // _OUTAGE_EVERY)
    return [seconds / number * (before + chance.uniform(0.25, 0.5)) for before in range(number)]


def _pause(track: Track, chance: random.Random, at_the_beginning: bool) -> float:
    kind = chance.random()
    if at_the_beginning:
        return chance.uniform(0.3, 1.0)
    if kind < 0.15:
        return 0.0
    if kind > 0.8 and track == "broker":
        return chance.uniform(*_LONG_REST)
    return chance.uniform(*_REST[track])
