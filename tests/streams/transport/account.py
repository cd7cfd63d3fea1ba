"""The account of a run: from the input log alone, what outputs, rows and commits must be, and where they are not.

Written without the worker's code: the count of an event is its place among its contact's events in the log.
"""

from collections import Counter
from dataclasses import dataclass, field

from schemas.catalogue import codec
from tests.streams.transport import log_reading
from tests.streams.transport.hub import OUTPUT, Hub
from tests.streams.transport.log_reading import Place


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


def _events(hub: Hub) -> list[_Event]:
    seen: Counter[str] = Counter()
    events = []
    for message in log_reading.read(hub.bootstrap, *hub.inputs):
        topic = message.topic() or ""
        record = codec(topic).decode(message.value())
        contact, event_id = getattr(record, "contact_id", None), getattr(record, "event_id", None)
        contact, event_id = contact or record.sender, event_id or record.receipt_id
        seen[contact] += 1
        place = (topic, message.partition() or 0)
        events.append(_Event(event_id, contact, place, message.offset() or 0, seen[contact]))
    return events


def audit(hub: Hub) -> Account:
    """Take the account now. Commits are read first, so that what they promise must already be there."""
    done = hub.committed()
    events = _events(hub)
    account = Account(events=len(events))
    said: dict[str, str] = {}
    decode = codec(OUTPUT).decode
    for message in log_reading.read(hub.bootstrap, OUTPUT):
        told = decode(message.value())
        account.repeats += told.event_id in said
        if said.setdefault(told.event_id, told.text) != told.text:
            account.contradicted.append(told.event_id)
    for each in events:
        if each.event_id not in said:
            account.missing.append(each.event_id)
        elif said[each.event_id] != str(each.count):
            account.contradicted.append(each.event_id)
    account.unasked = sorted(set(said) - {each.event_id for each in events})

    rows = log_reading.changelog(hub.bootstrap, hub.changelog)
    newest = log_reading.newest_rows(rows)
    last = {each.contact: each for each in events}
    for contact, final in last.items():
        row = newest.get(contact)
        if row is None or row.row["n"] != final.count:
            account.miscounted.append(contact)
        elif row.partition != final.place[1]:
            account.misplaced.append(contact)
    account.outlived = [key for key, row in log_reading.last_rows(rows).items() if row.offset != newest[key].offset]
    for each in events:
        row = newest.get(each.contact)
        if each.offset < done.get(each.place, 0) and (
            each.event_id not in said or row is None or row.offset < each.offset
        ):
            account.overcommitted.append(each.event_id)
    return account
