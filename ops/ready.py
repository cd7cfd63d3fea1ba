"""`python -m ops.ready ROLE`: whether a process of this run directory is ready; for the health checks of containers.

Exit code 0: it has announced itself since it started, lives, and answers where it serves HTTP. Standard library only,
because it runs every few seconds beside every process.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

_PATIENCE = 5.0
#: Seconds between two clocks of one machine.
_SLACK = 2.0


def why_not_ready(role: str, run_dir: Path) -> str:
    """Empty when it is ready, else the reason."""
    file = run_dir / "endpoints" / f"{role}.json"
    try:
        announced = json.loads(file.read_text())
        pid, http = int(announced["pid"]), str(announced["urls"].get("http", ""))
        age = time.time() - file.stat().st_mtime
    except (OSError, ValueError, KeyError, TypeError):
        return "it has not announced itself"
    lived = _seconds_alive(pid)
    if lived is None:
        return "its process has ended"
    if age > lived + _SLACK:
        # A process id that was used before: in a new container they begin again.
        return "only an earlier process has announced itself"
    return _why_not_healthy(http) if http else ""


def _seconds_alive(pid: int) -> float | None:
    try:
        ticks = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
        up = float(Path("/proc/uptime").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return None
    return up - ticks / os.sysconf("SC_CLK_TCK")


def _why_not_healthy(http: str) -> str:
    # A proxy of the environment knows nothing of loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{http}/healthz", timeout=_PATIENCE):
            return ""
    except urllib.error.HTTPError as error:
        # The view has no such address; that it answers is enough.
        return "" if error.code == 404 else f"it answers {error.code}"
    except OSError as error:
        return f"it does not answer ({type(error).__name__})"


def main() -> None:
    """See the module."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m ops.ready ROLE")
    reason = why_not_ready(sys.argv[1], Path(os.environ.get("FRONTDOOR_RUN_DIR", ".frontdoor/up")))
    if reason:
        sys.exit(f"{sys.argv[1]} is not ready: {reason}")


if __name__ == "__main__":
    main()
