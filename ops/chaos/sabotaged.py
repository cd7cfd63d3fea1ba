"""Protections of the hub's processes that can be taken away, to see whether their absence shows. A harness that stays green
without them would prove nothing."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from schemas.ports import Entry, NotDurable

#: Each sabotage by name, and what it takes away.
SABOTAGES = {
    "acks-before-durable": "connectors acknowledge at once, and write to the log afterwards, with half a second's patience",
    "commit-ahead": "workers commit a batch before its outputs and rows are on the log",
    "acks-of-one": "one broker's word is enough, its copies may be behind",
    "rows-forgotten": "a worker that starts again reads nothing of what it knew",
    "zombies-trusted": "a paused worker goes on as if nothing had happened, and its late rows are believed",
    "poison-dropped": "what cannot be read is kept nowhere",
    "dedupe-off": "a message delivered again counts as a new one",
    "retries-count": "a retry counts as a new message: producers are not idempotent, and intake knows no receipt again",
    "flush-gives-up": "workers wait for the broker's word for a fiftieth of a second, and go on without it",
    "ticker-stays-down": "a ticker that ended is not started again",
    "day-of-the-tick": "the same-day clock runs from the last tick where that is later than the arrival",
    "next-unknown": "a release is replaced without being told of the newer one's schemas",
    "delivery-commits-ahead": "delivery commits what it has read, whether or not it has written down how it stands",
    "one-line": "what leaves the hub waits in one line for all recipients",
    "answers-unread": "whatever a recipient answers, it has it",
    "half-an-answer": "an answer that was broken off after its first line counts",
}


def acks_before_durable() -> None:
    """Connectors' appends return places that are not known yet."""
    from ops import connector_process
    from ops.durable_log import KafkaLog

    class Hasty(connector_process._WatchedLog):
        async def append(self, entries: Sequence[Entry]) -> list[tuple[int, int]]:
            async def later() -> None:
                await asyncio.sleep(1.0)
                try:
                    await super(Hasty, self).append(entries)
                except NotDurable:
                    return

            self._under_way = asyncio.ensure_future(later())
            return [(0, 0)] * len(entries)

    class Impatient(KafkaLog):
        def __init__(self, bootstrap: str, client_id: str, **more: Any) -> None:
            super().__init__(bootstrap, client_id, **{**more, "delivery_timeout": 0.5})

    _put(connector_process, "_WatchedLog", Hasty)
    _put(connector_process, "KafkaLog", Impatient)


def commit_ahead() -> None:
    """A batch is committed before anything of it is durable."""
    from streams.worker import Worker

    async def hasty(self: Worker, topic: str, partition: int, records: Any) -> None:
        self.consumer.frontier.advance(topic, partition, records[-1].offset + 1)
        await self.consumer.commit()
        # Time for a fault to come in between.
        await asyncio.sleep(0.1)
        while records:
            await self.steps.settle(self.table.partition_state(partition), topic, partition, records)

    _put(Worker, "_settle", hasty)


def acks_of_one() -> None:
    """Producers ask for the leader's word alone."""
    from ops import durable_log

    careful = durable_log.producer_settings

    def careless(*arguments: Any) -> dict[str, Any]:
        return {**careful(*arguments), "acks": "1", "enable.idempotence": False}

    _put(durable_log, "producer_settings", careless)


def rows_forgotten() -> None:
    """Table recovery restores nothing."""
    from streams.partition import PartitionState

    _put(PartitionState, "restore", lambda self, key, value: None)
    from streams.steps import Steps

    _put(Steps, "_require_known", lambda self, topic, partition, proved, end: None)


def zombies_trusted() -> None:
    """Nobody asks whether a worker is still a member, nor who wrote the rows; and it does not end when it is told."""
    from ops.simulator.sabotage import BelievingState
    from streams import table, transport
    from streams.steps import Steps

    def trusting(self: Steps) -> None:
        # Time for a pause to come in between, and only of the one who is paused: whoever takes over must get ahead of it.
        if self.processor.name == "cases" and self._options.instance == "1":
            time.sleep(0.1)

    _put(Steps, "still_member", trusting)
    _put(transport._HeartbeatThread, "on_expelled", lambda self: None)
    _put(Steps, "_require_own", lambda self, partition, end: None)
    _put(table, "PartitionState", BelievingState)


def poison_dropped() -> None:
    """Nothing goes to quarantine."""
    from streams.steps import Steps

    decide = Steps.decide

    def careless(self: Steps, state: Any, topic: str, record: Any) -> list[Entry]:
        return [entry for entry in decide(self, state, topic, record) if entry.topic != "quarantine"]

    _put(Steps, "decide", careless)


def dedupe_off() -> None:
    """Intake knows no receipt again."""
    from ops.simulator.sabotage import ForgetfulIntake
    from streams import intake

    _put(intake, "Intake", ForgetfulIntake)


def retries_count() -> None:
    """What was written and not known to be is written again, and taken for another."""
    from ops import durable_log

    careful = durable_log.producer_settings

    def careless(*arguments: Any) -> dict[str, Any]:
        return {**careful(*arguments), "enable.idempotence": False}

    _put(durable_log, "producer_settings", careless)
    dedupe_off()


def flush_gives_up() -> None:
    """An append returns before it is acknowledged, as Faust's flush before a commit does."""
    from ops import worker_process
    from ops.durable_log import KafkaLog

    class Impatient(KafkaLog):
        async def append(self, entries: Sequence[Entry]) -> list[tuple[int, int]]:
            under_way = asyncio.ensure_future(super().append(entries))
            done, _ = await asyncio.wait([under_way], timeout=0.02)
            return under_way.result() if done and under_way.exception() is None else [(0, -1)] * len(entries)

    _put(worker_process, "KafkaLog", Impatient)


def ticker_stays_down() -> None:
    """Only the first ticker of a run ticks."""
    from ops import ticker
    from schemas.settings import Settings

    tick, first = ticker.run, Settings().run_dir / "ticker-has-run"

    async def once(settings: Settings) -> None:
        if first.exists():
            await asyncio.Event().wait()
        first.touch()
        await tick(settings)

    _put(ticker, "run", once)


def day_of_the_tick() -> None:
    """A contact's day is the one of the last tick, if that is later than its arrival."""
    from streams import same_day
    from streams.cases import Cases

    start, tick, seen = same_day.start, Cases.tick, [datetime(1970, 1, 1, tzinfo=UTC)]

    def remembering(self: Cases, event: Any) -> Any:
        found = tick(self, event)
        if found is not None:
            seen[0] = max(seen[0], found.at)
        return found

    def late(opening: int, started_at: datetime) -> Any:
        return start(opening, max(started_at, seen[0])).model_copy(update={"started_at": started_at})

    _put(Cases, "tick", remembering)
    _put(same_day, "start", late)


def next_unknown() -> None:
    """This process does not know what the next release writes."""
    os.environ.pop("FRONTDOOR_NEWER_SCHEMAS", None)


def delivery_commits_ahead() -> None:
    """Every item that was read counts as placed."""
    from connectors.delivery.progress import Progress

    _put(Progress, "read", lambda self, offset, item_id: self.passed(offset))


def one_line() -> None:
    """An item is tried only when no older one waits for anybody."""
    from connectors.delivery.lane import Lane

    lanes: list[Lane] = []
    init, following = Lane.__init__, Lane.next

    def enlist(self: Lane, *arguments: Any) -> None:
        init(self, *arguments)
        lanes.append(self)

    def in_line(self: Lane, now: datetime) -> Any:
        mine = min((held.since for held in self), default=None)
        if mine is None or any(held.since < mine for lane in lanes for held in lane):
            return None
        return following(self, now)

    _put(Lane, "__init__", enlist)
    _put(Lane, "next", in_line)
    _put(Lane, "wake_at", lambda self, now: now + timedelta(seconds=0.1))


def answers_unread() -> None:
    """No status is a bad one."""
    from connectors.delivery.outcome import Delivered
    from connectors.transports import http_out

    _put(http_out, "outcome_of", lambda status, retry_after, now: Delivered())


def half_an_answer() -> None:
    """The status is enough, the rest of the answer is not read."""
    import httpx

    async def nothing(self: httpx.Response) -> AsyncIterator[bytes]:
        return
        yield b""

    _put(httpx.Response, "aiter_raw", nothing)


def _put(where: Any, name: str, what: Any) -> None:
    setattr(where, name, what)


_DONE: dict[str, Callable[[], None]] = {
    "acks-before-durable": acks_before_durable,
    "commit-ahead": commit_ahead,
    "acks-of-one": acks_of_one,
    "rows-forgotten": rows_forgotten,
    "zombies-trusted": zombies_trusted,
    "poison-dropped": poison_dropped,
    "dedupe-off": dedupe_off,
    "retries-count": retries_count,
    "flush-gives-up": flush_gives_up,
    "ticker-stays-down": ticker_stays_down,
    "day-of-the-tick": day_of_the_tick,
    "next-unknown": next_unknown,
    "delivery-commits-ahead": delivery_commits_ahead,
    "one-line": one_line,
    "answers-unread": answers_unread,
    "half-an-answer": half_an_answer,
}


def take_away(sabotage: str) -> None:
    """Run this process without one protection. Before its role begins."""
    _DONE[sabotage]()
