"""What a copy of a hub holds, as its own list of contents says.

<copy>/backup.json          the list, written last: a copy without it was never finished
<copy>/run/kafka/…          the broker's log: topics, rows, commits
<copy>/run/journal/…        and whatever else the run directory holds that is not made again at every start
<copy>/large/3f/3f79bb…     messages too large for the log
<copy>/statement-key.pem    the key that signs statements
"""

import hashlib
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from schemas.settings import Settings

#: Bytes done, bytes in all.
Progress = Callable[[int, int], None]

LIST = "backup.json"
KAFKA, LARGE, KEY = "run/kafka", "large", "statement-key.pem"

#: What every start makes again, by name in the run directory.
_MADE_AGAIN = frozenset({
    "endpoints", "faust", "logs", "notices.lock", "stack.json", "stack.new", "supervisor.lock", "ticked", "view.sqlite",
    "view.sqlite-shm", "view.sqlite-wal",
})  # fmt: skip
#: Ends the name of what is being put back.
UNFINISHED = ".restoring"
_BLOCK = 1 << 20


class NotACopy(Exception):
    """There is no finished copy of a hub, or it is not what it was. The text says what is wrong with it."""


class File(BaseModel):
    """One file of a copy."""

    model_config = ConfigDict(frozen=True)

    size: int
    sha256: str


class Contents(BaseModel):
    """Every file of a copy, by its path in it. `last_receipt_at`: when the newest message came that a connector's journal
    says was acknowledged; None if none was. `seconds`: how long the copying took."""

    model_config = ConfigDict(frozen=True)

    made_at: datetime
    last_receipt_at: datetime | None
    seconds: float
    files: dict[str, File]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files.values())

    @property
    def parts(self) -> dict[str, list[str]]:
        """The paths in it by the part they belong to: what is put back together or not at all."""
        found: dict[str, list[str]] = defaultdict(list)
        for path in self.files:
            found["/".join(path.split("/")[: 2 if path.startswith("run/") else 1])].append(path)
        return dict(found)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a hub: its name in a copy, and its place in the hub."""

    name: str
    place: Path

    def files(self) -> Iterator[tuple[str, Path]]:
        """Its files, by their path in a copy."""
        if self.place.is_file():
            yield self.name, self.place
        for path in sorted(self.place.rglob("*")):
            inside = path.relative_to(self.place)
            if path.is_file() and not path.is_symlink() and not _passing(self.name, inside):
                yield f"{self.name}/{inside.as_posix()}", path


def parts_of(settings: Settings) -> list[Part]:
    """Every part that a hub with these settings has now."""
    own = {part.place.resolve(): part for part in (place_of(LARGE, settings), place_of(KEY, settings))}
    inside = sorted(settings.run_dir.iterdir()) if settings.run_dir.is_dir() else []
    left_out = {path for path in inside if path.name in _MADE_AGAIN or path.name.endswith(UNFINISHED) or path.resolve() in own}
    found = [Part(f"run/{path.name}", path) for path in inside if path not in left_out]
    return [*found, *(part for part in own.values() if part.place.exists())]


def place_of(part: str, settings: Settings) -> Part:
    """Where a part of a copy belongs in a hub with these settings."""
    match part:
        case "large":
            return Part(part, settings.large_store_dir)
        case "statement-key.pem":
            return Part(part, settings.statement_key_file)
        case _:
            return Part(part, settings.run_dir / part.removeprefix("run/"))


def contents_of(copy: Path) -> Contents:
    """The list of a copy. Raises `NotACopy`."""
    try:
        return Contents.model_validate_json((copy / LIST).read_bytes())
    except OSError:
        raise NotACopy(f"{copy} holds no finished copy of a hub: it has no {LIST}") from None
    except ValidationError:
        raise NotACopy(f"{copy / LIST} is damaged") from None


def check(copy: Path, contents: Contents, progress: Progress) -> None:
    """Read every file of a copy and compare it with the list. Raises `NotACopy`, naming the first that differ."""
    wrong, done = [], 0
    for path, told in contents.files.items():
        try:
            found = digest(copy / path)
        except OSError:
            found = None
        if found != told:
            wrong.append(path)
        done += told.size
        progress(done, contents.size)
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        named = ", ".join(wrong[:3]) + more
        raise NotACopy(f"{len(wrong)} of {len(contents.files)} files of {copy} are missing or not what was copied: {named}")


def digest(path: Path) -> File:
    """Size and SHA-256 of a file. Raises `OSError`."""
    return _through(path, lambda block: None)


def copy_file(source: Path, target: Path) -> File:
    """Copy a file, and its times, so that only this account may read it; what was copied. Raises `OSError`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        target.chmod(0o600)
        copied = _through(source, file.write)
    times = source.stat()
    os.utime(target, ns=(times.st_atime_ns, times.st_mtime_ns))
    return copied


def _through(path: Path, take: Callable[[bytes], object]) -> File:
    found, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            found.update(block)
            size += len(block)
            take(block)
    return File(size=size, sha256=found.hexdigest())


def _passing(part: str, inside: Path) -> bool:
    """What somebody was in the midst of: the broker's own scratch, and large messages that were promised to nobody."""
    if part == KAFKA:
        return inside.name == ".lock" or inside.parts[1:2] == ("tmp",)
    return part == LARGE and inside.parts[0] == "new"
