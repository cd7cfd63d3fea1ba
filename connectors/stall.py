"""Whether reading has stopped although there is more: a client library can lose a partition over a change of its leader, and
says nothing (librdkafka 4492, for one). Pure.

Nothing but a new start mends that. It is the second net: what a client does say, that the group has replaced it by another of its
name, ends the process at once.
"""

from collections.abc import Mapping

#: Seconds that a partition may have more than was read of it, without one record read.
PATIENCE = 30.0

#: A topic and a partition.
Place = tuple[str, int]


class Stalled(RuntimeError):
    """Reading has stopped and does not go on by itself; says where. The process must end and begin again from the log."""


class StallWatch:
    """Holds what was read of each partition against where the log ends, look by look."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        #: How far each partition was read that has more, and since when that has not changed.
        self._behind: dict[Place, tuple[int, float]] = {}

    def look(self, now: float, read_to: Mapping[Place, int], ends: Mapping[Place, int]) -> Place | None:
        """A partition that has stood still for too long, if there is one. `now` in seconds; `ends` as the broker gave them just
        now: a partition without one is not judged, and begins anew."""
        before, self._behind = self._behind, {}
        for place, at in read_to.items():
            if ends.get(place, 0) > at:
                known = before.get(place)
                since = known[1] if known is not None and known[0] == at else now
                self._behind[place] = (at, since)
                if now - since >= self._patience:
                    return place
        return None

    def forget(self) -> None:
        """Begin anew: for a while there was no reading, and none to be expected."""
        self._behind.clear()
