"""A connector as a process: settings, clock and log of the real world around `connectors.runner`."""

import asyncio
import contextlib
import logging
import signal
import threading
from collections.abc import Sequence

from connectors.runner import CannotRun, TransportFailed, run_connector
from connectors.transports.pulled import failing_seconds
from ops.clocks import clock_of
from ops.durable_log import KafkaLog
from ops.endpoints import announce
from ops.giving_up import end_within
from ops.metrics.exposition import Sample
from ops.process_numbers import add_source
from schemas.ports import Entry, NotDurable
from schemas.settings import Settings
from schemas.trace import UNTRACED, Tracer

log = logging.getLogger("frontdoor.connector")

#: Seconds an append may stay undecided. A sender waits as long before it hears that the broker is away; it is also
#: less than the drain takes, so that nothing is undecided when the process ends.
APPEND_SECONDS = 8.0

#: Exit codes: something here must be started anew; the settings must be changed first.
FAILED, MISCONFIGURED = 70, 78


class _WatchedLog:
    """The log, and the news that its producer is beyond repair: librdkafka's fatal errors stay until a new process."""

    def __init__(self, log: KafkaLog, give_up: "asyncio.Future[BaseException]") -> None:
        self._log = log
        self._give_up = give_up

    async def append(self, entries: Sequence[Entry]) -> list[tuple[int, int]]:
        """See `schemas.ports.DurableLog.append`."""
        try:
            return await self._log.append(entries)
        except NotDurable as error:
            if error.final:
                with contextlib.suppress(asyncio.InvalidStateError):
                    self._give_up.set_result(TransportFailed("the log's producer cannot go on"))
            raise


def main(agency: str, settings: Settings, tracer: Tracer = UNTRACED) -> None:
    """Run the connector of `agency` until SIGTERM. Raises `SystemExit`: 70 to be started anew, 78 to be set up anew."""
    role = f"connector-{agency}"
    add_source(lambda: [Sample("frontdoor_fetch_failing_seconds", failing_seconds(), (agency,))])
    try:
        asyncio.run(_until_told(agency, settings, tracer))
    except CannotRun as error:
        log.critical("%s cannot start: %s", role, error)
        raise SystemExit(MISCONFIGURED) from None
    except TransportFailed as error:
        log.error("%s stops: %s", role, error)
        raise SystemExit(FAILED) from None


async def _until_told(agency: str, settings: Settings, tracer: Tracer) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        await serve(agency, settings, stop, tracer=tracer)
    except TransportFailed:
        end_within(FAILED)
        raise


async def serve(
    agency: str,
    settings: Settings,
    stop: asyncio.Event,
    *,
    append_seconds: float = APPEND_SECONDS,
    tracer: Tracer = UNTRACED,
) -> None:
    """Run the connector of `agency` on its own connection to the log until `stop` is set.

    Raises `CannotRun`, `TransportFailed`.
    """
    role = f"connector-{agency}"
    kafka = KafkaLog(settings.bootstrap_servers, f"frontdoor-{role}", delivery_timeout=append_seconds)
    give_up: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
    try:
        await run_connector(
            agency,
            settings,
            clock_of(settings),
            _WatchedLog(kafka, give_up),
            announce=lambda urls: announce(settings, role, urls),
            stop=stop,
            give_up=give_up,
            tracer=tracer,
        )
    finally:
        settings.endpoint_file(role).unlink(missing_ok=True)
        # What is still undecided was promised to nobody: it may have a second, the supervisor is waiting.
        closing = threading.Thread(target=kafka.close, name="close", daemon=True)
        closing.start()
        closing.join(timeout=1)
