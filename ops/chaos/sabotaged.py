"""`python -m ops.chaos.sabotaged NAME ROLE`: a process of the hub with one protection taken away, to see whether its
absence shows. A harness that stays green without them would prove nothing."""

import asyncio
import sys
from collections.abc import Callable, Sequence
from typing import Any

from schemas.ports import Entry, NotDurable

#: Each sabotage by name, and what it takes away.
SABOTAGES = {
    "acks-before-durable": "connectors acknowledge at once, and write to the log afterwards, once",
    "commit-ahead": "workers commit a batch before its outputs and rows are on the log",
    "acks-of-one": "one broker's word is enough, its copies may be behind",
    "rows-forgotten": "a worker that starts again reads nothing of what it knew",
    "zombies-trusted": "a paused worker goes on as if nothing had happened, and its late rows are believed",
    "poison-dropped": "what cannot be read is kept nowhere",
    "dedupe-off": "a message delivered again counts as a new one",
}


def acks_before_durable() -> None:
    """Connectors' appends return places that are not known yet."""
    from ops import connector_process

    class Hasty(connector_process._WatchedLog):
        async def append(self, entries: Sequence[Entry]) -> list[tuple[int, int]]:
            async def later() -> None:
                await asyncio.sleep(1.0)
                try:
                    await super(Hasty, self).append(entries)
                except NotDurable:
                    return

            self._under_way = asyncio.ensure_future(later())
            return [(0, 0)] * len(entries)

    _put(connector_process, "_WatchedLog", Hasty)


def commit_ahead() -> None:
    """A batch is committed before anything of it is durable."""
    from streams.worker import Worker

    async def hasty(self: Worker, topic: str, partition: int, records: Any) -> None:
        self.consumer.frontier.advance(topic, partition, records[-1].offset + 1)
        await self.consumer.commit()
        # Time for a fault to come in between.
        await asyncio.sleep(0.3)
        while records:
            await self.steps.settle(self.table.partition_state(partition), topic, partition, records)

    _put(Worker, "_settle", hasty)


def acks_of_one() -> None:
    """Producers ask for the leader's word alone."""
    from ops import durable_log

    careful = durable_log.producer_settings

    def careless(*arguments: Any) -> dict[str, Any]:
        return {**careful(*arguments), "acks": "1", "enable.idempotence": False}

    _put(durable_log, "producer_settings", careless)


def rows_forgotten() -> None:
    """Table recovery restores nothing."""
    from streams.partition import PartitionState

    _put(PartitionState, "restore", lambda self, key, value: None)
    from streams.steps import Steps

    _put(Steps, "_require_known", lambda self, topic, partition, proved, end: None)


def zombies_trusted() -> None:
    """Nobody asks whether a worker is still a member, nor who wrote the rows."""
    from ops.simulator.sabotage import BelievingState
    from streams import table
    from streams.steps import Steps

    _put(Steps, "still_member", lambda self: None)
    _put(Steps, "_require_own", lambda self, partition, end: None)
    _put(table, "PartitionState", BelievingState)


def poison_dropped() -> None:
    """Nothing goes to quarantine."""
    from streams.steps import Steps

    decide = Steps.decide

    def careless(self: Steps, state: Any, topic: str, record: Any) -> list[Entry]:
        return [entry for entry in decide(self, state, topic, record) if entry.topic != "quarantine"]

    _put(Steps, "decide", careless)


def dedupe_off() -> None:
    """Intake knows no receipt again."""
    from ops.simulator.sabotage import ForgetfulIntake
    from streams import intake

    _put(intake, "Intake", ForgetfulIntake)


def _put(where: Any, name: str, what: Any) -> None:
    setattr(where, name, what)


_DONE: dict[str, Callable[[], None]] = {
    "acks-before-durable": acks_before_durable,
    "commit-ahead": commit_ahead,
    "acks-of-one": acks_of_one,
    "rows-forgotten": rows_forgotten,
    "zombies-trusted": zombies_trusted,
    "poison-dropped": poison_dropped,
    "dedupe-off": dedupe_off,
}


def main() -> None:
    """Take the protection away, then run the role."""
    from ops import run

    _DONE[sys.argv.pop(1)]()
    run.main()


if __name__ == "__main__":
    main()
