"""A lane: everything that waits for one recipient, and what of it may be tried now. Pure: no clock, no I/O.

Items of one contact are tried one after the other, in the order of the log; while one of them waits for its next try, the
later ones wait behind it. Other contacts pass. After a failed attempt the whole recipient is left alone for a while and
then tried with one item, a different one each time: a recipient that is down is asked seldom, and an item that its
recipient chokes on does not stop the others.
"""

from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta

from connectors.delivery.outcome import Failed, Outcome
from connectors.delivery.schedule import Policy, backoff, runs_out_at
from schemas.delivery import Delivery


class Lane:
    """`parallel`: how many contacts are served at once while the recipient answers."""

    def __init__(self, recipient: str, policy: Policy, parallel: int = 1) -> None:
        self.recipient = recipient
        self.policy = policy
        self._parallel = parallel
        #: By contact: its items, the first one next. The order of the contacts is the order of their turns.
        self._queues: dict[str, deque[Delivery]] = {}
        self._in_flight: dict[str, str] = {}
        self._failures = 0
        self._closed_until: datetime | None = None

    def __len__(self) -> int:
        return sum(len(queue) for queue in self._queues.values())

    def __iter__(self) -> Iterator[Delivery]:
        for queue in self._queues.values():
            yield from queue

    def in_flight(self, item_id: str) -> bool:
        """Whether an attempt is under way."""
        return item_id in self._in_flight

    def put(self, held: Delivery) -> None:
        """Take an item, or its newer state; one that is under way is left alone."""
        queue = self._queues.setdefault(held.contact_id, deque())
        for place, other in enumerate(queue):
            if other.item_id == held.item_id:
                if not self.in_flight(held.item_id):
                    queue[place] = held
                return
        if held.round == 0 and queue and held.offset < queue[-1].offset:
            # Read again after a restart, when a later one of the contact is already here.
            busy = 1 if self.in_flight(queue[0].item_id) else 0
            place = next((n for n, other in enumerate(queue) if n >= busy and other.offset > held.offset), len(queue))
            queue.insert(place, held)
        else:
            queue.append(held)

    def drop(self, item_id: str) -> None:
        """Forget an item, wherever it stands."""
        for contact, queue in list(self._queues.items()):
            for held in queue:
                if held.item_id == item_id:
                    queue.remove(held)
                    break
            else:
                continue
            self._in_flight.pop(item_id, None)
            if not queue:
                del self._queues[contact]
            return

    def next(self, now: datetime) -> Delivery | None:
        """An item to be tried now, which counts as under way from here on; None while there is none."""
        if self._closed_until is not None and now < self._closed_until:
            return None
        if len(self._in_flight) >= (1 if self._failures else self._parallel):
            return None
        for contact, queue in self._queues.items():
            held = queue[0]
            if held.item_id not in self._in_flight and (held.next_try_at is None or held.next_try_at <= now):
                self._in_flight[held.item_id] = contact
                return held
        return None

    def answered(self, held: Delivery, outcome: Outcome, now: datetime) -> None:
        """An attempt has ended, and `held` is what it made of the item."""
        contact = self._in_flight.pop(held.item_id, None)
        if contact is not None and (queue := self._queues.get(contact)):
            if held.settled:
                queue.popleft()
            else:
                queue[0] = held
            # Its turn comes after the others'.
            del self._queues[contact]
            if queue:
                self._queues[contact] = queue
        if not isinstance(outcome, Failed):
            self._failures, self._closed_until = 0, None
            return
        self._failures += 1
        pause = backoff(self.recipient, self._failures, self.policy)
        self._closed_until = now + timedelta(seconds=max(pause, min(outcome.retry_after, 3600.0)))

    def wake_at(self, now: datetime) -> datetime | None:
        """When something may be due that is not now; None while only an answer or a new item can change anything."""
        times = [self._closed_until] if self._queues else []
        for queue in self._queues.values():
            if queue[0].item_id not in self._in_flight:
                times += [queue[0].next_try_at, runs_out_at(queue[0], self.policy) + timedelta(seconds=self.policy.first_seconds)]
        return min((at for at in times if at is not None and at > now), default=None)
