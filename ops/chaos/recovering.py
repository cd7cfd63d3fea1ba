"""Hitting a worker while it reads its rows back: it says when it does, and takes its time for it when it is to be hit."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from schemas.settings import Settings

#: Seconds by which a worker that is to be hit is later with each batch of its rows.
_LINGER = 0.5


@contextmanager
def to_be_hit(run_dir: Path, role: str) -> Iterator[Path]:
    """While this lasts the role reads its rows slowly. The file stands there once it has begun to."""
    wanted, begun = _wanted(run_dir, role), _begun(run_dir, role)
    wanted.parent.mkdir(exist_ok=True)
    begun.unlink(missing_ok=True)
    wanted.touch()
    try:
        yield begun
    finally:
        wanted.unlink(missing_ok=True)


def linger_when_wanted(role: str) -> None:
    """From now on this process looks, with each batch of its rows, whether it is to be hit."""
    from streams.changelog import Changelog, RowRecord

    run_dir, read = Settings().run_dir, Changelog.read

    def slowly(self: Changelog, starts: Mapping[int, int], wait: float) -> Iterator[list[RowRecord]]:
        for batch in read(self, starts, wait):
            yield batch
            if batch and _wanted(run_dir, role).exists():
                _begun(run_dir, role).touch()
                time.sleep(_LINGER)

    Changelog.read = slowly  # type: ignore[method-assign]


def _wanted(run_dir: Path, role: str) -> Path:
    return run_dir / "recovering" / f"{role}.wanted"


def _begun(run_dir: Path, role: str) -> Path:
    return run_dir / "recovering" / f"{role}.begun"
