"""Reads topics from their beginning to an end fixed beforehand, on librdkafka, without joining any group.

Raises `CannotLook` when the broker is away, a topic is missing, or nothing arrives any more.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from ops.audit.verdict import CannotLook

#: Seconds for the broker's first answer, for each later one, and without a record before the reading is given up.
_FIRST_ANSWER, _ANSWER, _SILENCE = 5.0, 10.0, 30.0

_LEADERLESS = {
    KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE, KafkaError.FENCED_LEADER_EPOCH,
    KafkaError.UNKNOWN_LEADER_EPOCH,
}  # fmt: skip

#: Called with the records read, and those there are.
Progress = Callable[[int, int], None]
#: Topic, partition, offset, append time in milliseconds, value, and what gives the headers.
Take = Callable[[str, int, int, int, bytes | None, Callable[[], Any]], None]
#: Records handed over in one go: each may have ten megabytes.
_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class Span:
    """One partition from its first kept offset up to, and without, the end that was fixed."""

    topic: str
    partition: int
    low: int
    high: int


def _settings(bootstrap: str) -> dict[str, Any]:
    return {
        "bootstrap.servers": bootstrap,
        # librdkafka wants a name even where nothing is joined and nothing is ever committed.
        "group.id": "frontdoor-audit",
        "client.id": "frontdoor-audit",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "enable.partition.eof": True,
        "auto.offset.reset": "earliest",
        "socket.timeout.ms": int(_ANSWER * 1000),
        # Bounds the memory of what is fetched ahead, which is gone before the second that the library waits when it is full.
        # On one core a shorter wait than this costs more than it gives.
        "queued.max.messages.kbytes": 32768,
        "fetch.queue.backoff.ms": 200,
        "fetch.wait.max.ms": 50,
        "log_level": 0,
    }


def read_log(bootstrap: str, topics: Sequence[str], take: Take, progress: Progress) -> list[Span]:
    """Hand every record that the topics hold now to `take`; says what was read. Raises `CannotLook`."""
    reader = LogReader(bootstrap)
    try:
        spans = reader.ends(topics)
        reader.read(spans, take, progress)
        return spans
    finally:
        reader.close()


class LogReader:
    """One consumer, used for one audit. `trimmed` are the topics of which older records have expired."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._consumer = Consumer(_settings(bootstrap))
        self.trimmed: set[str] = set()

    def ends(self, topics: Sequence[str]) -> list[Span]:
        """Where each partition of the topics begins and ends at this moment."""
        try:
            known = self._consumer.list_topics(timeout=_FIRST_ANSWER).topics
            missing = [topic for topic in topics if topic not in known or not known[topic].partitions]
            if missing:
                raise CannotLook(
                    f"this broker has no topic {', '.join(missing)}. Is {self._bootstrap} the right one? "
                    "If it is new, run: frontdoor topics apply"
                )
            spans = []
            for topic in topics:
                for partition in sorted(known[topic].partitions):
                    low, high = self._ends_of(TopicPartition(topic, partition))
                    spans.append(Span(topic, partition, low, high))
                    if low > 0:
                        self.trimmed.add(topic)
            return spans
        except KafkaException as error:
            raise self._away(error.args[0].name()) from None

    def _ends_of(self, partition: TopicPartition) -> tuple[int, int]:
        """Asks again while a partition changes its leader."""
        deadline = time.monotonic() + _ANSWER
        while True:
            try:
                low, high = self._consumer.get_watermark_offsets(partition, timeout=_ANSWER)
                return low, high
            except KafkaException as error:
                if error.args[0].code() not in _LEADERLESS or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def read(self, spans: Sequence[Span], take: Take, progress: Progress) -> None:
        """Hand every record of the spans to `take`, in order within each partition."""
        for topic, partition, offset, message in self.records(spans, progress):
            take(topic, partition, offset, message.timestamp()[1], message.value(), message.headers)

    def records(self, spans: Sequence[Span], progress: Progress) -> Iterator[tuple[str, int, int, Message]]:
        """Every record of the spans with its place, in order within each partition."""
        left = {(span.topic, span.partition): span.high for span in spans if span.high > span.low}
        total = sum(span.high - span.low for span in spans)
        progress(0, total)
        if not left:
            return
        self._consumer.assign([TopicPartition(s.topic, s.partition, s.low) for s in spans if s.high > s.low])
        done, heard = 0, time.monotonic()
        while left:
            messages = self._consumer.consume(_AT_ONCE, timeout=0.1)
            if messages:
                heard = time.monotonic()
            elif time.monotonic() - heard > _SILENCE:
                raise self._away(f"nothing came for {_SILENCE:.0f} s")
            for message in messages:
                topic, partition, offset = message.topic(), message.partition(), message.offset()
                assert topic is not None and partition is not None and offset is not None
                if (error := message.error()) is not None:
                    if error.code() != KafkaError._PARTITION_EOF:
                        raise self._away(error.name())
                    # A broker that has just become leader gives out less than there is, for a while.
                    if offset >= left.get((topic, partition), 0):
                        left.pop((topic, partition), None)
                    continue
                end = left.get((topic, partition))
                if end is None:
                    continue
                if offset < end:
                    yield topic, partition, offset, message
                    done += 1
                    if done % 5000 == 0:
                        progress(done, total)
                if offset + 1 >= end:
                    del left[topic, partition]
                    self._consumer.pause([TopicPartition(topic, partition)])
        progress(total, total)
        self._consumer.unassign()

    def _away(self, why: str) -> CannotLook:
        return CannotLook(
            f"the broker at {self._bootstrap} does not answer ({why}), so nothing can be said about the log. "
            "Start it (frontdoor up), or name another with --bootstrap or KAFKA_BOOTSTRAP_SERVERS"
        )

    def close(self) -> None:
        """Leave the broker."""
        self._consumer.close()
