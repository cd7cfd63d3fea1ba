"""The engine: takes items from the log, tries them in the lanes of their recipients, and writes down what came of it.

Every step is on the log before the next one: an item's new state before the next item of its contact is tried, and before
its offset is committed. So a process that dies at any point repeats at most what it had not written down, under the same
item id. Lanes share nothing: one that hangs delays nobody.
"""

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from connectors.delivery.consequences import case_event_entry, case_event_of
from connectors.delivery.lane import Lane
from connectors.delivery.outcome import Delivered, Failed, Outcome, Outlet, Refused
from connectors.delivery.progress import Progress
from connectors.delivery.schedule import Policy, decide, out_of_time, taken
from connectors.writing import CannotWrite, Writer
from schemas.at_hand import at_hand
from schemas.catalogue import codec
from schemas.cloud_events import cloud_event
from schemas.delivery import Delivery
from schemas.outbound import OutboundItem
from schemas.ports import Clock, DurableLog, Entry
from schemas.trace import UNTRACED, Tracer

log = logging.getLogger("frontdoor.delivery")

TOPIC = "deliveries"
#: Which process wrote a state.
WRITER_HEADER = "fd_writer"

#: Items of one partition whose state is not on the log yet; beyond it the oldest ones' is written.
_UNPLACED = 500
#: Bytes of items kept in memory; others are read from the log again when their turn comes.
_KEPT_BYTES = 32 * 1024 * 1024

Read = Callable[[str, int, int], Awaitable[OutboundItem | None]]
Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Route:
    """How one recipient is reached. `attempt_seconds` is the time limit of one attempt."""

    outlet: Outlet
    write: Writer
    policy: Policy
    parallel: int = 1
    attempt_seconds: float = 30.0


@dataclass(slots=True)
class _Held:
    """An item's state and where on `deliveries` it was written last (None before it was); the trace it is on, if this process
    has read the item itself."""

    delivery: Delivery
    written_at: int | None = None
    traceparent: str = ""


class Deliverer:
    """Delivers to the recipients that have a route. `read` gives an item by topic, partition and offset, or None when
    retention has taken it; `now` is the machine's time."""

    def __init__(
        self,
        routes: Mapping[str, Route],
        durable: DurableLog,
        clock: Clock,
        read: Read,
        now: Callable[[], datetime],
        tracer: Tracer = UNTRACED,
    ) -> None:
        self._routes = routes
        self._log = durable
        self._clock = clock
        self._read = read
        self._now = now
        self._tracer = tracer
        #: Marks what this process writes, so that it need not listen to itself.
        self.writer = uuid.uuid4().hex
        self._held: dict[str, _Held] = {}
        self._settled: set[str] = set()
        self._progress: dict[Place, Progress] = {}
        self._recovering: set[int] = set()
        self._kept: dict[str, tuple[OutboundItem, int]] = {}
        self._kept_bytes = 0
        self._lanes = {name: Lane(name, route.policy, route.parallel) for name, route in routes.items()}
        self._changed = {name: asyncio.Event() for name in routes}
        self._attempts: set[asyncio.Task[None]] = set()
        self._failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    # -- its life

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop`; attempts under way get to their end within their time limits, but not longer than 8 s.
        Raises `NotDurable` when a state could not be written: the process must end and begin again from the log."""
        lanes = [asyncio.create_task(self._serve(lane)) for lane in self._lanes.values()]
        stopped = asyncio.create_task(stop.wait())
        try:
            ends: set[asyncio.Future[Any]] = {stopped, self._failure}
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for lane in lanes:
                lane.cancel()
            if self._attempts and not self._failure.done():
                await asyncio.wait(self._attempts, timeout=8.0)
            if self._failure.done():
                self._failure.result()
        finally:
            stopped.cancel()
            for task in (*lanes, *self._attempts):
                task.cancel()
            await asyncio.gather(*lanes, *self._attempts, return_exceptions=True)

    @property
    def failed(self) -> bool:
        """Whether it has ended by itself."""
        return self._failure.done()

    # -- what the log says

    def assign(self, places: Mapping[Place, int], numbers: set[int]) -> None:
        """Partitions are this process's now, each from an offset on. Those of `deliveries` with these numbers are read to
        their ends, and `recovered` is called, before any item of theirs is offered."""
        self._recovering |= numbers
        for place, offset in places.items():
            self._progress[place] = Progress(offset)

    def recovered(self, number: int) -> None:
        """All states of a partition are known: what waits goes on waiting, and what is due is tried."""
        self._recovering.discard(number)
        mine = [one for one in self._held.values() if one.delivery.partition == number and not one.delivery.settled]
        for one in sorted(mine, key=lambda one: (one.delivery.round, one.delivery.offset)):
            self._queue(one.delivery)

    def revoke(self, numbers: set[int]) -> None:
        """Partitions are somebody else's now. What is under way ends, and its outcome is written: it is true."""
        for item_id, one in list(self._held.items()):
            if one.delivery.partition in numbers:
                if (lane := self._lanes.get(one.delivery.recipient)) is not None:
                    lane.drop(item_id)
                self._forget(item_id)
        self._recovering -= numbers
        for place in [place for place in self._progress if place[1] in numbers]:
            del self._progress[place]

    def observe(self, delivery: Delivery, offset: int) -> None:
        """A record of `deliveries`: in recovery the past, afterwards what this or another process, or a person, wrote."""
        if (f"outbound.{delivery.agency}", delivery.partition) not in self._progress:
            return
        known = self._held.get(delivery.item_id)
        if known is not None and delivery.rank <= known.delivery.rank:
            return
        if known is None and delivery.settled and self._is_past(delivery):
            return
        self._held[delivery.item_id] = _Held(delivery, offset, known.traceparent if known is not None else "")
        self._note(delivery)
        if delivery.partition in self._recovering:
            return
        lane = self._lanes.get(delivery.recipient)
        if delivery.settled:
            if lane is not None and not lane.in_flight(delivery.item_id):
                lane.drop(delivery.item_id)
            self._tidy()
        else:
            self._queue(delivery)

    async def offer(self, item: OutboundItem, partition: int, offset: int, size: int, traceparent: str = "") -> None:
        """An item of `outbound.<agency>`, of `size` bytes, and the trace it is on. Returns at once unless too many wait for
        their first state."""
        place = (f"outbound.{item.agency}", partition)
        progress = self._progress.get(place)
        if progress is None:
            return
        if item.recipient not in self._routes or item.item_id in self._held:
            # Nobody calls this recipient, or its state is on the log already.
            progress.passed(offset)
            return
        progress.read(offset, item.item_id)
        self._keep(item, size)
        held = _Held(taken(item, partition, offset, self._now()), traceparent=traceparent)
        self._held[item.item_id] = held
        self._queue(held.delivery)
        await self._make_room(place)

    def passed(self, topic: str, partition: int, offset: int) -> None:
        """A record of `outbound.<agency>` that is no item."""
        if (progress := self._progress.get((topic, partition))) is not None:
            progress.passed(offset)

    def positions(self) -> dict[Place, int]:
        """What may be committed: for each outbound partition the offset before which every item's state is on the log,
        and for each of `deliveries` the offset of the oldest state that is still needed (those without one are left out)."""
        found = {place: progress.position for place, progress in self._progress.items()}
        for one in self._held.values():
            if one.written_at is not None:
                place = (TOPIC, one.delivery.partition)
                found[place] = min(found.get(place, one.written_at), one.written_at)
        return found

    def holds(self, number: int) -> bool:
        """Whether the partitions of that number are this process's, and it knows all of their states."""
        return number not in self._recovering and any(place[1] == number for place in self._progress)

    def waiting(self, recipient: str) -> int:
        """How many items wait for a recipient."""
        return len(self._lanes[recipient])

    # -- lanes

    async def _serve(self, lane: Lane) -> None:
        changed = self._changed[lane.recipient]
        try:
            while True:
                changed.clear()
                # One moment for both questions: what comes due between two looks would be missed by both.
                now = self._now()
                await self._give_up_what_is_late(lane, now)
                while (held := lane.next(now)) is not None:
                    task = asyncio.create_task(self._try(lane, held))
                    self._attempts.add(task)
                    task.add_done_callback(self._attempts.discard)
                wake_at = lane.wake_at(now)
                pause = None if wake_at is None else max(0.0, (wake_at - self._now()).total_seconds()) + 0.001
                # Not wait_for: it may lose the cancellation that comes together with the change.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await changed.wait()
        except Exception as error:
            self._fail(error)

    async def _give_up_what_is_late(self, lane: Lane, now: datetime) -> None:
        late = [one for one in lane if not lane.in_flight(one.item_id)]
        for held in late:
            given_up = out_of_time(held, now, lane.policy)
            if given_up is not None and not lane.in_flight(held.item_id):
                with at_hand(receipt=held.receipt_id, contact=held.contact_id):
                    _say(held, given_up)
                await self._write(given_up)
                lane.drop(held.item_id)
                self._tidy()

    async def _try(self, lane: Lane, held: Delivery) -> None:
        known = self._held.get(held.item_id)
        try:
            span = self._tracer.begin(
                "deliver",
                f"outbound.{held.agency}",
                known.traceparent if known is not None else "",
                message_id=held.item_id,
                place=(held.partition, held.offset),
            )
            with at_hand(receipt=held.receipt_id, contact=held.contact_id, traceparent=span.traceparent):
                outcome = await self._attempt(held, self._routes[lane.recipient], span.traceparent)
                span.end("" if isinstance(outcome, Delivered) else outcome.reason)
                now = self._now()
                decided = decide(held, outcome, now, lane.policy)
                _say(held, decided)
            await self._write(decided)
            lane.answered(decided, outcome, self._now())
            self._tidy()
            self._changed[lane.recipient].set()
        except Exception as error:
            self._fail(error)

    async def _attempt(self, held: Delivery, route: Route, traceparent: str) -> Outcome:
        try:
            item = await self._item(held)
        except Exception as error:
            log.error("an item could not be read from the log: %s", type(error).__name__)
            return Failed("log_away")
        if item is None:
            return Refused("no_longer_kept")
        try:
            written = replace(route.write(item), traceparent=traceparent)
            async with asyncio.timeout(route.attempt_seconds):
                return await route.outlet.send(item, written)
        except CannotWrite:
            return Refused("cannot_be_written")
        except TimeoutError:
            return Failed("timeout")
        except Exception as error:
            # A library's text may quote the message, so only its type is kept.
            log.error("an attempt for %s failed: %s", held.recipient, type(error).__name__)
            return Failed("internal")

    async def _item(self, held: Delivery) -> OutboundItem | None:
        kept = self._kept.get(held.item_id)
        if kept is not None:
            return kept[0]
        return await self._read(f"outbound.{held.agency}", held.partition, held.offset)

    # -- states

    async def _write(self, *deliveries: Delivery) -> None:
        """Raises `NotDurable`."""
        now = self._clock.now()
        stamped = [one.model_copy(update={"at": now}) for one in deliveries]
        events = [event for one in stamped if (event := case_event_of(one)) is not None]
        if events:
            # First: once the state is on the log nobody comes back to the item.
            await self._log.append([case_event_entry(event) for event in events])
        places = await self._log.append([entry_of(one, self.writer) for one in stamped])
        for delivery, (_, offset) in zip(stamped, places, strict=True):
            known = self._held.get(delivery.item_id)
            # It may be somebody else's by now.
            if known is not None:
                if delivery.rank >= known.delivery.rank:
                    known.delivery, known.written_at = delivery, offset
                self._note(delivery)

    async def _make_room(self, place: Place) -> None:
        """Where too many items have no state on the log, write that the oldest ones wait."""
        unplaced = self._progress[place].open
        if len(unplaced) < _UNPLACED:
            return
        oldest = [self._held[item_id].delivery for item_id in unplaced[: _UNPLACED // 2] if item_id in self._held]
        await self._write(*(one for one in oldest if not self._lanes[one.recipient].in_flight(one.item_id)))

    def _note(self, delivery: Delivery) -> None:
        """A state is on the log: the item is placed, and its body is not kept for it any more."""
        if (progress := self._progress.get((f"outbound.{delivery.agency}", delivery.partition))) is not None:
            progress.placed(delivery.offset)
        self._let_go(delivery.item_id)
        if delivery.settled:
            self._settled.add(delivery.item_id)
        else:
            self._settled.discard(delivery.item_id)

    def _queue(self, delivery: Delivery) -> None:
        lane = self._lanes.get(delivery.recipient)
        if lane is not None:
            lane.put(delivery)
            self._changed[delivery.recipient].set()

    def _is_past(self, delivery: Delivery) -> bool:
        """Whether an item lies before what is committed, so that it is not read again."""
        progress = self._progress.get((f"outbound.{delivery.agency}", delivery.partition))
        return progress is None or delivery.offset < progress.position

    def _tidy(self) -> None:
        """Settled items are forgotten once they are not read again."""
        for item_id in [one for one in self._settled if self._is_past(self._held[one].delivery)]:
            self._forget(item_id)

    def _forget(self, item_id: str) -> None:
        self._held.pop(item_id, None)
        self._settled.discard(item_id)
        self._let_go(item_id)

    def _let_go(self, item_id: str) -> None:
        if (kept := self._kept.pop(item_id, None)) is not None:
            self._kept_bytes -= kept[1]

    def _keep(self, item: OutboundItem, size: int) -> None:
        if self._kept_bytes + size <= _KEPT_BYTES:
            self._kept[item.item_id] = (item, size)
            self._kept_bytes += size

    def _fail(self, error: BaseException) -> None:
        if not self._failure.done():
            self._failure.set_exception(error)


def _say(before: Delivery, after: Delivery) -> None:
    """Log that an item did not arrive: when it is given up, and when it is to be tried again for a reason not told before."""
    if after.state == "undelivered":
        log.error("an item for %s was given up: %s", after.recipient, after.reason_code)
    elif after.state == "waiting" and after.reason_code != before.reason_code:
        log.warning("an item for %s did not arrive and is tried again: %s", after.recipient, after.reason_code)


def entry_of(delivery: Delivery, writer: str) -> Entry:
    """The log entry of a state: beside its item's partition, with CloudEvents headers and who wrote it."""
    of = f"{delivery.item_id}/{delivery.round}/{delivery.state}/{delivery.attempts}"
    headers = (*cloud_event(of, "Delivery", TOPIC, delivery.at), (WRITER_HEADER, writer.encode()))
    key = f"{delivery.recipient} {delivery.contact_id}".encode()
    value = codec(TOPIC).encode(delivery)
    return Entry(TOPIC, key, value, headers, delivery.partition)
