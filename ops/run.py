"""`python -m ops.run ROLE`: one process of the hub. The bootstrap: here processors get their readers, keys and clocks."""

import asyncio
import logging
import signal
import sys
from collections.abc import Callable

from schemas.settings import Settings


def _intake(settings: Settings) -> None:
    from connectors.registry import load_readers, reader
    from ops.worker_process import refuse, run_worker
    from schemas.authorities import authorities
    from streams.intake import Intake

    try:
        load_readers()
    except ImportError as error:
        refuse("intake", f"a reader's package {error.name} is not installed; start with ./frontdoor, or install the pins again")
    processor = Intake(
        reader,
        hash_key=settings.hash_key.encode(),
        authorities=authorities(settings.own_authority),
        team=settings.team,
        partnership=settings.partnership,
    )
    run_worker(processor, settings, "intake")


def _routing(settings: Settings) -> None:
    from ops.worker_process import run_worker
    from streams.routing import Routing

    run_worker(Routing(), settings, "routing")


def _allocation(settings: Settings) -> None:
    from ops.worker_process import run_worker
    from streams.allocation import Allocation

    run_worker(Allocation(), settings, "allocation")


def _cases(settings: Settings) -> None:
    from ops.worker_process import run_worker
    from streams.cases import Cases

    run_worker(Cases(settings.duty_manager), settings, "cases")


def _answers(settings: Settings) -> None:
    from ops.worker_process import run_worker
    from streams.answers import Answers

    run_worker(Answers(), settings, "answers")


def _linkage(settings: Settings) -> None:
    from ops.worker_process import refuse, run_worker
    from streams.linkage.model import ModelError, Scorer, shipped_model
    from streams.linking import Linkage

    try:
        scorer = Scorer(shipped_model())
    except (ModelError, OSError) as error:
        refuse("linkage", str(error))
    run_worker(Linkage(scorer, settings.hash_key.encode()), settings, "linkage")


def _ticker(settings: Settings) -> None:
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

    asyncio.run(until_told())


def _view(settings: Settings) -> None:
    from ops.view.process import main as run_view

    run_view(settings)


def _metrics(settings: Settings) -> None:
    from ops.metrics.process import main as run_metrics

    run_metrics(settings)


def _connector(agency: str) -> Callable[[Settings], None]:
    def run(settings: Settings) -> None:
        from ops.connector_process import main as run_connector

        run_connector(agency, settings)

    return run


ROLES: dict[str, Callable[[Settings], None]] = {
    "intake": _intake,
    "routing": _routing,
    "allocation": _allocation,
    "cases": _cases,
    "answers": _answers,
    "linkage": _linkage,
    "ticker": _ticker,
    "view": _view,
    **{f"connector-{agency}": _connector(agency) for agency in ("health", "education", "police", "social_care")},
    "metrics": _metrics,
}


def main() -> None:
    """Run the role named on the command line."""
    if len(sys.argv) != 2 or sys.argv[1] not in ROLES:
        print(f"usage: python -m ops.run ROLE, where ROLE is one of: {', '.join(ROLES)}", file=sys.stderr)
        raise SystemExit(2)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    ROLES[sys.argv[1]](Settings())


if __name__ == "__main__":
    main()
