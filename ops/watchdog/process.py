"""The watchdog as a process beside a hub, `python -m ops.run watchdog`: as `frontdoor audit --follow`, with a health check.

It is none of a stack's processes: a supervisor that falls would take it along, and it is there to say so.
"""

import os

from ops.endpoints import announce
from ops.process_endpoint import ready_unless
from ops.stack_state import read_state
from ops.watchdog.follow import Watchdog
from ops.watchdog.watch import watch
from schemas.settings import Settings

ROLE = "watchdog"
#: Seconds between two whole audits.
EVERY = 600.0
#: Seconds after which one that has not looked is not well: it looks every five, and waits a few times as long for a broker.
_PATIENCE = 60.0


def main(settings: Settings) -> None:
    """Until SIGTERM or SIGINT. Notices are lines for people, or JSON objects where the processes log so."""
    # An audit's notes grow with the log, and a container's /tmp is small.
    os.environ.setdefault("SQLITE_TMPDIR", str(settings.run_dir.resolve()))
    stack = read_state(settings.run_dir)
    if stack is not None and stack.bootstrap:
        settings = settings.model_copy(update={"bootstrap_servers": stack.bootstrap, "clock": stack.clock})

    def begun(dog: Watchdog) -> None:
        ready_unless(lambda: f"it has not looked for {dog.since_look:.0f} s" if dog.since_look > _PATIENCE else "")
        announce(settings, ROLE, {})

    try:
        watch(settings, settings.run_dir / "journal", every=EVERY, as_json=settings.log_format == "json", begun=begun)
    finally:
        settings.endpoint_file(ROLE).unlink(missing_ok=True)
