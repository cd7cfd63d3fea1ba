"""Faust's table, holding `PartitionState`s: recovery goes through `restore`, which lets a newer origin win."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import faust
from faust.types import TP

from streams.partition import PartitionState, RowWrite
from streams.processor import Processor
from streams.transport import fail_stop


class RowTable(faust.Table):  # type: ignore[type-arg]
    """One state per owned partition. A partition that is kept through a rebalance keeps its rows; the changelog read
    again on top of them changes nothing, because origins decide."""

    def __init__(self, app: Any, processor: Processor, **kwargs: Any) -> None:
        self.processor = processor
        self.states: dict[int, PartitionState] = {}
        #: Set by the worker: writes outvoted rows again and checks the origins against the log.
        self.after_recovery: Callable[[int, PartitionState, list[RowWrite]], Awaitable[None]] | None = None
        super().__init__(app, **kwargs)

    def partition_state(self, partition: int) -> PartitionState:
        """The state of a partition, empty when new."""
        if partition not in self.states:
            self.states[partition] = PartitionState(self.processor)
        return self.states[partition]

    def apply_changelog_batch(self, batch: Iterable[Any]) -> None:
        """Restore rows. Faust would log an error here and go on without the row, so any error stops the process."""
        try:
            for event in batch:
                message = event.message
                if message.value is not None:
                    self.partition_state(message.partition).restore(message.key.decode(), message.value)
        except Exception as error:
            fail_stop(f"table recovery failed: {type(error).__name__}")

    async def on_rebalance(self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0) -> None:
        """Forget the partitions that went to somebody else."""
        for tp in revoked:
            if tp.topic == self.changelog_topic_name:
                self.states.pop(tp.partition, None)
        await super().on_rebalance(assigned, revoked, newly_assigned, generation_id)

    async def on_recovery_completed(self, active_tps: set[TP], standby_tps: set[TP]) -> None:
        """Build the due heaps before the first event."""
        try:
            for tp in sorted(active_tps):
                state = self.partition_state(tp.partition)
                again = state.recovered()
                if self.after_recovery is not None:
                    await self.after_recovery(tp.partition, state, again)
        except Exception as error:
            fail_stop(f"after table recovery: {type(error).__name__}: {error}")
        await super().on_recovery_completed(active_tps, standby_tps)

    @property
    def changelog_topic_name(self) -> str:
        """The changelog's topic."""
        return str(self._changelog_topic_name())
