"""The two clocks a process can be given: the system's, or one that a driver steps (demo, `day`, tests)."""

import os
from datetime import UTC, datetime
from pathlib import Path

from schemas.ports import Clock
from schemas.settings import Settings


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present instant, in UTC."""
        return datetime.now(UTC)


class SteppedClock:
    """A clock in a file: it stands still until its driver moves it, and never moves back."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def now(self) -> datetime:
        """The instant the driver last set."""
        return datetime.fromisoformat(self._path.read_text())

    def set(self, instant: datetime) -> None:
        """Move to `instant`; a reader sees the old or the new time, never half of one. Raises `ValueError` going back."""
        if self._path.exists() and instant < self.now():
            raise ValueError("the stepped clock cannot go back")
        self._write(instant)

    def turn(self, instant: datetime) -> None:
        """Move to an instant, back too, as somebody does who corrects a machine's clock: for fault tests."""
        self._write(instant)

    def _write(self, instant: datetime) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_suffix(".new")
        new.write_text(instant.astimezone(UTC).isoformat())
        os.replace(new, self._path)


def stepped_clock(settings: Settings) -> SteppedClock:
    """The stepped clock of a run."""
    return SteppedClock(settings.run_dir / "clock")


def clock_of(settings: Settings) -> Clock:
    """The clock a process must use."""
    return stepped_clock(settings) if settings.clock == "stepped" else SystemClock()
