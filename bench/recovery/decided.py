"""What intake, allocation and linkage leave on the log: every case really decided, no two alike; then its rows once more for
each update behind it, as later events would have left them.

Two simplifications. An update of allocation's and linkage's rows writes what the last one wrote. Intake keeps two rows of every
message, so each update has rows of its own there, and shares those of the reference.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random
from uuid import NAMESPACE_DNS, uuid5

from bench.linkage.families import make_families
from bench.linkage.reports import write_report
from bench.pipeline.messages import Partners
from ops.run import PROCESSORS
from schemas.allocation import AllocationEvent
from schemas.catalogue import catalogue
from schemas.linkage import LinkageEvent, LinkPerson
from schemas.ports import Entry
from schemas.record import Record
from schemas.settings import Settings
from streams.envelope import entry_of
from streams.partition import PartitionState
from streams.processor import Output

_SPACE = uuid5(NAMESPACE_DNS, "recovery.invalid")
_ARRIVAL = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_BATCH = 200
_WORKERS = 5


@dataclass(frozen=True)
class Kind:
    """One kind of worker: what it reads, and the events of so many cases in one partition."""

    topic: str
    events: Callable[[int, int], Iterator[Record]]
    #: Whether an update leaves a row of its own under that key.
    own_row: Callable[[str, bytes], bool] = lambda key, row: False


def _allocation_events(partition: int, cases: int) -> Iterator[AllocationEvent]:
    team = f"team {partition}"
    for number in range(_WORKERS):
        yield AllocationEvent(
            event_id=_id("rota", partition, number), type="rota_set", team=team, at=_ARRIVAL, worker_id=f"w{number}",
            worker_name=f"Ben Hughes {number}", duty_from=_ARRIVAL,
        )  # fmt: skip
    for number in range(cases):
        yield AllocationEvent(
            event_id=_id("request", partition, number), type="requested", team=team, at=_ARRIVAL + timedelta(seconds=number),
            contact_ids=[_id("contact", partition, number)], risk="amber",
        )  # fmt: skip


def _linkage_events(partition: int, cases: int) -> Iterator[LinkageEvent]:
    random, known = Random(partition), 0
    while known < cases:
        for child in make_families(random, min(20_000, cases - known)):
            known += 1
            report = write_report(random, child, 1, [], f"{partition} {known}", "health")
            yield LinkageEvent(
                event_id=_id("reported", partition, known), type="reported", partnership=f"partnership {partition}",
                contact_id=_id("contact", partition, known), at=_ARRIVAL + timedelta(seconds=known), version=1, agency="health",
                person=LinkPerson(
                    given=report.given, family=report.family, dob=report.dob, sex=report.sex, postcode=report.postcode,
                    address_line=report.address_line, nhs_number=report.nhs_number, upn=report.upn,
                ),
            )  # fmt: skip


def _messages(partition: int, cases: int) -> Iterator[Record]:
    partners = Partners(partition + 1)
    for number in range(cases):
        at = _ARRIVAL + timedelta(seconds=number)
        yield partners.message("education JSON").received(f"recovery {partition} {number}", "bench", at)


KINDS: dict[str, Kind] = {
    "intake": Kind("received.education", _messages, lambda key, row: b'"reference"' not in row[:30]),
    "allocation": Kind("allocation-in", _allocation_events),
    "linkage": Kind("linkage-in", _linkage_events),
}


def entries_of(role: str, changelog: str, *, partitions: int, each: int, updates: int) -> Iterator[Entry]:
    """Events and rows of `each` cases a partition, update by update, in the order in which a worker would have appended them."""
    kind = KINDS[role]
    for partition in range(partitions):
        processor = PROCESSORS[role](Settings())
        state, first = PartitionState(processor), list(kind.events(partition, each))
        events = [entry_of(Output(kind.topic, "case", event)).value for event in first]
        written: list[list[_Written]] = []
        for since in range(0, len(first), _BATCH):
            for offset, event in enumerate(first[since : since + _BATCH], since):
                state.apply(kind.topic, offset, event)
            written.append([_Written.of(write.key, write.value) for write in state.take_dirty()])
            state.durable(kind.topic, min(since + _BATCH, len(first)))
        last: dict[str, int] = {}
        for update in range(updates + 1):
            yield from (Entry(kind.topic, b"case", value, (), partition) for value in events)
            for batch in written:
                for row in batch:
                    key = f"{row.key} {update}" if update and kind.own_row(row.key, row.row) else row.key
                    yield Entry(changelog, key.encode(), row.again(update * len(first), last.get(key, -1)), (), partition)
                    last[key] = row.head["offset"] + update * len(first)


@dataclass(frozen=True, slots=True)
class _Written:
    """A row as it stands on the changelog."""

    key: str
    head: dict[str, int]
    row: bytes

    @staticmethod
    def of(key: str, value: bytes) -> "_Written":
        head, mark, row = value.partition(b', "row": ')
        return _Written(key, json.loads(head + b"}"), mark + row)

    def again(self, later: int, before: int) -> bytes:
        """The same row, written so many events later."""
        moved = {name: self.head[name] + later for name in ("offset", "since", "until")}
        return json.dumps({**self.head, **moved, "before": before})[:-1].encode() + self.row


@cache
def _more(kind: str, partition: int) -> Iterator[Record]:
    return KINDS[kind].events(partition + catalogue().keyed_partitions, 1_000)


def one_more(kind: str, partition: int) -> Entry:
    """An event of a case that nobody knows yet, for that partition; another one each time."""
    entry = entry_of(Output(KINDS[kind].topic, "case", next(_more(kind, partition))))
    return Entry(entry.topic, entry.key, entry.value, entry.headers, partition)


def _id(*parts: object) -> str:
    return str(uuid5(_SPACE, " ".join(map(str, parts))))
