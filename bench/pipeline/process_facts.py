"""What the kernel says of a process. Linux only: elsewhere nothing is said."""

import os
from pathlib import Path


def peak_mib(pid: int) -> float | None:
    """The most memory (MiB) that a process has had resident since it started (VmHWM); None if nobody can tell."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return None
    found = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return round(int(found[0]) / 1024, 1) if found else None


def cpu_seconds(pid: int) -> float | None:
    """Processor time that a process has used, user and system; None if nobody can tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
