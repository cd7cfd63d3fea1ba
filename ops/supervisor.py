"""The process that holds a stack until it is told to stop: `python -m ops.supervisor`, or `up --foreground`.

SIGTERM, SIGINT and SIGHUP stop the stack in order; a second one stops it at once.
"""

import signal
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from connectors.delivery.recipients import RecipientsRefused
from connectors.senders import SendersRefused
from ops.bootstrap_choice import named_bootstrap
from ops.children import CannotStart
from ops.embedded_kafka import KafkaDidNotStart
from ops.kafka_jars import JarsUnavailable
from ops.notices.configured import is_configured
from ops.processes import ROLES, AlreadyRunning, NotReady, Stack
from ops.topics import ClusterUnavailable, TopicsNotApplied
from schemas.settings import Settings

#: What can go wrong with a start and is explained by its own text.
EXPLAINED = (
    AlreadyRunning,
    CannotStart,
    ClusterUnavailable,
    JarsUnavailable,
    KafkaDidNotStart,
    NotReady,
    RecipientsRefused,
    SendersRefused,
    TopicsNotApplied,
)
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class _Told(BaseException):
    """A signal asked this process to stop. Not an `Exception`, so that nothing on the way takes it for an error."""


def hold(stack: Stack, say: Callable[[str], None]) -> int:
    """Start `stack`, keep it until a signal comes, stop it. Returns the exit code: 0, or 1 if it did not start."""

    def told(number: int, _frame: object) -> None:
        for each in _SIGNALS:
            signal.signal(each, at_once)
        raise _Told

    def at_once(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    for number in _SIGNALS:
        signal.signal(number, told)
    try:
        stack.start()
        say("Everything is ready.")
        while True:
            threading.Event().wait(3600)
    except _Told:
        say("Stopping …")
        stack.stop()
        say("Stopped.")
        return 0
    except EXPLAINED as error:
        say(str(error))
        return 1


def up_stack(run_dir: Path, say: Callable[[str], None]) -> Stack:
    """The stack of `up`: the system's clock, the Kafka that the environment names or one of its own. Nobody is sent notices
    where no channel is configured, or called where there is no recipients file; nothing is reconciled without a source."""
    settings = Settings()
    optional = {
        "notices": is_configured(settings),
        "delivery": settings.recipients_file is not None,
        "reconciliation": settings.reconcile_source is not None,
    }
    roles = (*ROLES, *(role for role, wanted in optional.items() if wanted))
    return Stack(run_dir, named_bootstrap(), roles=roles, say=say)


def _say(line: str) -> None:
    print(f"{datetime.now().astimezone().isoformat(timespec='seconds')} {line}", flush=True)


if __name__ == "__main__":
    sys.exit(hold(up_stack(Settings().run_dir, _say), _say))
