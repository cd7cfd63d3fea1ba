"""How each sender usually sends, and whether its silence is news. Pure.

For each hour of the week, over the four weeks before it was last heard, a sender either sent or did not. If it has been silent
since an hour for which, at its usual pace, the odds of so long a silence are below one in a thousand, somebody should ask.
Counting hours and not messages makes a batch of two hundred at eight o'clock one habit, not two hundred. Smoothed (one silent
hour is assumed beside those seen), so that four busy Mondays are not taken for certainty.
"""

from collections import defaultdict
from datetime import datetime, timedelta

from schemas.london import LONDON

WEEKS = 4
#: Odds below which a silence is news.
UNLIKELY = 0.001
#: A sender must have been known for so long before its silence means anything.
LEARNING = timedelta(days=14)

_HOUR = timedelta(hours=1)


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _of_the_week(at: datetime) -> tuple[int, int]:
    local = at.astimezone(LONDON)
    return local.weekday(), local.hour


class Rhythm:
    """The habits of one sender. Times are instants in UTC."""

    def __init__(self) -> None:
        self._hours: set[datetime] = set()
        self._first: datetime | None = None
        self._last: datetime | None = None

    def heard(self, at: datetime) -> None:
        """It sent something; in any order."""
        self._first = at if self._first is None else min(self._first, at)
        self._last = at if self._last is None else max(self._last, at)
        self._hours.add(_hour(at))

    def forget_old(self) -> None:
        """Habits of long before it was last heard are none."""
        if self._last is not None:
            limit = _hour(self._last) - timedelta(weeks=WEEKS)
            self._hours = {hour for hour in self._hours if hour >= limit}

    def silent_since(self, now: datetime) -> datetime | None:
        """When it was last heard, if its silence until now is unlikely; else None."""
        if self._first is None or self._last is None or now - self._first < LEARNING:
            return None
        # Whole hours alone, of the silence as of the time it is compared with. That ends where the silence begins: habits that
        # went out of date while nobody spoke would make the silence ordinary.
        known_until = _hour(self._last)
        begin = max(_hour(self._first), known_until - timedelta(weeks=WEEKS))
        seen: dict[tuple[int, int], int] = defaultdict(int)
        there: dict[tuple[int, int], int] = defaultdict(int)
        hour = begin
        while hour < known_until:
            slot = _of_the_week(hour)
            there[slot] += 1
            seen[slot] += hour in self._hours
            hour += _HOUR
        odds, hour = 1.0, known_until + _HOUR
        while hour + _HOUR <= now and odds > UNLIKELY:
            slot = _of_the_week(hour)
            odds *= 1 - seen[slot] / (there[slot] + 1)
            hour += _HOUR
        return self._last if odds <= UNLIKELY else None
