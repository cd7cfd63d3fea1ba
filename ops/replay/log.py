"""Reading what is chosen from a topic, up to where it ends now, and writing it again, no faster than asked."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from ops.durable_log import KafkaLog
from ops.replay.choice import Choice, Logged
from schemas.ports import Entry

#: Seconds for an answer of the broker.
_PATIENCE = 20.0


class CannotReplay(Exception):
    """The log cannot be read. Says why."""


def chosen(bootstrap: str, topic: str, choice: Choice) -> Iterator[Logged]:
    """The records of a topic that a choice takes, partition by partition, in order. Raises `CannotReplay`."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "frontdoor-replay",
            "client.id": "frontdoor-replay",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
            # Deciding again is faster than the second that the library waits when it has fetched enough ahead.
            "fetch.queue.backoff.ms": 20,
            "log_level": 0,
        }
    )
    try:
        known = consumer.list_topics(topic, timeout=_PATIENCE).topics[topic].partitions
        if not known:
            raise CannotReplay(f"This cluster has no topic {topic}.")
        wanted = choice.offsets or dict.fromkeys(known, (0, 2**62))
        for partition in sorted(set(known) & set(wanted)):
            yield from (one for one in _read(consumer, topic, partition, choice, wanted[partition]) if choice.takes(one))
    except KafkaException as error:
        raise CannotReplay(f"The broker does not answer: {error.args[0].name()}") from None
    finally:
        consumer.close()


def _read(consumer: Consumer, topic: str, partition: int, choice: Choice, offsets: tuple[int, int]) -> Iterator[Logged]:
    low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=_PATIENCE)
    start, end = max(low, offsets[0]), min(high, offsets[1] + 1)
    if choice.since is not None:
        milliseconds = int(choice.since.timestamp() * 1000)
        [found] = consumer.offsets_for_times([TopicPartition(topic, partition, milliseconds)], timeout=_PATIENCE)
        # -1: nothing is that young.
        start = max(start, found.offset) if found.offset >= 0 else high
    if start >= end:
        return
    consumer.assign([TopicPartition(topic, partition, start)])
    heard = time.monotonic()
    while True:
        message = consumer.poll(1.0)
        if message is None:
            if time.monotonic() - heard > _PATIENCE:
                raise CannotReplay(f"Nothing came for {_PATIENCE:.0f} s.")
            continue
        heard = time.monotonic()
        offset = message.offset() or 0
        if (problem := message.error()) is not None:
            if problem.code() != KafkaError._PARTITION_EOF:
                raise CannotReplay(f"The broker does not give a record: {problem.name()}")
            # A broker that has just become leader gives out less than there is, for a while.
            if offset >= end:
                return
            continue
        if offset >= end:
            return
        yield logged(message, topic, partition, offset)
        if offset + 1 >= end:
            return


def logged(message: Message, topic: str, partition: int, offset: int) -> Logged:
    """A record as it came from the log, at its place there."""
    told: Any = message.headers() or []
    headers = tuple((name, bytes(value or b"")) for name, value in told)
    appended_at = datetime.fromtimestamp(message.timestamp()[1] / 1000, UTC)
    return Logged(topic, partition, offset, appended_at, message.key(), message.value(), headers)


def write(bootstrap: str, entries: Sequence[Entry], *, per_second: float) -> None:
    """Append entries in order, each once the broker has acknowledged the one before. Raises `schemas.ports.NotDurable`."""
    asyncio.run(_write(bootstrap, entries, 1 / per_second))


async def _write(bootstrap: str, entries: Sequence[Entry], pause: float) -> None:
    log = KafkaLog(bootstrap, "frontdoor-replay")
    try:
        for entry in entries:
            begun = time.monotonic()
            await log.append([entry])
            await asyncio.sleep(max(0.0, pause - (time.monotonic() - begun)))
    finally:
        log.close()
