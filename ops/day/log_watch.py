"""What a driver sees of the log while a day runs: dispositions, events, flags, outbound items and how each fares, as they
appear."""

import threading
import time
from collections.abc import Callable, Collection
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from schemas.catalogue import catalogue, codec
from schemas.wire import Undecodable

TOPICS = (
    "receipts", "contacts", "case-events", "flags", "links", "link-reviews",
    "outbound.health", "outbound.education", "outbound.police", "outbound.social_care", "deliveries",
)  # fmt: skip


_OF_THE_DAY = frozenset({"same-day", "unmatched"})


class DayStuck(Exception):
    """Something that must come did not come in time; says what was waited for."""


class LogWatch:
    """Reads the result topics in a thread. All maps are by id; the last version counts."""

    def __init__(self, bootstrap: str) -> None:
        self.dispositions: dict[str, Any] = {}
        self.events: dict[str, Any] = {}
        self.flags: dict[str, Any] = {}
        self.other_flags: dict[str, Any] = {}
        self.contacts: dict[str, Any] = {}
        self.items: dict[str, Any] = {}
        self.deliveries: dict[str, Any] = {}
        self.links: dict[str, Any] = {}
        self.reviews: dict[str, Any] = {}
        self._seen: dict[tuple[str, int], int] = {}
        self._news = threading.Condition()
        self._stop = False
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": "frontdoor-day-watch",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                # What comes is answered at once all the same; asking again more often takes the broker a tenth of a processor.
                "fetch.wait.max.ms": 100,
                "log_level": 2,
            }
        )
        partitions = range(catalogue().keyed_partitions)
        self._consumer.assign([TopicPartition(topic, p, 0) for topic in TOPICS for p in partitions])
        self._thread = threading.Thread(target=self._run, name="log-watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop reading."""
        self._stop = True
        self._thread.join(timeout=5)
        self._consumer.close()

    def wait_for(self, what: str, ready: Callable[[], bool], seconds: float = 30.0) -> None:
        """Until `ready()`; it is asked after every news. Raises `DayStuck`."""
        end = time.monotonic() + seconds
        with self._news:
            while not ready():
                left = end - time.monotonic()
                if left <= 0:
                    raise DayStuck(f"waited {seconds:.0f} s for {what}")
                self._news.wait(min(left, 0.5))

    def caught_up(self, ends: dict[tuple[str, int], int]) -> bool:
        """Whether everything below these end offsets was seen."""
        return all(self._seen.get(tp, 0) >= end for tp, end in ends.items() if tp[0] in TOPICS)

    def on_their_way(self, recipients: Collection[str]) -> int:
        """How many items for these recipients are neither delivered nor given up."""
        with self._news:
            return sum(item.recipient in recipients for item in self.items.values()) - self.settled(recipients)

    def settled(self, recipients: Collection[str]) -> int:
        """How many items for these recipients are delivered or given up."""
        with self._news:
            done = (item_id for item_id, one in self.deliveries.items() if one.settled and one.recipient in recipients)
            return sum(item_id in self.items for item_id in done)

    def _run(self) -> None:
        while not self._stop:
            first = self._consumer.poll(0.05)
            if first is None:
                continue
            # Only what is there already: `consume` would wait for a whole batch, or its whole time.
            more = self._consumer.consume(500, 0)
            with self._news:
                for message in (first, *more):
                    if message.error() is None:
                        self._take(message)
                self._news.notify_all()

    def _take(self, message: Any) -> None:
        topic = message.topic()
        self._seen[topic, message.partition()] = message.offset() + 1
        try:
            record = codec(topic).decode(message.value())
        except Undecodable:
            # What a faulty producer left there: the workers put it aside, and it tells nothing.
            return
        if topic == "receipts":
            self.dispositions[record.receipt_id] = record
        elif topic == "case-events":
            if record.type != "tick":
                self.events.setdefault(record.event_id, record)
        elif topic == "contacts":
            self.contacts[record.contact_id] = record
        elif topic == "links":
            self.links[record.contact_id] = record
        elif topic == "link-reviews":
            self.reviews[record.contact_id] = record
        elif topic == "deliveries":
            known = self.deliveries.get(record.item_id)
            if known is None or record.rank >= known.rank:
                self.deliveries[record.item_id] = record
        elif topic == "flags":
            # A day is about the same-day clock; the others run for weeks.
            (self.flags if record.clock in _OF_THE_DAY else self.other_flags)[record.flag_id] = record
        else:
            self.items.setdefault(record.item_id, record)
