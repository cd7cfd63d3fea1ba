"""From a seed to a story: what arrives, who works on it, and what goes wrong."""

import random
from collections.abc import Callable
from datetime import timedelta

from ops.simulator.hub import Point
from ops.simulator.load import TOLD, some
from ops.simulator.log import PARTITIONS
from ops.simulator.story import (
    BrokerKilled,
    Compact,
    Cut,
    Jump,
    Mend,
    Pause,
    Poison,
    Rebalance,
    Release,
    Resume,
    Send,
    Staff,
    Step,
    Story,
    Stray,
    Tell,
    Wait,
    Work,
)

_GROUPS = 7
#: What is told: an assessment is what most is, and a link taken back is what most goes wrong with.
_TELL = (*TOLD, "assessed", "link undone")
_WAITS = (1, 20, 55, 300, 3000)
#: At least and fewer than so many draws make a story; many short ones meet more faults in a second than few long ones.
_DRAWN = (8, 32)
_STRAYS = (-7200, -30, -1, 3, 4, 30, 3600, 86_400)


def write_story(seed: int) -> Story:
    """The story of a seed: always the same one."""
    story = list(_Author(random.Random(seed)).story())
    # What hits everybody at once comes between, by a chance of its own.
    chance = random.Random(f"{seed}/all")
    for _ in range(chance.choice((0, 1, 2))):
        story.insert(chance.randrange(len(story) + 1), _of_all(chance))
    return tuple(story)


def _of_all(chance: random.Random) -> Step:
    if chance.random() < 0.4:
        return Release(newer=chance.random() < 0.7)
    return BrokerKilled(some(chance), chance.choice((1, 1, 2)), chance.random() < 0.5, chance.choice((1, 1, 2, 3)))


class _Author:
    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._number = 0
        # Each story has its own temper: few stories have every fault, and some have hardly any.
        self._weights = {step: weight * chance.choice((0, 1, 1, 3)) for step, weight in self._kinds().items()}

    def _kinds(self) -> dict[Callable[[], Story], float]:
        return {
            self._mend: 1, self._staff: 1, self._wait: 4, self._jump: 0.4, self._stray: 0.7, self._poison: 0.7,
            self._killed: 4, self._pause: 2.5, self._resume: 1.5, self._rebalance: 2, self._compact: 1, self._days: 0.7,
        }  # fmt: skip

    def story(self) -> Story:
        """Arrivals and work are always there."""
        weights = {**self._weights, self._send: 6, self._tell: 5, self._work: 16}
        steps, weight = list(weights), list(weights.values())
        drawn = self._chance.choices(steps, weight, k=self._chance.randrange(*_DRAWN))
        start = [Staff(worker, True, -1 - worker) for worker in range(3) if self._chance.random() < 0.8]
        return (*start, *(step for draw in drawn for step in draw()))

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _send(self) -> Story:
        return (Send(some(self._chance), self._chance.choice((1, 1, 2))),)

    def _tell(self) -> Story:
        return (Tell(self._chance.choice(_TELL), self._chance.randrange(12), self._next()),)

    def _mend(self) -> Story:
        return (Mend(self._chance.randrange(4), self._next()),)

    def _staff(self) -> Story:
        return (Staff(self._chance.randrange(3), self._chance.random() < 0.6, self._next()),)

    def _wait(self) -> Story:
        vouched = self._chance.random() < 0.8
        if self._chance.random() < 0.4:
            return (Wait(timedelta(seconds=self._chance.choice((-2, 0, 1, 90))), vouched, to_midnight=True),)
        return (Wait(timedelta(seconds=self._chance.choice(_WAITS)), vouched),)

    def _days(self) -> Story:
        """Days in which clocks warn, run out and climb their ladders; and whoever tells of it is killed."""
        wait = Wait(timedelta(days=self._chance.choice((1, 2, 4))), self._chance.random() < 0.8)
        return (wait, *self._killed(), *self._killed(), *self._work())

    def _jump(self) -> Story:
        return (Jump(timedelta(seconds=self._chance.choice((-3600, 3600, -20, 20)))),)

    def _stray(self) -> Story:
        return (Stray(timedelta(seconds=self._chance.choice(_STRAYS))),)

    def _poison(self) -> Story:
        return (Poison(self._chance.randrange(8), self._chance.randrange(PARTITIONS), self._next()),)

    def _work(self, pick: float | None = None) -> Story:
        skew = self._chance.choice((0, 0, 0, 0, -2, -1, 1, 3))
        return (Work(self._pick(pick), self._chance.choice((1, 2, 5, 20)), skew, self._chance.random() < 0.5),)

    def _killed(self, pick: float | None = None) -> Story:
        return (Work(self._pick(pick), self._chance.choice((1, 2, 5, 20)), 0, False, self._cut(), self._next()),)

    def _pause(self) -> Story:
        """Often its successor gets ahead of it, and it comes back at a bad moment."""
        cut = Cut(self._chance.choice((Point.OUTPUTS_DURABLE, Point.ROW, *Point)), self._chance.choice((0.0, 0.3, 1.0)))
        pause = Pause(self._chance.random(), self._chance.choice((1, 2, 5, 20)), cut, self._next())
        if self._chance.random() < 0.3:
            return (pause,)
        story: list[Step] = [pause]
        for _ in range(self._chance.randrange(1, 4)):
            story += self._chance.choice((self._tell, self._tick, self._tick))()
            story += (Work(pause.pick, 20), *self._work(pause.pick))
        # What it still had in hand lands late; compaction may come before anybody looks.
        story += (Resume(None), Compact()) if self._chance.random() < 0.6 else self._resume()
        return (*story, *self._rebalance(), *self._killed(pause.pick))

    def _tick(self) -> Story:
        return (Wait(timedelta(seconds=15)),)

    def _pick(self, pick: float | None) -> float:
        return self._chance.random() if pick is None or self._chance.random() < 0.3 else pick

    def _cut(self) -> Cut:
        return Cut(self._chance.choice(list(Point)), self._chance.choice((0.0, 0.3, 0.6, 1.0)))

    def _resume(self) -> Story:
        return (Resume(self._owners() if self._chance.random() < 0.5 else None),)

    def _rebalance(self) -> Story:
        return (Rebalance(self._chance.randrange(_GROUPS), self._owners(), self._chance.random() < 0.5),)

    def _compact(self) -> Story:
        return (Compact(),)

    def _owners(self) -> tuple[int, ...]:
        return tuple(self._chance.randrange(2) for _ in range(PARTITIONS))
