"""Delivery on a real broker to real servers: everything arrives, in order, whoever is down, and whoever dies when."""

import json
import os
import re
import sys
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from confluent_kafka import Consumer, TopicPartition

from connectors.delivery.engine import entry_of
from connectors.delivery.recipients import Recipient
from connectors.delivery.schedule import again
from connectors.delivery.signing import is_signed, signature_headers
from ops.children import Children
from ops.durable_log import KafkaLog
from ops.topics import apply_topics
from schemas.catalogue import catalogue
from schemas.outbound import OutboundItem

from .carrying import FAST, TRACE, Written, delivering, put
from .partners import HttpPartner, MllpPartner, ids, said, until

pytestmark = pytest.mark.broker

DOCS = (Path(__file__).parents[3] / "docs" / "delivery.md").read_text()


def item(recipient: str, number: int, contact: str = "c", agency: str = "social_care") -> OutboundItem:
    return OutboundItem(
        item_id=f"{recipient}-{number}", kind="outcome", recipient=recipient, agency=agency, contact_id=f"{recipient}-{contact}",
        receipt_id=f"r-{number}", at=datetime(2026, 6, 6, 10, number % 60, tzinfo=UTC), outcome={"outcome": "closed"},
    )  # fmt: skip


def over_http(name: str, partner: HttpPartner, **more: Any) -> Recipient:
    return Recipient.model_validate({"id": name, "agency": "social_care", "http": {"url": partner.url}, **FAST, **more})


async def test_one_recipient_that_hangs_and_others_that_fail_delay_nobody_and_lose_nothing(
    kafka: str, durable: KafkaLog, written: Written, tmp_path: Path, name: str
) -> None:
    hanging, failing = HttpPartner(lambda n: "hang"), HttpPartner(lambda n: 500 if n % 2 == 0 else 200)
    cutting, healthy = HttpPartner(lambda n: "cut" if n == 0 else 200), HttpPartner()
    partners = {f"{name}-{word}": one for word, one in zip("abcd", (hanging, failing, cutting, healthy), strict=True)}
    # The hanging one's come first: were there one queue, everybody would stand behind it.
    await put(durable, *(item(one, number) for one in partners for number in range(5)))
    try:
        async with delivering(kafka, durable, tmp_path, *(over_http(*one) for one in partners.items())):
            await until(lambda: all(len(one.answered) >= 5 for one in (failing, cutting, healthy)))
            assert hanging.answered == []
            assert len(ids(hanging.came)) == 1, "a contact's second item must wait for its first"
            hanging.release()
            await until(lambda: len(hanging.answered) >= 5)
            for one in partners:
                await until(lambda one=one: "delivered" in written.states(f"{one}-4"))
        for recipient, partner in partners.items():
            assert ids(partner.came) == [f"{recipient}-{n}" for n in range(5)], "in the order of the log"
        assert [said(one)["message_id"] for one in healthy.came] == [one.item_id for one in healthy.came]
        first = written.of(f"{name}-b-0")
        assert [(one.state, one.reason_code, one.attempts) for one in first] == [("waiting", "http_500", 1), ("delivered", "", 2)]
        assert written.of(f"{name}-c-0")[0].reason_code == "no_answer", "an answer that was cut off is none"
    finally:
        for partner in partners.values():
            partner.close()


async def test_what_is_refused_is_undelivered_with_an_owner_and_a_person_sends_it_again(
    kafka: str, durable: KafkaLog, written: Written, tmp_path: Path, name: str
) -> None:
    partner = HttpPartner(lambda n: 422 if n == 0 else 200)
    key = tmp_path / "secret"
    key.write_text("a shared secret\n")
    signed = {"url": partner.url, "secret": {"file": str(key)}}
    recipient = over_http(name, partner, owner="Case systems desk", http=signed)
    try:
        async with delivering(kafka, durable, tmp_path, recipient):
            await put(durable, item(name, 1), item(name, 2))
            await until(lambda: "delivered" in written.states(f"{name}-2"))
            [given_up] = written.of(f"{name}-1")
            assert (given_up.state, given_up.reason_code, given_up.owner) == ("undelivered", "http_422", "Case systems desk")
            assert ids(partner.came) == [f"{name}-1", f"{name}-2"], "tried once; the next one goes on"
            now = datetime.now(UTC)
            await durable.append([entry_of(again(given_up, by="Alma Worker", why="format-corrected", at=now, now=now), "ops")])
            await until(lambda: written.states(f"{name}-1") == ["undelivered", "retried", "delivered"])
        last = partner.came[-1]
        assert last.item_id == f"{name}-1" == last.headers["webhook-id"]
        stamp = int(last.headers["webhook-timestamp"])
        assert is_signed(b"a shared secret", last.headers, last.body, stamp)
        assert not is_signed(b"another secret", last.headers, last.body, stamp)
        assert not is_signed(b"a shared secret", last.headers, last.body + b" ", stamp)
        assert not is_signed(b"a shared secret", last.headers, last.body, stamp + 3600)
    finally:
        partner.close()


async def test_killed_with_sigkill_it_loses_nothing_and_repeats_only_under_the_same_id(
    kafka: str, durable: KafkaLog, written: Written, tmp_path: Path, name: str
) -> None:
    # Every fifth request fails, so that there are states to recover; items of three contacts.
    partner = HttpPartner(lambda n: 503 if n % 5 == 4 else 200)
    file = tmp_path / "recipients.yaml"
    entry = {"id": name, "agency": "social_care", "http": {"url": partner.url}, **FAST}
    file.write_text(yaml.safe_dump({"recipients": [entry]}))
    items = [item(name, number, f"c{number % 3}") for number in range(60)]
    env = {
        **os.environ, "FRONTDOOR_BOOTSTRAP_SERVERS": kafka, "FRONTDOOR_RUN_DIR": str(tmp_path),
        "FRONTDOOR_RECIPIENTS_FILE": str(file),
    }  # fmt: skip
    children = Children()
    try:
        for at in (20, 60):
            child = children.spawn([sys.executable, "-m", "ops.run", "delivery"], log=tmp_path / "delivery.log", env=env)
            if at == 20:
                await put(durable, *items)
            await until(lambda at=at: len(ids(partner.came)) >= at)
            if at < 60:
                child.signal(9)
                child.wait(5)
        await until(lambda: all("delivered" in written.states(one.item_id) for one in items))
    finally:
        children.close()
        partner.close()
    for contact in range(3):
        mine = [one.item_id for one in items if one.contact_id == f"{name}-c{contact}"]
        assert [one for one in ids(partner.came) if one in mine] == mine, "in order for each contact, each as it came first"
    assert set(ids(partner.came)) == {one.item_id for one in items}
    bodies: dict[str, bytes] = {}
    for came in partner.came:
        assert bodies.setdefault(came.item_id, came.body) == came.body
    assert "Traceback" not in (tmp_path / "delivery.log").read_text()


async def test_hl7_acknowledgements_decide_and_only_a_positive_one_is_a_delivery(
    kafka: str, durable: KafkaLog, written: Written, tmp_path: Path, name: str
) -> None:
    answers = ["AE", "AR 207", "AR 200^unsupported", "AA", "AA"]
    partner = MllpPartner(lambda n: answers[n])
    port = await partner.start()
    recipient = Recipient.model_validate(
        {"id": name, "agency": "health", "format": "hl7v2", "mllp": {"host": "127.0.0.1", "port": port}, **FAST}
    )
    async with delivering(kafka, durable, tmp_path, recipient):
        await put(durable, *(item(name, number, f"c{number}", "health") for number in range(4)))
        await until(lambda: len(partner.came) == 5 and all(written.states(f"{name}-{n}") for n in range(4)))
        await until(lambda: [written.states(f"{name}-{n}")[-1] for n in range(4)].count("waiting") == 0)
    partner.close()
    ends = sorted((written.of(f"{name}-{n}")[-1].state, written.of(f"{name}-{n}")[-1].reason_code) for n in range(4))
    assert ends == [("delivered", ""), ("delivered", ""), ("undelivered", "hl7_AE"), ("undelivered", "hl7_AR_200")]


async def test_folder_table_and_topic_each_hold_an_item_once_however_often_it_was_sent(
    kafka: str, durable: KafkaLog, written: Written, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    engine = sa.create_engine(f"sqlite:///{tmp_path}/their.db")
    with engine.begin() as connection:
        for statement in published_table("sqlite"):
            connection.exec_driver_sql(statement)
    organisation = f"org-{name}"
    apply_topics(kafka, wanted=catalogue().for_partners((), [f"partner.{organisation}.out"]))
    ways: dict[str, dict[str, Any]] = {
        f"{name}-f": {"folder": {"path": str(folder)}},
        f"{name}-t": {"inbox": {"url": engine.url.render_as_string(hide_password=False)}},
        f"{name}-k": {"kafka": {"organisation": organisation}},
    }
    recipients = [Recipient.model_validate({"id": one, "agency": "social_care", **way, **FAST}) for one, way in ways.items()]
    # The second copy is what a worker writes that died before it noted the first.
    twice = [item(one, 1) for one in ways for _ in range(2)]
    async with delivering(kafka, durable, tmp_path, *recipients):
        await put(durable, *twice, *(item(one, 2) for one in ways))
        for one in ways:
            await until(lambda one=one: "delivered" in written.states(f"{one}-2"))
    names = sorted(path.name for path in folder.iterdir())
    assert names == [f"outcome-{name}-f-1.json", f"outcome-{name}-f-2.json"]
    assert json.loads((folder / names[0]).read_text())["message_id"] == f"{name}-f-1"
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT message_id, kind, body FROM frontdoor_inbox ORDER BY id")).fetchall()
    assert [(row.message_id, row.kind) for row in rows] == [(f"{name}-t-1", "outcome"), (f"{name}-t-2", "outcome")]
    assert json.loads(rows[0].body)["frontdoor_contact_id"] == f"{name}-t-c"
    found = everything_in(kafka, f"partner.{organisation}.out")
    assert list(dict.fromkeys(found)) == [(f"{name}-k-{n}", f"{name}-k-c", TRACE) for n in (1, 2)], "by ce_id, in order"


def everything_in(bootstrap: str, topic: str) -> list[tuple[str, str, str]]:
    """The id header, the key and the trace of every record, in order of each partition."""
    told = {"bootstrap.servers": bootstrap, "group.id": uuid.uuid4().hex, "enable.partition.eof": True, "log_level": 0}
    consumer = Consumer(told)
    partitions = range(catalogue().keyed_partitions)
    consumer.assign([TopicPartition(topic, number, 0) for number in partitions])
    found, ends = [], 0
    while ends < len(partitions):
        for message in consumer.consume(100, 1.0):
            if message.error() is not None:
                ends += 1
                continue
            headers = {name: value.decode() for name, value in message.headers()}
            found.append((headers["ce_id"], message.key().decode(), headers["traceparent"]))
    consumer.close()
    return found


def published_table(dialect: str) -> list[str]:
    """The statements that the documentation tells a partner to run."""
    found = re.search(rf"<!-- inbox: {dialect} -->\n```sql\n(.*?)```", DOCS, re.DOTALL)
    assert found is not None
    return [statement for statement in found[1].split(";") if statement.strip()]


def test_the_published_way_to_check_a_signature_is_right() -> None:
    found = re.search(r"<!-- verification sample -->\n```python\n(.*?)```", DOCS, re.DOTALL)
    assert found is not None
    sample: dict[str, Any] = {}
    exec(found[1], sample)
    is_ours, now = sample["is_from_front_door"], int(time.time())
    headers = signature_headers(b"a shared secret", "item-1", b"{}", now)
    assert is_ours(b"a shared secret", headers, b"{}")
    assert not is_ours(b"a shared secret", headers, b"{ }")
    assert not is_ours(b"a shared secret", signature_headers(b"a shared secret", "item-1", b"{}", now - 3600), b"{}")
