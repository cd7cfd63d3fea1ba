"""What the ticks of each partition vouch for: when somebody was looking, and when time was first past a limit.

A tick says that its writer ran without a gap from `covers_since` to `at`. Pieces are merged, and gaps of up to a
minute are bridged. A limit that falls into no piece cannot be judged by the absence of evidence.
"""

from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass, field

from ops.audit.london_day import limit

#: Microseconds without a tick that are still taken as looked at.
BRIDGED = 60_000_000
#: Microseconds that a tick may run ahead of the broker's own time before nobody believes it.
AHEAD = 5_000_000


@dataclass(slots=True)
class _Partition:
    pieces: list[tuple[int, int]] = field(default_factory=list)
    #: (time, append time in ms, offset) of the first tick of each London day: limits lie nowhere else.
    first_of_day: list[tuple[int, int, int]] = field(default_factory=list)
    latest: int = -1
    latest_appended: int = -1
    day_ends: int = -1


class Coverage:
    """Ticks of `case-events`, folded: memory grows with days and gaps, never with ticks. All times in microseconds,
    append times in milliseconds. `stepped` switches off the comparison with the broker's time."""

    def __init__(self, *, stepped: bool) -> None:
        self._stepped = stepped
        self._partitions: dict[int, _Partition] = {}
        self.refused = 0

    def add(self, partition: int, at: int, covers_since: int | None, appended_ms: int, offset: int) -> bool:
        """Take one tick, in the order of the log; False when nobody may believe it."""
        if covers_since is None or (not self._stepped and at > appended_ms * 1000 + AHEAD):
            self.refused += 1
            return False
        here = self._partitions.setdefault(partition, _Partition())
        _merge(here.pieces, min(at, covers_since), at)
        if at > here.latest:
            if at >= here.day_ends:
                here.first_of_day.append((at, appended_ms, offset))
                here.day_ends = limit(at)
            here.latest, here.latest_appended = at, appended_ms
        return True

    def covered(self, partition: int, moment: int) -> bool:
        """Whether somebody was looking at the partition at that moment."""
        pieces = self._partitions[partition].pieces if partition in self._partitions else []
        index = bisect_right(pieces, (moment, moment)) - 1
        # The piece that starts at the moment itself sorts after (moment, moment) when it is longer.
        return any(start <= moment <= end for start, end in pieces[max(index, 0) : index + 2])

    def first_past(self, partition: int, due: int) -> tuple[int, int] | None:
        """(append time in ms, offset) of the first tick at or after a limit (`due`, a London midnight); None before it."""
        here = self._partitions.get(partition)
        if here is None or here.latest < due:
            return None
        found = here.first_of_day[bisect_left(here.first_of_day, (due, -1, -1))]
        return found[1], found[2]

    def latest(self) -> int | None:
        """The latest time that any tick gave."""
        return max((p.latest for p in self._partitions.values()), default=None)

    def latest_appended_ms(self, partition: int) -> int:
        """When the partition's latest tick was written; -1 without one."""
        here = self._partitions.get(partition)
        return here.latest_appended if here else -1


def _merge(pieces: list[tuple[int, int]], start: int, end: int) -> None:
    if pieces and pieces[-1][0] <= start <= pieces[-1][1] + BRIDGED:
        # The usual case: the next tick of the same ticker.
        pieces[-1] = (pieces[-1][0], max(pieces[-1][1], end))
        return
    insort(pieces, (start, end))
    index = max(bisect_left(pieces, (start, end)) - 1, 0)
    while index + 1 < len(pieces):
        (a, b), (c, d) = pieces[index], pieces[index + 1]
        if c <= b + BRIDGED:
            pieces[index : index + 2] = [(a, max(b, d))]
        elif a > end + BRIDGED:
            return
        else:
            index += 1
