"""`python -m ops.run ROLE`: one process of the hub. The bootstrap: here processors get their readers, keys and clocks."""

import asyncio
import logging
import signal
import sys
from collections.abc import Callable
from typing import NoReturn

from ops.logs import log_as
from ops.process_endpoint import ProcessEndpoint
from ops.tracing import Tracing
from schemas.catalogue import AGENCIES
from schemas.codes import also_generic
from schemas.ports import NotDurable
from schemas.settings import Settings
from schemas.trace import Tracer
from streams.fail_stop import FAIL_STOP
from streams.processor import Processor

#: A role is given its settings, and who is told of each of its steps.
Role = Callable[[Settings, Tracer], None]


def _intake(settings: Settings) -> Processor:
    from connectors.large_store import LargeStore
    from connectors.registry import load_readers, reader
    from schemas.authorities import authorities
    from streams.intake import Intake

    try:
        load_readers()
    except ImportError as error:
        _refuse("intake", f"a reader's package {error.name} is not installed; start with ./frontdoor, or install the pins again")
    return Intake(
        reader,
        hash_key=settings.hash_key.encode(),
        authorities=authorities(settings.own_authority),
        team=settings.team,
        partnership=settings.partnership,
        large_bodies=LargeStore(settings.large_store_dir),
    )


def _routing(settings: Settings) -> Processor:
    from connectors.delivery.recipients import RecipientsRefused, load_recipients
    from ops.clock_data import clock_rules
    from ops.school_directory import schools_listed
    from schemas.calendars import CalendarError, DataFileError
    from streams.routing import Routing
    from streams.school_notices import SchoolNotices

    try:
        recipients = load_recipients(settings.recipients_file)
        listed = schools_listed(recipients)
        schools = SchoolNotices(listed, clock_rules(settings)) if listed else None
    except (RecipientsRefused, CalendarError, DataFileError) as error:
        _refuse("routing", str(error))
    return Routing(schools, {one.authority: one.id for one in recipients if one.authority})


def _allocation(settings: Settings) -> Processor:
    from streams.allocation import Allocation

    return Allocation(settings.at_end_of_duty)


def _cases(settings: Settings) -> Processor:
    from streams.cases import Cases

    return Cases(settings.duty_manager)


def _clocks(settings: Settings) -> Processor:
    from ops.clock_data import clock_rules
    from ops.clocks import clock_of
    from schemas.calendars import CalendarError, DataFileError
    from schemas.london import civil_date
    from streams.clocks import Clocks

    try:
        today = civil_date(clock_of(settings).now())
    except (OSError, ValueError):
        today = None  # a stepped clock that nobody has set yet
    try:
        return Clocks(clock_rules(settings, today))
    except (CalendarError, DataFileError) as error:
        _refuse("clocks", str(error))


def _answers(settings: Settings) -> Processor:
    from streams.answers import Answers

    return Answers(settings.hash_key.encode())


def _linkage(settings: Settings) -> Processor:
    from datetime import timedelta

    from streams.linkage.model import ModelError, Scorer, shipped_model
    from streams.linking import Linkage
    from streams.linking_repeats import Repeats

    try:
        scorer = Scorer(shipped_model())
    except (ModelError, OSError) as error:
        _refuse("linkage", str(error))
    return Linkage(
        scorer,
        settings.hash_key.encode(),
        repeats=Repeats(timedelta(hours=settings.repeat_window_hours)),
        kept_for=timedelta(days=settings.linkage_keep_days),
    )


#: The stream workers, and how each gets its processor. Each imports its own parts alone. A process that cannot have one ends.
PROCESSORS: dict[str, Callable[[Settings], Processor]] = {
    "intake": _intake,
    "routing": _routing,
    "allocation": _allocation,
    "cases": _cases,
    "clocks": _clocks,
    "answers": _answers,
    "linkage": _linkage,
}


def _refuse(role: str, why: str) -> NoReturn:
    from ops.worker_process import refuse

    refuse(role, why)


def _worker(role: str) -> Role:
    def run(settings: Settings, tracer: Tracer) -> None:
        from ops.worker_process import run_worker

        run_worker(PROCESSORS[role](settings), settings, role, tracer)

    return run


def _ticker(settings: Settings, _: Tracer) -> None:
    from ops import ticker

    async def until_told() -> None:
        task = asyncio.ensure_future(ticker.run(settings))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, task.cancel)
        try:
            await task
        except asyncio.CancelledError:
            return

    try:
        asyncio.run(until_told())
    except NotDurable as error:
        # Its supervisor starts it again: without ticks no clock runs out.
        logging.getLogger("frontdoor.ticker").critical("the ticker stops: %s", error)
        raise SystemExit(FAIL_STOP) from None


def _view(settings: Settings, _: Tracer) -> None:
    from ops.view.process import main as run_view

    run_view(settings)


def _metrics(settings: Settings, _: Tracer) -> None:
    from ops.metrics.process import main as run_metrics

    run_metrics(settings)


def _registry(settings: Settings, _: Tracer) -> None:
    from ops.registry.process import main as run_registry

    run_registry(settings)


def _notices(settings: Settings, _: Tracer) -> None:
    from ops.notices.process import main as run_notices

    run_notices(settings)


def _reconciliation(settings: Settings, _: Tracer) -> None:
    from ops.reconciliation.nightly import main as run_reconciliation

    run_reconciliation(settings)


def _watchdog(settings: Settings, _: Tracer) -> None:
    from ops.watchdog.process import main as run_watchdog

    run_watchdog(settings)


def _connector(agency: str) -> Role:
    def run(settings: Settings, tracer: Tracer) -> None:
        from ops.connector_process import main as run_connector

        run_connector(agency, settings, tracer)

    return run


def _delivery(settings: Settings, tracer: Tracer) -> None:
    from ops.delivery_process import main as run_delivery

    run_delivery(settings, tracer)


ROLES: dict[str, Role] = {
    **{role: _worker(role) for role in PROCESSORS},
    "ticker": _ticker,
    "view": _view,
    **{f"connector-{agency}": _connector(agency) for agency in AGENCIES},
    "metrics": _metrics,
    "registry": _registry,
    "notices": _notices,
    "reconciliation": _reconciliation,
    "delivery": _delivery,
    "watchdog": _watchdog,
}


def main() -> None:
    """Run the role named on the command line."""
    if len(sys.argv) != 2 or sys.argv[1] not in ROLES:
        print(f"usage: python -m ops.run ROLE, where ROLE is one of: {', '.join(ROLES)}", file=sys.stderr)
        raise SystemExit(2)
    settings = Settings()
    also_generic((settings.generic_names or "").split(","))
    log_as(settings.log_format, sys.argv[1])
    ProcessEndpoint(settings, sys.argv[1])
    tracing = Tracing(sys.argv[1])
    try:
        ROLES[sys.argv[1]](settings, tracing.tracer)
    finally:
        tracing.close()


if __name__ == "__main__":
    main()
