"""How fast the auditor reads a log, on one core, beside a plain kafka-python read of the same topics.

    python -m bench.audit [--records 200000] [--body 1500]

Makes a consistent log of synthetic contacts on an embedded broker: per contact its message, disposition, contact,
opening, allocation and routed item, the assessment's message, disposition and event, for one in ten a flag instead,
and a tick every 15 seconds of the days they span. Then a fresh process, bound to one core where the system allows it,
audits the log and reports its speed and its peak memory; another reads the same records with kafka-python and
does nothing with them.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zlib import crc32

from confluent_kafka import Producer
from kafka import KafkaConsumer, TopicPartition

from ops.audit.auditor import audit
from ops.embedded_kafka import EmbeddedKafka
from ops.topics import apply_topics
from schemas.case_event import CaseEvent, Opened
from schemas.catalogue import catalogue, codec
from schemas.contact import Authority, Contact
from schemas.disposition import Disposition
from schemas.flag import Flag
from schemas.identity import derived_id, flag_id
from schemas.london import civil_date, midnight_after
from schemas.outbound import OutboundItem
from schemas.person import Address, Identifier, OtherPerson, Person
from schemas.reading import Report
from schemas.received import Received
from schemas.record import Record

_FIRST = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
_CONTACTS_A_DAY = 2000
_TICK = timedelta(seconds=15)
_SECOND = timedelta(seconds=1)

#: Topic, key, record and, for ticks, the partition.
Line = tuple[str, str, Record, int | None]


def _received(name: str, agency: str, when: datetime, body: int) -> Received:
    content = (name * (body // len(name) + 1))[:body].encode()
    return Received(
        receipt_id=derived_id("receipt", name), sender=f"{agency}-sender-{crc32(name.encode()) % 20}", agency=agency,
        transport="http", received_at=when, size=body, body=content,
    )  # fmt: skip


def _settled(received: Received, kind: str, contacts: list[str], events: list[str]) -> Line:
    disposition = Disposition(
        receipt_id=received.receipt_id, version=1, disposition="contact" if kind == "contact" else "case_events",
        sender=received.sender, agency=received.agency, transport="http", received_at=received.received_at,
        size=received.size, contact_ids=contacts, event_ids=events,
    )  # fmt: skip
    return "receipts", received.receipt_id, disposition, None


def _contact(number: int, when: datetime, body: int) -> Iterator[Line]:
    received = _received(f"referral-{number}", ("health", "education", "police")[number % 3], when, body)
    contact_id = derived_id("contact", str(number))
    contact = Contact(
        contact_id=contact_id, receipt_id=received.receipt_id, version=1, sender=received.sender,
        agency=received.agency, received_at=when, team="front-door",
        authority=Authority(code="383", name="Leeds", how="postcode"),
        report=Report(
            person=Person(
                given="Synthetic", family=f"Child{number}", sex="F",
                identifiers=[Identifier(kind="nhs_number", value="9990000000", valid=False)],
                address=Address(lines=["1 Test Street", "Leeds"], postcode="LS1 1AA"),
            ),
            reference=f"REF-{number}", risk="amber", narrative="A synthetic worry. " * 20,
            people=[OtherPerson(role="parent", given="Synthetic", family="Parent")],
        ),
    )  # fmt: skip
    opened = Opened(
        agency=received.agency, sender=received.sender, kind="referral", risk="amber", team="front-door",
        authority_code="383", authority_how="postcode",
    )  # fmt: skip
    item = OutboundItem(
        item_id=derived_id("item", contact_id), kind="referral", recipient="case-system", agency="social_care",
        contact_id=contact_id, receipt_id=received.receipt_id, at=when, contact=contact,
    )  # fmt: skip
    said = {"contact_id": contact_id, "at": when}
    yield f"received.{received.agency}", received.sender, received, None
    yield _settled(received, "contact", [contact_id], [])
    yield "contacts", contact_id, contact, None
    yield "case-events", contact_id, CaseEvent(
        event_id=derived_id("opened", contact_id), type="opened", receipt_id=received.receipt_id, opened=opened, **said
    ), None  # fmt: skip
    yield "case-events", contact_id, CaseEvent(
        event_id=derived_id("allocated", contact_id), type="allocated", by="A. Worker", **said
    ), None  # fmt: skip
    yield "outbound.social_care", f"case-system {contact_id}", item, None
    due = midnight_after(civil_date(when))
    if number % 10 == 0:
        flag = Flag(
            flag_id=flag_id(contact_id, "same-day", 1, due.isoformat()), contact_id=contact_id, clock="same-day",
            opening=1, started_at=when, due_at=due, state="raised", result="missed",
        )  # fmt: skip
        yield "flags", contact_id, flag, None
        return
    later = min(when + timedelta(hours=2), due - _SECOND)
    evidence = _received(f"assessment-{number}", "social_care", later, 300)
    event_id = derived_id("assessed", contact_id)
    yield "received.social_care", evidence.sender, evidence, None
    yield _settled(evidence, "case_events", [], [event_id])
    yield "case-events", contact_id, CaseEvent(
        event_id=event_id, type="risk_assessed", contact_id=contact_id, at=later, receipt_id=evidence.receipt_id,
        by="A. Worker", level="amber", reason_hash="ab" * 16,
    ), None  # fmt: skip


def _ticks(moment: datetime) -> Iterator[Line]:
    for partition in range(catalogue().keyed_partitions):
        key = f"tick-{partition}"
        tick = CaseEvent(
            event_id=derived_id("tick", key, moment.isoformat()), type="tick", contact_id=key, at=moment,
            covers_since=moment - _TICK,
        )  # fmt: skip
        yield "case-events", key, tick, partition


def log_of(records: int, body: int) -> Iterator[Line]:
    """At least so many records, in the order of time; ends with the ticks past the last limit."""
    made, number, moment = 0, 0, _FIRST
    gap = timedelta(days=1) / _CONTACTS_A_DAY
    while made < records:
        arrival = _FIRST + number * gap
        while moment <= arrival:
            yield from _ticks(moment)
            made, moment = made + catalogue().keyed_partitions, moment + _TICK
        for line in _contact(number, arrival, body):
            yield line
            made += 1
        number += 1
    end = midnight_after(civil_date(moment)) + timedelta(minutes=5)
    while moment <= end:
        yield from _ticks(moment)
        moment += _TICK


def write(bootstrap: str, records: int, body: int) -> int:
    """Put the log on a broker; how many records it has."""
    producer = Producer({"bootstrap.servers": bootstrap, "partitioner": "murmur2_random", "linger.ms": 50})
    made = 0
    for topic, key, record, partition in log_of(records, body):
        place: dict[str, Any] = {} if partition is None else {"partition": partition}
        while True:
            try:
                producer.produce(topic, codec(topic).encode(record), key, **place)
                break
            except BufferError:
                producer.poll(0.1)
        made += 1
    producer.flush()
    return made


def _one_core() -> bool:
    try:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    except (AttributeError, OSError):
        return False
    return True


def _peak_mib() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def run_audit(bootstrap: str) -> dict[str, object]:
    """Audit, bound to one core."""
    bound = _one_core()
    began, cpu = time.perf_counter(), time.process_time()
    verdict = audit(bootstrap, journal_dir=None, now=None, stepped=True, grace_seconds=0)
    seconds, used = time.perf_counter() - began, time.process_time() - cpu
    return {
        "holds": verdict.ok, "records": verdict.read, "one_core": bound, "seconds": round(seconds, 2),
        "records_per_second": round(verdict.read / seconds), "cpu_us_per_record": round(used / verdict.read * 1e6, 1),
        "peak_mib": round(_peak_mib()), "contacts": verdict.counts.contacts, "missed": verdict.counts.missed,
        "violated": {name: number for name, number in verdict.violated.items() if number},
    }  # fmt: skip


def run_plain(bootstrap: str) -> dict[str, object]:
    """Read the same records with kafka-python and do nothing with them, bound to one core."""
    bound = _one_core()
    consumer = KafkaConsumer(bootstrap_servers=bootstrap.split(","), auto_offset_reset="earliest", enable_auto_commit=False)
    numbers = range(catalogue().keyed_partitions)
    partitions = [TopicPartition(topic, number) for topic in catalogue().topics for number in numbers]
    consumer.assign(partitions)
    total, read = sum(consumer.end_offsets(partitions).values()), 0
    consumer.seek_to_beginning()
    began = time.perf_counter()
    while read < total:
        read += sum(len(batch) for batch in consumer.poll(timeout_ms=1000, max_records=5000).values())
    seconds = time.perf_counter() - began
    consumer.close()
    return {
        "records": read, "one_core": bound, "seconds": round(seconds, 2), "records_per_second": round(read / seconds),
        "peak_mib": round(_peak_mib()),
    }  # fmt: skip


def _in_a_process(part: str, bootstrap: str) -> dict[str, object]:
    command = [sys.executable, "-m", "bench.audit", "--only", part, "--bootstrap", bootstrap]
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, object] = json.loads(told.stdout)
    return result


def main() -> None:
    """The command."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    arguments.add_argument("--records", type=int, default=200_000, help="size of the log")
    arguments.add_argument("--body", type=int, default=1500, help="bytes of one partner message")
    arguments.add_argument("--only", choices=["audit", "plain"], help=argparse.SUPPRESS)
    arguments.add_argument("--bootstrap", help=argparse.SUPPRESS)
    asked = arguments.parse_args()
    if asked.only:
        print(json.dumps((run_audit if asked.only == "audit" else run_plain)(asked.bootstrap)))
        return
    with tempfile.TemporaryDirectory() as folder, EmbeddedKafka(Path(folder)) as kafka:
        apply_topics(kafka.bootstrap)
        began = time.perf_counter()
        made = write(kafka.bootstrap, asked.records, asked.body)
        print(f"{made:,} records written in {time.perf_counter() - began:.0f} s", file=sys.stderr)
        results = {
            "plain kafka-python": _in_a_process("plain", kafka.bootstrap),
            "audit": _in_a_process("audit", kafka.bootstrap),
        }
        print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
