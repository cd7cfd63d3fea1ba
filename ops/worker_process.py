"""A stream worker as a process: one processor, its durable log, Faust around it."""

import logging
import sys

import faust

from ops.durable_log import KafkaLog
from ops.endpoints import announce
from schemas.settings import Settings
from streams.processor import Processor
from streams.transport import fail_stop
from streams.worker import Worker, WorkerOptions


def worker_options(settings: Settings) -> WorkerOptions:
    """How a worker runs under these settings."""
    return WorkerOptions(
        bootstrap=settings.bootstrap_servers,
        datadir=settings.run_dir / "faust",
        instance=settings.instance,
        session_timeout=settings.session_timeout_seconds,
        commit_interval=settings.commit_interval_seconds,
        stepped=settings.clock == "stepped",
    )


def run_worker(processor: Processor, settings: Settings, role: str) -> None:
    """Run until SIGTERM; a crash of anything inside ends the process with the fail-stop code."""
    # Queued messages expire before the session does: a paused worker must not send what it queued before.
    log = KafkaLog(
        settings.bootstrap_servers, f"frontdoor-{role}", delivery_timeout=settings.session_timeout_seconds * 0.8
    )
    options = worker_options(settings)
    options.datadir.mkdir(parents=True, exist_ok=True)
    worker = Worker(processor, log, options)

    @worker.app.on_rebalance_complete.connect
    async def ready(*_: object, **__: object) -> None:
        announce(settings, role, {})

    logging.getLogger("aiokafka").setLevel(logging.ERROR)
    try:
        faust.Worker(worker.app, loglevel="WARN", quiet=True, redirect_stdouts=False, console_port=0).execute_from_commandline()
    except SystemExit as stop:
        log.close()
        if stop.code not in (0, None):
            fail_stop(f"{role}: the app crashed")
        raise
    except BaseException as error:
        fail_stop(f"{role}: {type(error).__name__}")
    sys.exit(0)
