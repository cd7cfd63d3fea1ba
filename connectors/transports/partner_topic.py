"""A partner with Kafka of its own: what it writes to `partner.<organisation>.in` is copied to the edge's log.

Arrival is when our broker appended it, never the sender's own time. Offsets are committed after the copy is durable, so
a crash copies again under the same receipt.
"""

import asyncio
import hashlib
import logging
import time
from datetime import UTC, datetime

from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, Consumer, KafkaError, KafkaException, Message, TopicPartition

from connectors.edge import KEPT_OF_TOO_LARGE, Edge, Stored
from connectors.journal import Journal
from connectors.log_ends import log_ends
from connectors.senders import Sender
from connectors.stall import Place, Stalled, StallWatch
from schemas.at_hand import at_hand
from schemas.identity import derived_id
from schemas.ports import NotDurable

log = logging.getLogger("frontdoor.partner_topic")

_BATCH = 100
_POLL_SECONDS = 0.2
_LONGEST_RETRY_SECONDS = 2.0
#: Seconds that a topic may have more without one record read. A partner's open transaction holds back what comes after it, and
#: a broker lets one be open for fifteen minutes.
_STALL_SECONDS = 16 * 60.0
_LOOKS = 8
#: Seconds for the broker to say where a topic ends.
_ANSWER_SECONDS = 5.0


def partner_receipt(topic: str, partition: int, offset: int, appended_ms: int, body: bytes) -> str:
    """The receipt of one record. Time and content are part of it: a topic made anew counts from 0 again."""
    digest = hashlib.sha256(body).hexdigest()
    return derived_id("partner", topic, str(partition), str(offset), str(appended_ms), digest)


class PartnerTopics:
    """All partner topics of one agency. `stepped`: a driver owns the time, so that append times mean nothing."""

    def __init__(
        self,
        edge: Edge,
        journal: Journal,
        senders: tuple[Sender, ...],
        bootstrap: str,
        *,
        limit: int,
        stepped: bool,
    ) -> None:
        self._edge = edge
        self._journal = journal
        self._senders = {sender.topic_name: sender for sender in senders}
        self._bootstrap = bootstrap
        self._limit = limit
        self._stepped = stepped
        self._complaint = ""
        #: How far each partition has been read, marks of transactions and all.
        self._read_to: dict[Place, int] = {}
        self._stall, self._looked = StallWatch(_STALL_SECONDS), time.monotonic()

    async def run(self, stop: asyncio.Event) -> None:
        """Copy until `stop`. Returns at once when no partner has a topic. Raises `KafkaException`; `Stalled` when nothing comes
        of a topic that has more."""
        if not self._senders:
            return
        consumer = Consumer(
            {
                "bootstrap.servers": self._bootstrap,
                "group.id": f"frontdoor-connector-{self._edge.agency}",
                "client.id": f"frontdoor-connector-{self._edge.agency}",
                "enable.auto.commit": False,
                # A partner may write before the hub first looks.
                "auto.offset.reset": "earliest",
                "isolation.level": "read_committed",
                "enable.partition.eof": True,
                # A topic that an operator makes later is read soon after.
                "topic.metadata.refresh.interval.ms": 10000,
                "log_level": 2,
            }
        )
        consumer.subscribe(sorted(self._senders))
        try:
            while not stop.is_set():
                messages = await asyncio.to_thread(consumer.consume, _BATCH, _POLL_SECONDS)
                await self._copy(consumer, [one for one in messages if self._is_record(one)], stop)
                if time.monotonic() - self._looked > _STALL_SECONDS / _LOOKS:
                    await asyncio.to_thread(self._require_progress, consumer)
        finally:
            await asyncio.to_thread(consumer.close)

    async def _copy(self, consumer: Consumer, messages: list[Message], stop: asyncio.Event) -> None:
        copied: list[tuple[Message, Stored]] = []
        for message in messages:
            with at_hand():
                stored = await self._stored(message, stop)
            if stored is None:
                break
            copied.append((message, stored))
        if copied:
            await asyncio.to_thread(_commit, consumer, [message for message, _ in copied])
        for message, stored in copied:
            sender = self._senders[str(message.topic())]
            self._journal.note(stored.receipt_id, stored.received_at, "kafka", sender.id)

    def _require_progress(self, consumer: Consumer) -> None:
        places = [(tp.topic, tp.partition) for tp in consumer.assignment()]
        ends = log_ends(consumer, places, _ANSWER_SECONDS)
        if time.monotonic() - self._looked > _STALL_SECONDS / 2:
            # The log of the hub was away, and nothing was read because nothing could be copied.
            self._stall.forget()
        stalled = self._stall.look(time.monotonic(), {place: self._read_to.get(place, 0) for place in places}, ends)
        self._looked = time.monotonic()
        if stalled is not None:
            raise Stalled(f"{stalled[0]}/{stalled[1]} has more, and nothing of it has come for a while")

    def _is_record(self, message: Message) -> bool:
        error = message.error()
        at_end = error is not None and error.code() == KafkaError._PARTITION_EOF
        if error is None or at_end:
            following = (message.offset() or 0) + (0 if at_end else 1)
            self._read_to[str(message.topic()), message.partition() or 0] = following
        if at_end:
            return False
        if error is None:
            self._complaint = ""
            return True
        if error.code() == KafkaError._FATAL:
            raise KafkaException(error)
        if error.name() != self._complaint:
            # Topics not made yet, brokers away: librdkafka keeps trying by itself.
            self._complaint = error.name()
            log.warning("a partner's topic cannot be read now: %s", self._complaint)
        return False

    async def _stored(self, message: Message, stop: asyncio.Event) -> Stored | None:
        """One record made durable; None if `stop` came before the log answered again."""
        retry = 0.0
        while True:
            try:
                return await self._store(message)
            except NotDurable as error:
                if not retry:
                    log.warning("a partner's topic waits: %s", error)
                retry = min(_LONGEST_RETRY_SECONDS, retry * 2 or _POLL_SECONDS)
            try:
                await asyncio.wait_for(stop.wait(), retry)
                return None
            except TimeoutError:
                continue

    async def _store(self, message: Message) -> Stored:
        topic, partition, offset = str(message.topic()), message.partition() or 0, message.offset() or 0
        body = bytes(message.value() or b"")
        kind, appended_ms = message.timestamp()
        appended = kind == TIMESTAMP_LOG_APPEND_TIME and not self._stepped
        too_large = len(body) > self._limit
        return await self._edge.store(
            body=body[:KEPT_OF_TOO_LARGE] if too_large else body,
            sender=self._senders[topic],
            transport="kafka",
            content_type=_header(message, "content-type"),
            received_at=datetime.fromtimestamp(appended_ms / 1000, UTC) if appended else None,
            receipt_id=partner_receipt(topic, partition, offset, appended_ms, body),
            size=len(body),
            truncated=too_large,
            traceparent=_header(message, "traceparent"),
        )


def _commit(consumer: Consumer, messages: list[Message]) -> None:
    ends = {(str(one.topic()), one.partition() or 0): (one.offset() or 0) + 1 for one in messages}
    try:
        consumer.commit(offsets=[TopicPartition(*place, end) for place, end in ends.items()], asynchronous=False)
    except KafkaException as error:
        # Then they are copied again, under the same receipts.
        log.warning("offsets of a partner's topic were not committed: %s", error.args[0].name())


def _header(message: Message, name: str) -> str:
    headers = message.headers() or []
    for key, value in headers.items() if isinstance(headers, dict) else headers:
        if key.lower() == name and isinstance(value, bytes):
            return value.decode("utf-8", "replace")
    return ""
