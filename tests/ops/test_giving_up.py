"""A process that gives up ends, and its supervisor can start it anew."""

import subprocess
import sys

#: A thread that nobody can stop, as one is in a database driver's call.
PROGRAM = """
import asyncio, threading
from ops.giving_up import end_within

async def give_up():
    asyncio.get_running_loop().run_in_executor(None, threading.Event().wait)
    end_within(70, 0.3)
    raise SystemExit(70)

asyncio.run(give_up())
"""


def test_a_thread_that_hangs_keeps_no_process_from_ending() -> None:
    assert subprocess.run([sys.executable, "-c", PROGRAM], timeout=30, check=False).returncode == 70
