"""A running view on a real broker, for tests: started as a process, asked over HTTP, killed at will."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from confluent_kafka import Producer

from ops.clocks import SteppedClock
from ops.endpoints import endpoint
from ops.view.fold import Logged
from ops.view.store import open_reader
from schemas.settings import Settings

ROOT = Path(__file__).parents[3]


class Running:
    """One process of one run directory, under a stepped clock."""

    def __init__(self, role: str, bootstrap: str, run_dir: Path, now: datetime) -> None:
        self.role = role
        self.settings = Settings(bootstrap_servers=bootstrap, run_dir=run_dir, clock="stepped")
        run_dir.mkdir(parents=True, exist_ok=True)
        if not (run_dir / "clock").exists():
            SteppedClock(run_dir / "clock").set(now)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What a command needs to find this stack."""
        return {
            "FRONTDOOR_RUN_DIR": str(self.settings.run_dir),
            "FRONTDOOR_BOOTSTRAP_SERVERS": self.settings.bootstrap_servers,
            "FRONTDOOR_CLOCK": "stepped",
        }

    def start(self) -> None:
        """Start it, without waiting for anything but its process."""
        command = [sys.executable, "-m", "ops.run", self.role]
        with (self.settings.run_dir / f"{self.role}.log").open("ab") as log:
            self._process = subprocess.Popen(command, env={**os.environ, **self.environment}, cwd=ROOT, stderr=log)

    def until_up(self) -> None:
        """Until this process says that it is ready."""
        assert self._process is not None
        pid = self._process.pid
        until(lambda: (endpoint(self.settings, self.role) or {}).get("pid") == pid, f"{self.role} to be ready", 60)

    def kill(self) -> None:
        """SIGKILL, at once."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def stop(self) -> int:
        """SIGTERM; its exit code."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        return self._process.wait(timeout=30)

    def wait(self, seconds: float = 30) -> int:
        """Its exit code once it ends by itself."""
        assert self._process is not None
        return self._process.wait(timeout=seconds)

    def log(self) -> str:
        """What it logged."""
        return (self.settings.run_dir / f"{self.role}.log").read_text()


class RunningView(Running):
    """A view."""

    def __init__(self, bootstrap: str, run_dir: Path, now: datetime) -> None:
        super().__init__("view", bootstrap, run_dir, now)

    @property
    def file(self) -> Path:
        return self.settings.run_dir / "view.sqlite"

    def folded(self) -> int:
        """How many records its file covers; 0 while there is none."""
        try:
            db = open_reader(self.file)
            (count,) = db.execute("SELECT coalesce(sum(next_offset), 0) FROM offsets").fetchone()
            db.close()
        except Exception:
            return 0
        return int(count)

    def get(self, path: str, params: Mapping[str, str] | None = None, **headers: str) -> httpx.Response:
        """One answer."""
        found = endpoint(self.settings, "view")
        assert found is not None, "the view is not up"
        return httpx.get(found["urls"]["http"] + path, params=params, headers=headers, trust_env=False, timeout=10)

    def until_ready(self) -> None:
        """Until everything the log held has been folded."""
        self.until_up()
        until(lambda: self.get("/readyz").status_code == 200, "the view to catch up")
        until(lambda: self.get("/board").json()["behind_records"] == 0, "the last records")


def until(done: Callable[[], Any], what: str, seconds: float = 30) -> None:
    """Wait for something that must happen. Raises `AssertionError` saying what did not."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s for {what}"
        time.sleep(0.02)


def put_on_log(bootstrap: str, records: Iterable[Logged]) -> None:
    """Append records, each to its partition, in order."""
    producer = Producer({"bootstrap.servers": bootstrap, "acks": "all", "enable.idempotence": True, "linger.ms": 5})
    for record in records:
        while True:
            try:
                producer.produce(
                    record.topic, value=record.value, partition=record.partition, key=b"any", headers=list(record.headers)
                )
                break
            except BufferError:
                producer.poll(0.05)
    assert producer.flush(30) == 0, "the broker did not take every record"
