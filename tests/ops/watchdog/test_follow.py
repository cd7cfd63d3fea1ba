"""Beside a real broker the watchdog sees what the log shows, with no worker running, and says when it cannot look."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ops.durable_log import KafkaLog
from ops.embedded_kafka import EmbeddedKafka
from ops.ticker import tick_entries
from ops.watchdog.alarms import Notice
from ops.watchdog.follow import Watchdog
from schemas.catalogue import codec
from schemas.ports import Entry
from schemas.received import Received
from schemas.settings import Settings

pytestmark = pytest.mark.broker


def append(kafka: EmbeddedKafka, entries: list[Entry]) -> None:
    async def go() -> None:
        log = KafkaLog(kafka.bootstrap, "test")
        try:
            await log.append(entries)
        finally:
            log.close()

    asyncio.run(go())


def message(number: int, received_at: datetime) -> Entry:
    about = {"sender": "st-marys-ae", "agency": "health", "transport": "http", "size": 1}
    record = Received(receipt_id=f"r{number}", received_at=received_at, body=b"x", **about)  # type: ignore[arg-type]
    return Entry("received.health", b"st-marys-ae", codec("received.health").encode(record))


def test_it_sees_late_messages_broken_promises_and_a_broker_that_is_away(own_broker: EmbeddedKafka, tmp_path: Path) -> None:
    settings = Settings(bootstrap_servers=own_broker.bootstrap, run_dir=tmp_path)
    now = datetime.now(UTC)
    # An hour late, and no worker ever says what became of it.
    append(own_broker, [message(1, now - timedelta(hours=1)), *tick_entries(now, now)])
    said: list[Notice] = []
    dog = Watchdog(settings, None, audit_every=0.5)

    def look_until(done: Callable[[], bool]) -> None:
        limit = time.monotonic() + 40
        while not done():
            assert time.monotonic() < limit, [notice.line() for notice in said]
            dog._read_until(time.monotonic() + 0.1)
            said.extend(dog.look())

    def heard(state: str, kind: str) -> bool:
        return any((notice.state, notice.alarm.kind) == (state, kind) for notice in said)

    look_until(lambda: heard("raised", "late-append"))
    assert [notice.alarm.about for notice in said if notice.alarm.kind == "late-append"] == ["st-marys-ae"]
    own_broker.kill()
    look_until(lambda: heard("raised", "cannot-look"))
    own_broker.start()
    look_until(lambda: heard("over", "cannot-look"))
    assert not heard("raised", "no-tick")
    assert not heard("over", "late-append")
