"""The ticker: writes the time into every partition of `case-events` and of `allocation-in`, and vouches for having run in
between.

A small process of its own; several may run. Ticks are never back-filled: a gap in them is the truth about an outage,
and a deadline inside a gap is reported as not verifiable.
"""

import asyncio
import logging
import time
from contextlib import suppress
from datetime import datetime, timedelta

from ops.clocks import clock_of
from ops.durable_log import KafkaLog
from ops.endpoints import announce
from schemas.allocation import AllocationEvent
from schemas.case_event import CaseEvent
from schemas.catalogue import catalogue, codec
from schemas.identity import derived_id
from schemas.ports import Clock, DurableLog, Entry, NotDurable
from schemas.settings import Settings
from schemas.ticks import tick_key, ticked_file

log = logging.getLogger(__name__)

TOPIC = "case-events"
DUTY_TOPIC = "allocation-in"
#: A stall or a jump of the wall clock beyond this breaks the chain: the ticker no longer vouches for the time before.
_BREAK = timedelta(seconds=60)
_STEP_POLL_SECONDS = 0.01
_DUTY_EVERY = timedelta(seconds=60)


def tick_entries(at: datetime, covers_since: datetime) -> list[Entry]:
    """One tick for each partition of `case-events`."""
    encode = codec(TOPIC).encode
    entries = []
    for partition in range(catalogue().keyed_partitions):
        key = tick_key(partition)
        tick = CaseEvent(
            event_id=derived_id("tick", key, at.isoformat()), type="tick", contact_id=key, at=at, covers_since=covers_since
        )
        entries.append(Entry(TOPIC, key.encode(), encode(tick), (), partition))
    return entries


def duty_tick_entries(at: datetime) -> list[Entry]:
    """One tick for each partition of `allocation-in`, where duties begin and end."""
    encode = codec(DUTY_TOPIC).encode
    entries = []
    for partition in range(catalogue().keyed_partitions):
        key = tick_key(partition)
        tick = AllocationEvent(event_id=derived_id("duty tick", key, at.isoformat()), type="tick", team=key, at=at)
        entries.append(Entry(DUTY_TOPIC, key.encode(), encode(tick), (), partition))
    return entries


class Ticker:
    """Writes ticks to a log; `beat()` writes one now. Duties begin on the minute at most: their ticks need come no more often
    than `duty_every`, and are kept for ever."""

    def __init__(self, clock: Clock, durable: DurableLog, duty_every: timedelta = timedelta(0)) -> None:
        self._clock = clock
        self._log = durable
        self._duty_every = duty_every
        self._last_duty: datetime | None = None
        self._last: datetime | None = None
        self._last_monotonic = 0.0

    async def beat(self, vouched: bool) -> datetime:
        """One tick. `vouched` says whether the time since the last one was seen passing. Raises `NotDurable`."""
        now = self._clock.now()
        if self._last is not None and now < self._last:
            # The machine's clock was set back: time stands still here until it has caught up.
            now = self._last
        since = self._last if vouched and self._last is not None else now
        duty = self._last_duty is None or now - self._last_duty >= self._duty_every
        await self._log.append([*tick_entries(now, since), *(duty_tick_entries(now) if duty else [])])
        self._last_duty = now if duty else self._last_duty
        self._last, self._last_monotonic = now, time.monotonic()
        return now

    def unbroken(self) -> bool:
        """Whether wall clock and monotonic clock agree about the time since the last tick."""
        if self._last is None:
            return False
        passed = timedelta(seconds=time.monotonic() - self._last_monotonic)
        drift = abs((self._clock.now() - self._last) - passed)
        return passed <= _BREAK and drift <= _BREAK


async def run(settings: Settings) -> None:
    """Tick until cancelled. Raises `NotDurable` once its producer will never write again."""
    durable = KafkaLog(settings.bootstrap_servers, "frontdoor-ticker", delivery_timeout=10.0)
    stepped = settings.clock == "stepped"
    ticker = Ticker(clock_of(settings), durable, timedelta(0) if stepped else _DUTY_EVERY)
    announce(settings, "ticker", {})
    try:
        if stepped:
            await _follow_steps(ticker, settings)
        else:
            await _beat_regularly(ticker, settings.tick_seconds)
    finally:
        durable.close()


async def _beat_regularly(ticker: Ticker, period: float) -> None:
    while True:
        try:
            await ticker.beat(ticker.unbroken())
        except NotDurable as error:
            if error.final:
                raise
            log.warning("no tick written: %s", error)
        await asyncio.sleep(period)


async def _follow_steps(ticker: Ticker, settings: Settings) -> None:
    """Under the stepped clock: one tick for each step, and a mark that it is written."""
    clock = clock_of(settings)
    mark = ticked_file(settings.run_dir)
    seen: datetime | None = None
    while True:
        # Before the driver's first step there is no time yet.
        with suppress(FileNotFoundError):
            now = clock.now()
            if now != seen:
                written = await ticker.beat(vouched=True)
                mark.write_text(written.isoformat())
                # What was seen, not what was written: the two differ while a clock that was set back catches up.
                seen = now
        await asyncio.sleep(_STEP_POLL_SECONDS)
