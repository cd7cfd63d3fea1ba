"""The ticker writes the time where cases are tracked at every beat, and where duties begin once a minute."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from ops.ticker import DUTY_TOPIC, TOPIC, Ticker, _beat_regularly
from schemas.catalogue import catalogue, codec
from schemas.ports import Entry, NotDurable

NOON = datetime(2026, 8, 28, 11, 0, tzinfo=UTC)


class Hands:
    """A clock that the test sets."""

    at = NOON

    def now(self) -> datetime:
        return self.at


class Kept:
    """A log in memory; with `away` it takes nothing."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.away = self.final = False

    async def append(self, entries: Sequence[Entry]) -> list[tuple[int, int]]:
        if self.away:
            raise NotDurable("away", final=self.final)
        self.entries += entries
        return [(entry.partition or 0, 0) for entry in entries]

    def times(self, topic: str) -> Counter[tuple[int | None, datetime]]:
        decode = codec(topic).decode
        return Counter((entry.partition, decode(entry.value).at) for entry in self.entries if entry.topic == topic)


def test_every_partition_gets_the_time_and_duties_hear_of_it_once_a_minute() -> None:
    clock, log = Hands(), Kept()
    ticker = Ticker(clock, log, timedelta(minutes=1))
    for beat in range(9):
        clock.at = NOON + timedelta(seconds=15 * beat)
        asyncio.run(ticker.beat(vouched=True))
    partitions = range(catalogue().keyed_partitions)
    assert log.times(TOPIC) == Counter((p, NOON + timedelta(seconds=15 * beat)) for p in partitions for beat in range(9))
    assert log.times(DUTY_TOPIC) == Counter((p, NOON + timedelta(minutes=minute)) for p in partitions for minute in range(3))


def test_a_minute_that_the_log_did_not_take_is_written_with_the_next_beat() -> None:
    clock, log = Hands(), Kept()
    ticker = Ticker(clock, log, timedelta(minutes=1))
    log.away = True
    try:
        asyncio.run(ticker.beat(vouched=False))
    except NotDurable:
        log.away = False
    clock.at = NOON + timedelta(seconds=15)
    asyncio.run(ticker.beat(vouched=False))
    assert {at for _, at in log.times(DUTY_TOPIC)} == {clock.at}


def test_a_ticker_whose_producer_will_never_write_again_ends_and_one_whose_broker_is_away_goes_on() -> None:
    log = Kept()
    log.away = True

    async def beats() -> None:
        ticking = asyncio.ensure_future(_beat_regularly(Ticker(Hands(), log, timedelta(minutes=1)), 0.001))
        await asyncio.sleep(0.05)
        assert not ticking.done()
        log.final = True
        with pytest.raises(NotDurable):
            await asyncio.wait_for(ticking, 5)

    asyncio.run(beats())
