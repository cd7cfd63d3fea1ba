"""A MESH mailbox: each message is fetched with all its chunks and stored before it is acknowledged.

MESH throws away what is not acknowledged within five days and tells the sender that nobody took it. So a message that
has waited long is said aloud, and a mailbox that cannot be looked into.
"""

import asyncio
import hashlib
import json
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from mesh_client import MeshClient, MeshError

from connectors.channels import MeshChannel
from connectors.transports.mesh_connection import connect
from connectors.transports.pulled import Away, Fetched, Inlet, keep_fetching
from schemas.at_hand import at_hand
from schemas.identity import derived_id

log = logging.getLogger("frontdoor.mesh")

#: Messages listed at once.
_PAGE = 100
#: Seconds for one request.
_REQUEST_SECONDS = 60
#: How often the same alarm is repeated.
_ALARM_AGAIN_SECONDS = 3600.0

_T = TypeVar("_T")


class MeshMailbox:
    """One mailbox of one sender."""

    def __init__(self, inlet: Inlet, channel: MeshChannel) -> None:
        self._inlet = inlet
        self._channel = channel
        self._client: MeshClient | None = None
        #: Messages above the limit whose arrival is recorded.
        self._left: set[str] = set()
        #: Messages that could not be fetched: they come last, so that they hold up nobody else.
        self._troubled: set[str] = set()
        self._age = InboxAge(inlet.sender.id, timedelta(hours=channel.alarm_hours))

    async def run(self, stop: asyncio.Event) -> None:
        """Take messages until `stop`; one that is under way is finished first."""
        try:
            await keep_fetching(self._inlet.sender, lambda: self._look(stop), stop, every_seconds=self._channel.every_seconds)
        finally:
            await asyncio.to_thread(self._disconnect)

    async def _look(self, stop: asyncio.Event) -> bool:
        """Take what is in the mailbox; whether there may be more. Raises `NotDurable`, `Away`."""
        try:
            ids = await self._ask(self._list)
            self._age.looked(ids)
            self._left &= set(ids)
            self._troubled &= set(ids)
            taken, in_a_row, trouble = 0, 0, None
            for message_id in sorted(ids, key=lambda one: one in self._troubled):
                if stop.is_set():
                    return False
                try:
                    with at_hand():
                        taken += await self._take(message_id)
                    in_a_row = 0
                except Away as away:
                    self._troubled.add(message_id)
                    trouble, in_a_row = away, in_a_row + 1
                    if in_a_row > 1:
                        break
            if trouble is not None:
                raise trouble
            # What cannot be fetched now is asked for again after the pause.
            return len(ids) == _PAGE and taken > 0
        finally:
            self._age.say_if_old(self._inlet.edge.now())

    async def _take(self, message_id: str) -> bool:
        if message_id in self._left:
            return False
        try:
            fetched = await self._ask(self._fetch, message_id)
        except _Gone:
            log.warning("a message of %s was in the list of its mailbox and could not be fetched", self._inlet.sender.id)
            return False
        if fetched.arrived_at:
            self._age.arrived(message_id, fetched.arrived_at)
        stored = await self._inlet.store(fetched)
        if fetched.size > self._inlet.limit:
            # Only its beginning is ours: acknowledged, the rest would be gone, and its sender would believe that we have it.
            self._left.add(message_id)
            log.error("a message above the limit stays in the MESH mailbox of %s; its arrival is recorded", self._inlet.sender.id)
            return False
        await self._ask(self._acknowledge, message_id)
        self._age.gone(message_id)
        self._inlet.note(stored)
        return True

    async def _ask(self, question: Callable[..., _T], *about: str) -> _T:
        try:
            return await asyncio.to_thread(question, *about)
        except _FAILURES as error:
            self._disconnect()
            raise Away(f"the MESH mailbox {_explained(error)}") from None

    # -- what talks to MESH, in a thread

    def _connected(self) -> MeshClient:
        if self._client is None:
            channel = self._channel
            secrets = channel.password.read(), channel.shared_key.read()
            self._client = connect(channel, *secrets, retries=1, timeout=_REQUEST_SECONDS)
        return self._client

    def _disconnect(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()  # type: ignore[no-untyped-call]

    def _list(self) -> list[str]:
        return self._connected().list_messages(max_results=_PAGE, workflow_filter=self._channel.workflow or None)

    def _fetch(self, message_id: str) -> Fetched:
        # Not the client's own reading over all chunks: it takes a connection that broke for the end of a chunk.
        client = self._connected()
        try:
            with client.retrieve_message_chunk(message_id, 1) as first:
                headers, content_type = (
                    first.headers,
                    first.headers.get("Mex-Content-Type", first.headers.get("Content-Type", "")),
                )
                is_report = headers.get("Mex-MessageType", "").upper() == "REPORT"
                body = _Body(self._inlet.limit)
                body.add(first)
            for number in range(2, _chunks(headers.get("Mex-Chunk-Range", "")) + 1):
                with client.retrieve_message_chunk(message_id, number) as chunk:
                    body.add(chunk)
        except OSError as error:
            if _status(error) in (403, 404, 410):
                raise _Gone from None
            raise
        whole = _report(dict(headers)) if is_report else bytes(body.kept)
        digest = hashlib.sha256(whole).hexdigest()
        return Fetched(
            body=whole,
            size=len(whole) if is_report else body.size,
            receipt_id=derived_id("mesh", self._inlet.sender.id, message_id, digest),
            arrived_at=_instant(headers.get("Mex-StatusTimestamp", "")),
            file_name=headers.get("Mex-FileName", ""),
            content_type="application/json" if is_report else content_type,
        )

    def _acknowledge(self, message_id: str) -> None:
        self._connected().acknowledge_message(message_id)


class InboxAge:
    """How long messages have waited in a mailbox, and who must be told. Messages without a stamp count from when they were
    first seen, a mailbox that cannot be looked into from when it last could."""

    def __init__(self, sender_id: str, alarm: timedelta, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._sender_id = sender_id
        self._alarm = alarm
        self._monotonic = monotonic
        self._seen: dict[str, float] = {}
        self._stamps: dict[str, datetime] = {}
        self._looked = monotonic()
        self._said: dict[str, float] = {}

    def looked(self, ids: list[str]) -> None:
        """The mailbox was looked into, and held these."""
        now = self._monotonic()
        self._looked = now
        self._seen = {one: self._seen.get(one, now) for one in ids}
        self._stamps = {one: stamp for one, stamp in self._stamps.items() if one in self._seen}

    def arrived(self, message_id: str, at: datetime) -> None:
        """When a message came into the mailbox."""
        self._stamps[message_id] = at

    def gone(self, message_id: str) -> None:
        """A message was taken. One that had waited too long is said: the next may be thrown away."""
        self._seen.pop(message_id, None)

    def oldest(self, now: datetime) -> timedelta:
        """How long the oldest message has waited that is in the mailbox, or was taken since it was last looked into."""
        seen = self._monotonic()
        ages = [timedelta(seconds=seen - since) for since in self._seen.values()]
        return max([*ages, *(now - stamp for stamp in self._stamps.values())], default=timedelta(0))

    def say_if_old(self, now: datetime) -> None:
        """Log what must not wait any longer, each at most once an hour. No ids: they may be the partner's own."""
        waited, unseen = self.oldest(now), timedelta(seconds=self._monotonic() - self._looked)
        if waited > self._alarm:
            self._say(
                "a message waits or had to wait %d hours in the MESH mailbox of %s; after five days it is thrown away", waited
            )
        if unseen > self._alarm:
            self._say(
                "nobody could look for %d hours into the MESH mailbox of %s; after five days messages are thrown away", unseen
            )

    def _say(self, text: str, how_long: timedelta) -> None:
        now = self._monotonic()
        if now - self._said.get(text, -_ALARM_AGAIN_SECONDS) >= _ALARM_AGAIN_SECONDS:
            self._said[text] = now
            log.error(text, how_long // timedelta(hours=1), self._sender_id)


class _Gone(Exception):
    """A message is not, or no longer, ours to fetch."""


#: What the client raises, which is what the library under it raises: its exceptions are all of the first kind.
_FAILURES = (OSError, MeshError, ValueError)


class _Body:
    """A message's bytes as far as they are kept, and how many there are."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.kept = bytearray()
        self.size = 0

    def add(self, chunk: Any) -> None:
        """All bytes of a chunk's response, uncompressed. Raises `OSError` when they do not all come."""
        for piece in chunk.iter_content(256 * 1024):
            self.size += len(piece)
            self.kept += piece[: self._limit - len(self.kept)]


def _chunks(chunk_range: str) -> int:
    """How many chunks there are, from `1:3`."""
    total = chunk_range.partition(":")[2].strip()
    return int(total) if total.isdecimal() else 1


def _report(headers: dict[str, str]) -> bytes:
    """What MESH says about something that was not delivered: it has no body, its headers are all there is."""
    wanted = ("mex-status", "mex-linkedmsgid", "mex-messageid", "mex-workflowid")
    told = {name: headers[name] for name in sorted(headers) if name.lower().startswith(wanted)}
    return json.dumps({"mesh_report": told}, indent=2).encode()


def _instant(stamp: str) -> datetime | None:
    """MESH's `yyyymmddhhmmss` in UTC."""
    try:
        return datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def _status(error: BaseException) -> int:
    """The HTTP status that MESH answered with, 0 if it did not answer."""
    response = getattr(error, "response", None)
    return int(response.status_code) if response is not None else 0


def _explained(error: BaseException) -> str:
    code = _status(error)
    if code in (401, 403):
        return f"refuses us ({code}); check mailbox, password and shared_key with NHS England"
    if code:
        return f"answers {code}"
    if type(error).__name__ == "SSLError":
        return "cannot be trusted or does not trust us; check ca_file, client_certificate and client_key"
    return f"cannot be used ({type(error).__name__})"
