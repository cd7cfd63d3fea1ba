"""Beside a real broker the watchdog sees what the log shows, with no worker running, and says when it cannot look."""

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ops.durable_log import KafkaLog
from ops.embedded_kafka import EmbeddedKafka
from ops.ticker import tick_entries
from ops.watchdog.alarms import Notice
from ops.watchdog.follow import Watchdog
from schemas.catalogue import codec
from schemas.flag import Flag
from schemas.identity import flag_id
from schemas.london import civil_date, midnight_after
from schemas.ports import Entry
from schemas.received import Received
from schemas.settings import Settings

pytestmark = pytest.mark.broker

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def append(kafka: EmbeddedKafka, *entries: Entry) -> None:
    async def go() -> None:
        log = KafkaLog(kafka.bootstrap, "test")
        try:
            await log.append(entries)
        finally:
            log.close()

    asyncio.run(go())


def message(receipt: str, received_at: datetime, sender: str = "st-marys-ae") -> Entry:
    about = {"sender": sender, "agency": "health", "transport": "http", "size": 1}
    record = Received(receipt_id=receipt, received_at=received_at, body=b"x", **about)  # type: ignore[arg-type]
    return Entry("received.health", sender.encode(), codec("received.health").encode(record))


def flag(state: str, started_at: datetime) -> Entry:
    due_at = midnight_after(civil_date(started_at))
    record = Flag(
        flag_id=flag_id("some-contact", "same-day", 1, due_at.isoformat()), contact_id="some-contact", clock="same-day",
        opening=1, started_at=started_at, due_at=due_at, state=state, result="missed",  # type: ignore[arg-type]
    )  # fmt: skip
    return Entry("flags", b"some-contact", codec("flags").encode(record))


@dataclass
class Heard:
    """What the log handed out long ago: the broker stamps records itself, so none can be made that is weeks old."""

    entry: Entry
    at: datetime

    def topic(self) -> str:
        return self.entry.topic

    def timestamp(self) -> tuple[int, int]:
        return 2, int(self.at.timestamp() * 1000)

    def value(self) -> bytes | None:
        return self.entry.value


def test_it_sees_what_is_wrong_on_the_log_and_in_the_folders_and_when_that_is_over(
    own_broker: EmbeddedKafka, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    journals = tmp_path / "journal"
    # A journal that nobody can read: no audit can be finished.
    (journals / "health.jsonl").mkdir(parents=True)
    append(
        own_broker,
        message("late", now - HOUR),
        *tick_entries(now, now),
        # Forged: it takes back a flag that was never raised.
        flag("withdrawn", now - HOUR),
    )
    dog = Watchdog(Settings(bootstrap_servers=own_broker.bootstrap, run_dir=tmp_path), journals, audit_every=1)
    said: list[Notice] = []

    def look_until(done: Callable[[], bool], later: timedelta = timedelta()) -> None:
        limit = time.monotonic() + 60
        while not done():
            assert time.monotonic() < limit, [notice.line() for notice in said]
            dog._read_until(time.monotonic() + 0.25)
            said.extend(dog.look(datetime.now(UTC) + later))

    def heard(state: str, kind: str, about: str) -> bool:
        return (state, kind, about) in [(notice.state, notice.alarm.kind, notice.alarm.about) for notice in said]

    look_until(lambda: heard("raised", "late-append", "st-marys-ae") and heard("raised", "cannot-look", "audit"))
    assert not any(notice.alarm.kind == "promise-broken" for notice in said)
    (journals / "health.jsonl").rmdir()
    look_until(lambda: heard("raised", "promise-broken", "missed_flagged_once") and heard("over", "cannot-look", "audit"))
    append(own_broker, flag("raised", now - HOUR))
    look_until(lambda: heard("over", "promise-broken", "missed_flagged_once"))

    # Four weeks in which one sender spoke every hour, and a day in which it did not.
    for hours in range(24, 29 * 24):
        then = now - hours * HOUR
        dog._take(Heard(message("old", then, "steady-sender"), then))
    look_until(lambda: heard("raised", "sender-silent", "steady-sender"))
    append(own_broker, message("new", datetime.now(UTC), "steady-sender"))
    look_until(lambda: heard("over", "sender-silent", "steady-sender"))

    # No worker runs: what came stays where it is, and grows no more.
    for number in range(6):
        said.extend(dog.look(datetime.now(UTC) + number * MINUTE / 2))
    stuck = {one.alarm.about for one in said if one.alarm.kind == "stands-still"}
    assert "frontdoor-intake" in stuck
    assert "frontdoor-routing" not in stuck

    # No connector runs, and none has said where its folder is.
    file = tmp_path / "drop/police/in/concern.xml"
    file.parent.mkdir(parents=True)
    file.write_text("x")
    own_broker.kill()
    look_until(lambda: heard("raised", "cannot-look", "broker"))
    look_until(lambda: heard("raised", "inbox-not-drained", "drop folder of police-folder"), later=3 * MINUTE)
    file.unlink()
    own_broker.start()
    look_until(lambda: heard("over", "cannot-look", "broker"))
    look_until(lambda: heard("over", "inbox-not-drained", "drop folder of police-folder"))
    _looks_while_records_keep_coming(own_broker, dog)


def _looks_while_records_keep_coming(kafka: EmbeddedKafka, dog: Watchdog) -> None:
    looked = threading.Event()
    busy = threading.Thread(target=_keep_writing, args=(kafka, looked))
    busy.start()
    dog._read_until(time.monotonic() + 1)
    still_writing = busy.is_alive()
    looked.set()
    busy.join()
    assert still_writing


def _keep_writing(kafka: EmbeddedKafka, stop: threading.Event) -> None:
    async def go() -> None:
        log = KafkaLog(kafka.bootstrap, "test")
        try:
            end = time.monotonic() + 20
            while not stop.is_set() and time.monotonic() < end:
                await log.append([message("busy", datetime.now(UTC))])
                await asyncio.sleep(0.05)
        finally:
            log.close()

    asyncio.run(go())
