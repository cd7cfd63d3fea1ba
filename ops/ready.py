"""`python -m ops.ready [--alive] ROLE`: whether a process of this run directory is ready; for containers' health checks.

Exit code 0: it has announced itself since it started, lives, and says of itself that it is ready; with `--alive` that its
event loop moves, or that it is still on its way. Standard library only, because it runs every few seconds beside every
process.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

#: Longer than a process takes to find out that its event loop stands still.
_PATIENCE = 8.0
#: Seconds between two clocks of one machine.
_SLACK = 2.0


def why_not_ready(role: str, run_dir: Path) -> str:
    """Empty when it is ready, else the reason."""
    file = run_dir / "endpoints" / f"{role}.json"
    try:
        announced = json.loads(file.read_text())
        pid, http, own = int(announced["pid"]), str(announced["urls"].get("http", "")), str(announced.get("own", ""))
        age = time.time() - file.stat().st_mtime
    except (OSError, ValueError, KeyError, TypeError):
        return "it has not announced itself"
    lived = _seconds_alive(pid)
    if lived is None:
        return "its process has ended"
    if age > lived + _SLACK:
        # A process id that was used before: in a new container they begin again.
        return "only an earlier process has announced itself"
    why = _why_not(f"{own}/readyz") if own else ""
    return why or (_why_not(f"{http}/healthz") if http else "")


def why_not_alive(role: str, run_dir: Path) -> str:
    """Empty while a new start would not help, else the reason."""
    try:
        own = str(json.loads((run_dir / "endpoints" / f"{role}.json").read_text()).get("own", ""))
    except (OSError, ValueError):
        return ""
    return _why_not(f"{own}/healthz") if own else ""


def _seconds_alive(pid: int) -> float | None:
    try:
        ticks = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
        up = float(Path("/proc/uptime").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return None
    return up - ticks / os.sysconf("SC_CLK_TCK")


def _why_not(url: str) -> str:
    # A proxy of the environment knows nothing of loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=_PATIENCE):
            return ""
    except urllib.error.HTTPError as error:
        # The view has no such address; that it answers is enough.
        return "" if error.code == 404 else f"it answers {error.code}"
    except OSError as error:
        return f"it does not answer ({type(error).__name__})"


def main() -> None:
    """See the module."""
    alive = sys.argv[1:2] == ["--alive"]
    if len(sys.argv) != 2 + alive:
        sys.exit("usage: python -m ops.ready [--alive] ROLE")
    role, run_dir = sys.argv[-1], Path(os.environ.get("FRONTDOOR_RUN_DIR", ".frontdoor/up"))
    reason = why_not_alive(role, run_dir) if alive else why_not_ready(role, run_dir)
    if reason:
        sys.exit(f"{role} is not {'alive' if alive else 'ready'}: {reason}")


if __name__ == "__main__":
    main()
