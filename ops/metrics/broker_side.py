"""What the broker knows: where each topic begins and ends, how far each consumer group has committed, and who is in it.

Nothing is taken from a worker's memory: a worker that hangs would say that all is well.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from ops.group_offsets import GroupOffsets
from ops.view.log_ends import BrokerAway, Partition
from schemas.catalogue import AGENCIES, catalogue

# The library ships these without types.
_LATEST: Any = OffsetSpec.latest()  # type: ignore[no-untyped-call]
_EARLIEST: Any = OffsetSpec.earliest()  # type: ignore[no-untyped-call]


_DELIVERY, _STATES = "delivery", "deliveries"
DELIVERY_GROUP = f"frontdoor-{_DELIVERY}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a group stands in one partition. `committed` None: it has committed nothing, so its next is the oldest."""

    group: str
    partition: Partition
    committed: int | None
    next_offset: int
    lag: int


@dataclass(frozen=True)
class LogState:
    """Offsets of one moment; `committed` by group, without those whose coordinator did not answer."""

    oldest: Mapping[Partition, int]
    ends: Mapping[Partition, int]
    committed: Mapping[str, Mapping[Partition, int]]

    def places(self) -> Iterator[Place]:
        """Every place of every group: in what it must read, even if it never has, and wherever else it has committed."""
        for group, committed in self.committed.items():
            must = inputs_of(group)
            for partition, end in sorted(self.ends.items()):
                if partition[0] == _STATES:
                    # Where delivery would begin to remember, not what it has yet to do.
                    continue
                if partition[0] in must or partition in committed:
                    at = committed.get(partition)
                    oldest = self.oldest.get(partition, 0)
                    # Retention may have taken what was never read; it cannot be read any more.
                    following = oldest if at is None else max(at, oldest)
                    yield Place(group, partition, at, following, max(0, end - following))


def groups(*, delivers: bool) -> list[str]:
    """The hub's own consumer groups: a shared cluster's others are nobody's business here. `delivers`: recipients are
    configured, so that somebody must read what leaves."""
    workers = {reader for topic in catalogue().topics.values() for reader in topic.readers} & _worker_names()
    readers = [*sorted(workers), *([_DELIVERY] if delivers else []), *(f"connector-{agency}" for agency in AGENCIES)]
    return [f"frontdoor-{name}" for name in readers]


def inputs_of(group: str) -> set[str]:
    """The topics that a group must read; none for a connector's, whose topics are its partners'."""
    name = group.removeprefix("frontdoor-")
    if name not in _worker_names() | {_DELIVERY}:
        return set()
    read = {topic for topic, entry in catalogue().topics.items() if name in entry.readers}
    return read - {_STATES} if name == _DELIVERY else read


def _worker_names() -> set[str]:
    return {changelog.removesuffix("-rows") for changelog in catalogue().changelogs}


class BrokerSide:
    """Asks one cluster. Each answer waits `timeout` seconds at most."""

    def __init__(self, bootstrap: str, *, delivers: bool = False, timeout: float = 1.5) -> None:
        # A broker that comes back is found again within a second, not within librdkafka's ten.
        patience = {"reconnect.backoff.max.ms": 1000, "log_level": 0}
        self._admin = AdminClient({"bootstrap.servers": bootstrap, "client.id": "frontdoor-metrics", **patience})
        self._groups = GroupOffsets(bootstrap, timeout=timeout)
        self._timeout = timeout
        self.groups = groups(delivers=delivers)

    def state(self) -> LogState:
        """The hub's topics and groups now. Raises `BrokerAway`."""
        try:
            partitions = self._partitions()
            oldest, ends = self._offsets(partitions, _EARLIEST), self._offsets(partitions, _LATEST)
            # Groups are asked afterwards: a broker answers a connection in order, and its groups may not be loaded yet.
            offsets = self._resolved(oldest), self._resolved(ends)
            places = self._groups.committed(self.groups)
            return LogState(*offsets, {group: place for group, place in places.items() if place is not None})
        except (KafkaException, TimeoutError):
            raise BrokerAway("no offsets") from None

    def members(self, state: LogState) -> dict[str, int]:
        """How many are in each group whose coordinator answered for `state`: nobody waits for another one twice."""
        answered = self._groups.members(state.committed) if state.committed else {}
        return {group: count for group, count in answered.items() if count is not None}

    def _partitions(self) -> list[Partition]:
        known = catalogue().desired()
        topics = self._admin.list_topics(timeout=self._timeout).topics
        return [
            (name, partition)
            for name, topic in topics.items()
            if (name in known or name.startswith("partner.")) and topic.error is None
            for partition in topic.partitions
        ]

    def _offsets(self, partitions: list[Partition], spec: Any) -> dict[TopicPartition, Any]:
        if not partitions:
            return {}
        asked = {TopicPartition(topic, partition): spec for topic, partition in partitions}
        return dict(self._admin.list_offsets(asked, request_timeout=self._timeout))

    def _resolved(self, answers: Mapping[TopicPartition, Any]) -> dict[Partition, int]:
        # A partition without a leader is left out; a broker that tells of none is away.
        found: dict[Partition, int] = {}
        refused: KafkaException | None = None
        for place, answer in answers.items():
            try:
                found[(place.topic, place.partition)] = answer.result(self._timeout).offset
            except KafkaException as error:
                refused = error
        if refused is not None and not found:
            raise refused
        return found
