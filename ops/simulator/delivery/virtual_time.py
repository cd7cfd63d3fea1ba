"""An event loop in which time passes only while everybody waits: an hour of patience costs nothing, and a run is the same
every time."""

import asyncio
import selectors
from typing import Any


class Standstill(Exception):
    """Everybody waits, and nobody for a time."""


class _Waiting(selectors.SelectSelector):
    """Nothing ever comes from outside: to wait for it is to let time pass."""

    def __init__(self) -> None:
        super().__init__()
        self.passed = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise Standstill
        self.passed += max(0.0, timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """`time()` is in seconds from the loop's beginning. Raises `Standstill` out of `run_…` when nothing can ever happen."""

    def __init__(self) -> None:
        self._waiting = _Waiting()
        super().__init__(self._waiting)

    def time(self) -> float:
        return self._waiting.passed
