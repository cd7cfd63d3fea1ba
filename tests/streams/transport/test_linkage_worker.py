"""The linkage worker may be killed at any moment and goes on with the same decisions; and nobody ever waits for it."""

import asyncio
import contextlib
import json
import random
import signal
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import KafkaException, Message

from ops.delivery import Deliveries
from ops.durable_log import KafkaLog
from ops.embedded_kafka import EmbeddedKafka
from ops.processes import Stack
from schemas.allocation import AllocationEvent
from schemas.catalogue import codec
from schemas.linkage import LinkageEvent, LinkPerson
from schemas.ports import Entry
from schemas.record import Record
from schemas.settings import Settings
from schemas.trace import parsed
from schemas.wire import Undecodable
from streams.envelope import cloud_event_headers
from streams.linkage.model import Scorer, shipped_model
from streams.linking import Linkage
from tests.connectors.delivery.partners import HttpPartner
from tests.ops.collector import Collector, Told
from tests.streams.deciding import Partition
from tests.streams.transport import log_reading
from tests.streams.transport.hub import NOW
from tests.streams.transport.worker_process import WorkerProcesses, until

pytestmark = pytest.mark.broker

OUTPUTS = ("links", "link-reviews", "case-events")
GROUP = "frontdoor-linkage"
EVENTS = 1_500
#: With outputs on the log and no row; with rows on the log and no commit.
KILLED_AT = ("outputs-durable:1", "rows-durable:1")


@pytest.fixture
def workers(kafka: EmbeddedKafka, tmp_path: Path) -> Iterator[WorkerProcesses]:
    """Linkage workers, once every topic is served."""

    def served() -> bool:
        try:
            log_reading.ends(kafka.bootstrap, *OUTPUTS, "linkage-in", "frontdoor-linkage-rows-changelog")
        except KafkaException:
            return False
        return True

    until("the topics are served", served)
    servers = {"KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap, "FRONTDOOR_BOOTSTRAP_SERVERS": kafka.bootstrap}
    made = WorkerProcesses(tmp_path, {**servers, "FRONTDOOR_SESSION_TIMEOUT_SECONDS": "6"})
    try:
        yield made
    finally:
        made.close()


def append(kafka: EmbeddedKafka, topic: str, *records: Record, key: str) -> None:
    async def go() -> None:
        log = KafkaLog(kafka.bootstrap, "test")
        try:
            await log.append([
                Entry(topic, key.encode(), codec(topic).encode(record), cloud_event_headers(record, topic)) for record in records
            ])  # fmt: skip
        finally:
            log.close()

    asyncio.run(go())


def questions() -> list[LinkageEvent]:
    """Reports of some hundred children by several agencies, later versions, and what people answered."""
    chance = random.Random(20260503)
    given, family = "Oliver Amelia Noah Olivia Wei Zofia Kwame Priya".split(), "Ashworth Khan Nowak Zhang Murphy Patel".split()
    made: list[LinkageEvent] = []
    for number in range(EVENTS):
        contact, kind = f"c{number}", chance.random()
        about = {"partnership": "p", "at": NOW + timedelta(seconds=number), "event_id": f"q{number}"}
        if made and kind < 0.1:
            one, other = (f"c{chance.randrange(number)}" for _ in range(2))
            verdict = chance.choice(["same", "not_same", "not_sure"])
            made.append(LinkageEvent.model_validate(
                {**about, "type": "answered", "contact_id": one, "other_contact": other, "verdict": verdict, "by": "Ben Hughes"}
            ))  # fmt: skip
        elif made and kind < 0.13:
            made.append(LinkageEvent.model_validate(
                {**about, "type": "undone", "contact_id": f"c{chance.randrange(number)}", "by": "Ben Hughes"}
            ))  # fmt: skip
        else:
            version = 1
            if made and kind < 0.2:
                contact, version = f"c{chance.randrange(number)}", 2
            person = LinkPerson(
                given=chance.choice(given), family=chance.choice(family), dob=f"201{chance.randrange(8)}-05-14",
                address_line=f"{chance.randrange(1, 9)} Mill Lane", postcode=chance.choice(["LS1 4AB", "LS2 7QQ", ""]),
            )  # fmt: skip
            made.append(LinkageEvent.model_validate(
                {**about, "type": "reported", "contact_id": contact, "version": version, "person": person.model_dump()}
            ))  # fmt: skip
    return made


def test_a_killed_worker_resumes_with_the_same_decisions_to_the_last_byte(kafka: EmbeddedKafka, workers: WorkerProcesses) -> None:
    events = questions()
    outputs = log_reading.Follower(kafka.bootstrap, *OUTPUTS)
    outputs.new()
    append(kafka, "linkage-in", *events, key="p")
    undisturbed = Partition(Linkage(Scorer(shipped_model()), Settings().hash_key.encode()), "linkage-in")
    undisturbed.give(*events)
    ids = {"links": "link_id", "link-reviews": "review_id", "case-events": "event_id"}
    wanted = {
        (output.topic, getattr(output.record, ids[output.topic])): codec(output.topic).encode(output.record)
        for output in undisturbed.outputs
    }

    for point in KILLED_AT:
        worker = workers.start(program="linkage_worker", FRONTDOOR_FAILPOINT=point)
        assert worker.await_end() == -signal.SIGKILL, worker.log
    workers.start(program="linkage_worker")

    def done() -> bool:
        committed = log_reading.committed(kafka.bootstrap, GROUP, "linkage-in")
        return all(committed.get(at, 0) >= end for at, end in log_reading.ends(kafka.bootstrap, "linkage-in").items() if end)

    until("everything is committed", done, 60.0, pause=0.1)
    found: dict[tuple[str, str], bytes] = {}
    for message in outputs.new():
        topic, value = message.topic() or "", message.value() or b""
        name = getattr(codec(topic).decode(value), ids[topic])
        assert found.setdefault((topic, name), value) == value, "a repeat says something else"
    assert found == wanted
    assert {link.outcome for link in undisturbed.records("links")} == {"LINK", "REVIEW", "NEW", "UNDONE", "CORRECTED"}


def readable(messages: Iterable[Message]) -> Iterator[Any]:
    """The records; other tests leave on this broker what nobody can read."""
    for message in messages:
        with contextlib.suppress(Undecodable):
            yield codec(message.topic() or "").decode(message.value())


def test_without_linkage_a_contact_goes_all_its_way_and_its_trace_with_it(kafka: EmbeddedKafka, tmp_path: Path) -> None:
    rota = AllocationEvent(
        event_id="r1", type="rota_set", team="front-door", at=NOW, worker_id="w1", worker_name="Amara Okafor", duty_from=NOW
    )
    append(kafka, "allocation-in", rota, key="front-door")
    child = {"given_name": "Aisha", "family_name": "Clarke"}
    report = {"concern_id": "C-1", "risk": "red", "concern": "Afraid to go home.", "child": child}
    (tmp_path / "concern.json").write_text(json.dumps(report))
    case_system = HttpPartner()
    recipient = {"id": "case-system", "agency": "social_care", "http": {"url": case_system.url}}
    (tmp_path / "recipients.yaml").write_text(json.dumps({"recipients": [recipient]}))
    collector = Collector()
    environment = {**collector.environment, "FRONTDOOR_RECIPIENTS_FILE": str(tmp_path / "recipients.yaml")}
    roles = ("intake", "routing", "allocation", "cases", "connector-education", "delivery")
    running = Stack(tmp_path / "run", kafka.bootstrap, roles=roles, env=environment)
    with (
        contextlib.closing(collector),
        contextlib.closing(case_system),
        running as stack,
        Deliveries(stack.settings) as deliveries,
    ):
        receipt = deliveries.deliver("education", "http", tmp_path / "concern.json")

        def settled() -> bool:
            messages = log_reading.read(kafka.bootstrap, "case-events", "outbound.social_care", "linkage-in")
            records = list(readable(messages))
            opened = {r.contact_id for r in records if getattr(r, "type", "") == "opened" and r.receipt_id == receipt}
            kinds = {getattr(r, "type", getattr(r, "kind", "")) for r in records if r.contact_id in opened}
            return {"opened", "allocated", "referral", "reported"} <= kinds

        until("it is routed, allocated, and waiting for linkage", settled, pause=0.2)
        way = (
            ("frontdoor-connector-education", "received.education publish"), ("frontdoor-intake", "received.education process"),
            ("frontdoor-routing", "contacts process"), ("frontdoor-delivery", "outbound.social_care deliver"),
        )  # fmt: skip

        def told() -> list[Told]:
            trace = next((one.trace for one in collector.spans if one.attributes.get("messaging.message.id") == receipt), "")
            mine = {(one.service, one.name): one for one in collector.spans if one.trace == trace}
            return [mine[step] for step in way if step in mine]

        until("four processes have told their steps", lambda: len(told()) == 4, pause=0.2)
        steps = told()
        assert [step.parent for step in steps] == ["", *(step.span for step in steps[:-1])]
        heard = {parsed(one.headers["traceparent"]) for one in case_system.came}
        assert (steps[-1].trace, steps[-1].span) in {one[:2] for one in heard if one}, "and the recipient can go on with it"
        assert not [name for name in (b"Aisha", b"Clarke", b"Afraid") if name in collector.raw]
    ended = {process.name: process.last_exit for process in stack.state().processes}
    assert ended == dict.fromkeys(roles, 0), "told to stop, each drains in the time that it has"
    logged = b"".join(log.read_bytes() for log in (tmp_path / "run" / "logs").iterdir())
    assert not [name for name in (b"Aisha", b"Clarke", b"Afraid") if name in logged]
