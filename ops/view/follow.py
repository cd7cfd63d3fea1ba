"""Following the log: reads every partition from where the file stands and folds batch by batch.

Offsets live in the file, written in the same transaction as what they cover; the broker keeps none for the view.
"""

import logging
import sqlite3
import threading
import time
from collections.abc import Mapping
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from connectors.stall import Stalled, StallWatch
from ops.view.fold import Fold, Logged
from ops.view.log_ends import BrokerAway, LogEnds, Partition
from ops.view.retention import forget
from ops.view.store import empty, fact, remember
from schemas.settings import Settings

log = logging.getLogger("frontdoor.view")

_BATCH = 1000
#: Seconds between looks for new topics (until the first are found), and between removals of what retention took.
_LOOK_AGAIN = 5.0
_LOOK_FIRST = 1.0
_PRUNE_AGAIN = 3600.0
#: Seconds that a partition may have more than was folded of it, without one record folded.
_PATIENCE = 120.0


class Follower:
    """Folds until told to stop. One thread runs `run`; others may read `caught_up` and `at_end_since`."""

    def __init__(self, db: sqlite3.Connection, settings: Settings, ends: LogEnds) -> None:
        self._db = db
        self._settings = settings
        self._ends = ends
        self._fold = Fold(db, settings.hash_key, stepped=settings.clock == "stepped")
        self._assigned: set[Partition] = set()
        self._catch_up_to: dict[Partition, int] | None = None
        self._away = False
        self._stall = StallWatch(_PATIENCE)
        self._stopping = threading.Event()
        #: Set once everything has been folded that the log held when this process first reached the broker.
        self.caught_up = threading.Event()
        #: Unix milliseconds when each partition was last seen with nothing left to fold.
        self.at_end_ms: dict[Partition, int] = {}

    def stop(self) -> None:
        """Ask `run` to return after its batch."""
        self._stopping.set()

    def run(self) -> None:
        """Follow the log. Raises what cannot be folded around: a full disk, a damaged file; `Stalled` when nothing comes of a
        partition that has more."""
        consumer = Consumer(
            {
                "bootstrap.servers": self._settings.bootstrap_servers,
                "client.id": "frontdoor-view",
                # Required by the library; partitions are assigned by hand, so nobody joins this group.
                "group.id": "frontdoor-view",
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "earliest",
                "enable.partition.eof": True,
                # Messages may be megabytes: this bounds memory, not the size of one record.
                "queued.max.messages.kbytes": 16384,
                "reconnect.backoff.max.ms": 1000,
                # What it would say over and over while the broker is away is said once, below.
                "log_level": 2,
            }
        )
        looked = pruned = float("-inf")
        try:
            while not self._stopping.is_set():
                if time.monotonic() - looked >= (_LOOK_AGAIN if self._assigned else _LOOK_FIRST):
                    looked = time.monotonic()
                    self._look(consumer)
                if self._assigned and time.monotonic() - pruned >= _PRUNE_AGAIN:
                    pruned = time.monotonic()
                    self._prune()
                self._step(consumer)
        finally:
            consumer.close()

    def _look(self, consumer: Consumer) -> None:
        try:
            if not self._assigned:
                self._same_log_as_before()
            partitions = self._ends.partitions()
            ends = self._ends.ends()
        except BrokerAway as away:
            if not self._away:
                log.warning("the broker does not answer (%s); answers stay as they are", away)
            self._away = True
            self._stall.forget()
            return
        if self._away:
            log.warning("the broker answers again")
            self._away = False
        stored = self._stored()
        if any(stored.get(place, 0) > end for place, end in ends.items()):
            log.warning("the log is shorter than what was folded: it is another log, building the view again")
            empty(self._db)
            stored, self._assigned, self._catch_up_to = {}, set(), None
            self.caught_up.clear()
            consumer.unassign()
        self._require_progress(stored, ends)
        new = [place for place in partitions if place not in self._assigned]
        if new:
            consumer.incremental_assign(
                [TopicPartition(topic, number, stored.get((topic, number), OFFSET_BEGINNING)) for topic, number in new]
            )
            self._assigned.update(new)
        if self._catch_up_to is None and partitions:
            self._catch_up_to = dict(ends)
            log.info("following %d partitions", len(partitions))

    def _require_progress(self, stored: Mapping[Partition, int], ends: Mapping[Partition, int]) -> None:
        """A view that stands still looks like a quiet day, to whoever waits in front of it. One that is still being built does
        not: a partition may wait for minutes until it is its turn."""
        if not self.caught_up.is_set():
            return
        stalled = self._stall.look(time.monotonic(), {place: stored.get(place, 0) for place in self._assigned}, ends)
        if stalled is not None:
            raise Stalled(f"{stalled[0]}/{stalled[1]} has more, and nothing of it has come for a while")

    def _same_log_as_before(self) -> None:
        cluster = self._ends.cluster_id()
        known = fact(self._db, "cluster_id")
        if known and known != cluster:
            log.warning("this is another cluster than the one folded before, building the view again")
            empty(self._db)
        if known != cluster:
            remember(self._db, "cluster_id", cluster)

    def _step(self, consumer: Consumer) -> None:
        # The first message at once, then what has already been fetched: no lingering, and full batches when behind.
        messages: list[Message] = consumer.consume(1, 0.2)
        if messages:
            messages += consumer.consume(_BATCH - 1, 0)
        records: list[Logged] = []
        ends: list[tuple[str, int, int]] = []
        for message in messages:
            topic, partition, offset = _place(message)
            error = message.error()
            if error is None:
                records.append(_logged(message))
            elif error.code() == KafkaError._PARTITION_EOF:
                ends.append((topic, partition, offset))
                self.at_end_ms[(topic, partition)] = int(time.time() * 1000)
            elif error.code() == KafkaError._FATAL:
                raise KafkaException(error)
            else:
                log.warning("the broker reports %s", error.name())
        if records or ends:
            self._fold.batch(records, ends)
        if self._catch_up_to is not None and not self.caught_up.is_set():
            stored = self._stored()
            if all(stored.get(place, 0) >= end for place, end in self._catch_up_to.items()):
                self.caught_up.set()
                log.info("caught up")

    def _stored(self) -> dict[Partition, int]:
        rows = self._db.execute("SELECT topic, partition, next_offset FROM offsets")
        return {(topic, partition): offset for topic, partition, offset in rows}

    def _prune(self) -> None:
        try:
            forget(self._db, self._ends.beginnings())
        except BrokerAway:
            log.warning("the broker does not answer; what retention took is forgotten an hour later")


def _place(message: Message) -> tuple[str, int, int]:
    topic, partition, offset = message.topic(), message.partition(), message.offset()
    return topic or "", -1 if partition is None else partition, -1 if offset is None else offset


def _logged(message: Message) -> Logged:
    topic, partition, offset = _place(message)
    _, appended_ms = message.timestamp()
    carried: Any = message.headers() or []
    headers = tuple((name, content.encode() if isinstance(content, str) else content) for name, content in carried)
    return Logged(topic, partition, offset, message.value(), appended_ms, headers)
