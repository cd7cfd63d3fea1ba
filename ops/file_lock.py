"""A lock between processes on one machine, held in a file; the system frees it when its holder dies.

Only the standard library, because the launcher uses it before anything is installed.
"""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


@contextmanager
def file_lock(path: Path, waiting: Callable[[], None]) -> Iterator[int]:
    """Hold the lock of `path` inside the block. `waiting` is called once if somebody else holds it now.

    Yields the number of the open file; a child process that inherits it holds the lock with us, until both are gone.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle.fileno()


class Held:
    """A lock that this process took. `release()` gives it back; so does the end of the process."""

    def __init__(self, handle: TextIO) -> None:
        self._handle = handle

    def release(self) -> None:
        """Give it back."""
        self._handle.close()


def take_lock(path: Path) -> Held | None:
    """Take the lock of `path` if nobody holds it, else None, without waiting."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = path.open("a")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        return None
    return Held(handle)


def is_locked(path: Path) -> bool:
    """Whether a living process holds the lock of `path`."""
    if not path.exists():
        return False
    held = take_lock(path)
    if held is None:
        return True
    held.release()
    return False
