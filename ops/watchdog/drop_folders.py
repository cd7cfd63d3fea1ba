"""The drop folders of a hub, whether a connector runs or not: since when finished files wait in them.

Those that the senders file names, and those that are there and are no sender's any more: a partner may not have heard of it.
"""

import stat
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from connectors.senders import SendersRefused, load_senders
from connectors.transports.folder_watch import FolderWatch
from ops.watchdog.alarms import Alarm
from schemas.catalogue import AGENCIES
from schemas.settings import Settings


class DropFolders:
    """Looks at all of them again and again; the senders file is read anew when it has changed."""

    def __init__(self, settings: Settings) -> None:
        self._run_dir, self._file = settings.run_dir, settings.senders_file
        self._read: tuple[int, int] | None = None
        self._refused: list[Alarm] = []
        #: The sender of each folder.
        self._owned: dict[Path, str] = {}
        self._watches: dict[Path, FolderWatch] = {}

    def look(self) -> tuple[list[tuple[str, datetime]], list[Alarm]]:
        """In which folders finished files wait, and how long the oldest has had its name and content; and what could not be
        looked at. A file is finished when two looks find it the same."""
        self._follow_the_file()
        waiting, blind = [], list(self._refused)
        for folder in sorted({*self._owned, *self._there()}):
            name = self._name(folder)
            # Whoever still writes changes the file's time; who holds it open and does not is waited for in vain.
            watch = self._watches.setdefault(folder, FolderWatch(folder / "in", 0.0, lambda _: set()))
            try:
                found, no_file = watch.look(time.monotonic()), _no_file(folder / "in")
            except FileNotFoundError:
                # Its connector has never run: nobody could put anything in.
                continue
            except OSError as error:
                blind.append(Alarm("cannot-look", name, f"it cannot be read ({error.strerror})"))
                continue
            if found:
                waiting.append((name, datetime.fromtimestamp(found[0].changed_ns / 1e9, UTC)))
            if no_file is not None:
                # No connector takes a folder or a link, and whoever put it there believes it sent.
                waiting.append((f"{name}, something that is no file", no_file))
        return waiting, blind

    def _follow_the_file(self) -> None:
        stamp = _stamp(self._file)
        if stamp == self._read:
            return
        try:
            senders = load_senders(self._file)
        except SendersRefused as error:
            # The folders known so far stay: a connector that still runs drains them.
            self._refused = [Alarm("cannot-look", "senders file", " ".join(str(error).split()))]
            return
        listed = [sender for agency in AGENCIES for sender in senders.of(agency, "folder")]
        self._owned = {sender.drop_folder(self._run_dir): sender.id for sender in listed}
        self._refused, self._read = [], stamp

    def _there(self) -> list[Path]:
        drop = self._run_dir / "drop"
        return [incoming.parent for agency in AGENCIES for incoming in (*drop.glob(f"{agency}/in"), *drop.glob(f"{agency}/*/in"))]

    def _name(self, folder: Path) -> str:
        if folder in self._owned:
            return f"drop folder of {self._owned[folder]}"
        place = folder.relative_to(self._run_dir / "drop")
        return f"drop folder {place}" if self._read is None else f"drop folder {place}, which is no sender's"


def _no_file(folder: Path) -> datetime | None:
    """Since when something that is no file, and not hidden, has lain there."""
    changed = []
    for one in folder.iterdir():
        # A file may be taken meanwhile.
        with suppress(FileNotFoundError):
            status = one.lstat()
            if not one.name.startswith(".") and not stat.S_ISREG(status.st_mode):
                changed.append(status.st_ctime)
    return datetime.fromtimestamp(min(changed), UTC) if changed else None


def _stamp(file: Path | None) -> tuple[int, int]:
    """What changes when the file does."""
    try:
        status = file.stat() if file is not None else None
    except OSError:
        # Reading it says why.
        status = None
    return (status.st_mtime_ns, status.st_size) if status is not None else (0, 0)
