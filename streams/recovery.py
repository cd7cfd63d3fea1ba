"""After a rebalance: rows back first, then events. Faust's recovery with our way of reading rows.

Faust would read changelogs through its own consumer, one record after the other, and goes on as if it had an answer when the
broker lets it wait too long for the bounds of a changelog. What is kept of it is when: after an assignment, before the first
event, and again from the start of this when another rebalance comes in between.
"""

import asyncio
from typing import Any

from aiokafka.errors import IllegalStateError  # type: ignore[import-untyped]
from faust import Service
from faust.tables.manager import TableManager
from faust.tables.recovery import RebalanceAgain, Recovery, ServiceStopped
from faust.types import TP

from streams.changelog import Changelog
from streams.fail_stop import fail_stop
from streams.table import RowTable

#: Seconds between two looks while the broker has sent nothing new.
_PAUSE = 0.005


class RowRecovery(Recovery):
    """Brings the rows of the assigned partitions back."""

    @Service.task
    async def _restart_recovery(self) -> None:
        while not self.should_stop:
            if await self.wait_for_stopped(self.signal_recovery_start):  # type: ignore[arg-type]
                break
            self.signal_recovery_start.clear()
            generation = self._generation_id
            try:
                self._set_recovery_started()
                await self._wait(self._read_rows())
                self.app.flow_control.resume()
                self.app.consumer.resume_flow()
                await self._wait(self.on_recovery_completed(generation))
            except (RebalanceAgain, IllegalStateError):
                # The next one has been signalled, or is about to be.
                continue
            except ServiceStopped:
                break

    @Service.task
    async def _slurp_changelogs(self) -> None:
        """Changelogs do not come through Faust's queue."""

    async def _read_rows(self) -> None:
        for table, partitions in self.actives_for_table.items():
            assert isinstance(table, RowTable)
            await _read(table, set(partitions), self.app.conf.broker)


async def _read(table: RowTable, partitions: set[TP], broker: list[Any]) -> None:
    began = table.rebalances
    await table.on_recovery_begins(partitions)
    changelog = Changelog(",".join(f"{url.host}:{url.port}" for url in broker), table.changelog_topic_name)
    try:
        for batch in changelog.read({tp.partition: table.persisted_offset(tp) + 1 for tp in partitions}, wait=0.0):
            if table.rebalances != began:
                # What is read of a partition that was given up meanwhile would begin in the middle.
                raise RebalanceAgain
            table.restore(batch)
            await asyncio.sleep(0 if batch else _PAUSE)
    except RuntimeError as error:
        fail_stop(f"table recovery failed: {error}")
    finally:
        changelog.close()


class RowTables(TableManager):
    """Faust's tables, with our recovery."""

    @property
    def recovery(self) -> Recovery:
        """The recovery service."""
        if self._recovery is None:
            self._recovery = RowRecovery(self.app, self, beacon=self.beacon, loop=self.loop)
        return self._recovery
