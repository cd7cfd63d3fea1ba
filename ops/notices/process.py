"""The process of the notices: one thread looks and decides, one for each channel delivers.

A channel that is slow or away delays nothing but itself: what must be told waits in the outbox and is tried again, for ever.
"""

import logging
import signal
import sqlite3
import threading
from datetime import UTC, datetime

from ops.clocks import clock_of
from ops.endpoints import announce
from ops.file_lock import take_lock
from ops.notices.channels import Channel, NotDelivered, SettingRefused
from ops.notices.configured import Configured, configured
from ops.notices.health import judge
from ops.notices.hub import see
from ops.notices.outbox import Outbox
from ops.notices.rules import look
from ops.view.api import place_of
from ops.worker_process import refuse
from schemas.settings import Settings

log = logging.getLogger("frontdoor.notices")

#: Seconds between two looks, and between two looks into the outbox.
_LOOK, _DELIVER = 2.0, 0.5
#: Seconds between two tries of a channel whose server is away, at most.
_LONGEST_PAUSE = 60.0


def main(settings: Settings) -> None:
    """Look and deliver until asked to stop (SIGTERM, SIGINT).

    Raises `SystemExit`: 78 when a setting must be changed, 70 when the outbox failed; the supervisor starts it again.
    """
    try:
        what = configured(settings)
    except SettingRefused as error:
        refuse("notices", str(error))
    path = settings.run_dir / "notices.sqlite"
    held = take_lock(path.with_suffix(".lock"))
    if held is None:
        refuse("notices", "another process sends the notices of this run directory")
    outbox = Outbox(path, [channel.name for channel in what.channels])
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    failed = threading.Event()
    threads = [threading.Thread(target=_guarded, args=(stop, failed, watch, settings, what, outbox, stop), daemon=True)]
    threads += [
        threading.Thread(target=_guarded, args=(stop, failed, deliver, channel, outbox, stop), daemon=True)
        for channel in what.channels
    ]
    for thread in threads:
        thread.start()
    announce(settings, "notices", {})
    stop.wait()
    for thread in threads:
        # A delivery under way may take as long as its server wants; it is repeated under its id.
        thread.join(timeout=2)
    settings.endpoint_file("notices").unlink(missing_ok=True)
    held.release()
    if failed.is_set():
        raise SystemExit(70)


def watch(settings: Settings, what: Configured, outbox: Outbox, stop: threading.Event) -> None:
    """Look at the hub again and again, and keep what must be told."""
    clock, health = clock_of(settings), outbox.health()
    while not stop.is_set():
        now, seen = datetime.now(UTC), see(settings)
        health, notice = judge(health, seen.troubles, now, what.operators)
        if notice is not None:
            outbox.take_health(health, notice, now)
        if seen.teams is not None:
            outbox.take(look(seen.teams, outbox.standing(), what.rounds, clock.now()), now)
        outbox.forget(now)
        stop.wait(_LOOK)


def deliver(channel: Channel, outbox: Outbox, stop: threading.Event, every: float = _DELIVER) -> None:
    """Deliver what waits for one channel, `every` so many seconds. While its server is away one is tried at a time, ever more
    slowly, and another one each time: what brings a server down again and again must not be in front of the rest."""
    pause = every
    while not stop.is_set():
        away = pause > every
        for delivery in outbox.due(channel.name, datetime.now(UTC)):
            if stop.is_set():
                return
            try:
                channel.deliver(delivery, datetime.now(UTC))
            except NotDelivered as error:
                if error.everything:
                    if not away:
                        log.warning("%s; it is tried again until it does", error)
                    pause = min(_LONGEST_PAUSE, pause * 2)
                    outbox.behind_others(delivery, datetime.now(UTC))
                    break
                again = outbox.failed(delivery, datetime.now(UTC))
                log.warning("notice %s: %s; again at %s", delivery.notice_id, error, f"{again:%H:%M:%S} UTC")
            else:
                outbox.sent(delivery, datetime.now(UTC))
                if away:
                    log.warning("%s is taken again", channel.name)
            away, pause = False, every
        stop.wait(pause)


def _guarded(stop: threading.Event, failed: threading.Event, run, *arguments: object) -> None:  # type: ignore[no-untyped-def]
    """A thread that fails ends the process: half of it must not look alive."""
    try:
        run(*arguments)
    except Exception as error:
        kind = "the outbox" if isinstance(error, sqlite3.Error) else type(error).__name__
        # An error's own text may quote a notice.
        log.error("notices stopped: %s at %s", kind, place_of(error))
        failed.set()
        stop.set()
