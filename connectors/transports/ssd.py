"""A council's published SSD tables, looked at again and again and never written to: each step of a case that is new in them
is a case event, taken in like any other message.

The tables are rebuilt every night, so nothing in them says what is new. What was sent is remembered here; should that be
lost, everything is sent again under the same receipts, and counts once.
"""

import asyncio
import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from connectors.channels import SsdChannel
from connectors.transports.pulled import Away, Fetched, Inlet, keep_fetching
from connectors.transports.ssd_events import COLUMNS, Reading, Row, TableEvent, named
from schemas.identity import derived_id

#: Ids asked for in one statement.
_IDS = 500


class SsdTables:
    """The tables of one council. `remembered` is the file of what was sent."""

    def __init__(self, inlet: Inlet, channel: SsdChannel, remembered: Path) -> None:
        self._inlet = inlet
        self._channel = channel
        remembered.parent.mkdir(parents=True, exist_ok=True)
        self._remembered = remembered
        with closing(self._memory()) as memory, memory:
            memory.execute("CREATE TABLE IF NOT EXISTS sent (receipt TEXT PRIMARY KEY) WITHOUT ROWID")
        self._engine = channel.engine()

    async def run(self, stop: asyncio.Event) -> None:
        """Look until `stop`; a message that is under way is finished first."""
        try:
            await keep_fetching(self._inlet.sender, lambda: self._look(stop), stop, every_seconds=self._channel.every_seconds)
        finally:
            await asyncio.to_thread(self._engine.dispose)

    async def _look(self, stop: asyncio.Event) -> bool:
        """Send what is new. Raises `NotDurable`, `Away`."""
        try:
            new = await asyncio.to_thread(self._new)
        except sa.exc.SQLAlchemyError as error:
            # The library's text quotes statements.
            cause = type(getattr(error, "orig", None) or error).__name__
            raise Away(f"the SSD tables cannot be read ({cause}); check url, schema_name and the right to read them") from None
        for message in new:
            if stop.is_set():
                break
            stored = await self._inlet.store(message)
            await asyncio.to_thread(self._remember, message.receipt_id)
            self._inlet.note(stored)
        return False

    def _new(self) -> list[Fetched]:
        """The messages that were not sent yet, those of each contact in their order."""
        reading = self._read()
        cut_over = self._channel.cut_over.isoformat()
        # What was open on the first day is a load, no news: it is sent once, whatever becomes of these cases.
        load = self._message(
            {"ssd_open_cases": reading.open_cases(), "cut_over": cut_over},
            derived_id("ssd", self._inlet.sender.id, "load", cut_over),
        )
        messages = [load, *(self._event_message(event) for event in reading.events())]
        with closing(self._memory()) as memory:
            sent = {receipt for (receipt,) in memory.execute("SELECT receipt FROM sent")}
        return [message for message in messages if message.receipt_id not in sent]

    def _read(self) -> Reading:
        with self._engine.connect() as connection:
            if self._engine.dialect.name == "postgresql":
                # One moment of all tables, and no right to write, whatever the account may do.
                connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            else:
                connection.exec_driver_sql("PRAGMA query_only = ON")
            rows: dict[str, list[Row]] = {}
            rows["ssd_linked_identifiers"] = self._rows(connection, "ssd_linked_identifiers")
            rows["ssd_professionals"] = self._rows(connection, "ssd_professionals")
            ours = self._channel.identifier_type.casefold()
            persons = sorted(
                {
                    str(row["link_person_id"])
                    for row in rows["ssd_linked_identifiers"]
                    if str(row["link_identifier_type"]).strip().casefold() == ours
                }
            )
            for table, column in _PERSONS.items():
                rows[table] = self._rows_of(connection, table, column, persons)
            # Open cases of before the hub are of children whom it does not know.
            open_ones = self._rows(connection, "ssd_cin_episodes", sa.column("cine_close_date").is_(None))
            known = {row["cine_referral_id"] for row in rows["ssd_cin_episodes"]}
            rows["ssd_cin_episodes"] += [row for row in open_ones if row["cine_referral_id"] not in known]
            theirs = sorted({str(row["cine_person_id"]) for row in rows["ssd_cin_episodes"]})
            rows["ssd_person"] = self._rows_of(connection, "ssd_person", "pers_person_id", theirs)
        roles = frozenset(role.casefold() for role in self._channel.worker_roles)
        return Reading(rows, self._channel.identifier_type, roles, self._channel.cut_over)

    def _rows_of(self, connection: sa.Connection, table: str, column: str, persons: Sequence[str]) -> list[Row]:
        found: list[Row] = []
        for start in range(0, len(persons), _IDS):
            found += self._rows(connection, table, sa.column(column).in_(persons[start : start + _IDS]))
        return found

    def _rows(self, connection: sa.Connection, table: str, *conditions: Any) -> list[Row]:
        columns: list[Any] = [sa.column(name) for name in COLUMNS[table]]
        source = sa.table(table, schema=self._channel.schema_name or None)
        return list(named(connection.execute(sa.select(*columns).select_from(source).where(*conditions)), table))

    def _event_message(self, event: TableEvent) -> Fetched:
        told = json.dumps(event.body, sort_keys=True)
        return self._message(event.body, derived_id("ssd", self._inlet.sender.id, event.table, event.row_id, told))

    def _message(self, body: object, receipt_id: str) -> Fetched:
        data = json.dumps(body, ensure_ascii=False).encode()
        return Fetched(body=data, size=len(data), receipt_id=receipt_id, content_type="application/json")

    def _memory(self) -> sqlite3.Connection:
        return sqlite3.connect(self._remembered)

    def _remember(self, receipt: str) -> None:
        with closing(self._memory()) as memory, memory:
            memory.execute("INSERT OR IGNORE INTO sent VALUES (?)", (receipt,))


_PERSONS = {
    table: next(name for name in names if name.endswith("_person_id"))
    for table, names in COLUMNS.items()
    if table not in ("ssd_linked_identifiers", "ssd_professionals", "ssd_person")
}
