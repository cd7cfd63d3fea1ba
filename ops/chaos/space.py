"""A small file system in memory, to run out of space on. Needs the right to mount; Linux only."""

import contextlib
import os
import subprocess
from pathlib import Path

_MEGABYTE = b"\0" * 1_000_000


class CannotMount(Exception):
    """This machine or this user may not mount a file system of its own."""


class Space:
    """A file system of so many megabytes at `directory`, gone with `close()`."""

    def __init__(self, directory: Path, megabytes: int) -> None:
        self._directory = directory
        self._filler = directory / "filler"
        directory.mkdir(parents=True, exist_ok=True)
        mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(directory)]
        try:
            done = subprocess.run(mount, capture_output=True, check=False)
        except OSError:
            raise CannotMount("there is no mount command") from None
        if done.returncode:
            raise CannotMount(done.stderr.decode(errors="replace").strip())

    def fill(self) -> None:
        """Take what is left, to the last byte."""
        with self._filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(_MEGABYTE)

    def free(self) -> None:
        """Give it back."""
        self._filler.unlink(missing_ok=True)

    def close(self) -> None:
        """Unmount; what was stored there is gone."""
        subprocess.run(["umount", "-l", str(self._directory)], capture_output=True, check=False)
        with contextlib.suppress(OSError):
            os.rmdir(self._directory)
