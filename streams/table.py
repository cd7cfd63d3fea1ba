"""Faust's table, holding `PartitionState`s: recovery goes through `restore`, which lets a newer origin win."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import faust
from faust.types import TP

from streams.changelog import RowRecord
from streams.fail_stop import fail_stop
from streams.partition import PartitionState
from streams.processor import Processor


class RowTable(faust.Table):  # type: ignore[type-arg]
    """One state per owned partition. A partition that is kept through a rebalance keeps its rows; the changelog read
    again on top of them changes nothing, because origins decide."""

    def __init__(self, app: Any, processor: Processor, **kwargs: Any) -> None:
        self.processor = processor
        self.states: dict[int, PartitionState] = {}
        #: By partition, the changelog offset up to which `states` has read.
        self._restored: dict[int, int] = {}
        #: How many rebalances there were: what was begun before the last one is out of date.
        self.rebalances = 0
        #: Set by the worker: tells the states of these partitions what is durable, before their rows come.
        self.before_recovery: Callable[[list[int]], Awaitable[None]] | None = None
        #: Set by the worker: finishes the recovery of these partitions' states before their first event.
        self.after_recovery: Callable[[list[int]], Awaitable[None]] | None = None
        #: Set by whoever wants to know that all rows are back.
        self.ready: Callable[[], None] | None = None
        super().__init__(app, **kwargs)

    def partition_state(self, partition: int) -> PartitionState:
        """The state of a partition, empty when new."""
        state = self.states.get(partition)
        if state is None:
            state = self.states[partition] = PartitionState(self.processor)
        return state

    def persisted_offset(self, tp: TP) -> int:
        """From here on recovery reads: what is before is in `states`."""
        return self._restored.get(tp.partition, -1)

    def restore(self, records: Iterable[RowRecord]) -> None:
        """Take records of the changelog. One that is not a row stops the process."""
        try:
            for partition, offset, key, value in records:
                if value is not None:
                    self.partition_state(partition).restore(key, value)
                self._restored[partition] = offset
        except Exception as error:
            fail_stop(f"table recovery failed: {type(error).__name__}")

    async def on_rebalance(self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0) -> None:
        """Forget the partitions that went to somebody else."""
        self._require_copartitioned(assigned)
        self.rebalances += 1
        for tp in revoked:
            if tp.topic == self.changelog_topic_name:
                self.states.pop(tp.partition, None)
                self._restored.pop(tp.partition, None)
        await super().on_rebalance(assigned, revoked, newly_assigned, generation_id)

    def _require_copartitioned(self, assigned: set[TP]) -> None:
        """An event's row is on the partition with the event's number, so both must be ours, for every input."""
        owned = {
            topic: sorted(tp.partition for tp in assigned if tp.topic == topic)
            for topic in (*self.processor.inputs, self.changelog_topic_name)
        }
        if any(partitions != owned[self.changelog_topic_name] for partitions in owned.values()):
            fail_stop(f"{self.processor.name}: inputs and rows were assigned apart: {owned}")

    async def on_recovery_begins(self, active_tps: set[TP]) -> None:
        """Tell each state what is known before its rows are read."""
        try:
            if self.before_recovery is not None:
                await self.before_recovery(sorted(tp.partition for tp in active_tps))
        except Exception as error:
            fail_stop(f"before table recovery: {type(error).__name__}")

    async def on_recovery_completed(self, active_tps: set[TP], standby_tps: set[TP]) -> None:
        """Finish each state before its first event."""
        try:
            if self.after_recovery is not None and active_tps:
                await self.after_recovery(sorted(tp.partition for tp in active_tps))
        except Exception as error:
            fail_stop(f"after table recovery: {type(error).__name__}: {error}")
        await super().on_recovery_completed(active_tps, standby_tps)
        if self.ready is not None:
            self.ready()

    @property
    def changelog_topic_name(self) -> str:
        """The changelog's topic."""
        return str(self._changelog_topic_name())
