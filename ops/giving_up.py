"""The end of a process that gives up, whatever its other threads still wait for.

Python waits for every thread before a process ends, without a limit: one recipient's database that hangs would keep a process
from ending that was to be started anew for all.
"""

import os
import threading
import time

#: Seconds for what can be put in order.
PATIENCE = 5.0


def end_within(code: int, seconds: float = PATIENCE) -> None:
    """End this process with `code` after so many seconds, if it has not ended by then."""

    def end() -> None:
        time.sleep(seconds)
        os._exit(code)

    threading.Thread(target=end, name="giving-up", daemon=True).start()
