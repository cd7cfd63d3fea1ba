"""A log planted by hand: contacts and what happened to them, ticks, and the flags that the real decisions make of these.

Every child is invented. Times are London's.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from confluent_kafka import Producer

from ops.casebook.book import CaseBook
from schemas.calendars import load_calendars
from schemas.case_event import CaseEvent, Opened
from schemas.catalogue import catalogue, codec
from schemas.clock_policy import load_policy
from schemas.contact import Authority, Contact
from schemas.identity import derived_id
from schemas.london import LONDON
from schemas.person import Address, Identifier, Person
from schemas.reading import Report
from schemas.record import Record
from streams.cases import Cases
from streams.clock_rules import ClockRules
from streams.clocks import Clocks
from streams.partition import PartitionState

PARTITIONS = catalogue().keyed_partitions
CALENDARS = load_calendars()
POLICY = load_policy(calendars=CALENDARS)
RULES = ClockRules(POLICY, CALENDARS)


def at(text: str) -> datetime:
    """`2026-03-02 09:00` in London, as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=LONDON).astimezone(UTC)


def child(given: str = "Nora", **more: Any) -> Person:
    """An invented child; `la` is the authority's own number, `postcode` where it lives."""
    numbers = [Identifier(kind="la_child_id", value=more.pop("la"))] if "la" in more else []
    address = Address(postcode=more.pop("postcode", ""))
    return Person(
        given=given, family="Testperson", dob=more.pop("dob", date(2018, 5, 6)), identifiers=numbers, address=address, **more
    )


@dataclass
class Planted:
    """What is planted, in the order of its time."""

    records: list[tuple[datetime, int, str, str, Record]] = field(default_factory=list)
    _number: Any = field(default_factory=count)

    def put(self, topic: str, key: str, record: Record, when: datetime) -> None:
        self.records.append((when, next(self._number), topic, key, record))

    def arrives(self, name: str, text: str, person: Person | None = None, *, kind: str = "referral", **report: Any) -> str:
        """A child is reported; returns the contact's id."""
        when, contact_id = at(text), derived_id("planted", name)
        agency = report.pop("agency", "health")
        opened = Opened(
            agency=agency, sender=f"{agency}-1", kind=kind, risk="amber", team="front-door", authority_code="383",
            authority_how="postcode",
        )  # fmt: skip
        event = CaseEvent(
            event_id=derived_id("opened", contact_id), type="opened", contact_id=contact_id, at=when, opened=opened,
            receipt_id=derived_id("receipt", name),
        )  # fmt: skip
        if kind != "unreadable":
            content = Report(person=person or child(), reference=report.pop("reference", name), risk="amber", **report)
            contact = Contact(
                contact_id=contact_id, receipt_id=event.receipt_id, version=1, sender=f"{agency}-1", agency=agency,
                received_at=when, team="front-door", report=content,
                authority=Authority(code="383", name="Leeds", how="postcode"),
            )  # fmt: skip
            self.put("contacts", contact_id, contact, when)
        self.put("case-events", contact_id, event, when)
        return contact_id

    def happens(self, contact_id: str, type_: str, text: str, **more: Any) -> None:
        """An event of a contact; a risk assessment counts unless something is taken out of it."""
        values: dict[str, Any] = {"by": "Alma Worker", **more}
        if type_ == "risk_assessed":
            values = {"level": "amber", "reason_hash": "r" * 32, **values}
        event_id = derived_id(contact_id, type_, text)
        self.put(
            "case-events",
            contact_id,
            CaseEvent(event_id=event_id, type=type_, contact_id=contact_id, at=at(text), **values),
            at(text),
        )

    def ticks(self, since: str, until: str, every: timedelta = timedelta(hours=1)) -> None:
        """One ticker that runs without a gap, in every partition."""
        before = moment = at(since)
        while moment <= at(until):
            for partition in range(PARTITIONS):
                key = f"tick-{partition}"
                tick = CaseEvent(
                    event_id=derived_id(key, moment.isoformat()), type="tick", contact_id=key, at=moment, covers_since=before
                )  # fmt: skip
                self.put("case-events", key, tick, moment)
            before, moment = moment, moment + every

    def placed(self) -> list[tuple[str, int, Record]]:
        """Topic, partition and record in order of time, with the flags that the real decisions make."""
        states = [[PartitionState(each) for each in (Cases("Frances Whitmore"), Clocks(RULES))] for _ in range(PARTITIONS)]
        offsets = [count() for _ in range(PARTITIONS)]
        found: list[tuple[str, int, Record]] = []
        for _, _, topic, key, record in sorted(self.records, key=lambda line: line[:2]):
            partition = int(key.removeprefix("tick-")) if key.startswith("tick-") else sum(key.encode()) % PARTITIONS
            found.append((topic, partition, record))
            if topic == "case-events":
                offset = next(offsets[partition])
                for state in states[partition]:
                    outputs = state.apply(topic, offset, record)
                    found += [("flags", partition, one.record) for one in outputs if one.topic == "flags"]
        return found

    def write(self, bootstrap: str) -> None:
        """Put it all on a broker's log."""
        producer = Producer({"bootstrap.servers": bootstrap, "acks": "all", "enable.idempotence": True, "linger.ms": 5})
        for topic, partition, record in self.placed():
            producer.produce(topic, codec(topic).encode(record), b"any", partition)
            producer.poll(0)
        assert producer.flush(30) == 0, "the broker did not take every record"

    def fill(self, book: CaseBook) -> CaseBook:
        """Straight into a case book."""
        return filled(book, self.placed())


def filled(book: CaseBook, placed: Iterable[tuple[str, int, Record]]) -> CaseBook:
    """The book with these records, as a broker would have placed them."""
    offsets: dict[tuple[str, int], int] = {}
    for topic, partition, record in placed:
        offset = offsets.get((topic, partition), 0)
        offsets[topic, partition] = offset + 1
        book.take(topic, partition, offset, 4_000_000_000_000, codec(topic).encode(record), list)
    return book


def names(stories: Sequence[Any]) -> list[str]:
    """The forenames of the stories' children."""
    return sorted(story.contact.report.person.given for story in stories if story.contact is not None)
