"""One run: a story told to the delivering process in virtual time, then every partner is well and everything settles.

The process is the hub's own `Deliverer`, `Lane` and `Progress`, with its own outlet; only its feed from the broker is told
again here, in the order of `connectors.delivery.feed`: states to their end, then items, and both committed together.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from connectors.delivery.engine import TOPIC, Place, Route
from connectors.delivery.engine import log as engine_log
from connectors.delivery.schedule import Policy, again
from connectors.writing import Written
from ops.simulator.delivery import story as s
from ops.simulator.delivery.partners import Outlet, Partner
from ops.simulator.delivery.sabotage import deliverer_of
from ops.simulator.delivery.virtual_time import VirtualLoop
from ops.simulator.log import PARTITIONS, partition_of
from schemas.catalogue import codec
from schemas.delivery import Delivery
from schemas.identity import derived_id
from schemas.outbound import OutboundItem
from schemas.ports import Entry

_BEGAN = datetime(2026, 8, 28, 12, 0, tzinfo=UTC)
OWNER = "Duty manager on call"
#: Seconds: how long an append takes to be durable, and then to be known to be; and between two commits.
_DURABLE, _KNOWN, _COMMIT = 0.01, 0.01, 0.5
#: Seconds that everything gets to settle once everybody is well.
_SETTLE = 300.0


class DeliveryRun:
    """Partners, a log, and a process that is killed and started again; `play` tells the story. With `telling`, `told` says
    what happened."""

    def __init__(self, sabotage: str = "", telling: bool = False) -> None:
        self.told: list[str] = []
        #: What left, by its place on the log, and when; and every state of it, by partition.
        self.items: dict[Place, list[OutboundItem]] = defaultdict(list)
        self.left_at: dict[str, float] = {}
        self.states: dict[int, list[tuple[Delivery, str]]] = defaultdict(list)
        self.committed: dict[Place, int] = {}
        #: When the process was away, and a recipient not well: from, to, in seconds.
        self.away: list[tuple[float, float]] = []
        self.unwell: dict[str, list[tuple[float, float]]] = {name: [] for name in s.RECIPIENTS}
        self.partners = {name: Partner(self.seconds, sabotage == "half-an-answer") for name in s.RECIPIENTS}
        self._sabotage, self._telling = sabotage, telling
        self._process: asyncio.Task[None] | None = None
        self._loop: VirtualLoop | None = None
        #: There is more to read than the process has.
        self._news = asyncio.Event()

    def seconds(self) -> float:
        """Seconds since it began."""
        return self._loop.time() if self._loop is not None else 0.0

    def now(self) -> datetime:
        """The hub's time and the machine's."""
        return _BEGAN + timedelta(seconds=self.seconds())

    def play(self, story: s.Story) -> None:
        """Tell the whole story, then let everything settle."""
        self._loop = VirtualLoop()
        # Of every try that fails, in thousands of runs, there would be a line; `told` says what matters.
        heard, engine_log.disabled = engine_log.disabled, True
        try:
            self._loop.run_until_complete(self._play(story))
        finally:
            engine_log.disabled = heard
            self._loop.close()

    def state_of(self, item_id: str) -> Delivery | None:
        """How an item stands: the state with the highest rank."""
        found = [state for states in self.states.values() for state, _ in states if state.item_id == item_id]
        return max(found, key=lambda state: state.rank, default=None)

    async def _play(self, story: s.Story) -> None:
        self._start()
        for step in story:
            await self._step(step)
        for name in s.RECIPIENTS:
            self._turn(name, "takes")
        end = self.seconds() + _SETTLE
        while self.seconds() < end and not self._settled():
            await asyncio.sleep(1.0)
        await self._end_process()

    def _settled(self) -> bool:
        stand = [self.state_of(item.item_id) for items in self.items.values() for item in items]
        return all(state is not None and state.settled for state in stand)

    async def _step(self, step: s.Step) -> None:
        match step:
            case s.Leave(recipient, contact):
                self._leave(recipient, contact)
            case s.Turn(recipient, mode):
                self._turn(recipient, mode)
            case s.Pass(seconds):
                await asyncio.sleep(seconds)
            case s.Kill(seconds):
                since = self.seconds()
                self._say(f"the delivering process is killed, and starts again {seconds} s later")
                await self._end_process()
                await asyncio.sleep(seconds)
                self._start()
                self.away.append((since, self.seconds()))
            case s.SendAgain(recipient):
                self._send_again(recipient)

    def _leave(self, recipient: str, contact: int) -> None:
        agency, contact_id = s.RECIPIENTS[recipient], f"contact {contact}"
        number = len(self.left_at)
        item = OutboundItem(
            item_id=derived_id("left", str(number)), kind="outcome", recipient=recipient, agency=agency, contact_id=contact_id,
            receipt_id=f"receipt {number}", at=self.now(),
        )  # fmt: skip
        self.items[f"outbound.{agency}", partition_of(f"{recipient} {contact_id}".encode())].append(item)
        self.left_at[item.item_id] = self.seconds()
        self._news.set()
        self._say(f"item {number} about {contact_id} leaves for {recipient}")

    def _turn(self, recipient: str, mode: s.Mode) -> None:
        partner, spells = self.partners[recipient], self.unwell[recipient]
        if partner.mode != "takes":
            spells[-1] = (spells[-1][0], self.seconds())
        if mode != "takes":
            spells.append((self.seconds(), float("inf")))
        if mode != partner.mode:
            self._say(f"{recipient} {mode}")
        partner.mode = mode

    def _send_again(self, recipient: str) -> None:
        for number, states in list(self.states.items()):
            for item_id in {state.item_id for state, _ in states if state.recipient == recipient}:
                stands = self.state_of(item_id)
                if stands is not None and stands.state == "undelivered":
                    wanted = again(stands, by="Ben Hughes", why="recipient-is-back", at=self.now(), now=self.now())
                    self.states[number].append((wanted, "a person"))
                    self._news.set()
                    self._say(f"a person has an item for {recipient} sent again")

    def _say(self, text: str) -> None:
        if self._telling:
            self.told.append(f"{self.seconds():8.2f} s  {text}")

    # -- the process

    def _start(self) -> None:
        self._process = asyncio.ensure_future(self._live())

    async def _end_process(self) -> None:
        """As SIGKILL does: whatever was under way is not finished."""
        assert self._process is not None
        self._process.cancel()
        await asyncio.gather(self._process, return_exceptions=True)

    async def _live(self) -> None:
        routes = {
            name: Route(
                Outlet(partner, self._sabotage != "answers-unread"), _write,
                Policy(0.5, 4.0, 24 * 3600.0, s.TRIES if name == s.IMPATIENT else 0, OWNER), parallel=2, attempt_seconds=2.0,
            )
            for name, partner in self.partners.items()
        }  # fmt: skip
        deliverer = deliverer_of(self._sabotage)(routes, self, self, self._read, self.now)
        delivering = asyncio.ensure_future(deliverer.run(asyncio.Event()))
        numbers = set(range(PARTITIONS))
        places = [(f"outbound.{agency}", number) for agency in s.RECIPIENTS.values() for number in numbers]
        read = {place: self.committed.get(place, 0) for place in (*places, *((TOPIC, number) for number in numbers))}
        try:
            deliverer.assign({place: read[place] for place in places}, numbers)
            recovering, committed_at = set(numbers), self.seconds()
            while not delivering.done():
                for number in numbers:
                    for state, writer in self.states[number][read[TOPIC, number] :]:
                        if number in recovering or writer != deliverer.writer:
                            deliverer.observe(state, read[TOPIC, number])
                        read[TOPIC, number] += 1
                    if number in recovering:
                        recovering.discard(number)
                        deliverer.recovered(number)
                for place in places:
                    for item in self.items[place][read[place] :]:
                        await deliverer.offer(item, place[1], read[place], 100)
                        read[place] += 1
                if self.seconds() >= committed_at + _COMMIT - 0.001:
                    reached = {(TOPIC, number): read[TOPIC, number] for number in numbers}
                    for place, at in {**reached, **deliverer.positions()}.items():
                        self.committed[place] = min(at, reached.get(place, at))
                    committed_at = self.seconds()
                self._news.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_COMMIT):
                        await self._news.wait()
            delivering.result()
        finally:
            delivering.cancel()
            await asyncio.gather(delivering, return_exceptions=True)

    async def append(self, entries: Sequence[Entry]) -> list[tuple[int, int]]:
        """The log, to the process."""
        await asyncio.sleep(_DURABLE)
        places = []
        for entry in entries:
            assert entry.topic == TOPIC and entry.partition is not None
            writer = dict(entry.headers)["fd_writer"].decode()
            self.states[entry.partition].append((codec(TOPIC).decode(entry.value), writer))
            places.append((entry.partition, len(self.states[entry.partition]) - 1))
        await asyncio.sleep(_KNOWN)
        return places

    async def _read(self, topic: str, partition: int, offset: int) -> OutboundItem | None:
        return self.items[topic, partition][offset]


def _write(item: OutboundItem) -> Written:
    return Written(item.item_id.encode(), "text/plain", item.item_id)
