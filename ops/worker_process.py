"""A stream worker as a process: one processor, its durable log, and the binding around it."""

import asyncio
import logging
import signal
import sys
import time
from collections.abc import Callable
from typing import NoReturn

import faust
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from ops import garbage_collection
from ops.durable_log import KafkaLog
from ops.endpoints import announce
from ops.metrics.exposition import Sample
from ops.process_endpoint import ready_unless
from ops.process_numbers import add_source
from schemas.catalogue import catalogue
from schemas.settings import Settings
from schemas.trace import UNTRACED, Tracer
from streams.fail_stop import fail_stop
from streams.plain import PlainWorker
from streams.processor import Processor
from streams.steps import Steps, WorkerOptions
from streams.worker import Worker

log = logging.getLogger("frontdoor.worker")

#: sysexits.h EX_CONFIG: somebody must change something; starting again will not help.
MISCONFIGURED = 78

#: Seconds that topics just made get to appear.
_PATIENCE = 10.0


def worker_options(settings: Settings, tracer: Tracer = UNTRACED) -> WorkerOptions:
    """How a worker runs under these settings."""
    return WorkerOptions(
        bootstrap=settings.bootstrap_servers,
        datadir=settings.run_dir / "faust",
        instance=settings.instance,
        session_timeout=settings.session_timeout_seconds,
        commit_interval=settings.commit_interval_seconds,
        stepped=settings.clock == "stepped",
        tracer=tracer,
    )


def topic_faults(bootstrap: str, processor: Processor) -> list[str]:
    """What is wrong with the inputs and the changelog of a processor, as sentences; waits a little for topics that are
    missing. An event's row goes to the partition with the event's number, so all must have the catalogue's count.
    Raises `KafkaException` if no broker answers."""
    client = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    wanted = catalogue().keyed_partitions
    deadline = time.monotonic() + _PATIENCE
    while True:
        live = client.list_topics(timeout=_PATIENCE).topics
        faults, missing = [], False
        for name in (*processor.inputs, catalogue().changelog_topic(f"{processor.name}-rows")):
            count = len(live[name].partitions) if name in live else 0
            if not count:
                missing = True
                faults.append(f"the topic {name} is missing; run: frontdoor topics apply")
            elif count != wanted:
                faults.append(
                    f"the topic {name} has {count} partitions and the catalogue says {wanted}: a record's row would be "
                    "on another partition than the record; see: frontdoor topics plan"
                )
        if not missing or time.monotonic() > deadline:
            return faults
        time.sleep(0.2)


def run_worker(processor: Processor, settings: Settings, role: str, tracer: Tracer = UNTRACED) -> None:
    """Run until SIGTERM; a crash of anything inside ends the process with the fail-stop code, what only a person can
    mend with `MISCONFIGURED`, both with a line that says why."""
    try:
        faults = topic_faults(settings.bootstrap_servers, processor)
    except KafkaException:
        fail_stop(f"{role}: no Kafka answered at {settings.bootstrap_servers}")
    if faults:
        refuse(role, "; ".join(faults))
    # Queued messages expire before the session does: a paused worker must not send what it queued before.
    log = KafkaLog(
        settings.bootstrap_servers, f"frontdoor-{role}", delivery_timeout=settings.session_timeout_seconds * 0.8
    )
    options = worker_options(settings, tracer)
    options.datadir.mkdir(parents=True, exist_ok=True)
    garbage_collection.pause()

    def ready() -> None:
        garbage_collection.pass_over_rows()
        announce(settings, role, {})

    if settings.binding == "plain":
        worker = PlainWorker(processor, log, options, ready)
        _watch(worker.steps)
        _run_plain(worker, log)
    else:
        _run_faust(processor, log, options, ready, role)


def _run_plain(worker: PlainWorker, log: KafkaLog) -> NoReturn:
    async def until_told() -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, worker.stop)
        await worker.run()

    asyncio.run(until_told())
    log.close()
    sys.exit(0)


def _run_faust(processor: Processor, log: KafkaLog, options: WorkerOptions, ready: Callable[[], None], role: str) -> NoReturn:
    try:
        worker = Worker(processor, log, options)
    except RuntimeError as error:
        refuse(role, str(error))
    _watch(worker.steps)
    worker.table.ready = ready
    logging.getLogger("aiokafka").setLevel(logging.ERROR)
    try:
        running = faust.Worker(
            worker.app, loglevel="WARN", quiet=True, redirect_stdouts=False, override_logging=False, console_port=0
        )
        # It would put a terminal's control characters between the lines of a log.
        running.spinner = None
        running.execute_from_commandline()
    except SystemExit as stop:
        log.close()
        if stop.code not in (0, None):
            fail_stop(f"{role}: the app crashed")
        raise
    except BaseException as error:
        fail_stop(f"{role}: {type(error).__name__}")
    sys.exit(0)


def _watch(steps: Steps) -> None:
    """What this worker has finished is among its numbers, and it is ready only while its group counts it in."""
    add_source(lambda: [Sample("frontdoor_finished_total", done, (topic,)) for topic, done in list(steps.finished.items())])
    ready_unless(lambda: "" if steps.is_member() else "its group has not heard of it for a session's time")


def refuse(role: str, why: str) -> NoReturn:
    """End with a line that says what a person must change before another start can help."""
    log.critical("%s cannot start: %s", role, why)
    sys.exit(MISCONFIGURED)
