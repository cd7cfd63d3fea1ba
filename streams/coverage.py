"""When the hub was awake: merged intervals that tickers vouch for. Pure.

A deadline that falls into no interval cannot be verified: nobody watched, so nobody may say that it was met.
"""

from datetime import datetime, timedelta

from schemas.record import Instant, Record
from streams.processor import Tick

#: Gaps up to this long are bridged: a ticker that restarts at once has missed nothing that matters.
BRIDGE = timedelta(seconds=60)
#: Intervals kept; older ones are dropped. Only deadlines of contacts still undecided ever ask.
_KEPT = 500


class Interval(Record):
    """From `since` to `until`, both included."""

    since: Instant
    until: Instant


def extended(intervals: list[Interval], tick: Tick) -> list[Interval]:
    """The intervals with one more tick; sorted, merged where they touch or the gap can be bridged."""
    if intervals and intervals[-1].since <= tick.covers_since and tick.covers_since - intervals[-1].until <= BRIDGE:
        # The usual case: the same ticker went on.
        if tick.at <= intervals[-1].until:
            return intervals
        return [*intervals[:-1], Interval(since=intervals[-1].since, until=tick.at)]
    merged: list[Interval] = []
    new = Interval(since=min(tick.covers_since, tick.at), until=tick.at)
    for interval in sorted([*intervals, new], key=lambda i: i.since):
        if merged and interval.since - merged[-1].until <= BRIDGE:
            merged[-1] = Interval(since=merged[-1].since, until=max(merged[-1].until, interval.until))
        else:
            merged.append(interval)
    return merged[-_KEPT:]


def covered(intervals: list[Interval], instant: datetime) -> bool:
    """Whether somebody was awake at that instant. The bridge is in the intervals already: taken here as well, it would
    reach over gaps of twice its length, and the auditor would say otherwise."""
    return any(i.since <= instant <= i.until for i in intervals)
