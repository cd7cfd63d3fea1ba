"""The watchdog's reading: it follows the log beside the workers, and looks every few seconds at what that means."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from confluent_kafka import OFFSET_END, Consumer, KafkaError, KafkaException, TopicPartition

from ops.audit.auditor import audit
from ops.audit.decoding import TopicDecoder, Unreadable
from ops.metrics.broker_side import DELIVERY_GROUP, BrokerSide, inputs_of
from ops.view.log_ends import BrokerAway
from ops.watchdog.alarms import KINDS, Alarm, Alarms, Notice
from ops.watchdog.audits import Audits
from ops.watchdog.drop_folders import DropFolders
from ops.watchdog.rhythm import WEEKS
from ops.watchdog.signs import Signs
from schemas.catalogue import AGENCIES, catalogue
from schemas.settings import Settings

_EVENTS = "case-events"
_RECEIVED = tuple(f"received.{agency}" for agency in AGENCIES)
#: Seconds for an answer of the broker.
_ANSWER = 5.0
#: Kinds that can be told while the broker is away.
_WITHOUT_A_BROKER = ("inbox-not-drained", "cannot-look")
#: Ticks of so long ago are read at the start, so that a partition without any is known at once.
_TICKS_BACK = timedelta(minutes=2)


class Watchdog:
    """Follows one log. `look_every` and `audit_every` in seconds; with `audit_every` 0 it never audits."""

    def __init__(self, settings: Settings, journals: Path | None, *, look_every: float = 5.0, audit_every: float = 600.0) -> None:
        stepped = settings.clock == "stepped"
        self._look_every = look_every
        self._alarms = Alarms()
        self._signs = Signs(datetime.now(UTC), catalogue().keyed_partitions, stepped=stepped)
        self._folders = DropFolders(settings)
        self._audits = Audits(
            lambda: audit(settings.bootstrap_servers, journal_dir=journals, now=None, stepped=stepped), audit_every
        )
        self._broker = BrokerSide(settings.bootstrap_servers, delivers=settings.recipients_file is not None, timeout=_ANSWER)
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
                "enable.partition.eof": True,
                "queued.max.messages.kbytes": 16384,
                "reconnect.backoff.max.ms": 1000,
                "log_level": 0,
            }
        )
        self._assigned = False
        #: Partitions of which there is history still to read.
        self._unread: set[tuple[str | None, int | None]] = set()
        self._stopping = threading.Event()
        self._looked = time.monotonic()

    @property
    def standing(self) -> list[Alarm]:
        """The alarms that stand now."""
        return self._alarms.standing

    @property
    def since_look(self) -> float:
        """Seconds since it last looked, whatever it saw."""
        return time.monotonic() - self._looked

    def stop(self) -> None:
        """Ask `follow` to end."""
        self._stopping.set()

    def follow(self, say: Callable[[Notice], None]) -> None:
        """Until told to stop: every notice as it comes."""
        try:
            while not self._stopping.is_set():
                for notice in self.look(datetime.now(UTC)):
                    say(notice)
                self._read_until(time.monotonic() + self._look_every)
        finally:
            self._consumer.close()

    def look(self, now: datetime) -> list[Notice]:
        """What is news at this moment."""
        self._looked = time.monotonic()
        inboxes, blind = self._folders.look()
        blind += self._audits.failed()
        try:
            lags: dict[str, int] = {}
            places = {}
            for place in self._broker.state().places():
                lags[place.group] = lags.get(place.group, 0) + place.lag
                # Delivery waits with what must not overtake; a connector's topics are its partner's. Both watch themselves.
                if place.partition[0] in inputs_of(place.group) and place.group != DELIVERY_GROUP:
                    places[(place.group, *place.partition)] = place.committed, place.lag
            if not self._assigned:
                self._assign(now)
        except (BrokerAway, KafkaException):
            away = Alarm("cannot-look", "broker", "it does not answer, so nothing can be said about the log")
            return self._alarms.looked(now, [*self._signs.wrong(now, inboxes), *blind, away], _WITHOUT_A_BROKER)
        self._audits.go_on()
        self._signs.lags(now, lags)
        self._signs.places(now, places)
        # Nobody is silent who may be heard in what is still to be read.
        kinds = [kind for kind in KINDS if kind != "sender-silent" or not self._unread]
        return self._alarms.looked(now, [*self._signs.wrong(now, inboxes), *self._audits.broken(), *blind], kinds)

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
        self._unread = {(tp.topic, tp.partition) for tp in found}
        self._assigned = True

    def _read_until(self, end: float) -> None:
        """Until the time (monotonic) is over, however much there is to read: a look must not wait for a quiet log."""
        while not self._stopping.is_set() and (left := end - time.monotonic()) > 0:
            if not self._assigned:
                self._stopping.wait(left)
                return
            for message in self._consumer.consume(500, min(0.2, left)):
                error = message.error()
                if error is None:
                    self._take(message)
                elif error.code() == KafkaError._PARTITION_EOF:
                    self._unread.discard((message.topic(), message.partition()))

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
