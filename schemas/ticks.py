"""Where ticks go and how a step is acknowledged."""

from datetime import datetime
from pathlib import Path


def tick_key(partition: int) -> str:
    """The key of a partition's ticks; they are written with the partition stated, so the key only tells them apart."""
    return f"tick-{partition}"


def ticked_file(run_dir: Path) -> Path:
    """Under the stepped clock: the file in which the ticker says up to when it has written ticks."""
    return run_dir / "ticked"


def ticked_at(file: Path) -> datetime | None:
    """Up to when ticks are written, by that file; None before the first."""
    try:
        return datetime.fromisoformat(file.read_text())
    except (FileNotFoundError, ValueError):
        return None
