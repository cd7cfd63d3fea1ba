"""Where the log ends and begins, asked of the broker: how the view knows how far behind it is."""

import threading
import time
from collections.abc import Iterable, Mapping
from typing import Any

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from ops.view.fold import FOLDED_TOPICS

Partition = tuple[str, int]

# The library ships these without types.
_LATEST: Any = OffsetSpec.latest()  # type: ignore[no-untyped-call]
_EARLIEST: Any = OffsetSpec.earliest()  # type: ignore[no-untyped-call]

#: After the broker did not answer, how long nobody waits for it again, in seconds.
_PAUSE = 2.0


class BrokerAway(Exception):
    """The broker did not answer in time; says what was asked of it."""


class LogEnds:
    """Answers with the ends as they were at or after the moment of asking; askers at one moment share one request."""

    def __init__(self, bootstrap: str, *, timeout: float = 1.5) -> None:
        # A broker that comes back is found again within a second, not within librdkafka's ten.
        patience = {"reconnect.backoff.max.ms": 1000, "log_level": 2}
        self._admin = AdminClient({"bootstrap.servers": bootstrap, "client.id": "frontdoor-view", **patience})
        self._timeout = timeout
        self._lock = threading.Lock()
        self._asked_at = float("-inf")
        self._failed_at = float("-inf")
        self._ends: dict[Partition, int] = {}
        self._known: list[Partition] = []

    def partitions(self) -> list[Partition]:
        """Every partition of the folded topics that exists now. Raises `BrokerAway`."""
        try:
            topics = self._admin.list_topics(timeout=self._timeout).topics
        except KafkaException as error:
            raise BrokerAway(f"no topic list: {error.args[0].name()}") from None
        found = [
            (name, partition)
            for name in FOLDED_TOPICS
            if name in topics and topics[name].error is None
            for partition in topics[name].partitions
        ]
        self._known = found
        return found

    def cluster_id(self) -> str:
        """Which cluster this is: a new one has another log under the same names. Raises `BrokerAway`."""
        try:
            described = self._admin.describe_cluster(request_timeout=self._timeout).result(self._timeout)
        except (KafkaException, TimeoutError):
            raise BrokerAway("no cluster description") from None
        return str(described.cluster_id)

    def ends(self) -> Mapping[Partition, int]:
        """The offset after the last record of each partition. Raises `BrokerAway`."""
        wanted = time.monotonic()
        with self._lock:
            if self._asked_at >= wanted:
                return self._ends
            if time.monotonic() - self._failed_at < _PAUSE:
                raise BrokerAway("no end offsets")
            asked_at = time.monotonic()
            try:
                self._ends = self._offsets(self._known or self.partitions(), _LATEST)
            except BrokerAway:
                self._failed_at = time.monotonic()
                raise
            self._asked_at = asked_at
            return self._ends

    def beginnings(self) -> Mapping[Partition, int]:
        """The offset of the oldest record that retention has left in each partition. Raises `BrokerAway`."""
        return self._offsets(self.partitions(), _EARLIEST)

    def _offsets(self, partitions: Iterable[Partition], spec: Any) -> dict[Partition, int]:
        asked = {TopicPartition(topic, partition): spec for topic, partition in partitions}
        if not asked:
            return {}
        found: dict[Partition, int] = {}
        try:
            answers = self._admin.list_offsets(asked, request_timeout=self._timeout)
            for place, answer in answers.items():
                found[(place.topic, place.partition)] = answer.result(self._timeout).offset
        except (KafkaException, TimeoutError):
            raise BrokerAway("no offsets") from None
        return found
