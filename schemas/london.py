"""Europe/London civil time: which day a message arrived on, and when that day ends."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


def civil_date(instant: datetime) -> date:
    """The London date on which an instant falls; 23:30 UTC in summer is already the next day."""
    return instant.astimezone(LONDON).date()


def midnight_after(day: date) -> datetime:
    """The first instant after a London civil day, in UTC. A day has 23, 24 or 25 hours."""
    return datetime.combine(day + timedelta(days=1), datetime.min.time(), LONDON).astimezone(UTC)
