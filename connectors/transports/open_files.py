"""Which files some process is still writing, as far as /proc lets this process see."""

import os
from collections.abc import Collection

#: Device and inode: what a file is, whatever it is called.
Identity = tuple[int, int]


def open_for_writing(files: Collection[Identity]) -> set[Identity]:
    """Those of `files` that a visible process has open for writing. Empty where there is no /proc."""
    wanted = set(files)
    found: set[Identity] = set()
    for process in _listed("/proc"):
        if not process.isdigit() or int(process) == os.getpid():
            continue
        for number in _listed(f"/proc/{process}/fd"):
            try:
                status = os.stat(f"/proc/{process}/fd/{number}")
                identity = (status.st_dev, status.st_ino)
                if identity in wanted and _writes(process, number):
                    found.add(identity)
            except OSError:
                # The process ended, closed the file, or is not ours to see.
                continue
    return found


def _listed(directory: str) -> list[str]:
    try:
        return os.listdir(directory)
    except OSError:
        return []


def _writes(process: str, number: str) -> bool:
    with open(f"/proc/{process}/fdinfo/{number}", encoding="ascii") as lines:
        for line in lines:
            if line.startswith("flags:"):
                return int(line.split()[1], 8) & os.O_ACCMODE in (os.O_WRONLY, os.O_RDWR)
    return False
