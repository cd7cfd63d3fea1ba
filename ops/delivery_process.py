"""The process that delivers: settings, clock and log of the real world around `connectors.delivery`."""

import asyncio
import logging
import signal
import threading
from collections.abc import Coroutine, Mapping, Sequence
from datetime import UTC, datetime

from confluent_kafka import KafkaException

from connectors.delivery.engine import Deliverer, Route
from connectors.delivery.feed import Feed, ItemReader
from connectors.delivery.recipients import Recipient, RecipientsRefused, check_recipients, load_recipients
from connectors.delivery.routes import routes_to
from connectors.stall import Stalled
from ops.clocks import clock_of
from ops.delivery_statements import send_statements
from ops.durable_log import KafkaLog
from ops.endpoints import announce
from ops.giving_up import end_within
from schemas.ports import Clock, NotDurable
from schemas.settings import Settings
from schemas.trace import UNTRACED, Tracer

log = logging.getLogger("frontdoor.delivery")

ROLE = "delivery"

#: Exit codes: something here must be started anew; the settings must be changed first.
FAILED, MISCONFIGURED = 70, 78


def main(settings: Settings, tracer: Tracer = UNTRACED) -> None:
    """Deliver until SIGTERM. Raises `SystemExit`: 70 to be started anew, 78 to be set up anew."""
    try:
        asyncio.run(_until_told(settings, tracer))
    except RecipientsRefused as error:
        log.critical("%s cannot start: %s", ROLE, error)
        raise SystemExit(MISCONFIGURED) from None
    except (NotDurable, KafkaException, Stalled) as error:
        log.error("%s stops: %s", ROLE, error)
        raise SystemExit(FAILED) from None


async def _until_told(settings: Settings, tracer: Tracer) -> None:
    recipients = load_recipients(settings.recipients_file)
    check_recipients(recipients)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    # Queued states expire before the session does: a paused process must not write what it queued before.
    durable = KafkaLog(settings.bootstrap_servers, f"frontdoor-{ROLE}", delivery_timeout=settings.session_timeout_seconds * 0.8)
    try:
        routes = routes_to(recipients, durable, settings.duty_manager)
        await deliver(routes, settings, clock_of(settings), durable, stop, tracer, recipients)
    except (NotDurable, KafkaException, Stalled):
        end_within(FAILED)
        raise
    finally:
        settings.endpoint_file(ROLE).unlink(missing_ok=True)
        closing = threading.Thread(target=durable.close, name="close", daemon=True)
        closing.start()
        closing.join(1.0)


async def deliver(
    routes: Mapping[str, Route],
    settings: Settings,
    clock: Clock,
    durable: KafkaLog,
    stop: asyncio.Event,
    tracer: Tracer = UNTRACED,
    recipients: Sequence[Recipient] = (),
) -> None:
    """Deliver over these routes until `stop`, and make the daily statements of `recipients`. Raises `NotDurable`,
    `KafkaException`, `Stalled`."""
    reader = ItemReader(settings.bootstrap_servers)
    deliverer = Deliverer(routes, durable, clock, reader.read, lambda: datetime.now(UTC), tracer)
    patience = settings.session_timeout_seconds
    feed = Feed(settings.bootstrap_servers, deliverer, instance=settings.instance, session_seconds=patience)
    delivering = asyncio.create_task(deliverer.run(stop))
    stating = asyncio.create_task(_or_stop(send_statements(recipients, settings, durable, deliverer.holds, stop), stop))
    announce(settings, ROLE, {})
    try:
        await feed.run(stop)
        await delivering
        stop.set()
        await stating
    finally:
        stop.set()
        await asyncio.gather(delivering, stating, return_exceptions=True)
        for route in routes.values():
            await route.outlet.close()
        await reader.close()


async def _or_stop(work: Coroutine[None, None, None], stop: asyncio.Event) -> None:
    """Work whose failure ends the whole process."""
    try:
        await work
    except BaseException:
        stop.set()
        raise
