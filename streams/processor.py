"""What every decision is: a pure processor, `decide(rows, event) -> Decision`.

No wall clock, randomness, I/O or Faust inside. The same processor runs live, in a unit test, in a replay and in a
benchmark's other engine, with the same result. Time comes as ticks; a row says itself when it must be woken.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeGuard

from schemas.record import Record


@dataclass(frozen=True, slots=True)
class Output:
    """One record to append; `key` decides its partition. `headers` only where a topic's readers expect more than the
    CloudEvents ones that the binding adds."""

    topic: str
    key: str
    record: Record
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What one event leads to: outputs in order, and rows as they should be afterwards."""

    outputs: list[Output] = field(default_factory=list)
    rows: dict[str, Record] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tick:
    """A moment that a ticker vouches for: it ran without a gap from `covers_since` to `at`."""

    at: datetime
    covers_since: datetime


class Rows(Protocol):
    """The rows of one partition, read-only."""

    def get(self, key: str) -> Record | None:
        """The row, or None."""
        ...


class Processor(Protocol):
    """A decision with its inputs."""

    @property
    def name(self) -> str:
        """The consumer group's and the changelog's name."""
        ...

    @property
    def inputs(self) -> tuple[str, ...]:
        """The topics it reads; one decides about a key."""
        ...

    def decide(self, rows: Rows, event: Record) -> Decision:
        """What the event leads to. Reads only rows of the event's own key."""
        ...

    def parse_row(self, text: bytes) -> Record:
        """A row from its JSON. What a later release put into it is passed over: one must be able to go back."""
        ...

    def tick(self, event: Record) -> Tick | None:
        """The tick that an event is, if it is one."""
        ...

    def wakes_at(self, row: Record) -> datetime | None:
        """When a row must be looked at again, if nothing happens before."""
        ...

    def wake(self, rows: Rows, key: str, tick: Tick) -> Decision:
        """What becomes of a row whose time has come."""
        ...


class Derived(Protocol):
    """Something worked out from a partition's rows and nothing else, such as an index, and kept in step with them."""

    def changed(self, key: str, row: Record) -> None:
        """A row was put or replaced; of one decision, in the order in which it names them."""
        ...


class Deriving(Protocol):
    """A processor that needs more than rows by key, and works it out from all rows of the partition."""

    def derive(self, rows: Mapping[str, Record]) -> Derived:
        """From rows in any order. Equal rows give what decides equally, however they came about."""
        ...


class Glancing(Protocol):
    """A processor that knows when a row wakes without reading all of it: after a start its rows stay text until asked for."""

    def wakes_in(self, text: bytes) -> datetime | None:
        """`wakes_at` of the row with this JSON."""
        ...


def derives(processor: object) -> TypeGuard[Deriving]:
    """Whether it is one that works something out from all rows."""
    return hasattr(processor, "derive")


def glances(processor: object) -> TypeGuard[Glancing]:
    """Whether it is one that need not read a row to know when it wakes."""
    return hasattr(processor, "wakes_in")


def derived_of(rows: Rows) -> Any:
    """What a `Deriving` processor works out from these rows, in step with them. Raises `TypeError` if they do not keep it."""
    # Asked in every decision: `isinstance` of a protocol would take longer than many a decision.
    if not hasattr(type(rows), "derived"):
        raise TypeError("these rows do not keep what is worked out from all of them")
    return rows.derived  # type: ignore[attr-defined]


class Timeless:
    """The part of a processor that no clock concerns."""

    def tick(self, event: Record) -> Tick | None:
        """No event of this processor is a tick."""
        return None

    def wakes_at(self, row: Record) -> datetime | None:
        """Never."""
        return None

    def wakes_in(self, text: bytes) -> datetime | None:
        """Never."""
        return None

    def wake(self, rows: Rows, key: str, tick: Tick) -> Decision:
        """Never called."""
        raise AssertionError("a processor without a clock was woken")


def rows_of(mapping: Mapping[str, Record]) -> Rows:
    """Rows from a mapping, for tests and replays."""
    return mapping
