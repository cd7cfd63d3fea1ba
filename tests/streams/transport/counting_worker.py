"""The counting worker under a name and inputs of a test's choosing, with events that ask for trouble.

`COUNTING_NAME` gives group and changelog, so that tests do not share them; `COUNTING_INPUTS` the input topics. A record
of `case-events` counts for its contact, a received message for its sender. `COUNTING_FAULT` makes the worker
 - `lossy`: each batch that begins with an event called `lost…` is dropped between fetch and agent, the first time;
 - `unaware`: it does not hear that the group has given it up;
 - `deaf`: once it has read something its client is sent nothing more;
 - `uninformed`: no broker answers its first questions about topics, as if it had been killed just after the worker came;
 - `misinformed`: no broker ever does;
 - `fetchless`: the task that fetches ends, a second after the start.
"""

import asyncio
import math
import os
import time
from collections.abc import AsyncIterator
from typing import Any

from confluent_kafka import Consumer, Message
from faust.types import TP

from schemas.case_event import CaseEvent
from schemas.received import Received
from schemas.record import Record
from streams import plain
from streams.processor import Decision, Rows, Tick
from streams.transport import FrontierConsumer, FrontierTransport, _HeartbeatThread
from tests.streams.programs.counting import Counting

#: Says that the processor's own words never reach the log.
SECRET = "a child's name"


class NamedCounting(Counting):
    """Event types: `tick` is a tick, `poison` fails, `slow` takes a tenth of a second; all others count."""

    def __init__(self, name: str, inputs: tuple[str, ...]) -> None:
        self.name = name
        self.inputs = inputs

    def tick(self, event: Record) -> Tick | None:
        if isinstance(event, CaseEvent) and event.type == "tick":
            return Tick(event.at, event.at)
        return None

    def decide(self, rows: Rows, event: Record) -> Decision:
        if isinstance(event, Received):
            event = CaseEvent(event_id=event.receipt_id, type="note", contact_id=event.sender, at=event.received_at)
        assert isinstance(event, CaseEvent)
        if event.type == "tick":
            return Decision()
        if event.type == "poison":
            raise ValueError(SECRET)
        if event.type == "slow":
            time.sleep(0.1)
        return super().decide(rows, event)


class LossyConsumer(FrontierConsumer):
    """Drops what a rebalance in the wrong moment could drop."""

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Any]]:
        async for tp, message in super().getmany(timeout):
            first = message.value[0] if isinstance(message.value, list) else None
            if first is not None and b"lost" in first.value and first.offset not in _dropped:
                _dropped.add(first.offset)
                os.write(2, f"dropped {len(message.value)}\n".encode())
                continue
            yield tp, message


_dropped: set[int] = set()


class UninformedThread(_HeartbeatThread):
    """Its client's questions about topics come to nothing, so many times."""

    unanswered: float = 3

    def _create_consumer(self, loop: asyncio.AbstractEventLoop) -> Any:
        consumer = super()._create_consumer(loop)
        client = consumer._client
        ask, left = client._metadata_update, self.unanswered

        async def ask_in_vain(cluster: Any, topics: Any) -> bool:
            nonlocal left
            left -= 1
            return left < 0 and await ask(cluster, topics)

        client._metadata_update = ask_in_vain
        return consumer


class MisinformedThread(UninformedThread):
    unanswered = math.inf


class FetchlessThread(_HeartbeatThread):
    """Goes on beating, and fetches nothing."""

    async def on_start(self) -> None:
        await super().on_start()
        asyncio.get_running_loop().call_later(1.0, self._ensure_consumer()._fetcher._fetch_task.cancel)


class DeafFrontierConsumer(FrontierConsumer):
    """Loses all its partitions, as a client may over a change of their leader."""

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Any]]:
        async for tp, message in super().getmany(timeout):
            yield tp, message
            self._thread.thread_loop.call_soon_threadsafe(self._grow_deaf)

    def _grow_deaf(self) -> None:
        reader = self._thread._ensure_consumer()
        reader.pause(*reader.assignment())


class DeafConsumer(Consumer):
    """Loses all its partitions, as a client may over a change of their leader."""

    def consume(self, num_messages: int = 1, timeout: float = -1) -> list[Message]:
        messages = super().consume(num_messages, timeout)
        if messages:
            self.pause(self.assignment())
        return messages


_THREADS = {"uninformed": UninformedThread, "misinformed": MisinformedThread, "fetchless": FetchlessThread}


def run() -> None:
    """Run until SIGTERM."""
    from ops.logs import log_as
    from ops.worker_process import run_worker
    from schemas.settings import Settings

    log_as("text", "counting")
    fault = os.environ.get("COUNTING_FAULT", "")
    if fault == "lossy":
        FrontierTransport.Consumer = LossyConsumer
    if fault == "unaware":
        _HeartbeatThread.on_expelled = lambda self: None  # type: ignore[method-assign]
    if fault in _THREADS:
        FrontierConsumer._new_consumer_thread = lambda self: _THREADS[fault](self, loop=self.loop, beacon=self.beacon)  # type: ignore[method-assign]
    if fault == "deaf":
        FrontierTransport.Consumer = DeafFrontierConsumer
        plain.Consumer = DeafConsumer  # type: ignore[misc]
    inputs = tuple(os.environ["COUNTING_INPUTS"].split(","))
    run_worker(NamedCounting(os.environ["COUNTING_NAME"], inputs), Settings(), "counting")


if __name__ == "__main__":
    run()
