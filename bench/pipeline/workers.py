"""One worker process at a time, catching up with a log that is already there: records in a second."""

import json
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.pipeline import stock
from bench.pipeline.contacts import Day, day_of
from bench.pipeline.figure import Figure, Say
from bench.pipeline.log import Appended, Log, wait
from bench.pipeline.messages import FORMATS, Message, Partners
from bench.pipeline.process_facts import cpu_seconds
from bench.pipeline.speed import Step, rate
from connectors.registry import reader
from ops.processes import Stack, hub_command
from ops.topics import apply_topics
from schemas.catalogue import AGENCIES, catalogue, codec
from schemas.ports import Entry
from schemas.reading import Hint
from streams.cases import Cases
from streams.envelope import entry_of
from streams.partition import PartitionState
from streams.processor import Processor
from streams.routing import Routing

RECEIVED = tuple(f"received.{agency}" for agency in AGENCIES)
#: Senders in a backlog of messages: enough that every partition has some.
_SENDERS = 16
#: Seconds that one worker gets to catch up.
_LIMIT = 150.0


@dataclass(frozen=True)
class Catching:
    """How one process caught up."""

    per_second: float
    records: int
    cpu: float | None

    def told(self) -> dict[str, float | None]:
        """For the details of a figure."""
        cpu = None if self.cpu is None else round(self.cpu / self.records * 1e6, 1)
        return {"records": self.records, "records_per_second": round(self.per_second), "cpu_us_per_record": cpu}


class Catcher:
    """Starts workers on one log and watches them catch up."""

    def __init__(self, log: Log, directory: Path) -> None:
        self._log = log
        self._directory = directory

    def routing(self, role: str, group: str) -> Catching:
        """A process that turns `contacts` into outbound items, one each."""
        since = self._log.ends("outbound.social_care")
        records, cpu = self._run(role, group, ("contacts",))
        return Catching(rate(_counted(self._log.records("outbound.social_care", since))), records, cpu)

    def cases(self, role: str, group: str, changelog: str) -> Catching:
        """A process that keeps a row for each contact in `case-events`: each event changes one."""
        since = self._log.ends(changelog)
        records, cpu = self._run(role, group, ("case-events",))
        return Catching(rate(_origins(self._log.records(changelog, since))), records, cpu)

    def intake(self) -> Catching:
        """The intake worker, one receipt for each message."""
        since = self._log.ends("receipts")
        records, cpu = self._run("intake", "frontdoor-intake", RECEIVED)
        return Catching(rate(_counted(self._log.records("receipts", since))), records, cpu)

    def _run(self, role: str, group: str, topics: Sequence[str]) -> tuple[int, float | None]:
        """Until the group has committed everything. How many records that were, and the processor time they took."""
        records = self._log.behind(group, topics)
        with Stack(self._directory / role, self._log.bootstrap, roles=[role], command=_command) as stack:
            pid = stack.pid(role)
            before = cpu_seconds(pid)
            wait(f"{role} to catch up", lambda: self._log.behind(group, topics) == 0, _LIMIT)
            after = cpu_seconds(pid)
        return records, None if before is None or after is None else after - before


def _command(role: str) -> Sequence[str]:
    if role.startswith("stock-"):
        return [sys.executable, "-m", "bench.pipeline.stock", role.removeprefix("stock-")]
    return hub_command(role)


def _counted(records: Iterable[Appended]) -> list[Step]:
    return [Step(one.at, number) for number, one in enumerate(records, 1)]


def _origins(rows: Iterable[Appended]) -> list[Step]:
    """How many events are behind each row: it names the event that changed it last, the same way in every engine."""
    reached: dict[int, int] = {}
    steps = []
    for row in rows:
        reached[row.partition] = max(reached.get(row.partition, 0), json.loads(row.value)["offset"] + 1)
        steps.append(Step(row.at, sum(reached.values())))
    return steps


# -- routing and cases


def routing(log: Log, directory: Path, contacts: int, say: Say) -> Iterator[Figure]:
    """`routing` from contacts that intake has read, beside the same processor in stock Faust."""
    day = _prepared(log, "routing", contacts, say)
    log.append(day.contacts)
    catcher = Catcher(log, directory)
    say("routing: the hub's worker …")
    ours = catcher.routing("routing", "frontdoor-routing")
    say("routing: stock Faust …")
    theirs = catcher.routing("stock-routing", stock.group_of("routing"))
    yield _beside(ours, theirs, Routing(), day.contacts)


def cases(log: Log, directory: Path, contacts: int, say: Say) -> Iterator[Figure]:
    """`cases` from the events of as many contacts, beside the same processor in stock Faust."""
    day = _prepared(log, "cases", contacts, say)
    log.append(day.case_events)
    catcher = Catcher(log, directory)
    say("cases: the hub's worker …")
    ours = catcher.cases("cases", "frontdoor-cases", catalogue().changelog_topic("cases-rows"))
    say("cases: stock Faust …")
    theirs = catcher.cases("stock-cases", stock.group_of("cases"), stock.changelog_of("cases"))
    yield _beside(ours, theirs, Cases(), day.case_events)


def _prepared(log: Log, name: str, contacts: int, say: Say) -> Day:
    apply_topics(log.bootstrap)
    log.make_topic(stock.changelog_of(name), catalogue().changelog_config())
    say(f"{name}: making {contacts:,} contacts and what happens to them …")
    return day_of(contacts)


def _beside(ours: Catching, theirs: Catching, processor: Processor, entries: Sequence[Entry]) -> Figure:
    memory = round(_in_memory(processor, entries))
    return Figure(
        processor.name, f"{processor.name}, one worker process", "rec/s", ours.per_second, "stock Faust, event by event",
        theirs.per_second,
        {"hub": ours.told(), "stock_faust": theirs.told(), "without_a_broker_per_second": memory},
    )  # fmt: skip


def _in_memory(processor: Processor, entries: Sequence[Entry]) -> float:
    """Records in a second through decoding, decision and encoding alone: what a worker could not exceed."""
    [topic] = processor.inputs
    decode, state = codec(topic).decode, PartitionState(processor)
    began = time.perf_counter()
    for offset, entry in enumerate(entries):
        for output in state.apply(topic, offset, decode(entry.value)):
            entry_of(output)
        if offset % 500 == 499:
            state.take_dirty()
            state.durable(topic, offset + 1)
    return len(entries) / (time.perf_counter() - began)


# -- intake


def intake(log: Log, directory: Path, messages: int, say: Say) -> Iterator[Figure]:
    """The intake worker on a backlog of each format, beside the reader of that format alone."""
    apply_topics(log.bootstrap)
    partners, catcher = Partners(2), Catcher(log, directory)
    for form in [name for name in FORMATS if name != "telephone"]:
        say(f"intake: {messages:,} messages, {form} …")
        made = [partners.message(form) for _ in range(messages)]
        log.append(list(received_entries(made, form)))
        worked = catcher.intake()
        alone = _reader_alone(made)
        size = round(sum(len(message.body) for message in made) / len(made))
        details = {"intake": worked.told(), "bytes_per_message": size}
        yield Figure("intake", f"intake, {form}", "msg/s", worked.per_second, "the reader alone", alone, details)


def received_entries(messages: Iterable[Message], name: str) -> Iterator[Entry]:
    """The messages as the edges of several senders would have stored them just now."""
    at = datetime.now(UTC)
    for position, message in enumerate(messages):
        sender = f"{message.agency}-bench-{position % _SENDERS}"
        received = message.received(f"{name}-{position}", sender, at)
        topic = f"received.{message.agency}"
        yield Entry(topic, sender.encode(), codec(topic).encode(received))


def _reader_alone(messages: Sequence[Message]) -> float:
    read = reader(messages[0].agency)
    hint = Hint(content_type=messages[0].content_type, transport="http")
    read(messages[0].body, hint)
    began = time.perf_counter()
    for message in messages:
        read(message.body, hint)
    return len(messages) / (time.perf_counter() - began)
