"""The watchdog's reading: it follows the log beside the workers, and looks every few seconds at what that means."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from confluent_kafka import OFFSET_END, Consumer, KafkaException, TopicPartition

from ops.audit.auditor import audit
from ops.audit.decoding import TopicDecoder, Unreadable
from ops.audit.verdict import CannotLook
from ops.endpoints import endpoint
from ops.metrics.broker_side import BrokerSide
from ops.view.log_ends import BrokerAway
from ops.watchdog.alarms import KINDS, Alarm, Alarms, Notice
from ops.watchdog.rhythm import WEEKS
from ops.watchdog.signs import Signs
from schemas.catalogue import AGENCIES, catalogue
from schemas.settings import Settings

_EVENTS = "case-events"
_RECEIVED = tuple(f"received.{agency}" for agency in AGENCIES)
#: Seconds for an answer of the broker.
_ANSWER = 5.0
#: Ticks of so long ago are read at the start, so that a partition without any is known at once.
_TICKS_BACK = timedelta(minutes=2)
#: Kinds that a look at the log decides, and those that an audit decides.
_SEEN = tuple(kind for kind in KINDS if kind not in ("promise-broken", "cannot-look"))


class Watchdog:
    """Follows one log. `look_every` and `audit_every` in seconds; with `audit_every` 0 it never audits."""

    def __init__(self, settings: Settings, journals: Path | None, *, look_every: float = 5.0, audit_every: float = 600.0) -> None:
        self._settings, self._journals = settings, journals
        self._stepped = settings.clock == "stepped"
        self._look_every, self._audit_every = look_every, audit_every
        self._alarms = Alarms()
        self._signs = Signs(datetime.now(UTC), catalogue().keyed_partitions, stepped=self._stepped)
        self._broker = BrokerSide(settings.bootstrap_servers, timeout=_ANSWER)
        self._decoders = {topic: TopicDecoder(topic) for topic in (_EVENTS, *_RECEIVED)}
        self._consumer = Consumer(
            {
                "bootstrap.servers": settings.bootstrap_servers,
                "client.id": "frontdoor-watchdog",
                # Required by the library; partitions are assigned by hand, so nobody joins this group.
                "group.id": "frontdoor-watchdog",
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "earliest",
                "queued.max.messages.kbytes": 16384,
                "reconnect.backoff.max.ms": 1000,
                "log_level": 0,
            }
        )
        self._assigned = False
        self._stopping = threading.Event()
        self._audited: list[Alarm] | None = None
        self._auditing: threading.Thread | None = None
        self._next_audit = time.monotonic()

    @property
    def standing(self) -> list[Alarm]:
        """The alarms that stand now."""
        return self._alarms.standing

    def stop(self) -> None:
        """Ask `follow` to end."""
        self._stopping.set()

    def follow(self, say: Callable[[Notice], None]) -> None:
        """Until told to stop: every notice as it comes."""
        try:
            while not self._stopping.is_set():
                self._read_until(time.monotonic() + self._look_every)
                for notice in self.look():
                    say(notice)
        finally:
            self._consumer.close()

    def look(self) -> list[Notice]:
        """What is news now."""
        now = datetime.now(UTC)
        try:
            lags: dict[str, int] = {}
            for place in self._broker.state().places():
                lags[place.group] = lags.get(place.group, 0) + place.lag
            if not self._assigned:
                self._assign(now)
        except (BrokerAway, KafkaException):
            away = Alarm("cannot-look", "broker", "it does not answer, so nothing can be said about the log")
            return self._alarms.looked(now, [away], ["cannot-look"])
        self._signs.lags(now, lags)
        notices = self._alarms.looked(now, self._signs.wrong(now, self._inboxes()), (*_SEEN, "cannot-look"))
        return notices + self._audit_news(now)

    # -- reading

    def _assign(self, now: datetime) -> None:
        begin = {_EVENTS: now - _TICKS_BACK, **dict.fromkeys(_RECEIVED, now - timedelta(weeks=WEEKS))}
        asked = [
            TopicPartition(topic, partition, int(since.timestamp() * 1000))
            for topic, since in begin.items()
            for partition in range(catalogue().keyed_partitions)
        ]
        found = self._consumer.offsets_for_times(asked, timeout=_ANSWER)
        self._consumer.assign(
            [TopicPartition(tp.topic, tp.partition, tp.offset if tp.offset >= 0 else OFFSET_END) for tp in found]
        )
        self._assigned = True

    def _read_until(self, end: float) -> None:
        """Until nothing is left to read and the time is over. A log of four weeks is read to its end before the first look."""
        while not self._stopping.is_set():
            if not self._assigned:
                self._stopping.wait(max(0.0, min(0.2, end - time.monotonic())))
                if time.monotonic() >= end or not self._assigned:
                    return
            messages = self._consumer.consume(500, 0.2)
            for message in messages:
                if message.error() is None:
                    self._take(message)
            if not messages and time.monotonic() >= end:
                return

    def _take(self, message: Any) -> None:
        topic, appended = message.topic(), datetime.fromtimestamp(message.timestamp()[1] / 1000, UTC)
        try:
            record, _ = self._decoders[topic].decode(message.value())
        except Unreadable:
            # The audit says so.
            return
        if topic != _EVENTS:
            self._signs.received(record, appended)
        elif record["type"] == "tick":
            self._signs.tick(record, message.partition(), appended)

    def _inboxes(self) -> Iterator[tuple[str, datetime]]:
        for agency in AGENCIES:
            found = endpoint(self._settings, f"connector-{agency}")
            folder = found and found["urls"].get("folder")
            if folder:
                waiting = [file.stat().st_mtime for file in _files(Path(folder))]
                if waiting:
                    yield f"{agency} drop folder", datetime.fromtimestamp(min(waiting), UTC)

    # -- the audit, beside

    def _audit_news(self, now: datetime) -> list[Notice]:
        if self._audited is not None:
            found, self._audited = self._audited, None
            return self._alarms.looked(now, found, ["promise-broken"])
        if (
            self._audit_every
            and time.monotonic() >= self._next_audit
            and (self._auditing is None or not self._auditing.is_alive())
        ):
            self._next_audit = time.monotonic() + self._audit_every
            self._auditing = threading.Thread(target=self._audit, name="audit", daemon=True)
            self._auditing.start()
        return []

    def _audit(self) -> None:
        try:
            verdict = audit(self._settings.bootstrap_servers, journal_dir=self._journals, now=None, stepped=self._stepped)
        except CannotLook:
            # The next look at the broker says it.
            return
        by_promise: dict[str, int] = {}
        for violation in verdict.violations:
            by_promise[violation.invariant] = by_promise.get(violation.invariant, 0) + 1
        self._audited = [
            Alarm("promise-broken", promise, f"{count} times; `frontdoor audit` names the records")
            for promise, count in by_promise.items()
        ]


def _files(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if path.is_file() and path.suffix not in (".part", ".done")]
    except OSError:
        return []
