"""`topics plan` and `topics apply`: what an operator may rely on, against a real cluster."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient  # type: ignore[import-untyped]
from typer.testing import CliRunner

from ops.embedded_kafka import EmbeddedKafka
from ops.stack_state import StackState, take_stack, write_state
from ops.topics import ClusterUnavailable, LiveTopic, differences, topics_of, wanted_topics
from ops.topics_command import topics_app
from schemas.catalogue import catalogue
from schemas.settings import Settings

run = CliRunner()
TOPIC = ConfigResourceType.TOPIC


def live_as_wanted(copies: int = 1) -> dict[str, LiveTopic]:
    replicas = {partition: list(range(1, copies + 1)) for partition in range(catalogue().keyed_partitions)}
    least = "2" if copies >= 3 else "1"
    return {
        name: LiveTopic(replicas, {s: (v, True) for s, v in {**wanted, "min.insync.replicas": least}.items()})
        for name, wanted in catalogue().desired().items()
    }


def with_setting(name: str, setting: str, value: str) -> dict[str, LiveTopic]:
    live = live_as_wanted()
    return live | {name: LiveTopic(live[name].replicas, live[name].config | {setting: (value, True)})}


def test_a_cluster_that_is_as_the_catalogue_says_has_no_differences() -> None:
    assert differences(catalogue(), live_as_wanted(), 1) == []
    assert differences(catalogue(), live_as_wanted(3), 3) == []


def test_an_empty_cluster_needs_every_topic() -> None:
    changes = differences(catalogue(), {}, 1)
    assert {c.topic for c in changes if c.kind == "create"} == set(catalogue().desired())


def test_another_number_of_partitions_is_refused_because_keys_would_move() -> None:
    live = live_as_wanted()
    live["contacts"] = LiveTopic({0: [1], 1: [1]}, live["contacts"].config)
    (change,) = differences(catalogue(), live, 1)
    assert (change.kind, change.topic, change.now) == ("refused", "contacts", "2")
    assert "keys would move" in change.why


@pytest.mark.parametrize(
    ("setting", "now", "kind"),
    [
        ("retention.ms", "-1", "held"),
        ("retention.ms", "3600000", "update"),
        ("cleanup.policy", "compact", "held"),
        ("max.message.bytes", "100", "update"),
        ("retention.bytes", "4096", "update"),
    ],
)
def test_a_setting_that_would_delete_records_is_held_back_and_others_are_not(
    setting: str, now: str, kind: str
) -> None:
    (change,) = differences(catalogue(), with_setting("contacts", setting, now), 1)
    assert (change.kind, change.setting, change.now) == (kind, setting, now)


def test_more_brokers_mean_more_copies_and_an_acknowledgement_on_two_of_them() -> None:
    changes = differences(catalogue(), live_as_wanted(), 3)
    assert {(c.setting, c.wanted) for c in changes} == {("replicas", "3"), ("min.insync.replicas", "2")}


def test_fewer_brokers_than_copies_take_nothing_away() -> None:
    assert differences(catalogue(), live_as_wanted(3), 2) == []


def test_no_cluster_is_said_so_and_a_wrong_password_is_named_as_a_possible_cause() -> None:
    with pytest.raises(ClusterUnavailable, match="password"), topics_of("127.0.0.1:1", timeout=0.5):
        pass
    result = run.invoke(topics_app, ["plan", "--bootstrap", "127.0.0.1:1", "--timeout", "0.5"])
    assert result.exit_code == 1
    assert "no Kafka answered at 127.0.0.1:1" in result.output


def test_deleting_needs_a_second_word() -> None:
    result = run.invoke(topics_app, ["apply", "--delete-unknown", "--bootstrap", "127.0.0.1:1"])
    assert result.exit_code == 1
    assert "--yes" in result.output


def _json(result: Any) -> Any:
    return json.loads(result.stdout)


@pytest.mark.broker
def test_plan_and_apply_on_a_live_cluster(
    own_broker: EmbeddedKafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = ["--bootstrap", own_broker.bootstrap]
    admin = KafkaAdminClient(bootstrap_servers=own_broker.bootstrap)

    applied = run.invoke(topics_app, ["plan", *place])
    assert (applied.exit_code, applied.stdout) == (0, "The cluster is as the catalogue says.\n")

    admin.delete_topics(["narratives"])
    admin.create_topics({"somebody-elses": {"num_partitions": 1, "replication_factor": 1}})
    admin.alter_configs(
        [
            ConfigResource(TOPIC, "contacts", {"max.message.bytes": "2048", "retention.ms": "-1"}),
            ConfigResource(TOPIC, "flags", {"retention.bytes": "99"}),
        ]
    )
    with topics_of(own_broker.bootstrap, wanted=wanted_topics(Settings())) as topics:
        # The broker hears of a change a moment after its controller has accepted it.
        expected = {
            ("create", "narratives", None),
            ("update", "contacts", "max.message.bytes"),
            ("held", "contacts", "retention.ms"),
            ("update", "flags", "retention.bytes"),
            ("unknown", "somebody-elses", None),
        }
        limit = time.monotonic() + 20
        while {(change.kind, change.topic, change.setting) for change in topics.plan()} != expected:
            assert time.monotonic() < limit
            time.sleep(0.05)

    planned = run.invoke(topics_app, ["plan", *place])
    assert planned.exit_code == 2
    assert "+ create narratives" in planned.stdout
    assert "~ update contacts: max.message.bytes 2048 → 10485760" in planned.stdout
    assert "~ update flags: retention.bytes 99 → the default" in planned.stdout
    assert "! held contacts: retention.ms -1 →" in planned.stdout
    assert "- unknown somebody-elses" in planned.stdout

    done = run.invoke(topics_app, ["apply", *place, "--json"])
    assert done.exit_code == 2
    assert {(c["kind"], c["topic"]) for c in _json(done)["left"]} == {
        ("held", "contacts"),
        ("unknown", "somebody-elses"),
    }
    assert {(c["kind"], c["topic"]) for c in _json(done)["done"]} == {
        ("create", "narratives"),
        ("update", "contacts"),
        ("update", "flags"),
    }

    told = run.invoke(topics_app, ["apply", *place, "--delete-unknown", "--delete-records", "--yes"])
    assert told.exit_code == 0, told.output
    assert "~ update contacts: retention.ms -1 →" in told.stdout
    assert "- unknown somebody-elses  (deleted)" in told.stdout
    again = run.invoke(topics_app, ["plan", *place, "--json"])
    assert (again.exit_code, _json(again)) == (0, {"changes": []})
    assert "somebody-elses" not in admin.list_topics()
    admin.close()

    # Without an address it is the running hub's cluster, whatever port that got.
    monkeypatch.setenv("FRONTDOOR_RUN_DIR", str(tmp_path))
    monkeypatch.setenv("FRONTDOOR_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    write_state(tmp_path, StackState(1, "", own_broker.bootstrap, embedded=True, clock="system", processes=[]))
    alive = take_stack(tmp_path)
    assert alive is not None
    assert run.invoke(topics_app, ["plan"]).exit_code == 0
    # A hub that was killed has no cluster any more.
    alive.release()
    nowhere = run.invoke(topics_app, ["plan", "--timeout", "0.5"])
    assert nowhere.exit_code == 1
    assert "./frontdoor up" in nowhere.output
