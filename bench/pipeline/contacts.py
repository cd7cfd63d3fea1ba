"""A busy day that intake has already read: contacts for `routing`, and their case events with ticks for `cases`."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bench.pipeline.messages import Partners
from connectors.registry import reader
from ops.ticker import tick_entries
from schemas.authorities import authorities
from schemas.case_event import CaseEvent
from schemas.catalogue import codec
from schemas.contact import Contact
from schemas.identity import derived_id
from schemas.london import civil_date, midnight_after
from schemas.ports import Entry
from streams.intake import Intake
from streams.processor import rows_of

#: All contacts arrive within this time, and each is assessed so long after its arrival.
_HOURS = timedelta(hours=2)
_ASSESSED_AFTER = timedelta(minutes=20)
_TICK = timedelta(seconds=15)
_SECOND = timedelta(seconds=1)
#: Different reports; each contact is one of them under ids of its own.
_REPORTS = 200
#: One contact in so many is never assessed, and gets a flag at midnight.
_FORGOTTEN = 10


@dataclass(frozen=True)
class Day:
    """Entries for both topics, in the order of time."""

    contacts: list[Entry]
    case_events: list[Entry]


def day_of(number: int, seed: int = 1) -> Day:
    """So many contacts, allocated at once, nine in ten assessed, the day over."""
    start = (datetime.now(UTC) - timedelta(days=2)).replace(hour=9, minute=0, second=0, microsecond=0)
    patterns = list(_read(seed, start))
    encode, encode_event = codec("contacts").encode, codec("case-events").encode
    contacts: list[Entry] = []
    timed: list[tuple[datetime, list[Entry]]] = []
    for position in range(number):
        at = start + _HOURS / number * position
        contact, opened = _as_its_own(*patterns[position % len(patterns)], position, at)
        key = contact.contact_id.encode()
        contacts.append(Entry("contacts", key, encode(contact)))
        for event in _story(opened, forgotten=position % _FORGOTTEN == 0):
            timed.append((event.at, [Entry("case-events", key, encode_event(event))]))
    end = start + _HOURS + _ASSESSED_AFTER
    moment = start
    while moment < end:
        timed.append((moment, tick_entries(moment, moment - _TICK)))
        moment += _TICK
    over = midnight_after(civil_date(start)) + timedelta(minutes=1)
    timed.append((over, tick_entries(over, end - _TICK)))
    timed.sort(key=lambda one: one[0])
    return Day(contacts, [entry for _, entries in timed for entry in entries])


def _read(seed: int, at: datetime) -> Iterator[tuple[Contact, CaseEvent]]:
    """What intake makes of some messages: a contact and its opening each."""
    intake = Intake(reader, hash_key=b"bench", authorities=authorities("383"), team="front-door")
    for position, message in enumerate(Partners(seed).mixed(_REPORTS)):
        received = message.received(f"pattern-{position}", f"{message.agency}-bench", at)
        records = [output.record for output in intake.decide(rows_of({}), received).outputs]
        [contact] = [record for record in records if isinstance(record, Contact)]
        [opened] = [record for record in records if isinstance(record, CaseEvent)]
        yield contact, opened


def _as_its_own(contact: Contact, opened: CaseEvent, position: int, at: datetime) -> tuple[Contact, CaseEvent]:
    name = str(position)
    ids = {"contact_id": derived_id("bench-contact", name), "receipt_id": derived_id("bench-receipt", name)}
    event_id = derived_id("bench-opened", name)
    return (
        contact.model_copy(update={**ids, "received_at": at}),
        opened.model_copy(update={**ids, "event_id": event_id, "at": at}),
    )


def _story(opened: CaseEvent, *, forgotten: bool) -> Iterator[CaseEvent]:
    yield opened
    said = {"contact_id": opened.contact_id, "by": "Amara Okafor"}
    yield CaseEvent(
        event_id=derived_id("bench-allocated", opened.contact_id), type="allocated", at=opened.at + _SECOND,
        details={"worker_id": "w01", "how": "rota"}, **said,
    )  # fmt: skip
    if not forgotten:
        yield CaseEvent(
            event_id=derived_id("bench-assessed", opened.contact_id), type="risk_assessed", at=opened.at + _ASSESSED_AFTER,
            level="amber", reason_hash="ab" * 16, **said,
        )  # fmt: skip
