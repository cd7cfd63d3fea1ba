"""The frontier: per partition, the offset up to which everything is durable. Only this is ever committed. Pure.

A fetched batch must begin exactly at the frontier. One that begins before it is trimmed; one that begins after it
means that something was passed over (a rebalance, a dropped batch), and the position must go back: nothing is ever
skipped. Without this the transport lost 1,960 of 20,000 events in a measurement with rebalances.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar


class Offsetted(Protocol):
    """Anything with an offset: a fetched record."""

    @property
    def offset(self) -> int:
        """Its place in the partition."""
        ...


_T = TypeVar("_T", bound=Offsetted)


@dataclass(frozen=True, slots=True)
class Admission(Generic[_T]):
    """What to do with a fetched batch: process `records`, or, when `seek_to` is set, go back there first."""

    records: Sequence[_T]
    seek_to: int | None = None


class Frontier:
    """The frontiers of the partitions a worker owns. Offsets are those of the next record to process."""

    def __init__(self) -> None:
        self._next: dict[tuple[str, int], int] = {}
        self._committed: dict[tuple[str, int], int] = {}

    def start(self, topic: str, partition: int, offset: int) -> None:
        """A partition was assigned (again): its frontier is what was committed, or its beginning."""
        self._next[topic, partition] = offset
        self._committed[topic, partition] = offset

    def drop(self, topic: str, partition: int) -> None:
        """A partition was revoked."""
        self._next.pop((topic, partition), None)
        self._committed.pop((topic, partition), None)

    def owns(self, topic: str, partition: int) -> bool:
        """Whether the partition has a frontier here."""
        return (topic, partition) in self._next

    def position(self, topic: str, partition: int) -> int:
        """The next offset to process. Raises `KeyError` for a partition not owned."""
        return self._next[topic, partition]

    def admit(self, topic: str, partition: int, records: Sequence[_T]) -> Admission[_T]:
        """Which of the fetched records may be processed now."""
        frontier = self._next.get((topic, partition))
        if frontier is None or not records:
            return Admission([])
        if records[0].offset > frontier:
            return Admission([], seek_to=frontier)
        return Admission([r for r in records if r.offset >= frontier])

    def advance(self, topic: str, partition: int, next_offset: int) -> None:
        """Outputs and rows up to `next_offset` are durable. Going back raises `AssertionError`: a bug, never data."""
        before = self._next[topic, partition]
        assert next_offset > before, f"frontier of {topic}/{partition} would go from {before} to {next_offset}"
        self._next[topic, partition] = next_offset

    def to_commit(self) -> dict[tuple[str, int], int]:
        """What has moved since it was last committed."""
        return {tp: offset for tp, offset in self._next.items() if offset > self._committed[tp]}

    def committed(self, offsets: dict[tuple[str, int], int]) -> None:
        """The broker holds these commits now."""
        for tp, offset in offsets.items():
            if tp in self._committed:
                self._committed[tp] = max(self._committed[tp], offset)
