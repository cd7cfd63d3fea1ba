"""Inbox out: a row in a table of the recipient's, one for each item id however often it is sent."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa

from connectors.delivery.addresses import InboxAddress
from connectors.delivery.outcome import Delivered, Failed, Outcome, Refused
from connectors.writing import Written
from schemas.outbound import OutboundItem

_COLUMNS = ("message_id", "kind", "contact_id", "content_type", "body")


class InboxOut:
    """Inserts into one table. Raises `SecretMissing` when made. A database that hangs takes this recipient's own thread."""

    def __init__(self, address: InboxAddress) -> None:
        self._engine = address.engine()
        columns = [sa.column(name, sa.Text) for name in _COLUMNS]
        self._table = sa.table(address.table, *columns, schema=address.schema_name or None)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="inbox-out")

    async def send(self, item: OutboundItem, written: Written) -> Outcome:
        """Insert, unless the item is there."""
        try:
            body = written.body.decode()
        except UnicodeDecodeError:
            return Refused("not_text")
        if "\0" in body:
            return Refused("not_text")
        row = {
            "message_id": item.item_id, "kind": item.kind, "contact_id": item.contact_id,
            "content_type": written.content_type, "body": body,
        }  # fmt: skip
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._insert, row)
        except sa.exc.SQLAlchemyError as error:
            # The library's text quotes statements and their values.
            cause = type(getattr(error, "orig", None) or error).__name__
            return Failed(f"database_{cause}")
        return Delivered()

    def _insert(self, row: dict[str, str]) -> None:
        try:
            with self._engine.begin() as connection:
                connection.execute(sa.insert(self._table).values(row))
        except sa.exc.IntegrityError:
            if not self._has(row["message_id"]):
                raise

    def _has(self, message_id: str) -> bool:
        query = sa.select(self._table.c.message_id).where(self._table.c.message_id == message_id)
        with self._engine.connect() as connection:
            return connection.execute(query).first() is not None

    async def close(self) -> None:
        """Let the connection go."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        await asyncio.to_thread(self._engine.dispose)
