"""The edge: a partner's bytes are made durable before anybody tries to understand them.

A transport that got a `Stored` may answer its sender; one that got `NotDurable` must say that nothing was taken.
"""

import asyncio
import logging
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from connectors.large_store import LargeStore
from connectors.senders import Sender
from schemas.at_hand import known
from schemas.catalogue import codec
from schemas.cloud_events import cloud_event
from schemas.identity import derived_id
from schemas.identity import receipt_id as message_receipt_id
from schemas.london import civil_date
from schemas.ports import Clock, DurableLog, Entry, NotDurable
from schemas.probe import TOPIC as PROBES
from schemas.probe import Probe
from schemas.received import Received
from schemas.trace import HEADER, UNTRACED, Tracer

log = logging.getLogger("frontdoor.edge")

#: Bytes kept of a message that is larger than the hub takes.
KEPT_OF_TOO_LARGE = 64 * 1024

#: What a receipt says to its sender.
NOT_READ_YET = "Received and stored. No person has read it yet."


@dataclass(frozen=True, slots=True)
class Stored:
    """What the log acknowledged: the receipt, and the instant (UTC) that decides which day the message arrived."""

    receipt_id: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Large:
    """Where messages of more than `above` bytes are kept: the log takes no larger ones."""

    store: LargeStore
    above: int


class Edge:
    """Appends to `received.<agency>`, in the order of the calls for each sender; a message above `large.above` bytes
    goes to the store of large messages first, and the log names it. Without `large` the log gets all."""

    def __init__(
        self, agency: str, log: DurableLog, clock: Clock, large: Large | None = None, tracer: Tracer = UNTRACED
    ) -> None:
        self.agency = agency
        self.topic = f"received.{agency}"
        self._log = log
        self._clock = clock
        self._large = large
        self._tracer = tracer
        #: Of senders of large messages: what comes behind one must not overtake it while it is written.
        self._queues: dict[str, asyncio.Lock] = {}
        self._codec = codec(self.topic)

    def now(self) -> datetime:
        """The hub's time, in UTC. Raises `NotDurable` while a stepped clock has not been set: no day, no receipt."""
        try:
            return self._clock.now().astimezone(UTC)
        except (OSError, ValueError):
            raise NotDurable("the stepped clock has not been set yet") from None

    async def store(
        self,
        *,
        body: bytes,
        sender: Sender,
        transport: str,
        content_type: str = "",
        file_name: str = "",
        idempotency_key: str = "",
        received_at: datetime | None = None,
        receipt_id: str | None = None,
        size: int | None = None,
        truncated: bool = False,
        traceparent: str = "",
    ) -> Stored:
        """Make `body` durable under a receipt. Raises `NotDurable`; then nothing may be promised.

        `received_at` is given by pulled transports only (when our store took it), and never later than now. The same
        idempotency key with the same bytes gives the same receipt, and so does an explicit `receipt_id`; intake
        counts what arrives twice under one receipt once. `size` is that of the whole message in bytes; of a
        `truncated` one only the beginning is kept.
        """
        now = self.now()
        at = now if received_at is None else min(received_at.astimezone(UTC), now)
        key = _storable(idempotency_key)
        receipt = receipt_id or message_receipt_id(sender.id, key, body)
        record = Received(
            receipt_id=receipt,
            sender=sender.id,
            agency=self.agency,
            transport=transport,
            received_at=at,
            picked_up_at=None if received_at is None else now,
            organisation=sender.organisation,
            content_type=_storable(content_type)[:255],
            file_name=_storable(file_name)[:1024],
            idempotency_key=key[:255],
            size=len(body) if size is None else size,
            truncated=truncated,
            body=body[:KEPT_OF_TOO_LARGE] if truncated else body,
        )
        span = self._tracer.begin("receive", self.topic, traceparent, message_id=receipt)
        known(receipt=receipt, traceparent=span.traceparent)
        try:
            await self._append(record, span.traceparent)
        except BaseException as error:
            span.end(type(error).__name__)
            raise
        span.end()
        return Stored(receipt, at)

    async def probe(self, traceparent: str = "") -> str:
        """Make a probe durable, as a message would be; its id. Raises `NotDurable`."""
        probe = Probe(probe_id=str(uuid.uuid4()), agency=self.agency, at=self.now())
        span = self._tracer.begin("receive", PROBES, traceparent, message_id=probe.probe_id)
        headers = _headers(probe.probe_id, "Probe", f"{self.agency}/probe", probe.at, span.traceparent)
        await self._log.append([Entry(PROBES, probe.probe_id.encode(), codec(PROBES).encode(probe), headers)])
        span.end()
        return probe.probe_id

    async def _append(self, record: Received, traceparent: str) -> None:
        large = self._large is not None and len(record.body) > self._large.above
        if not large and record.sender not in self._queues:
            await self._log.append([self._entry(record, traceparent)])
            return
        async with self._queues.setdefault(record.sender, asyncio.Lock()):
            if large:
                record = await self._put(record)
            appending = asyncio.ensure_future(self._log.append([self._entry(record, traceparent)]))
            # Once it has begun it has its place on the log.
            await asyncio.sleep(0)
        await appending

    def _entry(self, record: Received, traceparent: str) -> Entry:
        source = f"{record.agency}/{record.transport}"
        headers = _headers(record.receipt_id, "Received", source, record.received_at, traceparent)
        return Entry(self.topic, record.sender.encode(), self._codec.encode(record), headers)

    async def _put(self, record: Received) -> Received:
        """The record with its bytes in the store of large messages, where they are durable now. Raises `NotDurable`."""
        assert self._large is not None
        try:
            sha256 = await asyncio.to_thread(self._large.store.put, record.body)
        except OSError as error:
            log.error("the store of large messages cannot be written (%s)", error.strerror)
            raise NotDurable("the store of large messages cannot be written") from None
        return record.model_copy(update={"body": b"", "stored_sha256": sha256})

    def too_large_receipt(self, sender: Sender, digest: str) -> str:
        """The receipt of a message above the limit: the same for the same bytes on the same London day.

        Its sender is told to stop, and machines that repeat it all day must not open a clock each time; tomorrow it
        counts again. `digest` is over the whole message. Raises `NotDurable` as `now` does.
        """
        return derived_id("too-large", sender.id, digest, civil_date(self.now()).isoformat())


def _storable(text: str) -> str:
    """Text that can be written as UTF-8 whatever a header or a file name held."""
    return text.encode("utf-8", "replace").decode()


def _headers(of: str, kind: str, source: str, at: datetime, traceparent: str) -> tuple[tuple[str, bytes], ...]:
    """The record's own, and the trace."""
    return (*cloud_event(of, kind, f"connector/{source}", at), (HEADER, traceparent.encode()))
