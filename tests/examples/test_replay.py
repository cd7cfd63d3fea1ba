"""`replay` on a real broker: shown first, written only when the same count is given back, and found where it was."""

import json

import pytest
from confluent_kafka import Producer
from typer.testing import CliRunner

from ops.cli import app
from ops.replay.choice import FROM, Choice, Logged
from ops.replay.log import chosen

from .conftest import Hub

pytestmark = pytest.mark.broker
TOPIC, PARTITION = "received.police", 3
WHO = ["--by", "Ada Lane", "--reason", "INC-4"]


def replay(hub: Hub, *arguments: str) -> tuple[int, str]:
    environment = {"FRONTDOOR_BOOTSTRAP_SERVERS": hub.bootstrap, "FRONTDOOR_RUN_DIR": str(hub.run_dir)}
    done = CliRunner().invoke(app, ["replay", *arguments], env=environment)
    return done.exit_code, done.output


def all_on(hub: Hub) -> list[Logged]:
    return list(chosen(hub.bootstrap, TOPIC, Choice(offsets={PARTITION: (0, 10_000)})))


@pytest.fixture(scope="module")
def records(hub: Hub) -> list[Logged]:
    """Ten records of two senders on one partition."""
    producer = Producer({"bootstrap.servers": hub.bootstrap})
    for number in range(10):
        key = b"force-a" if number % 2 else b"force-b"
        producer.produce(TOPIC, f"message {number}".encode(), key=key, partition=PARTITION, headers={"ce_id": str(number)})
    assert producer.flush(20) == 0
    return all_on(hub)


def test_shown_first_and_written_only_as_shown(hub: Hub, records: list[Logged]) -> None:
    choice = [TOPIC, "--key", "force-a", "--offsets", f"{PARTITION}:0-6"]
    code, said = replay(hub, *choice, "--json")
    assert (code, json.loads(said)["records"], json.loads(said)["written"]) == (0, 3, False)
    assert "message" not in said
    assert all_on(hub) == records, "showing wrote something"
    assert replay(hub, *choice, *WHO, "--go", "2")[0] == 1
    assert replay(hub, *choice, "--go", "3")[0] == 2, "nobody said who and why"
    assert all_on(hub) == records

    code, said = replay(hub, *choice, *WHO, "--go", "3", "--rate", "1000")
    assert code == 0 and "Written again" in said
    again = all_on(hub)[len(records) :]
    originals = [one for one in records if one.key == b"force-a" and one.offset <= 6]
    assert [(one.key, one.value, one.partition) for one in again] == [(one.key, one.value, one.partition) for one in originals]
    assert [dict(one.headers)["ce_id"] for one in again] == [dict(one.headers)["ce_id"] for one in originals]
    assert [dict(one.headers)[FROM].decode() for one in again] == [f"{TOPIC}/{PARTITION}/{one.offset}" for one in originals]
    assert {dict(one.headers)["fd_replayed_by"] for one in again} == {b"Ada Lane"}


def test_a_time_begins_where_it_says(hub: Hub, records: list[Logged]) -> None:
    at = records[4].appended_at
    wanted = [one.offset for one in records if one.appended_at >= at]
    found = [one.offset for one in chosen(hub.bootstrap, TOPIC, Choice({PARTITION: (0, 9)}, since=at))]
    assert found == wanted
    later = "2999-01-01T00:00:00+00:00"
    assert json.loads(replay(hub, TOPIC, "--since", later, "--json")[1])["records"] == 0


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ([TOPIC], 2, "Choose"),
        ([TOPIC, "--since", "yesterday"], 2, "no time"),
        ([TOPIC, "--offsets", "all"], 2, "PARTITION:FROM-TO"),
        (["outbound.health", "--key", "x"], 1, "--notify"),
        (["case-events", "--key", "x"], 1, "taken twice"),
        (["received.nobody", "--key", "x"], 3, "no topic"),
    ],
)
def test_what_cannot_be_done_is_said(hub: Hub, arguments: list[str], code: int, says: str) -> None:
    done, said = replay(hub, *arguments)
    assert (done, says in said) == (code, True), said
