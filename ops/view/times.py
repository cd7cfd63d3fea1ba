"""Instants as the view keeps them: UTC text of one fixed shape, so that text order is time order."""

from datetime import UTC, datetime

from schemas.london import LONDON


def as_text(instant: datetime) -> str:
    """An instant as `2026-08-28T22:58:00.000000+00:00`."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


def as_instant(text: str) -> datetime:
    """The instant `as_text` wrote."""
    return datetime.fromisoformat(text)


def minutes_left(due_at: datetime, now: datetime) -> int:
    """Whole minutes until a limit; negative once it has passed."""
    return int((due_at - now).total_seconds() // 60)


def in_london(instant: datetime) -> str:
    """An instant as people at the front door read it: `Fri 28 Aug 23:58`."""
    return f"{instant.astimezone(LONDON):%a %d %b %H:%M}"
