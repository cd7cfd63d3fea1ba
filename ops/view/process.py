"""The view's process: one thread folds, the others answer; a file that cannot be folded into ends the process."""

import logging
import signal
import socket
import threading
from pathlib import Path

import uvicorn

from ops.clock_data import clock_rules
from ops.clocks import clock_of
from ops.endpoints import announce
from ops.file_lock import take_lock
from ops.view.api import Questions, build_app, place_of
from ops.view.follow import Follower
from ops.view.log_ends import LogEnds
from ops.view.store import open_store, view_file
from schemas.calendars import CalendarError, DataFileError
from schemas.settings import Settings
from streams.clock_rules import ClockRules

log = logging.getLogger("frontdoor.view")

#: Never anything else: the view names children and asks nobody who they are.
_LOOPBACK = "127.0.0.1"


def main(settings: Settings) -> None:
    """Fold and answer until asked to stop (SIGTERM, SIGINT).

    Raises `SystemExit`: 1 when another view has the file, 70 when folding failed; the supervisor starts it again.
    """
    path = view_file(settings)
    held = take_lock(path.with_suffix(".lock"))
    if held is None:
        log.error("another view runs for this stack; stop it, or give this one a run directory of its own")
        raise SystemExit(1)
    # The server raises its signals again once it has stopped; what follows it must still run.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    failed = _run(settings, path)
    held.release()
    if failed:
        raise SystemExit(70)


def _run(settings: Settings, path: Path) -> bool:
    """Whether folding failed."""
    db = open_store(path, settings.hash_key)
    ends = LogEnds(settings.bootstrap_servers)
    follower = Follower(db, settings, ends)
    questions = Questions(path, settings.hash_key, clock_of(settings), ends, follower, _rules(settings))
    config = uvicorn.Config(
        build_app(questions),
        # Its own would print tracebacks with the texts of exceptions.
        log_config=None,
        # What people look for is personal, and a question's address holds it.
        access_log=False,
        server_header=False,
    )
    server = uvicorn.Server(config)
    listener = _listener()
    failed = threading.Event()

    def fold() -> None:
        try:
            follower.run()
        except BaseException as error:
            # The text of a database's or library's error may quote a row, so only its type and place are told.
            log.error("folding stopped: %s at %s", type(error).__name__, place_of(error))
            failed.set()
            server.should_exit = True

    folding = threading.Thread(target=fold, name="fold", daemon=True)
    folding.start()
    # Commands that repair a message must write to the very log that this view reads.
    urls = {"http": f"http://{_LOOPBACK}:{listener.getsockname()[1]}", "kafka": settings.bootstrap_servers}
    announce(settings, "view", urls)
    try:
        server.run(sockets=[listener])
    finally:
        follower.stop()
        folding.join(timeout=10)
        settings.endpoint_file("view").unlink(missing_ok=True)
        db.close()
    return failed.is_set()


def _rules(settings: Settings) -> ClockRules | None:
    """The rules of the clocks. Without them every other question is answered all the same."""
    try:
        return clock_rules(settings)
    except (CalendarError, DataFileError) as error:
        log.error("only the same-day clock is shown: %s", error)
        return None


def _listener() -> socket.socket:
    # With the protocol named, asyncio switches off Nagle's algorithm; without it each answer waits 40 ms for an
    # acknowledgement that the other side delays.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind((_LOOPBACK, 0))
    listener.listen(128)
    return listener
