"""The outbox: a table into which a case system writes its messages in the same transaction as its own change.

Rows that have no receipt yet are taken in the order of their ids. A row gets its receipt after the log has acknowledged
it, so a crash between the two takes it again under the same receipt. What is not taken is asked for by what is missing
and not by a position: a transaction that commits late, with an id below one that was taken already, is not passed over,
and ids that a rollback left out hold nothing up.
"""

import asyncio
import hashlib
import logging
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from connectors.channels import OutboxChannel
from connectors.edge import Stored
from connectors.transports.pulled import Away, Fetched, Inlet, keep_fetching
from schemas.at_hand import at_hand
from schemas.identity import derived_id

log = logging.getLogger("frontdoor.outbox")

#: Rows fetched at once. Their bodies are in memory together.
_BATCH = 20


class Outbox:
    """One table of one sender. `engine` is disposed of by `close`."""

    def __init__(self, inlet: Inlet, channel: OutboxChannel) -> None:
        self._inlet = inlet
        self._channel = channel
        self._engine = channel.engine()
        columns = ("id", "body", "content_type", "written_at", "receipt_id", "taken_at")
        # No types: what a driver gives is taken as it is, because a value that does not fit must not stop the others.
        self._table = sa.table(channel.table, *(sa.column(name) for name in columns), schema=channel.schema_name or None)

    async def run(self, stop: asyncio.Event) -> None:
        """Take rows until `stop`; one that is under way is finished first."""
        try:
            await keep_fetching(self._inlet.sender, lambda: self._take(stop), stop, every_seconds=self._channel.every_seconds)
        finally:
            await asyncio.to_thread(self._engine.dispose)

    async def _take(self, stop: asyncio.Event) -> bool:
        """Take one batch; whether there may be more. Raises `NotDurable`, `Away`."""
        rows = await self._ask(self._untaken)
        for row in rows:
            if stop.is_set():
                return False
            with at_hand():
                stored = await self._inlet.store(self._fetched(row))
                await self._ask(self._give_receipt, row.id, stored)
                self._inlet.note(stored)
        return len(rows) == _BATCH

    async def _ask(self, question: Any, *about: Any) -> Any:
        try:
            return await asyncio.to_thread(question, *about)
        except sa.exc.SQLAlchemyError as error:
            # The library's text quotes statements and their values.
            cause = type(getattr(error, "orig", None) or error).__name__
            raise Away(f"the database does not do what is asked of it ({cause}); look in its own log") from None

    def _untaken(self) -> list[Any]:
        t = self._table.c
        query = sa.select(t.id, t.body, t.content_type, t.written_at).where(t.receipt_id.is_(None)).order_by(t.id).limit(_BATCH)
        with self._engine.connect() as connection:
            return list(connection.execute(query))

    def _give_receipt(self, row_id: Any, stored: Stored) -> None:
        t = self._table.c
        answer = (
            sa.update(self._table)
            .where(t.id == row_id, t.receipt_id.is_(None))
            .values(receipt_id=stored.receipt_id, taken_at=sa.func.current_timestamp())
        )
        with self._engine.begin() as connection:
            connection.execute(answer)

    def _fetched(self, row: Any) -> Fetched:
        body = _bytes(row.body)
        # The time is part of the receipt: in a table made anew the ids begin again.
        digest = hashlib.sha256(body).hexdigest()
        written_at = _instant(row.written_at)
        written = written_at.isoformat() if written_at else str(row.written_at)
        return Fetched(
            body=body,
            size=len(body),
            receipt_id=derived_id("outbox", self._inlet.sender.id, str(row.id), written, digest),
            arrived_at=written_at,
            content_type=row.content_type if isinstance(row.content_type, str) else "",
        )


def _bytes(value: Any) -> bytes:
    """What a driver calls text or bytes; anything else as it would be written."""
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    return b"" if value is None else str(value).encode("utf-8", "replace")


def _instant(value: Any) -> datetime | None:
    """When a row was written; without an offset it is UTC. None if it is no time."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
