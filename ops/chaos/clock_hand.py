"""The hub's clock during a run: it runs much faster than ours, and jumps."""

import threading
from datetime import datetime, timedelta

from ops.clocks import SteppedClock

#: The hub's time runs so much faster than ours: a London day passes in a minute and a half.
_FASTER = 960
_STEP = 0.5


class ClockHand(threading.Thread):
    """Moves the hub's clock on until told to stop. Every process of the hub reads this one clock."""

    def __init__(self, clock: SteppedClock) -> None:
        super().__init__(name="clock", daemon=True)
        self._clock = clock
        self._ended = threading.Event()
        self._lock = threading.Lock()
        #: The latest time that the clock ever showed: midnights up to it have passed.
        self.latest: datetime = clock.now()

    def run(self) -> None:
        """Until told to stop."""
        while not self._ended.wait(_STEP):
            self.jump(timedelta(seconds=_STEP * _FASTER))

    def jump(self, by: timedelta) -> None:
        """Ahead, or back: as a machine's clock that somebody sets."""
        with self._lock:
            to = self._clock.now() + by
            self._clock.turn(to)
            self.latest = max(self.latest, to)

    def stop(self) -> None:
        """Time stands still from now on, where it was furthest."""
        self._ended.set()
        self.join()
        self._clock.set(max(self.latest, self._clock.now()))
