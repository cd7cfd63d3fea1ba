"""What falls due when: the keys of rows by the moment at which they must be looked at again. Pure.

Clocks run out together, at midnight. A heap of moments with the keys of each beside it takes one step for a whole midnight,
where a heap of keys would take as many steps as there are cases.
"""

import heapq
from collections.abc import Iterator
from datetime import datetime


class Due:
    """Keys by moment, the earliest first."""

    def __init__(self) -> None:
        self._moments: list[datetime] = []
        self._keys: dict[datetime, list[str]] = {}

    def add(self, moment: datetime, key: str) -> None:
        """A row must be looked at at that moment. What was added before for the same key stays."""
        keys = self._keys.get(moment)
        if keys is None:
            self._keys[moment] = [key]
            heapq.heappush(self._moments, moment)
        else:
            keys.append(key)

    def take(self, until: datetime) -> Iterator[tuple[datetime, str]]:
        """Take out what falls due up to and including that moment: by moment, then by key, each once. What is added
        meanwhile and is due as well comes after the moment in hand."""
        while self._moments and self._moments[0] <= until:
            moment = heapq.heappop(self._moments)
            for key in sorted(set(self._keys.pop(moment))):
                yield moment, key
