"""Alarms: said once when they begin and once when they are over, however often somebody looks. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

#: What each alarm is about, and what to do: see docs/reliability.md, where each has its paragraph.
KINDS = {
    "no-tick": "no tick was written on a partition for a minute: clocks there stand still",
    "old-tick": "ticks are written but not accepted: they run ahead of the broker's clock",
    "lag-grows": "a worker falls behind for five minutes",
    "stands-still": "a worker has taken nothing for two minutes, and there is something to take",
    "inbox-not-drained": "a file waits in a drop folder and nobody takes it",
    "late-append": "time passed between a message's arrival and its record on the log",
    "sender-silent": "a sender that normally speaks at these hours does not",
    "promise-broken": "the audit disagrees with the log's flags",
    "cannot-look": "the broker, the audit or a folder cannot be looked at, so nothing can be said of it",
}


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something is wrong with `about` (a partition, a group, a sender; never a child). `text` says what was seen."""

    kind: str
    about: str
    text: str


@dataclass(frozen=True, slots=True)
class Notice:
    """One line of the watchdog: an alarm begins, or is over."""

    at: datetime
    state: Literal["raised", "over"]
    alarm: Alarm

    def line(self) -> str:
        """For people."""
        mark = "ALARM" if self.state == "raised" else "over "
        return f"{self.at:%Y-%m-%d %H:%M:%S} {mark} {self.alarm.kind} {self.alarm.about}: {self.alarm.text}"


class Alarms:
    """Which alarms stand. `looked` turns what is wrong now into notices."""

    def __init__(self) -> None:
        self._standing: dict[tuple[str, str], Alarm] = {}

    @property
    def standing(self) -> list[Alarm]:
        """In the order in which they began."""
        return list(self._standing.values())

    def looked(self, now: datetime, wrong: Iterable[Alarm], kinds: Iterable[str] = KINDS) -> list[Notice]:
        """What is new, and what is over, of these kinds; others were not looked at and stay as they are."""
        asked = set(kinds)
        found = {(alarm.kind, alarm.about): alarm for alarm in wrong if alarm.kind in asked}
        over = [key for key in self._standing if key[0] in asked and key not in found]
        notices = [Notice(now, "over", self._standing.pop(key)) for key in over]
        for key, alarm in found.items():
            if key not in self._standing:
                self._standing[key] = alarm
                notices.append(Notice(now, "raised", alarm))
        return notices
