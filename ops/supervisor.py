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
from ops.processes import AlreadyRunning, NotReady, Stack, configured_roles
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
    """The stack of `up`: the system's clock, the Kafka that the environment names or one of its own."""
    return Stack(run_dir, named_bootstrap(), roles=configured_roles(Settings()), say=say)


def _say(line: str) -> None:
    print(f"{datetime.now().astimezone().isoformat(timespec='seconds')} {line}", flush=True)


if __name__ == "__main__":
    sys.exit(hold(up_stack(Settings().run_dir, _say), _say))
