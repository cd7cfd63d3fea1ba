"""What is wrong, read from records, offsets and folders, without a word from any worker. Pure: times are values."""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from ops.audit.london_day import instant
from ops.watchdog.alarms import Alarm
from ops.watchdog.rhythm import Rhythm

#: Without a tick for so long, a partition's clocks stand still.
TICK_AGE = timedelta(seconds=60)
#: A tick further ahead of the broker's clock is refused by the workers.
TOLERANCE = timedelta(seconds=5)
#: A message must be on the log so soon after its arrival.
LATE = timedelta(seconds=2)
MINUTE = timedelta(minutes=1)
#: How long one late record keeps its alarm standing.
LATE_STANDS = timedelta(minutes=5)
#: Lag that grows for so long is no burst.
GROWING = timedelta(minutes=5)
#: A worker may leave what there is untouched for so long.
STANDING = timedelta(minutes=2)
#: A file may wait in a drop folder for so long.
INBOX = timedelta(minutes=2)

#: A consumer group, a topic and a partition.
Place = tuple[str, str, int]


class Signs:
    """Takes what is on the log, in the order of each partition; `wrong` says what that means now.

    `started` is when this watchdog began: before a minute is over it cannot miss a tick. `stepped`: a driver owns the time, so
    arrival and append are on different clocks.
    """

    def __init__(self, started: datetime, partitions: int, *, stepped: bool = False) -> None:
        self._started, self._stepped = started, stepped
        self._ticks: dict[int, datetime] = dict.fromkeys(range(partitions), started)
        self._accepted: dict[int, datetime] = dict.fromkeys(range(partitions), started)
        self._late: dict[str, tuple[datetime, timedelta]] = {}
        self._rhythms: dict[str, Rhythm] = defaultdict(Rhythm)
        self._lags: dict[str, deque[tuple[datetime, int]]] = defaultdict(deque)
        #: Where each worker is behind: what it has committed, since when that has been the same, and how far behind.
        self._stood: dict[Place, tuple[int | None, datetime, int]] = {}
        self._looked = started

    # -- what there is

    def received(self, record: Mapping[str, Any], appended: datetime) -> None:
        """A record of `received.*`, decoded to plain values, and when the broker appended it."""
        if record.get("repair"):
            return
        self._rhythms[record["sender"]].heard(appended)
        arrived = instant(record["picked_up_at"] or record["received_at"])
        if not self._stepped and abs(appended - arrived) > LATE:
            self._late[record["sender"]] = (appended, appended - arrived)

    def tick(self, record: Mapping[str, Any], partition: int, appended: datetime) -> None:
        """A tick."""
        self._ticks[partition] = max(self._ticks[partition], appended)
        if self._stepped or instant(record["at"]) - appended <= TOLERANCE:
            self._accepted[partition] = max(self._accepted[partition], appended)

    def lags(self, now: datetime, lags: Mapping[str, int]) -> None:
        """How many records each group is behind now."""
        for group, lag in lags.items():
            history = self._lags[group]
            history.append((now, lag))
            # One from before the window is kept: it is what the window began with.
            while len(history) > 1 and history[1][0] <= now - GROWING:
                history.popleft()

    def places(self, now: datetime, places: Mapping[Place, tuple[int | None, int]]) -> None:
        """Where workers stand now: what each has committed, and how many records it is behind; a place that is not there could
        not be looked at. Time in which nobody looked, because the broker was away, is not held against a worker."""
        if now - self._looked > MINUTE:
            self._stood.clear()
        self._looked = now
        for place, (committed, lag) in places.items():
            stood = self._stood.pop(place, None)
            if lag:
                since = stood[1] if stood is not None and stood[0] == committed else now
                self._stood[place] = (committed, since, lag)

    # -- what it means

    def wrong(self, now: datetime, inboxes: Iterable[tuple[str, datetime]] = ()) -> list[Alarm]:
        """All alarms that should stand now. `inboxes`: a drop folder's name and since when its oldest file waits."""
        return [*self._clocks(now), *self._behind(now), *self._standing(now), *self._arrivals(now), *_waiting(now, inboxes)]

    def _clocks(self, now: datetime) -> Iterable[Alarm]:
        for partition, last in self._ticks.items():
            if now - last > TICK_AGE:
                yield Alarm("no-tick", f"case-events/{partition}", f"the last tick was written {_ago(now - last)} ago")
            elif now - self._accepted[partition] > TICK_AGE:
                since = _ago(now - self._accepted[partition])
                yield Alarm(
                    "old-tick", f"case-events/{partition}", f"no tick could be accepted for {since}; set the ticker's clock"
                )

    def _behind(self, now: datetime) -> Iterable[Alarm]:
        for group, history in self._lags.items():
            begin = history[0][0]
            first = [lag for at, lag in history if at - begin <= MINUTE]
            last = [lag for at, lag in history if now - at <= MINUTE]
            # Behind all the time, and at the end more than at the beginning: a burst that drains is neither.
            if now - begin >= GROWING and last and all(lag for _, lag in history) and min(last) > max(first):
                yield Alarm("lag-grows", group, f"{last[-1]} records behind, {first[0]} five minutes ago")

    def _standing(self, now: datetime) -> Iterable[Alarm]:
        longest: dict[str, tuple[datetime, int, str]] = {}
        for (group, topic, partition), (_, since, lag) in self._stood.items():
            if now - since > STANDING:
                longest[group] = min(longest.get(group, (now, 0, "")), (since, lag, f"{topic}/{partition}"))
        for group, (since, lag, where) in longest.items():
            waiting = "1 record waits" if lag == 1 else f"{lag} records wait"
            yield Alarm("stands-still", group, f"{waiting} on {where}, and none was taken for {_ago(now - since)}")

    def _arrivals(self, now: datetime) -> Iterable[Alarm]:
        for sender, (at, late) in self._late.items():
            if now - at <= LATE_STANDS:
                yield Alarm("late-append", sender, f"a message reached the log {_ago(abs(late))} after it arrived")
        for sender, rhythm in self._rhythms.items():
            rhythm.forget_old()
            since = rhythm.silent_since(now)
            if since is not None:
                yield Alarm("sender-silent", sender, f"nothing came for {_ago(now - since)}, and it usually does at these hours")


def _waiting(now: datetime, inboxes: Iterable[tuple[str, datetime]]) -> Iterable[Alarm]:
    for name, since in inboxes:
        if now - since > INBOX:
            yield Alarm("inbox-not-drained", name, f"something has waited there for {_ago(now - since)}")


def _ago(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    if seconds < 120:
        return f"{span.total_seconds():.0f} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"
