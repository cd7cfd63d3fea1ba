"""The account of a run: from the input log alone, what outputs, rows and commits must be, and where they are not.

Written without the worker's code: the count of an event is its place among its contact's events in the log.
"""

from collections import Counter
from dataclasses import dataclass, field

from schemas.case_event import CaseEvent
from schemas.catalogue import codec
from schemas.received import Received
from tests.streams.transport.hub import OUTPUT, Hub
from tests.streams.transport.log_reading import ChangelogRow, Follower, Place, last_rows, newest_rows, row_of


@dataclass
class Account:
    """What is wrong, by event or contact id; empty lists are what a test wants. `repeats`: outputs that came again
    under the same id, which is allowed."""

    events: int = 0
    repeats: int = 0
    missing: list[str] = field(default_factory=list)
    unasked: list[str] = field(default_factory=list)
    #: Said twice under one id with different content, or with another count than the log gives.
    contradicted: list[str] = field(default_factory=list)
    #: Contacts whose row is not the count of their events.
    miscounted: list[str] = field(default_factory=list)
    #: Contacts whose last row in the changelog is not their newest: compaction would bring the older back.
    outlived: list[str] = field(default_factory=list)
    #: Rows in another partition than their events.
    misplaced: list[str] = field(default_factory=list)
    #: Events that were committed although their output or row was not durable.
    overcommitted: list[str] = field(default_factory=list)

    @property
    def faults(self) -> dict[str, list[str]]:
        return {name: value[:5] for name, value in vars(self).items() if isinstance(value, list) and value}


@dataclass(frozen=True)
class _Event:
    event_id: str
    contact: str
    place: Place
    offset: int
    count: int


class Auditor:
    """Takes accounts of one hub, reading on from one to the next."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._inputs = Follower(hub.bootstrap, *hub.inputs)
        self._outputs = Follower(hub.bootstrap, OUTPUT)
        self._changelog = Follower(hub.bootstrap, hub.changelog)
        self._events: list[_Event] = []
        self._seen: Counter[str] = Counter()
        self._said: dict[str, str] = {}
        self._repeats = 0
        self._contradicted: list[str] = []
        self._rows: list[ChangelogRow] = []

    def account(self) -> Account:
        """The account now. Commits are read first, so that what they promise must already be there."""
        done = self._hub.committed()
        self._read()
        account = Account(len(self._events), self._repeats, contradicted=list(self._contradicted))
        newest = newest_rows(self._rows)
        for contact, final in {each.contact: each for each in self._events}.items():
            row = newest.get(contact)
            if row is None or row.row["n"] != final.count:
                account.miscounted.append(contact)
            elif row.partition != final.place[1]:
                account.misplaced.append(contact)
        account.outlived = [key for key, row in last_rows(self._rows).items() if row.offset != newest[key].offset]
        for each in self._events:
            said, row = self._said.get(each.event_id), newest.get(each.contact)
            if said is None:
                account.missing.append(each.event_id)
            elif said != str(each.count):
                account.contradicted.append(each.event_id)
            if each.offset < done.get(each.place, 0) and (said is None or row is None or row.offset < each.offset):
                account.overcommitted.append(each.event_id)
        account.unasked = sorted(self._said.keys() - {each.event_id for each in self._events})
        return account

    def _read(self) -> None:
        for message in self._inputs.new():
            topic = message.topic() or ""
            contact, event_id = _about(codec(topic).decode(message.value()))
            self._seen[contact] += 1
            place = (topic, message.partition() or 0)
            self._events.append(_Event(event_id, contact, place, message.offset() or 0, self._seen[contact]))
        decode = codec(OUTPUT).decode
        for message in self._outputs.new():
            told = decode(message.value())
            self._repeats += told.event_id in self._said
            if self._said.setdefault(told.event_id, told.text) != told.text:
                self._contradicted.append(told.event_id)
        self._rows += [row_of(message) for message in self._changelog.new() if message.value() is not None]


def _about(record: CaseEvent | Received) -> tuple[str, str]:
    if isinstance(record, Received):
        return record.sender, record.receipt_id
    return record.contact_id, record.event_id


def audit(hub: Hub) -> Account:
    """One account."""
    return Auditor(hub).account()
