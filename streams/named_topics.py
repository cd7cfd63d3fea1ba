"""A group's partitions are shared out only once the broker has named all its topics.

The leader of a group shares out what its client knows of the topics. aiokafka does not ask again when a broker did not answer
(it was killed, say, between a worker's first connection and its joining), and Faust passes over a topic that the client knows
nothing of: the worker would be a healthy member without a partition until the client looks again, five minutes later.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from streams.fail_stop import fail_stop

_PAUSE = 0.1


def share_named_topics(coordinator: Any, seconds: float, stopping: Callable[[], bool]) -> None:
    """Let aiokafka's group coordinator share out only topics of which the broker names partitions. It asks for as long as
    `seconds`, which must end before the member's session does, and then stops the worker, which is started again."""
    assign = coordinator._perform_assignment

    async def informed(response: Any) -> Any:
        unnamed = ["its topics"]
        try:
            async with asyncio.timeout(seconds):
                while True:
                    assignments = await assign(response)
                    unnamed = sorted(topic for topic, partitions in coordinator._metadata_snapshot.items() if not partitions)
                    if not unnamed:
                        return assignments
                    await asyncio.sleep(_PAUSE)
                    # Not `set_topics`: it does nothing for topics that were asked for before, in vain or not.
                    await coordinator._client.force_metadata_update()
        except TimeoutError:
            if stopping():
                raise
            fail_stop(f"the broker does not name {', '.join(unnamed)}; if it stays so, run: frontdoor topics apply")

    coordinator._perform_assignment = informed
