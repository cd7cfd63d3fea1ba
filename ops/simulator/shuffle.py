"""One recorded day, replayed under other orders of arrival: topics among themselves have no order, so every order in which
workers may read them must lead to the same flags, with the same ids and bodies.

What was received before a tick is read before it; everything else is left to chance: how the agencies' topics interleave,
which worker goes on, and how far.
"""

import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise

from ops.simulator.hub import TEAM, decide, processors
from ops.simulator.load import CASE_SYSTEM, catalogue_of_messages, contacts_of
from ops.simulator.log import PARTITIONS, MemoryLog
from schemas.allocation import AllocationEvent
from schemas.case_event import CaseEvent
from schemas.catalogue import codec
from schemas.flag import Flag
from schemas.identity import derived_id
from schemas.received import Received
from schemas.ticks import tick_key
from streams.partition import PartitionState
from streams.processor import Processor

_MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_BY = {"by": "Ben Hughes", "reason": "As agreed."}
_ASSESSED = {"event": "risk_assessed", "level": "amber", **_BY}
#: What is told of every so manieth contact within the minute in which it arrives, read after the contact or before it.
_AT_ONCE: tuple[tuple[int, dict[str, str]], ...] = (
    (1, {"event": "acknowledged", **_BY}),
    (2, {"event": "decision", "decision": "s47", **_BY}),
    (3, {"event": "decision", "decision": "no further action", **_BY}),
    (4, {"event": "strategy_discussion", **_BY}),
    (5, {"event": "mash_received", "level": "amber", **_BY}),
    (3, {"event": "allocated", **_BY}),
    (2, _ASSESSED),
)
_LATER: tuple[tuple[int, dict[str, str]], ...] = (
    (6, {"event": "assessment_started", **_BY}),
    (4, {"event": "conference_held", "happened_on": "2026-03-20", **_BY}),
    (8, {"event": "core_group_held", "happened_at": "2026-03-25T10:00:00+00:00", **_BY}),
    (3, {**_ASSESSED, "happened_at": "2026-03-02T18:00:00+00:00"}),
    (5, {"event": "transfer_accepted", "receiving_authority": "Bradford", **_BY}),
)  # fmt: skip
#: When somebody was awake: each moment and the one before it.
_TICKS = (
    "2026-03-02T09:30", "2026-03-02T18:00", "2026-03-03T00:00", "2026-03-03T12:00", "2026-03-04T00:00", "2026-03-09T09:00",
    "2026-03-24T00:00", "2026-03-26T09:00", "2026-04-20T00:00", "2026-05-08T00:00", "2026-07-01T00:00",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Recorded:
    """What arrived between two ticks, in the order of arrival, and the tick."""

    arrived: Sequence[Received]
    tick: datetime
    since: datetime


@cache
def recorded_day() -> tuple[Recorded, ...]:
    """A Monday morning of four agencies, what the case system told then and three weeks later, and the ticks until July."""
    first = [message for message in catalogue_of_messages() if "now" not in message.name and "one more" not in message.name]
    contacts = list(dict.fromkeys(contact for message in first for contact in contacts_of(message, 1)))
    morning = [message.received(1, _MONDAY + timedelta(seconds=place)) for place, message in enumerate(first)]
    morning += _told(contacts, _AT_ONCE, _MONDAY + timedelta(seconds=2))
    corrected = [message for message in catalogue_of_messages() if message not in first]
    noon = [message.received(1, _MONDAY + timedelta(hours=3, seconds=place)) for place, message in enumerate(corrected)]
    weeks_later = _told(contacts, _LATER, datetime(2026, 3, 25, 17, 0, tzinfo=UTC))
    batches = {_TICKS[0]: morning, _TICKS[1]: noon, "2026-03-26T09:00": weeks_later}
    moments = [_MONDAY, *(datetime.fromisoformat(text).replace(tzinfo=UTC) for text in _TICKS)]
    return tuple(
        Recorded(batches.get(text, ()), tick, since) for text, (since, tick) in zip(_TICKS, pairwise(moments), strict=True)
    )


def _told(contacts: list[str], what: tuple[tuple[int, dict[str, str]], ...], at: datetime) -> list[Received]:
    made = []
    for number, (every, entry) in enumerate(what):
        for contact in contacts[number % every :: every]:
            body = json.dumps({**entry, "contact_id": contact}).encode()
            receipt = derived_id("shuffled", str(number), contact, at.isoformat())
            made.append(
                Received(
                    receipt_id=receipt, sender=CASE_SYSTEM, agency="social_care", transport="simulated",
                    received_at=at + timedelta(seconds=number), size=len(body), body=body,
                )
            )  # fmt: skip
    return made


class _Replay:
    """The deciding workers on a log in memory; nothing fails here, only the order is chance's."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._log = MemoryLog(_MONDAY)
        workers = _workers()
        self._states = {(worker.name, place): PartitionState(worker) for worker in workers for place in range(PARTITIONS)}
        inputs = [(worker.name, topic) for worker in workers for topic in worker.inputs]
        self._seats = [(name, topic, place) for name, topic in inputs for place in range(PARTITIONS)]
        self._read: dict[tuple[str, str, int], int] = defaultdict(int)

    def run(self, day: Sequence[Recorded]) -> Counter[bytes]:
        """Every record of `flags`, with how often it was written."""
        self._staff()
        for part in day:
            for message in self._interleaved(part.arrived):
                self._append(f"received.{message.agency}", message.sender, message)
            self._drain()
            self._log.now = part.tick
            for place in range(PARTITIONS):
                key = tick_key(place)
                tick = CaseEvent(
                    event_id=f"{key} {part.tick}", type="tick", contact_id=key, at=part.tick, covers_since=part.since
                )
                self._log.append("case-events", key.encode(), codec("case-events").encode(tick), partition=place)
            self._drain()
        return Counter(stored.value for stored in self._log.of_topic("flags"))

    def _interleaved(self, arrived: Sequence[Received]) -> Iterator[Received]:
        """Each topic's own messages in their order, the topics among themselves in any."""
        queues: dict[str, list[Received]] = defaultdict(list)
        for message in arrived:
            queues[message.agency].append(message)
        turns = [agency for agency, queue in queues.items() for _ in queue]
        self._chance.shuffle(turns)
        yield from (queues[agency].pop(0) for agency in turns)

    def _append(self, topic: str, key: str, record: Received | AllocationEvent) -> None:
        self._log.append(topic, key.encode(), codec(topic).encode(record))

    def _staff(self) -> None:
        duty = AllocationEvent(
            event_id="duty", type="rota_set", team=TEAM, at=_MONDAY, worker_id="w1", worker_name="Amara Okafor",
            duty_from=_MONDAY - timedelta(hours=1),
        )  # fmt: skip
        self._append("allocation-in", TEAM, duty)

    def _drain(self) -> None:
        while True:
            waiting = [seat for seat in self._seats if self._log.end(seat[1], seat[2]) > self._read[seat]]
            if not waiting:
                return
            name, topic, place = seat = self._chance.choice(waiting)
            for stored in self._log.fetch(topic, place, self._read[seat], self._chance.randint(1, 6)):
                self._read[seat] += 1
                for entry in decide(self._states[name, place], stored):
                    self._log.append(entry.topic, entry.key or b"", entry.value or b"", headers=entry.headers)


@cache
def _workers() -> tuple[Processor, ...]:
    return tuple(worker for worker in processors() if worker.name in ("intake", "allocation", "cases", "clocks"))


def flags_under(seed: int, day: Sequence[Recorded]) -> Counter[bytes]:
    """The records of `flags` after the day arrived in the order of that seed."""
    return _Replay(random.Random(seed)).run(day)


def differences(shuffles: int) -> list[str]:
    """What is not the same under that many orders of arrival; empty when all is. Names the seed that shows it."""
    day = recorded_day()
    expected = flags_under(0, day)
    found = []
    for seed in range(1, shuffles + 1):
        other = flags_under(seed, day)
        for value in (expected - other) + (other - expected):
            flag = codec("flags").decode(value)
            assert isinstance(flag, Flag)
            where = "only in the order of arrival" if value in expected else f"only in the order of seed {seed}"
            found.append(f"flag {flag.flag_id}, {flag.clock} {flag.state}: {where}")
        if found:
            break
    return found
