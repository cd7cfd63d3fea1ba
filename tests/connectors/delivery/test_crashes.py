"""The engine dies at any write of a state, before or after the broker has it, and begins again from the log."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from connectors.delivery.engine import Deliverer, Route
from connectors.delivery.outcome import Delivered, Failed, Outcome
from connectors.delivery.schedule import Policy
from connectors.writing import Written
from schemas.catalogue import codec
from schemas.delivery import Delivery
from schemas.outbound import OutboundItem
from schemas.ports import Entry, NotDurable

AT = datetime(2026, 6, 6, 10, tzinfo=UTC)
PLACE = ("outbound.health", 0)


class Crash(NotDurable):
    """The process is gone."""


class Log:
    """`deliveries` in memory. The `crash_at`-th append from now on kills, before or after it was kept."""

    def __init__(self) -> None:
        self.kept: list[Delivery] = []
        self.crash_at, self.after = -1, False

    async def append(self, entries: Sequence[Entry]) -> list[tuple[int, int]]:
        await asyncio.sleep(0)
        self.crash_at -= 1
        if self.crash_at == 0 and not self.after:
            raise Crash
        for entry in entries:
            self.kept.append(codec("deliveries").decode(entry.value))
        if self.crash_at == 0:
            raise Crash
        return [(0, len(self.kept) - len(entries) + n) for n in range(len(entries))]


class World:
    """What survives a crash: the log, what was committed, and the recipient."""

    def __init__(self, items: list[OutboundItem], failing: list[bool], slow: dict[str, int]) -> None:
        self.items, self.failing, self.slow = items, failing, slow
        self.log = Log()
        self.committed, self.states_from = 0, 0
        self.came: list[str] = []
        self.now = AT

    async def send(self, item: OutboundItem, written: Written) -> Outcome:
        self.came.append(item.item_id)
        attempt = len(self.came) - 1
        for _ in range(self.slow[item.contact_id]):
            await asyncio.sleep(0)
        return Failed("http_500") if attempt < len(self.failing) and self.failing[attempt] else Delivered()

    async def close(self) -> None:
        pass

    async def read(self, topic: str, partition: int, offset: int) -> OutboundItem | None:
        return self.items[offset]

    def clock(self) -> datetime:
        # Each look at the clock is a second later: pauses pass without anybody waiting.
        self.now += timedelta(seconds=1)
        return self.now


class Clock:
    def now(self) -> datetime:
        return AT


async def one_life(world: World, commit_every: int) -> bool:
    """From start to death, or (True) until everything has been settled."""
    policy = Policy(first_seconds=0.001, longest_seconds=0.002, budget_seconds=1e6)
    route = Route(world, lambda item: Written(b"{}", "application/json", item.item_id), policy, parallel=3)
    deliverer = Deliverer({"r": route}, world.log, Clock(), world.read, world.clock)
    deliverer.assign({PLACE: world.committed}, {0})
    for offset, delivery in list(enumerate(world.log.kept))[world.states_from :]:
        deliverer.observe(delivery, offset)
    deliverer.recovered(0)
    stop = asyncio.Event()
    running = asyncio.create_task(deliverer.run(stop))
    read = world.committed
    for turn in range(3000):
        if deliverer.failed:
            break
        if read < len(world.items):
            await deliverer.offer(world.items[read], 0, read, 100)
            read += 1
        await asyncio.sleep(0 if turn % 7 else 0.001)
        if turn % commit_every == 0 and not deliverer.failed:
            positions = deliverer.positions()
            world.committed = positions[PLACE]
            world.states_from = positions.get(("deliveries", 0), len(world.log.kept))
        if read == len(world.items) and not deliverer.waiting("r"):
            stop.set()
            await running
            return True
    stands_still = not deliverer.failed
    if stands_still:
        running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert not stands_still, "nothing moves any more"
    return False


@settings(max_examples=60, deadline=None)
@given(
    contacts=st.lists(st.sampled_from("abc"), min_size=1, max_size=9),
    failing=st.lists(st.booleans(), max_size=12),
    slow=st.fixed_dictionaries({contact: st.sampled_from([1, 1, 40]) for contact in "abc"}),
    crashes=st.lists(st.tuples(st.integers(1, 8), st.booleans()), min_size=1, max_size=4),
    commit_every=st.integers(1, 3),
)
@example(contacts=["a", "b"], failing=[True] * 5, slow=dict.fromkeys("abc", 1), crashes=[(5, False)], commit_every=1)
def test_a_crash_at_any_write_loses_nothing_keeps_the_order_and_repeats_only_what_was_not_written(
    contacts: list[str], failing: list[bool], slow: dict[str, int], crashes: list[tuple[int, bool]], commit_every: int
) -> None:
    items = [
        OutboundItem(
            item_id=f"{contact}{n}", kind="outcome", recipient="r", agency="health", contact_id=contact, receipt_id="x", at=AT
        )
        for n, contact in enumerate(contacts)
    ]
    world = World(items, failing, slow)

    async def lives() -> None:
        for at, after in [*crashes, (-1, False)]:
            world.log.crash_at, world.log.after = at, after
            if await one_life(world, commit_every):
                return

    asyncio.run(lives())
    states = {one.item_id: one.state for one in sorted(world.log.kept, key=lambda one: one.rank)}
    assert states == {one.item_id: "delivered" for one in items}
    for contact in set(contacts):
        mine = [one for one in world.came if one.startswith(contact)]
        assert list(dict.fromkeys(mine)) == [one.item_id for one in items if one.contact_id == contact]
        # Once the next one was tried, the one before it never comes again.
        assert mine == sorted(mine, key=[one.item_id for one in items].index)
