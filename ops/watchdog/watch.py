"""The watchdog at a terminal or in a service: notices as lines on standard output, until a signal ends it."""

import json
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from ops.watchdog.alarms import Notice
from ops.watchdog.follow import Watchdog
from schemas.settings import Settings


def watch(
    settings: Settings,
    journals: Path | None,
    *,
    every: float,
    as_json: bool,
    begun: Callable[[Watchdog], None] = lambda _: None,
) -> int:
    """Follow the log that `settings` name until Ctrl-C or SIGTERM. The exit code: 0 if no alarm stands then, else 1."""
    dog = Watchdog(settings, journals, audit_every=every)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: dog.stop())

    def say(notice: Notice) -> None:
        told = {"at": notice.at.isoformat(), "state": notice.state, **asdict(notice.alarm)}
        print(json.dumps(told) if as_json else notice.line(), flush=True)

    print(f"Watching {settings.bootstrap_servers}. Nothing said is good news.", file=sys.stderr, flush=True)
    begun(dog)
    dog.follow(say)
    return 1 if dog.standing else 0
