"""Protections of what leaves the hub that can be taken away."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from connectors.delivery.engine import Deliverer, Place
from connectors.delivery.lane import Lane
from connectors.delivery.progress import Progress
from schemas.delivery import Delivery

#: Each sabotage by name, and what it takes away.
SABOTAGES = {
    "delivery-commits-ahead": "delivery commits what it has read, whether or not it has written down how it stands",
    "one-line": "what leaves the hub waits in one line for all recipients",
    "answers-unread": "whatever a recipient answers, it has it",
    "half-an-answer": "an answer that was broken off after its first line counts",
}


class _Hasty(Progress):
    def read(self, offset: int, item_id: str) -> None:
        """Read is as good as placed."""
        self.passed(offset)


class CommitsAhead(Deliverer):
    """A deliverer that commits what it has read."""

    def assign(self, places: Mapping[Place, int], numbers: set[int]) -> None:
        """As ever, with a progress that is ahead."""
        super().assign(places, numbers)
        self._progress |= {place: _Hasty(offset) for place, offset in places.items()}


class _InLine(Lane):
    """A lane that stands behind every older item of every other."""

    def __init__(self, lane: Lane, parallel: int, all_lanes: list[Lane]) -> None:
        super().__init__(lane.recipient, lane.policy, parallel)
        self._all = all_lanes
        all_lanes.append(self)

    def next(self, now: datetime) -> Delivery | None:
        """Nothing while an older one waits anywhere."""
        mine = min((held.since for held in self), default=None)
        if mine is None or any(held.since < mine for lane in self._all for held in lane):
            return None
        return super().next(now)

    def wake_at(self, now: datetime) -> datetime | None:
        """Soon: it may be the others that change something."""
        return now + timedelta(seconds=0.1) if len(self) else None


class OneLine(Deliverer):
    """A deliverer with one line for all."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        everybody: list[Lane] = []
        self._lanes = {name: _InLine(lane, self._routes[name].parallel, everybody) for name, lane in self._lanes.items()}


def deliverer_of(sabotage: str) -> type[Deliverer]:
    """A deliverer as sound as the sabotage leaves it."""
    return {"delivery-commits-ahead": CommitsAhead, "one-line": OneLine}.get(sabotage, Deliverer)
