"""Named points where a test can stop a worker: `FRONTDOOR_FAILPOINT=name:N` dies at the Nth pass as `kill -9` would,
`name:N:STOP` is paused there, as a machine that is suspended would be, until somebody sends SIGCONT.

Without the variable a point costs one comparison. So every step of a batch gets its own test.
"""

import os
import signal

_NAME, _, _REST = os.environ.get("FRONTDOOR_FAILPOINT", "").partition(":")
_COUNT, _, _SIGNAL = _REST.partition(":")
_left = int(_COUNT or "1")


def failpoint(name: str) -> None:
    """Die or pause here, if a test asked for it."""
    global _left
    if name != _NAME:
        return
    _left -= 1
    if _left == 0:
        os.kill(os.getpid(), signal.Signals[f"SIG{_SIGNAL or 'KILL'}"])
