"""The records behind one flag, found on the log: its own states, and the case events and ticks they came from."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ops.audit.log_reader import LogReader
from ops.audit.log_reader import Progress as Told
from schemas.case_event import CaseEvent
from schemas.catalogue import codec
from schemas.flag import Flag
from schemas.wire import Undecodable

#: A tick further ahead of its record's append time counts for nobody (not under a stepped clock), in milliseconds.
_TICK_AHEAD_MS = 5000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record stands."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


@dataclass
class Found:
    """A flag's states in log order, each once, with every place at which it stands."""

    flag_id: str
    states: list[tuple[Flag, list[Place]]] = field(default_factory=list)

    @property
    def flag(self) -> Flag:
        """The flag as it stands."""
        return self.states[-1][0]

    @property
    def partition(self) -> int:
        """Its contact's partition, the same on every topic with that key."""
        return self.states[0][1][0].partition


def find_flags(reader: LogReader, beginning: str, told: Told) -> list[Found]:
    """The flags whose id begins so. Raises `ops.audit.verdict.CannotLook`."""
    by_id: dict[str, Found] = {}

    def take(topic: str, partition: int, offset: int, _ms: int, value: bytes | None, _headers: Callable[[], Any]) -> None:
        try:
            flag: Flag = codec(topic).decode(value)
        except Undecodable:
            return
        if not flag.flag_id.startswith(beginning):
            return
        found = by_id.setdefault(flag.flag_id, Found(flag.flag_id))
        place = Place(topic, partition, offset)
        again = next((places for state, places in found.states if state == flag), None)
        if again is not None:
            # An output may stand on the log twice, with the same content; it is one.
            again.append(place)
        else:
            found.states.append((flag, [place]))

    reader.read(reader.ends(["flags"]), take, told)
    return list(by_id.values())


@dataclass(frozen=True, slots=True)
class Input:
    """One case event or tick that the decision takes."""

    place: Place
    event: CaseEvent


def feed_inputs(reader: LogReader, found: Found, take: Callable[[Input], None], *, stepped: bool, told: Told) -> None:
    """Give the contact's events and its partition's ticks, in log order; other contacts' events decide nothing about it.

    One record is held at a time: a year of ticks is two million. Raises `CannotLook`.
    """
    contact = found.flag.contact_id

    def filtered(topic: str, partition: int, offset: int, ms: int, value: bytes | None, _headers: Callable[[], Any]) -> None:
        try:
            event: CaseEvent = codec(topic).decode(value)
        except Undecodable:
            return
        if event.type == "tick":
            if not stepped and event.at.timestamp() * 1000 > ms + _TICK_AHEAD_MS:
                return
        elif event.contact_id != contact:
            return
        take(Input(Place(topic, partition, offset), event))

    spans = [span for span in reader.ends(["case-events"]) if span.partition == found.partition]
    reader.read(spans, filtered, told)
