"""`topics plan|apply --acls`: children's data is read and written by the roles that the catalogue names, and nobody else."""

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from typer.testing import CliRunner

from ops.client_config import ClientConfigRefused, admin_login
from ops.embedded_kafka import EmbeddedKafka
from ops.kafka_properties import HOST
from ops.topic_access import Access, AccessChange, Grant, access_differences, as_acl, wanted_grants
from ops.topics import topics_of
from ops.topics_command import topics_app
from schemas.catalogue import catalogue
from schemas.settings import Settings
from tests.conftest import Broker

run = CliRunner()
PATTERN = Settings().acl_principal
ROWS = "frontdoor-linkage-rows-changelog"


def topic(name: str, operation: str, principal: str, **more: str) -> Grant:
    return Grant("TOPIC", name, operation, principal, **more)


def who(operation: str, name: str) -> set[str]:
    return {
        grant.principal for grant in wanted_grants(catalogue(), PATTERN) if (grant.operation, grant.name) == (operation, name)
    }


def test_each_topic_is_open_to_the_roles_of_the_catalogue_alone() -> None:
    assert who("READ", "linkage-in") == {"User:frontdoor-linkage"} and who("WRITE", "linkage-in") == {"User:frontdoor-intake"}
    assert who("READ", ROWS) == who("WRITE", ROWS) == {"User:frontdoor-linkage"}
    assert who("WRITE", "quarantine") >= {"User:frontdoor-cases", "User:frontdoor-intake"}
    for name, one in catalogue().topics.items():
        assert who("READ", name) == {PATTERN.format(role=role) for role in one.readers}


def test_whoever_reads_may_use_the_groups_of_its_own_name() -> None:
    groups = {grant.name: grant.principal for grant in wanted_grants(catalogue(), PATTERN) if grant.resource == "GROUP"}
    assert groups["frontdoor-linkage"] == "User:frontdoor-linkage"
    assert all(name == principal.removeprefix("User:") for name, principal in groups.items())


def test_a_partner_organisation_writes_to_its_own_topic_and_reads_nothing() -> None:
    grants = wanted_grants(catalogue().for_partners(["partner.st-mary.in"]), PATTERN)
    own = {grant for grant in grants if "st-mary" in grant.principal}
    assert own == {topic("partner.st-mary.in", "WRITE", "User:frontdoor-partner-st-mary")}
    assert topic("partner.st-mary.in", "READ", "User:frontdoor-connector") in grants


@pytest.mark.parametrize(
    ("grant", "kind"),
    [
        (topic("linkage-in", "READ", "User:curious"), "exposed"),
        (topic("*", "READ", "User:curious"), "exposed"),
        (topic("frontdoor-", "ALL", "User:curious", pattern="PREFIXED"), "exposed"),
        (topic("receipts", "READ", "User:curious"), "unknown"),
        (Grant("GROUP", "frontdoor-cases", "READ", "User:curious"), "unknown"),
        (topic("of-somebody-else", "READ", "User:curious"), None),
    ],
)
def test_a_right_that_the_catalogue_does_not_know_is_pointed_out(grant: Grant, kind: str | None) -> None:
    changes = access_differences(catalogue(), PATTERN, [*wanted_grants(catalogue(), PATTERN), grant])
    assert [(change.kind, change.grant) for change in changes] == ([(kind, grant)] if kind else [])


def test_a_right_says_in_words_who_may_do_what() -> None:
    line = AccessChange("create", topic(ROWS, "READ", "User:frontdoor-linkage")).line()
    assert line == f"+ create right: User:frontdoor-linkage may READ topic {ROWS}"


def test_a_login_file_with_an_unknown_word_is_refused_without_showing_a_value(tmp_path: Path) -> None:
    file = tmp_path / "login"
    file.write_text("# ours\nsasl.username = admin\nsasl.pasword=secret\n")
    with pytest.raises(ClientConfigRefused, match="line 3") as refused:
        admin_login(file)
    assert "secret" not in str(refused.value)
    with pytest.raises(ClientConfigRefused, match="cannot be read"):
        admin_login(tmp_path / "nothing")


def test_taking_rights_away_needs_a_second_word() -> None:
    result = run.invoke(topics_app, ["apply", "--acls", "--revoke", "--bootstrap", "127.0.0.1:1"])
    assert result.exit_code == 1 and "--yes" in result.output


# -- on a broker that asks who is there


class Guarded:
    """A broker with an authorizer: the plain listener is the administrator's, the other asks for name and password."""

    def __init__(self, kafka: EmbeddedKafka, address: str) -> None:
        self.kafka, self.address = kafka, address

    def login(self, name: str) -> dict[str, str]:
        return {
            "bootstrap.servers": self.address, "security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "PLAIN",
            "sasl.username": name, "sasl.password": f"{name} password", "log_level": "0",
        }  # fmt: skip

    def write(self, name: str, to: str) -> KafkaError | None:
        """What the broker answers to one record."""
        answers: list[KafkaError | None] = []
        producer = Producer({**self.login(name), "enable.idempotence": True})
        producer.produce(to, b"x", b"key", on_delivery=lambda error, _: answers.append(error))
        producer.flush(20)
        return answers[0]

    def read(self, name: str, of: str, group: str) -> KafkaError | None:
        """What the broker answers to reading the topic and committing in the group."""
        consumer = Consumer({**self.login(name), "group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False})
        try:
            refused = consumer.list_topics(of, timeout=20).topics[of].error
            if refused is not None:
                return refused
            consumer.assign([TopicPartition(of, partition, 0) for partition in range(catalogue().keyed_partitions)])
            message = consumer.poll(20)
            if message is None:
                return KafkaError(KafkaError._TIMED_OUT)
            if message.error() is not None:
                return message.error()
            return self._commit(consumer, message)
        except KafkaException as failed:
            return failed.args[0]  # type: ignore[no-any-return]
        finally:
            consumer.close()

    @staticmethod
    def _commit(consumer: Consumer, message: Message) -> KafkaError | None:
        """What the broker answers, once the client has found who coordinates the group."""
        limit = time.monotonic() + 20
        while True:
            try:
                consumer.commit(message, asynchronous=False)
                return None
            except KafkaException as failed:
                error: KafkaError = failed.args[0]
                if error.code() != KafkaError._WAIT_COORD or time.monotonic() > limit:
                    return error
            told = consumer.poll(0.3)
            if told is not None and told.error() is not None:
                return told.error()


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, fast_start: None) -> Iterator[Guarded]:
    directory = tmp_path_factory.mktemp("guarded kafka")
    probes = [socket.socket() for _ in range(3)]
    for probe in probes:
        probe.bind((HOST, 0))
    client, controller, asking = (probe.getsockname()[1] for probe in probes)
    for probe in probes:
        probe.close()
    (directory / "ports.json").write_text(json.dumps([[client, controller]]))
    names = ("frontdoor-linkage", "frontdoor-intake", "frontdoor-view", "curious", "admin")
    users = " ".join(f'user_{name}="{name} password"' for name in names)
    settings = {
        "listeners": f"CLIENT://{HOST}:{client},CONTROLLER://{HOST}:{controller},ASKING://{HOST}:{asking}",
        "advertised.listeners": f"CLIENT://{HOST}:{client},ASKING://{HOST}:{asking}",
        "listener.security.protocol.map": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT,ASKING:SASL_PLAINTEXT",
        "sasl.enabled.mechanisms": "PLAIN",
        "listener.name.asking.plain.sasl.jaas.config": (
            f"org.apache.kafka.common.security.plain.PlainLoginModule required {users};"
        ),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS;User:admin",
    }
    with EmbeddedKafka(directory, settings=settings) as kafka:
        yield Guarded(kafka, f"{HOST}:{asking}")


@pytest.mark.broker
def test_a_principal_without_the_right_is_refused_and_the_workers_is_not(guarded: Guarded, tmp_path: Path) -> None:
    login = tmp_path / "login"
    login.write_text(
        "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\nsasl.username=admin\nsasl.password=admin password\n"
    )
    place = ["--acls", "--bootstrap", guarded.address, "--client-config", str(login)]
    assert run.invoke(topics_app, ["plan", *place]).exit_code == 2
    done = run.invoke(topics_app, ["apply", *place])
    assert done.exit_code == 0, done.output
    assert f"User:frontdoor-linkage may READ topic {ROWS}" in done.stdout
    assert run.invoke(topics_app, ["plan", *place]).exit_code == 0

    assert guarded.write("frontdoor-linkage", ROWS) is None and guarded.write("frontdoor-intake", "linkage-in") is None
    assert guarded.read("frontdoor-linkage", ROWS, "frontdoor-linkage") is None
    # The view may use its own groups and read other topics, and not this one.
    for refused in (guarded.read("frontdoor-view", ROWS, "frontdoor-view"), guarded.write("curious", "linkage-in")):
        assert refused is not None and refused.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED
    foreign = guarded.read("frontdoor-linkage", "linkage-in", "frontdoor-cases")
    assert foreign is not None and foreign.code() == KafkaError.GROUP_AUTHORIZATION_FAILED


@pytest.mark.broker
def test_a_right_given_by_hand_to_read_children_is_seen_and_taken_away_when_asked(guarded: Guarded) -> None:
    place = ["--acls", "--bootstrap", guarded.kafka.bootstrap]
    run.invoke(topics_app, ["apply", *place])
    given = Grant("TOPIC", ROWS, "READ", "User:curious")
    with topics_of(guarded.kafka.bootstrap) as topics:
        topics.admin.create_acls([as_acl(given)])
        access, limit = Access(topics.admin, topics.wanted, PATTERN), time.monotonic() + 20
        while [change.grant for change in access.plan()] != [given]:
            assert time.monotonic() < limit
            time.sleep(0.05)
    seen = run.invoke(topics_app, ["apply", *place])
    assert seen.exit_code == 2 and "exposed right: User:curious may READ" in seen.stdout
    taken = run.invoke(topics_app, ["apply", *place, "--revoke", "--yes"])
    assert taken.exit_code == 0 and "(taken away)" in taken.stdout
    assert run.invoke(topics_app, ["plan", *place]).exit_code == 0


@pytest.mark.broker
def test_a_cluster_that_keeps_no_rights_is_named_and_left_as_it_is(broker: Broker) -> None:
    result = run.invoke(topics_app, ["apply", "--acls", "--bootstrap", broker.bootstrap])
    assert result.exit_code == 1 and "authorizer.class.name" in result.output
