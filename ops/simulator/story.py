"""A story: the steps of one run, as data. Each step means something wherever it stands, so that a story with steps left
out is a story too; that is how a failing one is made short."""

from dataclasses import dataclass
from datetime import timedelta

from ops.simulator.hub import Point


@dataclass(frozen=True, slots=True)
class Send:
    """A message arrives. The same occasion again is a connector's retry, another the sender's own repeat."""

    message: int
    occasion: int


@dataclass(frozen=True, slots=True)
class Tell:
    """Somebody reports something about a contact; `about` counts the contacts sent so far, and one that never is."""

    kind: str
    about: int
    number: int


@dataclass(frozen=True, slots=True)
class Mend:
    """A person repairs one of the unreadable messages sent so far."""

    which: int
    number: int


@dataclass(frozen=True, slots=True)
class Staff:
    """A worker goes on duty, or leaves."""

    worker: int
    present: bool
    number: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Time passes and a tick is written; without `vouched` the ticker was away meanwhile. `to`: until so long after the
    next London midnight instead."""

    passed: timedelta
    vouched: bool = True
    to_midnight: bool = False


@dataclass(frozen=True, slots=True)
class Jump:
    """The machine's clock is set, forward or back."""

    by: timedelta


@dataclass(frozen=True, slots=True)
class Stray:
    """A second ticker's tick, ahead of or behind the clock."""

    ahead: timedelta


@dataclass(frozen=True, slots=True)
class Poison:
    """Bytes that are no record, on an input."""

    topic: int
    partition: int
    number: int


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a batch is cut: at the first effect of this kind, or a later one, with this share of its kind done."""

    at: Point
    share: float


@dataclass(frozen=True, slots=True)
class Work:
    """A worker takes a batch: of the inputs that have something to read any one, but the same one by the same `pick`. The
    fetch begins `skew` records off the frontier. `cut`: the worker is killed there."""

    pick: float
    size: int
    skew: int = 0
    commit: bool = True
    cut: Cut | None = None
    salt: int = 0


@dataclass(frozen=True, slots=True)
class Pause:
    """A worker stops in the middle of a batch for longer than its session; others take its partitions."""

    pick: float
    size: int
    cut: Cut
    salt: int = 0


@dataclass(frozen=True, slots=True)
class Resume:
    """The worker paused longest goes on, where it was; then it finds out and stops. Its successor joins at once, which
    gives the partitions these owners, or (None) with the next rebalance."""

    owners: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class Rebalance:
    """Partitions change hands, or all workers of a group join again; with or without a commit before."""

    group: int
    owners: tuple[int, ...]
    commit: bool


@dataclass(frozen=True, slots=True)
class BrokerKilled:
    """The broker is killed while a message is on its way to it, which it got (`reached`) or not, and starts again; so does
    everybody who worked with it. `unflushed`: as many records of each input were in its memory alone, if it lets them."""

    message: int
    occasion: int
    reached: bool
    unflushed: int


@dataclass(frozen=True, slots=True)
class Release:
    """The connectors go over to the next release, or back."""

    newer: bool


@dataclass(frozen=True, slots=True)
class Compact:
    """The broker compacts every changelog."""


Step = (
    Send
    | Tell
    | Mend
    | Staff
    | Wait
    | Jump
    | Stray
    | Poison
    | Work
    | Pause
    | Resume
    | Rebalance
    | BrokerKilled
    | Release
    | Compact
)
Story = tuple[Step, ...]
