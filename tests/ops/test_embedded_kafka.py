"""The embedded Kafka: what stands, falls and comes back with it."""

import hashlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer

from ops.children import wait_until_gone
from ops.embedded_kafka import EmbeddedKafka, KafkaDidNotStart
from ops.file_lock import file_lock
from ops.kafka_jars import JarsUnavailable, expected_jars, kafka_jars
from ops.topics import apply_topics, topics_of

CHECKOUT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.usefixtures("fast_start")


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory, fast_start: None) -> Iterator[EmbeddedKafka]:
    """One node, on the same directory through all that is done to it."""
    cluster = EmbeddedKafka(tmp_path_factory.mktemp("embedded") / "a path, with spaces é" / "kafka")
    cluster.start()
    yield cluster
    cluster.kill()


def write(bootstrap: str, value: bytes) -> None:
    errors: list[object] = []
    producer = Producer({"bootstrap.servers": bootstrap, "acks": "all", "log_level": 0})
    producer.produce("flags", value, on_delivery=lambda error, _: errors.append(error))
    assert producer.flush(30) == 0
    assert errors == [None]


def read_one(bootstrap: str) -> bytes | None:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "t", "auto.offset.reset": "earliest"})
    consumer.subscribe(["flags"])
    message = consumer.poll(30)
    consumer.close()
    assert message is not None
    return message.value()


@pytest.mark.broker
def test_what_was_acknowledged_survives_a_kill_on_the_same_port(kafka: EmbeddedKafka) -> None:
    before = kafka.bootstrap
    apply_topics(before)
    write(before, b"acknowledged")
    kafka.kill()
    kafka.restart()
    assert kafka.bootstrap == before
    assert read_one(before) == b"acknowledged"


@pytest.mark.broker
def test_two_at_once_stay_apart_and_a_port_taken_meanwhile_is_no_obstacle_to_a_start(
    kafka: EmbeddedKafka, tmp_path: Path
) -> None:
    with EmbeddedKafka(tmp_path / "other") as other:
        assert other.bootstrap != kafka.bootstrap
        apply_topics(kafka.bootstrap)
        with topics_of(other.bootstrap) as topics:
            assert {change.kind for change in topics.plan()} == {"create"}

    lost = kafka.bootstrap
    kafka.stop()
    with socket.create_server(("127.0.0.1", int(lost.split(":")[1]))):
        with pytest.raises(KafkaDidNotStart, match="taken the broker's port"):
            kafka.restart()
        kafka.start()
        assert kafka.bootstrap != lost


PARENT = """
import os, signal, sys, time
from pathlib import Path
from ops.embedded_kafka import EmbeddedKafka
# A suite that runs in the background hands on that Ctrl-C is ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
kafka = EmbeddedKafka(Path(sys.argv[1]))
kafka.start()
try:
    print(kafka.pids[0], flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    time.sleep(0.3)
    print("still there" if kafka.pids else "gone", flush=True)
    time.sleep(60)
"""


@pytest.mark.broker
def test_ctrl_c_leaves_it_to_its_parent_and_kill_9_of_the_parent_ends_it(tmp_path: Path) -> None:
    # No java, no anything on the PATH.
    env = {"PATH": "", "PYTHONPATH": str(CHECKOUT)}
    argv = [sys.executable, "-c", PARENT, str(tmp_path / "kafka")]
    with subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, text=True, start_new_session=True) as parent:
        assert parent.stdout is not None
        java = int(parent.stdout.readline())
        os.killpg(parent.pid, signal.SIGINT)
        assert parent.stdout.readline() == "still there\n"
        parent.kill()
        assert wait_until_gone([java], 5) == []


@pytest.mark.broker
def test_a_failed_start_says_why_and_leaves_nothing_running(tmp_path: Path) -> None:
    kafka = EmbeddedKafka(tmp_path, settings={"log.cleaner.threads": "many"})
    with pytest.raises(KafkaDidNotStart, match=r"(?s)format.log.*many"):
        kafka.start()
    assert kafka.pids == []


def test_a_jar_with_another_digest_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "x-1.jar").write_bytes(b"not what was published")
    digests = tmp_path / "digests"
    digests.write_text(f"# bytes 5\n{hashlib.sha256(b'right').hexdigest()}  org/x/x/1/x-1.jar\n")
    with pytest.raises(JarsUnavailable, match=r"(?s)x-1\.jar is not the published file.*Delete"):
        kafka_jars(tmp_path, digests=digests)


def test_every_jar_is_pinned_by_version_and_digest() -> None:
    jars = expected_jars()
    assert "org.apache.kafka:kafka_2.13:4.3.0" in {jar.coordinate for jar in jars}
    assert all(len(jar.sha256) == 64 and jar.size > 0 for jar in jars)


def test_the_second_caller_is_told_that_it_waits_and_gets_the_lock_of_one_who_died(tmp_path: Path) -> None:
    holder = "import sys; from pathlib import Path; from ops.file_lock import file_lock\n"
    holder += "with file_lock(Path(sys.argv[1]), lambda: None): print('held', flush=True); sys.stdin.read()"
    argv = [sys.executable, "-c", holder, str(tmp_path / "lock")]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stdin=subprocess.PIPE, cwd=CHECKOUT) as process:
        assert process.stdout is not None
        process.stdout.readline()
        told: list[str] = []

        def waiting() -> None:
            told.append("waiting")
            process.kill()

        with file_lock(tmp_path / "lock", waiting):
            assert told == ["waiting"]
