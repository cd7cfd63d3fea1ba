"""What leaves, as the view tells it: states of deliveries, outcomes for who fetches them, statements; and the way of a school."""

import asyncio
import json
import random
import sqlite3
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from connectors.delivery.outcome import Failed, Refused
from connectors.delivery.recipients import Recipient
from connectors.delivery.schedule import Policy, again, decide, taken
from connectors.delivery.statement_item import statement_item, with_statements
from connectors.registry import writer_for
from connectors.statements import StatementKey, is_genuine, public_key
from connectors.transports.view_answers import ViewAnswers
from ops.cli import app
from ops.delivery_statements import send_statements
from ops.durable_log import KafkaLog
from ops.embedded_kafka import EmbeddedKafka
from ops.endpoints import endpoint
from ops.view.deliveries import deliveries, delivery
from ops.view.fold import Fold
from ops.view.outcomes import BadCursor, outcomes
from ops.view.statement import statement
from ops.view.statements_due import statements_due
from ops.view.store import open_store
from ops.view.story import story
from schemas.outbound import OutboundItem
from schemas.settings import Settings
from tests.connectors.delivery.partners import HttpPartner

from .days import (
    FRIDAY,
    HASH_KEY,
    SATURDAY,
    Entry,
    as_logged,
    assessed,
    disposition,
    london,
    opened,
    received,
    small_day,
    ticks_logged,
)
from .pictures import AFTER, picture_of
from .running import Running, RunningView, put_on_log, until

POLICY = Policy(first_seconds=1, owner="Case systems desk")


def outcome(number: int, recipient: str = "school-1", contact: str = "c-1", agency: str = "education") -> Entry:
    item = OutboundItem(
        item_id=f"{recipient}-{contact}-{number}", kind="outcome", recipient=recipient, agency=agency, contact_id=contact,
        receipt_id=f"r-{number}", at=london("09:00").astimezone(UTC) + timedelta(minutes=number), outcome={"outcome": "closed"},
    )  # fmt: skip
    return (f"outbound.{agency}", f"{recipient} {contact}", item)


@contextmanager
def folded(path: Path, *entries: Entry) -> Iterator[sqlite3.Connection]:
    db = open_store(path, HASH_KEY)
    try:
        Fold(db, HASH_KEY, stepped=True).batch(as_logged(entries))
        yield db
    finally:
        db.close()


def test_the_newest_state_counts_in_whatever_order_states_are_read(tmp_path: Path) -> None:
    at = AFTER
    item = small_day()[6][2]
    assert isinstance(item, OutboundItem)
    first = taken(item, 0, 0, at)
    waiting = decide(first, Failed("timeout"), at, POLICY)
    given_up = decide(waiting, Refused("http_422"), at, POLICY)
    retried = again(given_up, by="Alma Worker", why="format-corrected", at=at, now=at)
    states = [first, waiting, given_up, retried]
    for turn in range(6):
        shuffled = random.Random(turn).sample(states, len(states))
        entries = [("deliveries", "case-system c-red", one) for one in shuffled]
        with folded(tmp_path / f"{turn}.sqlite", *small_day(), *entries) as db:
            snapshot = picture_of(db)
            now = delivery(snapshot, "o-red")
            assert now is not None and now.delivery == retried and now.history == states
            [still] = deliveries(snapshot, ("undelivered", "waiting", "retried"), "", at + timedelta(hours=2), 10).items
            assert (still.state, still.age_seconds) == ("retried", 7200)
            assert deliveries(snapshot, ("undelivered",), "", at, 10).items == []
            told = [step.what for step in story(snapshot, "c-red").story if step.type.startswith("delivery_")]
            assert told == [
                "referral for case-system could not be delivered (http_422, 2 tries); with Case systems desk",
                "referral for case-system is sent again: format corrected",
            ]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(["school-1", "school-2"]), st.sampled_from("abcde")), max_size=25),
    st.lists(st.integers(1, 4), min_size=1, max_size=5),
    st.integers(0, 25),
)
def test_who_goes_on_from_its_cursor_misses_none_and_gets_none_twice(
    tmp_path: Path, leaving: list[tuple[str, str]], limits: list[int], asked_early: int
) -> None:
    entries = [outcome(n, recipient, contact) for n, (recipient, contact) in enumerate(leaving)]
    logged = as_logged(entries)
    db = open_store(tmp_path / f"{uuid.uuid4().hex}.sqlite", HASH_KEY)
    fold = Fold(db, HASH_KEY, stepped=True)
    got: list[OutboundItem] = []
    cursor = ""
    # The school asks in the middle of the day, and goes on when there is more.
    for batch in (logged[:asked_early], logged[asked_early:]):
        fold.batch(batch)
        for turn in range(100):
            page = outcomes(picture_of(db), "education", "school-1", cursor, limits[turn % len(limits)])
            got, cursor = got + page.items, page.next
            if not page.more:
                break
    db.close()
    mine = [entry[2] for entry in entries if entry[2].recipient == "school-1"]  # type: ignore[attr-defined]
    assert sorted(one.item_id for one in got) == sorted(one.item_id for one in mine)
    for contact in "abcde":
        assert [one for one in got if one.contact_id == contact] == [one for one in mine if one.contact_id == contact]


@pytest.mark.parametrize("cursor", ["x", "1-2-3", "1-2-3-4-5", "1-2-3--4", "1-2-3-4'", "²-0-0-0"])
def test_what_was_never_given_out_is_no_cursor(tmp_path: Path, cursor: str) -> None:
    with folded(tmp_path / "view.sqlite") as db, pytest.raises(BadCursor):
        outcomes(picture_of(db), "education", "school-1", cursor, 10)


def test_a_statement_counts_what_came_that_london_day_and_says_what_waits(tmp_path: Path) -> None:
    just_before, first, last = london("23:59", FRIDAY - timedelta(days=1)), london("00:00"), london("23:59")
    day = [
        received("r-0", just_before), received("r-1", first), received("r-2", london("11:00")), received("r-3", last),
        received("r-4", london("12:00")), received("r-5", london("12:00"), sender="somebody-else"),
        disposition("r-1", first, "contact", contact_ids=["c-1"]), opened("c-1", first, receipt="r-1"),
        disposition("r-2", london("11:00"), "contact", contact_ids=["c-2"], deliveries=3),
        opened("c-2", london("11:00"), receipt="r-2"), assessed("c-2", london("12:00")),
        disposition("r-4", london("12:00"), "quarantined", reason_code="not_json", reason="It is not JSON."),
        outcome(1, "gp-1", "c-2", "health"),
    ]  # fmt: skip
    with folded(tmp_path / "view.sqlite", *day) as db:
        told = statement(picture_of(db), "gp-1", FRIDAY)
        assert [(one.receipt_id, one.state, one.times, one.waits_for) for one in told.messages] == [
            ("r-1", "contact", 1, "assessment"), ("r-2", "contact", 3, ""), ("r-4", "quarantined", 1, "repair"),
            ("r-3", "not_read_yet", 1, "reading"),
        ]  # fmt: skip
        assert (told.sent, told.outcomes, told.over) == (4, 1, True)
        assert told.waiting == {"assessment": 1, "reading": 1, "repair": 1}
        assert statement(picture_of(db), "gp-2", FRIDAY).sent == 0


@pytest.mark.parametrize(
    ("reached", "sent", "owed"),
    [
        ("00:29", None, [-1]), ("00:30", None, [0]), ("23:59", None, [0]), ("00:30", 0, []), ("00:29", -1, []),
        ("00:30", -3, [-2, -1, 0]), ("00:30", -400, [*range(-30, 1)]),
    ],
)  # fmt: skip
def test_a_day_s_statement_is_owed_once_the_ticks_have_passed_its_time_however_long_nobody_sent_any(
    tmp_path: Path, reached: str, sent: int | None, owed: list[int]
) -> None:
    early = ticks_logged([(london("00:00"), london("12:00", SATURDAY + timedelta(days=9)))])[:3]
    ends = london(reached, SATURDAY)
    last = ticks_logged([(london("00:00"), ends)])[3:]
    before = [] if sent is None else [statement_of("gp-1", FRIDAY + timedelta(days=sent))]
    with folded(tmp_path / "view.sqlite", *before) as db:
        Fold(db, HASH_KEY, stepped=True).batch([*early])
        # The hub's clock runs ahead of the log, and a partition behind the others: neither moves anything.
        at = picture_of(db, now=london("12:00", SATURDAY + timedelta(days=9)))
        assert statements_due(at, ["gp-1"]).due == []
        Fold(db, HASH_KEY, stepped=True).batch([*last])
        found = statements_due(at, ["gp-1"]).due
    assert [(one.recipient, one.day) for one in found] == [("gp-1", FRIDAY + timedelta(days=day)) for day in owed]


def statement_of(recipient: str, day: date, agency: str = "health") -> Entry:
    to = Recipient.model_validate({"id": recipient, "agency": agency, "folder": {"path": "/tmp"}})
    return (f"outbound.{agency}", f"{recipient} ", statement_item(to, day.isoformat(), "{}", AFTER))


def test_a_statement_changed_in_any_letter_is_not_genuine(tmp_path: Path) -> None:
    key = StatementKey.at(tmp_path / "key.pem", make=True)
    document = key.sign({"sender": "gp-1", "sent": 2, "messages": [{"receipt_id": "r-1"}]})
    again_read = StatementKey.at(tmp_path / "key.pem", make=True)
    public = public_key(again_read.public_pem.encode())
    assert is_genuine(json.loads(json.dumps(document, indent=3)), public)
    document["statement"]["sent"] = 3
    assert not is_genuine(document, public)
    for broken in ({}, [], None, {"statement": {}, "signature": {"value": "é"}}):
        assert not is_genuine(broken, public)
    assert (tmp_path / "key.pem").stat().st_mode & 0o077 == 0


async def daily_statements(settings: Settings, bootstrap: str, listed: Iterable[str]) -> None:
    """Looks again and again until nothing is owed to those who are listed."""
    recipients = [Recipient.model_validate({"id": one, "agency": "education", "folder": {"path": "/tmp"}}) for one in listed]
    log, stop, view = KafkaLog(bootstrap, "test"), asyncio.Event(), ViewAnswers(settings)
    sending = asyncio.create_task(send_statements(recipients, settings, log, lambda _: True, stop, every=0.05))
    try:
        async with asyncio.timeout(60):
            while (await view.statements_due([one.id for one in recipients if one.has_statements]))["due"]:
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.15)
    finally:
        stop.set()
        await sending
        await view.close()
        log.close()


@pytest.mark.broker
def test_a_school_fetches_its_outcomes_and_its_statement_and_a_person_sees_what_was_given_up(
    hub_broker: EmbeddedKafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_dir, now = tmp_path / "run", london("12:00", FRIDAY + timedelta(days=40))
    processes = {"view": RunningView(hub_broker.bootstrap, run_dir, now)}
    school: dict[str, Running] = {"connector": Running("connector-education", hub_broker.bootstrap, run_dir, now)}
    name = f"desk-{uuid.uuid4().hex[:8]}"
    mine = [outcome(n, "education-http", f"c-{n % 2}") for n in range(3)]
    other = outcome(1, "somebody-else")
    refused = decide(taken(other[2], 0, 0, AFTER), Refused("http_422"), AFTER, Policy(owner=name))  # type: ignore[arg-type]
    put_on_log(hub_broker.bootstrap, as_logged([*mine, other, ("deliveries", other[1], refused)]))
    put_on_log(hub_broker.bootstrap, ticks_logged([(london("00:00"), AFTER)]))
    running: list[Running] = [*processes.values(), *school.values()]
    called: HttpPartner | None = None
    try:
        for process in running:
            process.start()
        for process in running:
            process.until_up()
        view = processes["view"]
        view.until_ready()
        found = endpoint(view.settings, "connector-education")
        assert found is not None
        with httpx.Client(base_url=found["urls"]["http"], trust_env=False, timeout=30) as http:
            page = http.get("/outcomes", params={"limit": 2}).json()
            rest = http.get("/outcomes", params={"since": page["next"]}).json()
            told = [*page["outcomes"], *rest["outcomes"]]
            assert page["more"] and not rest["more"]
            assert sorted(one["notice_id"] for one in told) == [f"education-http-c-{n % 2}-{n}" for n in (0, 2, 1)]
            assert all(one["meaning"] == "The case has been closed." for one in told)
            assert http.get("/outcomes", params={"since": "yesterday"}).status_code == 400
            assert http.get("/outcomes", headers={"authorization": "Bearer wrong"}).status_code == 401
            sent = http.post("/concerns", content=b"{}").json()
            document: dict[str, Any] = {}

            def has_it() -> bool:
                answer = http.get(f"/statements/{now:%Y-%m-%d}")
                document.update(answer.json())
                return answer.status_code == 200 and document["statement"]["sent"] > 0

            until(has_it, "the statement")
            assert sent["receipt_id"] in [one["receipt_id"] for one in document["statement"]["messages"]]
            assert is_genuine(document, public_key(http.get("/statement-key").content))
            assert http.get("/statements/today").status_code == 400
        # Each day it is also sent one, by itself: one for a day, however often the hub looks; also who sent nothing.
        quiet = f"quiet-{uuid.uuid4().hex[:8]}"
        public = public_key(StatementKey.at(view.settings.statement_key_file, make=True).public_pem.encode())
        listed = {"education-http": True, quiet: True, "case-system": False}
        days = view.get("/statements/due", {"recipients": ",".join(listed)}).json()["due"]
        assert {one["recipient"] for one in days} == set(listed)
        asyncio.run(daily_statements(view.settings, hub_broker.bootstrap, listed))
        for recipient, gets_one in listed.items():
            answer = view.get("/outcomes", {"agency": "education", "recipient": recipient}).json()["items"]
            leaving = [OutboundItem.model_validate(one) for one in answer if one["kind"] == "statement"]
            assert len(leaving) == (1 if gets_one else 0), recipient
            for one in leaving:
                # Its usual format is another one: a statement leaves as it was signed.
                written = with_statements(writer_for("education", "text"))(one)
                signed = json.loads(written.body)
                assert is_genuine(signed, public)
                assert (signed["statement"]["sender"], signed["statement"]["day"]) == (recipient, one.outcome["day"])
        # The process that delivers makes it by itself, and carries it to who is called over HTTP.
        called = HttpPartner()
        pushed = {"id": f"called-{uuid.uuid4().hex[:8]}", "agency": "education", "format": "text", "http": {"url": called.url}}
        (tmp_path / "recipients.yaml").write_text(json.dumps({"recipients": [pushed]}))
        monkeypatch.setenv("FRONTDOOR_RECIPIENTS_FILE", str(tmp_path / "recipients.yaml"))
        running.append(Running("delivery", hub_broker.bootstrap, run_dir, now))
        running[-1].start()
        until(lambda: called.came, "the statement at the recipient's own server", 90)
        came = called.came[0]
        carried = json.loads(came.body)
        assert is_genuine(carried, public) and came.headers["content-type"].startswith("application/json")
        [day] = [one["day"] for one in days if one["recipient"] == quiet]
        assert (carried["statement"]["sender"], carried["statement"]["day"]) == (pushed["id"], day)
        until(lambda: '"delivered"' in view.get(f"/deliveries/{came.item_id}").text, "its receipt")
        assert len(called.came) == 1
        file = tmp_path / "statement.json"
        file.write_text(json.dumps(document))
        run = CliRunner()
        told_by_command = run.invoke(
            app, ["statement", "education-http", "--day", f"{now:%Y-%m-%d}", "--json"], env=dict(view.environment)
        )
        assert told_by_command.exit_code == 0, told_by_command.output
        assert json.loads(told_by_command.stdout)["statement"]["messages"] == document["statement"]["messages"]
        checked = run.invoke(app, ["verify-statement", str(file)], env=dict(view.environment))
        assert checked.exit_code == 0, checked.output
        listed = run.invoke(app, ["undelivered", "list", "--recipient", "somebody-else", "--json"], env=dict(view.environment))
        [item] = json.loads(listed.stdout)["items"]
        assert (item["owner"], item["reason_code"]) == (name, "http_422")
        again_sent = run.invoke(
            app, ["undelivered", "retry", item["item_id"], "--by", "Alma Worker", "--why", "recipient-asked", "--timeout", "0"],
            env=dict(view.environment),
        )  # fmt: skip
        assert again_sent.exit_code == 4, again_sent.output
        until(lambda: view.get(f"/deliveries/{item['item_id']}").json()["delivery"]["by"] == "Alma Worker", "the new round")
    finally:
        for process in running:
            process.stop()
        if called is not None:
            called.close()
