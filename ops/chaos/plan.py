"""What goes wrong, and when: a schedule of faults from a seed. Pure."""

import random
from collections.abc import Collection
from dataclasses import dataclass

WORKERS = ("intake", "routing", "allocation", "cases", "clocks", "answers", "linkage")
CONNECTORS = ("connector-health", "connector-education", "connector-police", "connector-social_care")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault: what it does, how often it comes beside the others, how long it lasts (least and most, in
    seconds), and whom it can hit (empty: the broker or the network as a whole)."""

    what: str
    weight: float
    lasts: tuple[float, float]
    targets: tuple[str, ...] = ()
    #: On how many broker nodes it makes sense.
    nodes: tuple[int, ...] = (1, 3)


KINDS: dict[str, Kind] = {
    "kill-worker": Kind("SIGKILL of a stream worker", 6, (0, 0), WORKERS),
    "kill-connector": Kind("SIGKILL of a connector", 4, (0, 0), CONNECTORS),
    "kill-ticker": Kind("SIGKILL of the ticker", 2, (0, 0), ("ticker",)),
    "kill-recovering": Kind("SIGKILL of a worker, and again while it reads its table", 3, (0.5, 2.5), WORKERS),
    "pause-worker": Kind("a worker stopped for longer than its session, then let go on", 2, (8, 11), WORKERS),
    "rebalance": Kind("a second worker joins the group, and leaves it", 3, (4, 8), WORKERS),
    "kill-broker": Kind("SIGKILL of the broker, and a restart", 2, (0.5, 3), (), (1,)),
    "kill-node": Kind("SIGKILL of one of three brokers, leaders included, and a restart", 3, (2, 6), ("1", "2", "3"), (3,)),
    "cut-network": Kind("every connection to the broker cut, and none made", 3, (0.5, 4), (), (1,)),
    "slow-network": Kind("every answer of the broker comes late and in pieces", 2, (3, 8), (), (1,)),
    "half-open": Kind("answers of the broker get lost: what was written is not known to be", 3, (1, 5), (), (1,)),
    "disk-full": Kind("no space is left under the broker's log; it ends, and starts when there is", 0.5, (2, 6), (), (1,)),
    "broker-away": Kind("the broker is away for long", 0.25, (45, 75), (), (1,)),
    "poison": Kind("a burst of messages of every kind that nobody can read", 3, (0, 0)),
    "duplicate-storm": Kind("messages sent before, ten times each, shuffled", 3, (0, 0)),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: `pause` seconds after the one before has ended, for `seconds`. `seed` is for choices it makes itself."""

    number: int
    kind: str
    target: str
    pause: float
    seconds: float
    seed: int


def schedule(seed: int, seconds: float, nodes: int, without: Collection[str] = ()) -> list[Fault]:
    """Faults for a run of so many seconds; every kind that fits comes once before any comes by chance. The same for the
    same arguments."""
    chance = random.Random(seed)
    kinds = {name: kind for name, kind in KINDS.items() if nodes in kind.nodes and name not in without}
    first = [name for name, kind in kinds.items() if kind.lasts[1] < seconds / 8]
    chance.shuffle(first)
    faults: list[Fault] = []
    passed = 0.0
    while True:
        name = first.pop() if first else chance.choices(list(kinds), [kind.weight for kind in kinds.values()])[0]
        kind = kinds[name]
        # Every fifth comes on top of the one before, while its consequences are not over.
        pause = 0.0 if chance.random() < 0.2 else chance.uniform(0.3, 2.0)
        lasts = chance.uniform(*kind.lasts)
        passed += pause + lasts
        if passed > seconds:
            return faults
        target = chance.choice(kind.targets) if kind.targets else ""
        faults.append(Fault(len(faults), name, target, round(pause, 2), round(lasts, 2), chance.randrange(2**32)))
