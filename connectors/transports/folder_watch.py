"""Which files of a drop folder are finished: unchanged for a while and closed, or marked done by their writer.

Marked done: a file NAME.done beside NAME, made after NAME got its last byte and its name; or NAME having been renamed
from NAME.part or NAME.tmp.
Hidden files, `.part` and `.tmp` files, directories and links are left alone.
"""

import os
import stat
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from connectors.transports.open_files import Identity

_UNFINISHED = (".part", ".tmp")
DONE_MARK = ".done"


@dataclass(frozen=True, slots=True)
class Found:
    """A file as it was seen. Times in nanoseconds; `changed_ns` is the inode's change time, which no sender can set."""

    path: Path
    identity: Identity
    size: int
    modified_ns: int
    changed_ns: int

    @property
    def name(self) -> str:
        """Its name in the folder."""
        return self.path.name


@dataclass(slots=True)
class _Seen:
    size: int
    modified_ns: int
    since: float


class FolderWatch:
    """Looks at a folder again and again. `writers` says which files are open for writing; times in real seconds."""

    def __init__(
        self, folder: Path, stable_seconds: float, writers: Callable[[Collection[Identity]], set[Identity]]
    ) -> None:
        self._folder = folder
        self._stable_seconds = stable_seconds
        self._writers = writers
        self._seen: dict[Identity, _Seen] = {}
        #: Files that were seen under an unfinished name, by what they are.
        self._unfinished: dict[Identity, str] = {}

    def look(self, now: float) -> list[Found]:
        """The finished files at `now` (monotonic seconds), oldest first. Raises `OSError` when the folder is gone."""
        files, markers, unfinished = self._list()
        self._seen = {f.identity: seen for f in files if (seen := self._seen.get(f.identity)) is not None}
        present = {file.identity for file in files}
        # A renamed file that could not be taken yet is still known by the name it had.
        self._unfinished = {k: v for k, v in self._unfinished.items() if k in present} | unfinished
        ready, quiet = [], []
        for file in files:
            if markers.get(file.name, -1) >= file.changed_ns:
                ready.append(file)
            elif self._unfinished.get(file.identity) == file.name or self._is_quiet(file, now):
                quiet.append(file)
        busy = self._writers([file.identity for file in quiet]) if quiet else set()
        for file in quiet:
            if file.identity in busy:
                # Somebody still holds it: it must be quiet for the whole time again.
                self._unfinished.pop(file.identity, None)
                self._seen[file.identity] = _Seen(file.size, file.modified_ns, now)
            else:
                ready.append(file)
        return sorted(ready, key=lambda file: (file.changed_ns, file.name))

    def again(self, file: Found) -> None:
        """The file turned out to change still: wait for it anew."""
        self._seen.pop(file.identity, None)
        self._unfinished.pop(file.identity, None)

    def _is_quiet(self, file: Found, now: float) -> bool:
        seen = self._seen.get(file.identity)
        if seen is None or (seen.size, seen.modified_ns) != (file.size, file.modified_ns):
            self._seen[file.identity] = _Seen(file.size, file.modified_ns, now)
            return False
        return now - seen.since >= self._stable_seconds

    def _list(self) -> tuple[list[Found], dict[str, int], dict[Identity, str]]:
        """Files; the change time of each marked name's mark; and what unfinished files will be called."""
        files: dict[str, Found] = {}
        unfinished: dict[Identity, str] = {}
        with os.scandir(self._folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                try:
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                if not stat.S_ISREG(status.st_mode):
                    continue
                identity = (status.st_dev, status.st_ino)
                if entry.name.lower().endswith(_UNFINISHED):
                    unfinished[identity] = entry.name.rpartition(".")[0]
                    continue
                files[entry.name] = Found(
                    Path(entry.path), identity, status.st_size, status.st_mtime_ns, status.st_ctime_ns
                )
        marks = {name for name, file in files.items() if _is_mark(name, file, files)}
        marked = {name.removesuffix(DONE_MARK): files[name].changed_ns for name in marks}
        return [file for name, file in files.items() if name not in marks], marked, unfinished


def _is_mark(name: str, file: Found, files: dict[str, Found]) -> bool:
    """NAME.done beside NAME, or an empty one that waits for its file. A full one without NAME is a message itself."""
    if not name.endswith(DONE_MARK):
        return False
    return name.removesuffix(DONE_MARK) in files or file.size == 0
