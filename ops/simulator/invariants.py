"""What must hold after a run, whatever went wrong in it. Every broken promise is a sentence that names the record."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

from ops.simulator.allocation_checks import ALLOCATION_CHECKS
from ops.simulator.linked import LINK_CHECKS
from ops.simulator.log import PARTITIONS, Stored
from ops.simulator.oracle import Oracle, Said
from ops.simulator.replay import LOG_CHECKS, dead_letter_of
from ops.simulator.run import Run
from schemas.case_event import CaseEvent
from schemas.catalogue import AGENCIES
from schemas.contact import Contact
from schemas.disposition import Disposition
from schemas.flag import Flag
from schemas.outbound import OutboundItem
from schemas.received import Received
from schemas.record import Record
from schemas.wire import Undecodable
from streams.case_row import CaseRow

CASE_SYSTEM = "case-system"


def broken_promises(run: Run) -> list[str]:
    """Every promise that the run broke, check by check; empty when all hold."""
    return [sentence for check in _CHECKS for sentence in sorted(check(run))]


def _records(run: Run, topic: str) -> list[Record]:
    """The readable records of a topic."""
    found = []
    for stored in run.log.of_topic(topic):
        if (stored.topic, stored.partition, stored.offset) not in run.poison:
            found.append(stored.record)
    return found


# -- messages ---------------------------------------------------------------------------------------------------------


def _dispositions(run: Run) -> Iterator[str]:
    """Every received message has exactly one current disposition, and its deliveries are counted right."""
    received = [r for agency in AGENCIES for r in _records(run, f"received.{agency}") if isinstance(r, Received)]
    deliveries = Counter(message.receipt_id for message in received if message.repair is None)
    versions: dict[str, dict[int, Disposition]] = defaultdict(dict)
    for told in _records(run, "receipts"):
        assert isinstance(told, Disposition)
        versions[told.receipt_id][told.version] = told
    for receipt in {message.receipt_id for message in received} | set(versions):
        have = versions.get(receipt, {})
        if receipt not in deliveries and not any(message.receipt_id == receipt for message in received):
            yield f"receipt {receipt}: a disposition of a message that never came"
        elif not have:
            yield f"receipt {receipt}: received, and no disposition"
        elif sorted(have) != list(range(1, len(have) + 1)):
            yield f"receipt {receipt}: its dispositions are versions {sorted(have)}"
        elif receipt in deliveries and have[len(have)].deliveries != deliveries[receipt]:
            yield f"receipt {receipt}: came {deliveries[receipt]} times, counted {have[len(have)].deliveries}"


def _acknowledged(run: Run) -> Iterator[str]:
    """What a sender was told is safe is on the log."""
    received = {r.receipt_id for a in AGENCIES for r in _records(run, f"received.{a}") if isinstance(r, Received)}
    for receipt in run.acknowledged - received:
        yield f"receipt {receipt}: acknowledged, and not on the log"


def _time_told(run: Run) -> Iterator[str]:
    """Whoever waits for a time is told it, up to the end."""
    for partition in range(PARTITIONS):
        told = [
            event.at
            for stored in run.log.fetch("case-events", partition, 0, run.log.end("case-events", partition))
            if isinstance(event := _readable(run, stored), CaseEvent) and event.type == "tick"
        ]
        if run.log.now not in told:
            yield f"case-events/{partition}: nobody wrote there what time it is"


def _quarantine(run: Run) -> Iterator[str]:
    """Whatever nobody could read is in quarantine, once, as it was; and nothing else is."""
    bodies = {r.receipt_id: r.body for a in AGENCIES for r in _records(run, f"received.{a}") if isinstance(r, Received)}
    wanted = {
        told.receipt_id
        for told in _records(run, "receipts")
        if isinstance(told, Disposition) and told.disposition == "quarantined" and told.version == 1
    }
    kept: set[str] = set()
    letters: dict[tuple[str, int, int, str], bytes] = {}
    for stored in run.log.of_topic("quarantine"):
        source = dead_letter_of(stored)
        if source is not None:
            letters[(*source, stored.writer[0] if stored.writer else "")] = stored.value
            continue
        record = stored.record
        assert isinstance(record, Received)
        kept.add(record.receipt_id)
        if record.body != bodies.get(record.receipt_id):
            yield f"receipt {record.receipt_id}: quarantined with other bytes than it came with"
    for receipt in wanted ^ kept:
        yield f"receipt {receipt}: {'quarantined, but its bytes are not kept' if receipt in wanted else 'kept, not quarantined'}"
    expected = {(*place, reader) for place in run.poison for reader in _readers(run, place[0])}
    ticks = {place for place in letters if place[:3] not in run.poison}
    for topic, partition, offset, reader in expected - set(letters):
        yield f"{topic}/{partition} @{offset}: {reader} could not read it, and it is not in quarantine"
    for topic, partition, offset, reader in sorted(letters):
        original = run.log.fetch(topic, partition, offset, 1)[0]
        if letters[topic, partition, offset, reader] != original.value:
            yield f"{topic}/{partition} @{offset}: in quarantine with other bytes"
        if (topic, partition, offset, reader) in ticks and getattr(original.record, "type", "") != "tick":
            yield f"{topic}/{partition} @{offset}: in quarantine, though it can be read"


def _readers(run: Run, topic: str) -> list[str]:
    return [group.processor.name for group in run.groups if topic in group.processor.inputs]


# -- contacts, clocks, flags ------------------------------------------------------------------------------------------


def _routed(run: Run) -> Iterator[str]:
    """The case system gets every version of every contact, once by id; every contact that a receipt names is there."""
    contacts = {(c.contact_id, c.version) for c in _records(run, "contacts") if isinstance(c, Contact)}
    items: dict[tuple[str, int], set[str]] = defaultdict(set)
    for item in _records(run, "outbound.social_care"):
        if isinstance(item, OutboundItem) and item.recipient == CASE_SYSTEM and item.contact is not None:
            items[item.contact_id, item.contact.version].add(item.item_id)
    for contact, version in contacts ^ set(items):
        yield f"contact {contact} version {version}: on {'contacts' if (contact, version) in contacts else 'outbound'} alone"
    for (contact, version), ids in items.items():
        if len(ids) > 1:
            yield f"contact {contact} version {version}: goes to the case system under {len(ids)} ids"
    opened = {e.contact_id for e in _records(run, "case-events") if isinstance(e, CaseEvent) and e.type == "opened"}
    for told in _records(run, "receipts"):
        if isinstance(told, Disposition) and told.disposition in ("contact", "quarantined"):
            for contact in set(told.contact_ids) - opened:
                yield f"contact {contact} of receipt {told.receipt_id}: never opened"


def _clocks(run: Run) -> Iterator[str]:
    """One clock per contact and opening, as the oracle tells them; every missed one flagged once, no other."""
    cases = next(group for group in run.groups if group.processor.name == "cases")
    for partition in range(PARTITIONS):
        oracle = Oracle()
        stored = run.log.fetch("case-events", partition, 0, run.log.end("case-events", partition))
        oracle.read((e, s.appended) for s in stored if isinstance(e := _readable(run, s), CaseEvent))
        flags: Counter[Said] = Counter()
        raised = [s for s in run.log.of_topic("flags") if s.writer and s.writer[:2] == ("cases", partition)]
        for record in {stored.value: stored.record for stored in raised}.values():
            assert isinstance(record, Flag)
            flags[_said(record)] += 1
        expected = Counter(oracle.said)
        for said in sorted((expected - flags), key=str):
            yield f"contact {said[0]}: {said[1]} opening {said[2]} should be {said[3]} ({said[4]}), and is not"
        for said in sorted((flags - expected), key=str):
            yield f"contact {said[0]}: {said[1]} opening {said[2]} is {said[3]} ({said[4]}), and should not be"
        rows = {k: r for k, r in cases.owner(partition).states[partition].rows.items() if isinstance(r, CaseRow)}
        for contact in set(rows) ^ set(oracle.contacts):
            yield f"contact {contact}: known to {'cases' if contact in rows else 'the log'} alone"
        for contact, told in oracle.contacts.items():
            row = rows.get(contact)
            if row is None:
                continue
            have = [(clock.opening, clock.due_at, clock.state) for clock in row.clocks]
            want = [(clock.opening, clock.due, clock.came_to) for clock in told.clocks]
            if have != want:
                yield f"contact {contact}: its clocks stand at {have}, and should at {want}"
            if len(row.holders) != told.holders:
                yield f"contact {contact}: {told.holders} workers were given it, {len(row.holders)} are counted"


def _said(flag: Flag) -> Said:
    return (flag.contact_id, flag.clock, flag.opening, flag.state, flag.result, flag.due_at, flag.evidence_event_id)


def _readable(run: Run, stored: Stored) -> Record | None:
    try:
        return stored.record
    except Undecodable:
        return None


_CHECKS: tuple[Callable[[Run], Iterator[str]], ...] = (
    *(_acknowledged, _dispositions, _quarantine, _routed, _clocks, _time_told),
    *(*ALLOCATION_CHECKS, *LINK_CHECKS, *LOG_CHECKS),
)
