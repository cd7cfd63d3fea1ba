"""Named points where a test can make a worker die as `kill -9` would: `FRONTDOOR_FAILPOINT=name:N` dies at the Nth pass.

Without the variable a point costs one comparison. It is how the crash between rows and commit gets a test of its own.
"""

import os
import signal

_NAME, _, _COUNT = os.environ.get("FRONTDOOR_FAILPOINT", "").partition(":")
_left = int(_COUNT or "1")


def failpoint(name: str) -> None:
    """Die here, if a test asked for it."""
    global _left
    if name != _NAME:
        return
    _left -= 1
    if _left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
