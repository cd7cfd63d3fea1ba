"""Copying a hub that stands still to another disk, and putting such a copy in a lost one's place."""

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from connectors.large_store import LargeStore
from ops.backup.contents import (
    KAFKA,
    LARGE,
    LIST,
    UNFINISHED,
    Contents,
    Progress,
    check,
    contents_of,
    copy_file,
    parts_of,
    place_of,
)
from ops.stack_state import take_stack
from schemas.settings import Settings

#: The broker leaves it in its log directory when it has ended in order, and takes it away when it starts.
_ENDED_IN_ORDER = ".kafka_cleanshutdown"


class CannotCopy(Exception):
    """The hub does not stand still, or its copy has no place. The text says what to do."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back: its contents, the parts put in their places, and those that were left because something newer stood
    there."""

    contents: Contents
    put: list[str]
    left: list[str]
    seconds: float


def back_up(settings: Settings, to: Path, progress: Progress = lambda done, total: None) -> Contents:
    """Copy everything of a stopped hub that no start makes again into the new or empty folder `to`, and read it back.

    Raises `CannotCopy`, `NotACopy` when the copy is not what was copied, and `OSError`.
    """
    began = time.monotonic()
    with _parts_standing_still(settings, to) as parts:
        files = {path: source for part in parts.values() for path, source in part.items()}
        sizes = {path: source.stat().st_size for path, source in files.items()}
        done, total = 0, sum(sizes.values())
        to.mkdir(parents=True, exist_ok=True)
        # It holds children's details.
        to.chmod(0o700)
        copied = {}
        for path, source in files.items():
            copied[path] = copy_file(source, to / path)
            done += sizes[path]
            progress(done, 2 * total)
        last = _last_receipt(settings.run_dir / "journal")
    made_at, seconds = datetime.now(UTC), round(time.monotonic() - began, 1)
    contents = Contents(made_at=made_at, last_receipt_at=last, seconds=seconds, files=copied)
    check(to, contents, lambda done, _: progress(total + done, 2 * total))
    # On the disk, all of it, before the list says that it is.
    os.sync()
    new = to / f"{LIST}.new"
    new.write_text(contents.model_dump_json(indent=1))
    with new.open("rb") as written:
        os.fsync(written.fileno())
    new.rename(to / LIST)
    return contents


def would_copy(settings: Settings, to: Path) -> dict[str, dict[str, int]]:
    """What `back_up` would copy to `to`: files and bytes of each part. Writes nothing; raises `CannotCopy` as it does."""
    with _parts_standing_still(settings, to) as parts:
        return {
            name: {"files": len(files), "bytes": sum(source.stat().st_size for source in files.values())}
            for name, files in parts.items()
        }


def restore(copy: Path, settings: Settings, *, put: bool = True, progress: Progress = lambda done, total: None) -> Restored:
    """Check a copy, then put each of its parts in its place where nothing stands; what is there is newer, and stays. Large
    messages are added to those that are there. With `put` False only say what would be done.

    Raises `NotACopy`, `CannotCopy` when a broker's log is in the place of the copied one, and `OSError`.
    """
    began = time.monotonic()
    contents = contents_of(copy)
    run_dir = settings.run_dir.resolve()
    with _standing_still(run_dir):
        if KAFKA in contents.parts and (run_dir / "kafka").exists():
            raise CannotCopy(f"{run_dir / 'kafka'} holds a broker's log: move it away first, nothing is written over it")
        check(copy, contents, progress)
        parts = sorted(contents.parts)
        left = [part for part in parts if part != LARGE and place_of(part, settings).place.exists()]
        # The broker's log last: with it the hub could start.
        wanted = sorted((part for part in parts if part not in left), key=lambda part: part == KAFKA)
        for part in wanted if put else ():
            if part == LARGE:
                store = LargeStore(settings.large_store_dir)
                for path in contents.parts[part]:
                    store.put((copy / path).read_bytes())
            else:
                _put(copy / part, place_of(part, settings).place)
    return Restored(contents, wanted, left, round(time.monotonic() - began, 1))


@contextmanager
def _parts_standing_still(settings: Settings, to: Path) -> Iterator[dict[str, dict[str, Path]]]:
    """The hub's files by their paths in a copy, for each part that has any, once it is sure that the hub can be copied to `to`;
    it cannot start while the block lasts. Raises `CannotCopy`."""
    run_dir = settings.run_dir.resolve()
    if not run_dir.is_dir():
        raise CannotCopy(f"there is no hub in {run_dir}")
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise CannotCopy(f"{to} is there and not empty: a copy gets a folder of its own")
    if to.resolve().is_relative_to(run_dir):
        raise CannotCopy(f"{to} lies in the hub's own run directory: a copy belongs on another disk")
    with _standing_still(run_dir):
        for node in (run_dir / "kafka").glob("node-*"):
            if not (node / "data" / _ENDED_IN_ORDER).exists():
                raise CannotCopy("the broker did not end in order: start the hub once more and stop it, `up` and `down`")
        parts = {part.name: files for part in parts_of(settings) if (files := dict(part.files()))}
        if not parts:
            raise CannotCopy(f"there is no hub in {run_dir}")
        yield parts


@contextmanager
def _standing_still(run_dir: Path) -> Iterator[None]:
    """No supervisor runs in this directory, and none can start while the block lasts. Raises `CannotCopy`."""
    held = take_stack(run_dir)
    if held is None:
        raise CannotCopy(f"the hub in {run_dir} is up: stop it first, with `down`")
    try:
        yield
    finally:
        held.release()


def _put(source: Path, place: Path) -> None:
    """Whole or not at all."""
    new = place.with_name(f"{place.name}{UNFINISHED}")
    if new.is_dir():
        shutil.rmtree(new)
    if source.is_file():
        copy_file(source, new)
    else:
        new.mkdir(parents=True, mode=0o700)
        for path in source.rglob("*"):
            if path.is_file():
                copy_file(path, new / path.relative_to(source))
    os.sync()
    new.rename(place)


def _last_receipt(journals: Path) -> datetime | None:
    """When the newest message came whose receipt was given out."""
    times = []
    for journal in journals.glob("*.jsonl"):
        for line in reversed(journal.read_bytes().splitlines()):
            try:
                times.append(datetime.fromisoformat(json.loads(line)["received_at"]))
                break
            except (ValueError, KeyError, TypeError):
                continue  # a line that a crash cut off
    return max(times, default=None)
