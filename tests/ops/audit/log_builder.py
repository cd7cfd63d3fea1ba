"""Writes a log by hand, record by record, as the connectors and workers would: the auditor's tests plant faults in it.

Nothing here comes from the workers: what a consistent log looks like is said a second time. Times are London's unless
they say otherwise; the order of the log is the order of `when`.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32
from zoneinfo import ZoneInfo

from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from ops.audit.auditor import Examination
from ops.audit.log_reader import LogReader
from schemas.case_event import CaseEvent, Correction, Opened
from schemas.catalogue import catalogue, codec
from schemas.contact import Authority, Contact
from schemas.disposition import Disposition
from schemas.flag import Flag
from schemas.identity import derived_id, flag_id, unreadable_contact_id
from schemas.outbound import OutboundItem
from schemas.person import Person
from schemas.reading import Report
from schemas.received import Received, Repair
from schemas.record import Record

LONDON = ZoneInfo("Europe/London")
PARTITIONS = 4


def at(text: str) -> datetime:
    """`2026-07-03 23:58` in London, as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=LONDON).astimezone(UTC)


def end_of_day(moment: datetime) -> datetime:
    """The first instant after its London day, counted in wall time."""
    day = moment.astimezone(LONDON).replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
    return (day + timedelta(days=1)).replace(tzinfo=LONDON).astimezone(UTC)


@dataclass(frozen=True)
class Line:
    """One record to be, or raw bytes."""

    topic: str
    key: str
    record: Record | bytes | None
    when: datetime
    partition: int | None = None
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True)
class Child:
    """A contact and the message that brought it."""

    contact_id: str
    receipt_id: str
    opened_at: datetime


@dataclass
class Log:
    """Lines in order of `when`; `journal` are the receipts that senders were promised, `torn` broken lines in it."""

    lines: list[Line] = field(default_factory=list)
    journal: list[str] = field(default_factory=list)
    torn: list[str] = field(default_factory=list)
    named: dict[str, Child] = field(default_factory=dict)

    # -- one record -------------------------------------------------------------------------------------------------

    def put(self, topic: str, key: str, record: Record | bytes | None, when: datetime, **place: Any) -> None:
        self.lines.append(Line(topic, key, record, when, **place))

    def message(self, name: str, when: datetime, *, agency: str = "health", body: bytes | None = None, repairs: str = "") -> str:
        """A message on `received.<agency>`, acknowledged to its sender. The receipt comes from the name."""
        receipt = derived_id("receipt", name)
        content = name.encode() if body is None else body
        repair = Repair(of_receipt=repairs, by="R. Duty-Manager", reason="typing error") if repairs else None
        received = Received(
            receipt_id=receipt, sender=f"{agency}-sender", agency=agency, transport="http", received_at=when,
            size=len(content), body=content, repair=repair,
        )  # fmt: skip
        self.put(f"received.{agency}", received.sender, received, when)
        self.journal.append(receipt)
        return receipt

    def settled(self, receipt: str, kind: str, when: datetime, *, version: int = 1, **rest: Any) -> None:
        """A version of a disposition."""
        disposition = Disposition(
            receipt_id=receipt, version=version, disposition=kind, sender="health-sender", agency="health",
            transport="http", received_at=rest.pop("received_at", when), size=1, **rest,
        )  # fmt: skip
        self.put("receipts", receipt, disposition, when)

    def event(self, kind: str, contact: str, when: datetime, **rest: Any) -> CaseEvent:
        event_id = rest.pop("event_id", derived_id("event", kind, contact, when.isoformat()))
        event = CaseEvent(event_id=event_id, type=kind, contact_id=contact, at=rest.pop("at", when), **rest)
        self.put("case-events", contact, event, when)
        return event

    def opened(self, contact: str, receipt: str, when: datetime, *, kind: str = "referral", **rest: Any) -> None:
        said = {name: rest.pop(name) for name in ("repairs", "repaired_at") if name in rest}
        opened = Opened(
            agency="health", sender="health-sender", kind=kind, team="front-door", authority_code="383",
            authority_how="default", **said,
        )  # fmt: skip
        self.event("opened", contact, when, receipt_id=receipt, opened=opened, **rest)

    def contact(self, contact: str, receipt: str, when: datetime, *, version: int = 1, received_at: datetime) -> Contact:
        record = Contact(
            contact_id=contact, receipt_id=receipt, version=version, sender="health-sender", agency="health",
            received_at=received_at, authority=Authority(code="383", name="Leeds", how="default"), team="front-door",
            report=Report(person=Person(given="Test", family="Child")),
        )  # fmt: skip
        self.put("contacts", contact, record, when)
        return record

    def routed(self, contact: Contact, when: datetime, **changes: Any) -> None:
        item = OutboundItem(
            item_id=derived_id("item", contact.contact_id, str(contact.version)),
            kind="referral" if contact.version == 1 else "correction", recipient="case-system", agency="social_care",
            contact_id=contact.contact_id, receipt_id=contact.receipt_id, at=when, contact=contact,
        )  # fmt: skip
        item = item.model_copy(update=changes)
        self.put("outbound.social_care", f"case-system {contact.contact_id}", item, when)

    def flag(self, contact: str, started: datetime, state: str, when: datetime, **changes: Any) -> Flag:
        due = changes.pop("due_at", end_of_day(started))
        clock, opening = changes.pop("clock", "same-day"), changes.pop("opening", 1)
        flag = Flag(
            flag_id=flag_id(contact, clock, opening, due.isoformat()), contact_id=contact, clock=clock,
            opening=opening, started_at=started, due_at=due, state=state, result=changes.pop("result", "missed"),
        ).model_copy(update=changes)  # fmt: skip
        self.put("flags", contact, flag, when)
        return flag

    # -- what happens -----------------------------------------------------------------------------------------------

    def ticks(self, since: datetime, until: datetime, *, every: timedelta = timedelta(minutes=60)) -> None:
        """One ticker that runs without a gap over the whole time, in every partition."""
        before, moment = since, since
        while moment <= until:
            for partition in range(PARTITIONS):
                key = f"tick-{partition}"
                tick = CaseEvent(
                    event_id=derived_id(key, moment.isoformat()), type="tick", contact_id=key, at=moment,
                    covers_since=before,
                )  # fmt: skip
                self.put("case-events", key, tick, moment, partition=partition)
            before, moment = moment, moment + every

    def arrives(self, name: str, text: str, *, children: int = 1, kind: str = "referral") -> Child:
        """A message with children: read, opened, allocated, routed. They are `name`, `name/2`, …"""
        when = at(text)
        receipt = self.message(name, when)
        ids = [derived_id("contact", name, str(number)) for number in range(children)]
        soon = when + timedelta(seconds=1)
        self.settled(receipt, "contact", soon, received_at=when, contact_ids=ids)
        for number, contact in enumerate(ids):
            self.opened(contact, receipt, soon, at=when, kind=kind)
            self._taken(contact, receipt, when, soon)
            self.named[name if number == 0 else f"{name}/{number + 1}"] = Child(contact, receipt, when)
        return self.named[name]

    def _taken(self, contact: str, receipt: str, received_at: datetime, when: datetime) -> None:
        self.routed(self.contact(contact, receipt, when, received_at=received_at), when + timedelta(seconds=1))
        self.event("allocated", contact, when + timedelta(seconds=1), by="A. Worker", details={"how": "rota"})

    def assessed(self, name: str, text: str, *, by: str = "A. Worker", level: str = "amber", **rest: Any) -> CaseEvent:
        """Social care records an assessment of a named child."""
        when, contact = at(text), self.named[name].contact_id
        receipt = self.message(f"assessment of {name} {text}", when, agency="social_care")
        event_id = derived_id("event", receipt)
        self.settled(receipt, "case_events", when + timedelta(seconds=1), received_at=when, event_ids=[event_id])
        return self.event(
            "risk_assessed", contact, when + timedelta(seconds=1), at=when, receipt_id=receipt, event_id=event_id,
            by=by, level=level, reason_hash=rest.pop("reason_hash", "ab" * 16), **rest,
        )  # fmt: skip

    def corrected(self, name: str, text: str, *, risk_changed: bool = True) -> None:
        """A later version of a child's report."""
        when, child = at(text), self.named[name]
        receipt = self.message(f"correction of {name} {text}", when)
        soon = when + timedelta(seconds=1)
        self.settled(receipt, "contact", soon, received_at=when, contact_ids=[child.contact_id])
        self.routed(self.contact(child.contact_id, receipt, soon, version=2, received_at=when), soon)
        correction = Correction(version=2, risk="red", risk_changed=risk_changed, child_changed=False)
        self.event("corrected", child.contact_id, soon, at=when, receipt_id=receipt, correction=correction)

    def unreadable(self, name: str, text: str) -> Child:
        """A message nobody can read: kept, opened, allocated."""
        when = at(text)
        receipt = self.message(name, when)
        contact, soon = unreadable_contact_id(receipt), when + timedelta(seconds=1)
        self.put("quarantine", "health-sender", self._received(receipt), soon)
        self.settled(receipt, "quarantined", soon, received_at=when, contact_ids=[contact])
        self.opened(contact, receipt, soon, at=when, kind="unreadable")
        self.event("allocated", contact, soon, by="A. Worker")
        self.named[name] = Child(contact, receipt, when)
        return self.named[name]

    def repaired(self, name: str, text: str) -> Child:
        """A person repairs it: one child, `name/read`, with the day of the original."""
        when, broken = at(text), self.named[name]
        own = self.message(f"repair of {name}", when, repairs=broken.receipt_id)
        contact, soon = derived_id("contact", name, "read"), when + timedelta(seconds=1)
        self.opened(
            contact, own, soon, at=broken.opened_at, repairs=broken.contact_id, repaired_at=when,
        )  # fmt: skip
        self._taken(contact, own, broken.opened_at, soon)
        self.event("became", broken.contact_id, soon, at=when, receipt_id=own, became=[contact])
        self.settled(
            broken.receipt_id, "contact", soon, version=2, received_at=broken.opened_at, contact_ids=[contact],
            repaired_by="R. Duty-Manager",
        )  # fmt: skip
        self.settled(own, "duplicate", soon, contact_ids=[contact], duplicate_of=broken.receipt_id)
        self.named[f"{name}/read"] = Child(contact, own, broken.opened_at)
        return self.named[f"{name}/read"]

    def flagged(self, name: str, state: str = "raised", *, seconds: float = 60, **changes: Any) -> Flag:
        """A flag of a named child, so long after its limit."""
        child = self.named[name]
        when = end_of_day(changes.get("started_at", child.opened_at)) + timedelta(seconds=seconds)
        return self.flag(child.contact_id, changes.pop("started_at", child.opened_at), state, when, **changes)

    def poison(self, topic: str, when: datetime, payload: bytes | None = b"\x00not a record") -> None:
        """A record nobody can decode, with a key and partition 0."""
        self.put(topic, "poison", payload, when, partition=0)

    # -- faults -----------------------------------------------------------------------------------------------------

    def _received(self, receipt: str) -> Received:
        found = next(line.record for line in self.lines if getattr(line.record, "receipt_id", "") == receipt)
        assert isinstance(found, Received)
        return found

    def find(self, topic: str, test: Callable[[Any], bool]) -> Line:
        return next(x for x in self.lines if x.topic == topic and isinstance(x.record, Record) and test(x.record))

    def lose(self, topic: str, test: Callable[[Any], bool]) -> None:
        """Remove every such record; there must be one."""
        before = len(self.lines)
        self.lines = [x for x in self.lines if x.topic != topic or isinstance(x.record, bytes) or not test(x.record)]
        assert len(self.lines) < before

    def change(self, topic: str, test: Callable[[Any], bool], **changes: Any) -> None:
        """Change the first such record."""
        line = self.find(topic, test)
        assert isinstance(line.record, Record)
        self.lines[self.lines.index(line)] = replace(line, record=line.record.model_copy(update=changes))

    def again(self, topic: str, test: Callable[[Any], bool], *, seconds: float = 1, **changes: Any) -> None:
        """Write the first such record once more, later, perhaps changed."""
        line = self.find(topic, test)
        assert isinstance(line.record, Record)
        record = line.record.model_copy(update=changes)
        self.lines.append(replace(line, record=record, when=line.when + timedelta(seconds=seconds)))

    # -- to a broker, or straight to the examination ------------------------------------------------------------------

    def write(self, bootstrap: str, folder: Path) -> Path:
        """Write all to the broker, in order, and the journal into a folder; returns the folder."""
        producer = _producer(bootstrap)
        refused: list[Any] = []
        for line, value in self._encoded():
            place = {} if line.partition is None else {"partition": line.partition}
            producer.produce(
                line.topic, value, line.key, headers=list(line.headers),
                on_delivery=lambda error, _: refused.append(error) if error else None, **place,
            )  # fmt: skip
            producer.poll(0)
        assert producer.flush(30) == 0
        assert not refused, refused
        return self.write_journal(folder)

    def write_journal(self, folder: Path) -> Path:
        """What the connector promised its senders."""
        told = "".join(json.dumps({"receipt_id": receipt}) + "\n" for receipt in self.journal)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "health.jsonl").write_text("".join(self.torn) + told)
        return folder

    def hand_to(self, examination: Examination) -> None:
        """Give every record to an examination as a broker would have placed it a minute ago."""
        offsets: Counter[tuple[str, int]] = Counter()
        appended = int(time.time() * 1000) - 60_000
        for line, value in self._encoded():
            partition = crc32(line.key.encode()) % PARTITIONS if line.partition is None else line.partition
            offset = offsets[line.topic, partition]
            offsets[line.topic, partition] += 1
            headers = list(line.headers)
            examination.take(line.topic, partition, offset, appended, value, lambda headers=headers: headers)

    def _encoded(self) -> Iterator[tuple[Line, bytes | None]]:
        for line in sorted(self.lines, key=lambda line: line.when):
            yield line, codec(line.topic).encode(line.record) if isinstance(line.record, Record) else line.record


@cache
def _producer(bootstrap: str) -> Producer:
    return Producer({"bootstrap.servers": bootstrap, "partitioner": "murmur2_random", "linger.ms": 5, "log_level": 0})


def empty(bootstrap: str) -> None:
    """Delete every record of the catalogue's topics; their next offset stays what it was."""
    reader = LogReader(bootstrap)
    ends = [TopicPartition(x.topic, x.partition, x.high) for x in reader.ends(list(catalogue().topics)) if x.high > x.low]
    reader.close()
    # A client without a name would be gone before the broker answers.
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for future in (admin.delete_records(ends) if ends else {}).values():
        future.result(timeout=30)


def next_offset(bootstrap: str, topic: str, partition: int = 0) -> int:
    """Where the next record of a partition will be."""
    reader = LogReader(bootstrap)
    ends = {x.partition: x.high for x in reader.ends([topic])}
    reader.close()
    return ends[partition]


def wait_a_millisecond() -> None:
    """The broker's append times are whole milliseconds: an audit begins after the last."""
    time.sleep(0.002)
