"""The watchdog as a service: its alarms are lines that a program can read, and its health check knows it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from ops.ready import why_not_ready

CHECKOUT = Path(__file__).resolve().parents[3]


def test_it_speaks_json_lines_is_ready_while_it_looks_and_ends_when_told(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": str(CHECKOUT),
        "FRONTDOOR_RUN_DIR": str(tmp_path),
        "FRONTDOOR_LOG_FORMAT": "json",
        # Nobody listens there. That it cannot look is news; it is not unwell for that.
        "FRONTDOOR_BOOTSTRAP_SERVERS": "127.0.0.1:9",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "ops.run", "watchdog"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        assert (told["state"], told["kind"], told["about"]) == ("raised", "cannot-look", "broker")
        assert why_not_ready("watchdog", tmp_path) == ""
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()  # type: ignore[union-attr]
    assert why_not_ready("watchdog", tmp_path) == "it has not announced itself"
