"""What became of a delivery comes back as what happened to the contact: its sender hears of it, and its clocks do."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from connectors.delivery.recipients import Recipient
from connectors.education.school_notice import school_notice
from connectors.registry import reader
from ops.clock_data import clock_rules
from ops.durable_log import KafkaLog
from ops.school_directory import schools_listed
from schemas.authorities import authorities
from schemas.case_event import CaseEvent
from schemas.catalogue import catalogue, codec
from schemas.received import Received
from schemas.settings import Settings
from streams.answers import Answers
from streams.case_clocks import runs
from streams.clock_rules import ClockRules
from streams.intake import Intake
from streams.milestones import milestones
from streams.routing import Routing
from streams.school_notices import SchoolNotices
from tests.streams.deciding import KEY, Partition, happened

from .carrying import FAST, Written, delivering, put
from .partners import HttpPartner, until

#: A Friday evening: the next school day starts on Monday.
FRIDAY = datetime(2026, 3, 6, 20, 0, tzinfo=UTC)


@cache
def rules() -> ClockRules:
    return clock_rules(Settings())


def notice(**incident: str) -> bytes:
    child = {"given_name": "Mina", "family_name": "Okafor", "date_of_birth": "2016-02-29", "address": "4 Elm Court, LS1 4AB"}
    said = {
        "notice_number": "PPN/2026/004711", "message_id": "m-1", "notice_type": "referral", "risk": "amber",
        "force": {"code": "west-yorkshire", "name": "West Yorkshire Police"},
        "incident": {"at": "2026-03-06T19:30:00+00:00", **incident},
        "children": [
            {**child, "school": "The Hawthorn Primary School"},
            {**child, "given_name": "Tobi", "date_of_birth": "2014-07-01", "school": "Elm Street School"},
            {**child, "given_name": "Ada", "date_of_birth": "2024-07-01"},
        ],
        "circumstances": "Officers were called to shouting.", "children_present": "yes",
    }  # fmt: skip
    return json.dumps(said).encode()


def taken(*bodies: bytes) -> Partition:
    """Intake, with messages of the force one after the other."""
    intake = Partition(Intake(reader, hash_key=KEY, authorities=authorities("383"), team="t"), "received.police")
    for body in bodies:
        intake.give(
            Received(
                receipt_id=f"r-{uuid.uuid4()}", sender="force", agency="police", transport="http", received_at=FRIDAY,
                size=len(body), body=body,
            )
        )  # fmt: skip
    return intake


def routed(intake: Partition, *schools: Recipient) -> Partition:
    """Routing, with all contacts of the intake given to it."""
    routing = Partition(Routing(SchoolNotices(schools_listed(schools), rules())), "contacts")
    routing.give(*intake.records("contacts"))
    return routing


def decided(body: bytes, *schools: Recipient) -> tuple[list[CaseEvent], list[Any]]:
    """The opening of each contact of a message of the force, and what leaves for others."""
    intake = taken(body)
    routing = routed(intake, *schools)
    openings = [event for event in intake.records("case-events") if event.type == "opened"]
    return openings, [output.record for output in routing.outputs]


def events_of(bootstrap: str, contacts: set[str]) -> list[CaseEvent]:
    consumer = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": uuid.uuid4().hex, "enable.partition.eof": True, "log_level": 0}
    )
    consumer.assign([TopicPartition("case-events", number, 0) for number in range(catalogue().keyed_partitions)])
    found, ends = [], 0
    while ends < catalogue().keyed_partitions:
        for message in consumer.consume(200, 1.0):
            if message.error() is not None:
                ends += 1
            elif (event := codec("case-events").decode(message.value())).contact_id in contacts:
                found.append(event)
    consumer.close()
    return found


def school(folder: Path, **called: Any) -> Recipient:
    way = {"folder": {"path": str(folder)}, "format": "text", **FAST}
    return Recipient.model_validate({"id": "hawthorn", "agency": "education", "school": called, **way})


async def test_a_school_is_told_of_its_pupil_and_a_sender_that_its_notice_has_not_arrived(
    kafka: str, durable: KafkaLog, written: Written, tmp_path: Path
) -> None:
    broken = HttpPartner(lambda n: 422)
    folders = {name: tmp_path / name for name in ("hawthorn", "force")}
    for folder in folders.values():
        folder.mkdir()
    hawthorn = school(folders["hawthorn"], urn="107258", names=["Hawthorn Primary School"])
    force = {"id": "force", "agency": "police", "folder": {"path": str(folders["force"])}, **FAST}
    cases = {"id": "case-system", "agency": "social_care", "http": {"url": broken.url}, **FAST}
    openings, leaving = decided(notice(type="Domestic abuse - standard"), hawthorn)
    mine, elsewhere, too_young = (event.contact_id for event in openings)
    to_schools = {item.contact_id: item for item in leaving if item.agency == "education"}
    assert to_schools.keys() == {mine, elsewhere}, "nobody of a child below school age"
    whole = "".join(item.model_dump_json() for item in to_schools.values())
    assert "Elm Court" not in whole and "shouting" not in whole
    recipients = [Recipient.model_validate(force), Recipient.model_validate(cases), hawthorn]
    try:
        async with delivering(kafka, durable, tmp_path, *recipients):
            await put(durable, *leaving)
            await until(lambda: all(written.states(item.item_id)[-1:] in (["delivered"], ["undelivered"]) for item in leaving))
            [given_up] = written.of(to_schools[elsewhere].item_id)
            assert (given_up.state, given_up.reason_code) == ("undelivered", "no_address"), "a person must find that school"
            [file] = folders["hawthorn"].iterdir()
            told = file.read_text()
            assert "Mina" in told and "To be read before: 2026-03-09T08:45:00+00:00" in told
            came = events_of(kafka, {mine, elsewhere, too_young})
            assert {(one.contact_id, one.type) for one in came} == {
                (mine, "school_told"), *((contact, "not_delivered") for contact in (mine, elsewhere, too_young)),
            }  # fmt: skip
            answers = Partition(Answers(KEY), "case-events")
            await put(durable, *(output.record for output in answers.give(*openings, *came)))
            outcomes = await until(lambda: len(files := list(folders["force"].iterdir())) == 3 and files)
            said = "".join(one.read_text() for one in outcomes)
            assert said.count("<Outcome>not_delivered</Outcome>") == 3 == said.count("<YourReference>PPN/2026/004711<")
    finally:
        broken.close()
    believed = happened("domestic_abuse_believed", FRIDAY, mine)
    stops = [one.model_copy(update={"at": FRIDAY + timedelta(minutes=2)}) for one in came if one.contact_id == mine]
    [clock] = [
        run for run in runs([m for e in (openings[0], believed, *stops) for m in milestones(e)], rules(), "383")
        if run.clock == "encompass"
    ]  # fmt: skip
    assert clock.state == "met"


def test_a_school_is_never_guessed_and_hears_of_domestic_abuse_alone(tmp_path: Path) -> None:
    hawthorn = school(tmp_path, urn="107258", laestab="383/2401", names=["Hawthorn Primary School"])
    twin = hawthorn.model_copy(update={"id": "hawthorn-2"})
    for schools, said, recipients in (
        ((hawthorn,), {"type": "DOMESTIC VIOLENCE"}, ["hawthorn", "school-not-listed"]),
        ((hawthorn, twin), {"type": "domestic incident"}, ["school-not-listed", "school-not-listed"]),
        ((hawthorn,), {"type": "missing person"}, []),
        ((hawthorn,), {"type": "DV"}, ["hawthorn", "school-not-listed"]),
        ((hawthorn,), {"type": "theft", "domestic_abuse": "yes"}, ["hawthorn", "school-not-listed"]),
        ((hawthorn,), {"type": "theft", "domestic_abuse": "no"}, []),
        ((hawthorn,), {}, []),
        ((), {"type": "domestic abuse"}, ["school-not-listed", "school-not-listed"]),
    ):
        _, leaving = decided(notice(**said), *schools)
        assert [item.recipient for item in leaving if item.agency == "education"] == recipients, said
    for other in ("107258", "3832401", "383/2401", "hawthorn primary school, the"):
        _, leaving = decided(notice(type="DV").replace(b"The Hawthorn Primary School", other.encode()), hawthorn)
        [item] = [item for item in leaving if item.recipient == "hawthorn"]
        assert school_notice(item).rows["given_name"] == "Mina"


def test_a_school_s_first_notice_is_of_the_first_version_that_says_domestic_abuse(tmp_path: Path) -> None:
    hawthorn = school(tmp_path, names=["Hawthorn Primary School"])

    def version(said: str, risk: str, action: str = "update") -> bytes:
        return json.dumps(json.loads(notice(type=said)) | {"action": action, "risk": risk, "message_id": risk}).encode()

    theft, abuse = version("theft", "green", "new"), version("domestic abuse", "amber")
    worse, withdrawn = version("domestic abuse", "red"), version("domestic abuse", "red", "cancel")
    for sent, told in (
        ((theft, abuse, worse, withdrawn), ["new", "correction", "withdrawn"]),
        ((theft, withdrawn), []),
    ):
        leaving = [one.record for one in routed(taken(*sent), hawthorn).outputs]
        assert [item.kind for item in leaving if item.recipient == "case-system"].count("referral") == 3, "once for each child"
        notices = [school_notice(item).rows for item in leaving if item.recipient == "hawthorn"]
        assert [rows["change"] for rows in notices] == told
        assert all(("due_before" in rows) == (rows["change"] != "withdrawn") for rows in notices)
