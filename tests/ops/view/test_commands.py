"""The commands that read the view, and those that write through it, against a real connector, intake and view."""

import asyncio
import base64
import json
import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import Result
from typer.testing import CliRunner

from connectors.edge import Edge, Large
from connectors.large_store import LargeStore
from connectors.senders import default_sender
from ops.cli import app
from ops.clocks import stepped_clock
from ops.durable_log import KafkaLog
from ops.embedded_kafka import EmbeddedKafka
from ops.endpoints import endpoint
from ops.linkage.log_reports import log_reports
from schemas.settings import Settings

from .days import FRIDAY, london
from .running import Running, RunningView, until

pytestmark = [pytest.mark.broker, pytest.mark.stack]

#: A Monday of its own: what other tests have put on this log is another day's.
MONDAY = FRIDAY + timedelta(days=10)
NOON = london("12:00", MONDAY)

CONCERN = {
    "reference": "K-7", "pupil": {"forename": "Ada", "surname": "Testperson", "dob": "2017-05-06"}, "risk": "amber",
    "details": "Often without lunch.",
}  # fmt: skip
BROKEN = b'{"reference": "K-8", "pupil": {"forename": "Bea", "surname": "Testperson", "dob": "2016-01-02"'


class Hub:
    """What a person at the front door has: the command line, and senders elsewhere."""

    def __init__(self, processes: dict[str, Running]) -> None:
        self.processes = processes

    def run(self, *arguments: str) -> Result:
        """One command."""
        return CliRunner().invoke(app, list(arguments), env=dict(self.processes["view"].environment))

    def json(self, *arguments: str) -> Any:
        """What a command that succeeds prints with --json."""
        done = self.run(*arguments, "--json")
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    def send(self, body: bytes) -> str:
        """A school sends; the receipt once the message has been read."""
        found = endpoint(self.processes["view"].settings, "connector-education")
        assert found is not None
        url = found["urls"]["http"] + "/concerns"
        headers = {"content-type": "application/json"}
        answer = httpx.post(url, content=body, headers=headers, trust_env=False, timeout=30)
        assert answer.status_code == 202, answer.text
        return self.read(str(answer.json()["receipt_id"]))

    def store_elsewhere(self, body: bytes, store: Path) -> str:
        """A message whose bytes are in a store that the hub does not see; its receipt once the hub has tried to read it."""
        settings = self.processes["view"].settings
        log = KafkaLog(settings.bootstrap_servers, "elsewhere")
        edge = Edge("education", log, stepped_clock(settings), Large(LargeStore(store), 1))
        stored = asyncio.run(edge.store(body=body, sender=default_sender("education", "http"), transport="http"))
        log.close()
        return self.read(stored.receipt_id)

    def send_by_folder(self, body: bytes) -> str:
        """A school sends through another channel; the receipt once the message has been read."""
        settings = self.processes["view"].settings
        log = KafkaLog(settings.bootstrap_servers, "folder")
        edge = Edge("education", log, stepped_clock(settings))
        stored = asyncio.run(edge.store(body=body, sender=default_sender("education", "folder"), transport="folder"))
        log.close()
        return self.read(stored.receipt_id)

    def read(self, receipt: str) -> str:
        """The receipt, once the hub knows what became of the message."""
        view = self.processes["view"]
        assert isinstance(view, RunningView)

        def settled() -> bool:
            told = view.get(f"/receipts/{receipt}")
            return told.status_code == 200 and bool(told.json()["disposition"]) and bool(told.json()["contacts"])

        until(settled, "the message to be read")
        return receipt


@pytest.fixture(scope="module")
def hub(hub_broker: EmbeddedKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    run_dir = tmp_path_factory.mktemp("hub run")
    roles = ("intake", "linkage", "connector-social_care", "connector-education")
    processes = {role: Running(role, hub_broker.bootstrap, run_dir, NOON) for role in roles}
    processes["view"] = RunningView(hub_broker.bootstrap, run_dir, NOON)
    for process in processes.values():
        process.start()
    try:
        for process in processes.values():
            process.until_up()
        yield Hub(processes)
    finally:
        for process in processes.values():
            process.stop()


@pytest.fixture
def unique() -> Callable[[], bytes]:
    numbers = iter(range(1, 100))

    def concern() -> bytes:
        number = next(numbers)
        pupil = {"forename": "Cleo", "surname": f"Testperson{'abcdefghij'[number]}", "dob": f"2015-02-{number:02d}"}
        return json.dumps({**CONCERN, "reference": f"U-{id(numbers)}-{number}", "pupil": pupil}).encode()

    return concern


@pytest.fixture(scope="module")
def receipt(hub: Hub) -> str:
    return hub.send(json.dumps(CONCERN).encode())


def test_find_tells_where_a_message_is_now(hub: Hub, receipt: str) -> None:
    done = hub.run("find", receipt)
    assert done.exit_code == 0, done.output
    assert "read: 1 contact" in done.stdout
    assert "no person has read it yet" in done.stdout
    assert "held by nobody by name yet" in done.stdout
    assert set(hub.json("find", receipt)) == {"as_of", "behind_records", "matches"}


def test_find_of_nothing_says_what_to_do(hub: Hub) -> None:
    done = hub.run("find", "no-such-file.json")
    assert done.exit_code == 1
    assert "Check it with the sender" in done.stderr


def test_case_tells_the_story(hub: Hub, receipt: str) -> None:
    done = hub.run("case", receipt)
    assert done.exit_code == 0, done.output
    assert "Ada Testperson" in done.stdout
    assert "same-day clock: limit Tue 08 Sep 00:00, time left, 12 h 00 left" in done.stdout
    assert "Often without lunch." in done.stdout
    assert hub.json("case", f"{receipt}/1")["child"] == "Ada Testperson"


def test_case_of_nobody_is_not_found(hub: Hub) -> None:
    done = hub.run("case", "nobody/2")
    assert done.exit_code == 1
    assert "nothing by that name" in done.stderr
    for words in (("case", "nobody/.."), ("record", "closed", "..")):
        assert "That names no contact" in hub.run(*words).stderr
    assert "No team 'nowhere' has a rota or a contact. Teams: " in hub.run("team", "nowhere").stderr


def test_watch_shows_the_board_without_a_terminal(hub: Hub, receipt: str) -> None:
    done = hub.run("watch", "--once")
    assert done.exit_code == 0, done.output
    assert "Ada Testperson" in done.stdout and "amber" in done.stdout and "12 h 00 left" in done.stdout
    board = hub.json("watch", "--once")
    assert 720 in [one["minutes_left"] for one in board["contacts"]]


def test_a_person_records_an_assessment_and_it_counts(hub: Hub, unique: Callable[[], bytes]) -> None:
    about = hub.send(unique())
    done = hub.run("record", "assessed", about, "--by", "Alma Worker", "--level", "HIGH", "--reason", "Seen today.")
    assert done.exit_code == 0, done.output
    assert "risk assessed on contact" in done.stdout
    case = hub.json("case", about)
    same_day = [run for run in case["clocks"] if run["clock"] == "same-day"]
    assert [(run["state"], run["assessed_by"], run["assessed_level"]) for run in same_day] == [
        ("met_by_proof", "Alma Worker", "red"),
    ]  # fmt: skip
    assert [step["words"] for step in case["story"] if step["type"] == "risk_assessed"] == [["Seen today."]]
    assert "read by Alma Worker" in hub.run("find", about).stdout


def test_a_record_says_when_it_happened(hub: Hub, unique: Callable[[], bytes]) -> None:
    about = hub.send(unique())
    day = MONDAY.isoformat()
    more = ["--at", f"{day} 11:30", "--args", '{"decision":"s47"}']
    recorded = hub.json("record", "decision", about, "--by", "Alma Worker", *more)
    (event,) = recorded["outcome"]["events"]
    assert (event["type"], event["problem"]) == ("decision", "")
    step = next(step for step in hub.json("case", about)["story"] if step["type"] == "decision")
    assert step["said_at"] == f"{day}T10:30:00+00:00"
    hub.json("record", "note", about, "--by", "Alma Worker", "--reason", "Rang.", "--at", day)
    assert [step["said_at"] for step in hub.json("case", about)["story"] if step["type"] == "note"] == [day]


def test_a_record_about_one_child_of_several_says_which(hub: Hub) -> None:
    pupils = [{"forename": name, "surname": "Testperson", "dob": f"201{n}-04-05"} for n, name in enumerate(("Dan", "Eve"))]
    about = hub.send(json.dumps({"reference": "K-9", "pupils": pupils, "details": "Siblings."}).encode())
    unclear = hub.run("record", "decision", about, "--by", "Alma Worker")
    assert unclear.exit_code == 1 and "receipt/1 to receipt/2" in unclear.stderr
    (event,) = hub.json("record", "decision", f"{about}/2", "--by", "Alma Worker")["outcome"]["events"]
    assert hub.json("case", event["contact_id"])["child"] == "Eve Testperson"


def test_a_record_about_a_contact_nobody_knows_is_told(hub: Hub) -> None:
    nobody = "00000000-0000-4000-8000-000000000000"
    done = hub.run("record", "closed", nobody, "--by", "Alma Worker")
    assert done.exit_code == 1
    assert "which is not known here" in done.stdout
    assert nobody in hub.run("watch", "--once").stdout


def test_a_record_that_nobody_waits_for_gives_its_receipt(hub: Hub, receipt: str) -> None:
    recorded = hub.json("record", "note", receipt, "--by", "Alma Worker", "--reason", "Rang again.", "--no-wait")
    assert recorded["outcome"] is None
    assert len(recorded["receipt_id"]) == 36


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["assessed", "c", "--by", "Alma Worker", "--reason", "x"], "Missing: --level"),
        (["assessed", "c"], "Missing: --by, --level, --reason"),
        (["assessed", "c", "--by", "Duty Team", "--level", "red", "--reason", "x"], "a person's name"),
        (["assessed", "c", "--by", "Alma Worker", "--level", "purple", "--reason", "x"], "red, amber, green, blue"),
        (["pondered", "c"], "not an event known here. Known: contact_recorded, risk_assessed"),
        (["closed"], "Which contact?"),
        (["closed", "c", "--args", "[1]"], "one JSON object"),
        (["closed", "c", "--args", "{"], "not JSON"),
        (["closed", "c", "--at", "yesterday"], "is not a time"),
        (["closed", "c", "--at", "2026-02-30"], "is not a"),
        (["closed", "c", "--at", "2026-03-29 01:30"], "does not exist in London"),
    ],
)
def test_what_cannot_count_is_refused_before_it_is_sent(tmp_path: Path, arguments: list[str], said: str) -> None:
    done = CliRunner().invoke(app, ["record", *arguments], env={"FRONTDOOR_RUN_DIR": str(tmp_path)})
    assert done.exit_code == 2
    assert said in done.stderr


def test_a_message_nobody_could_read_is_looked_at_and_repaired(hub: Hub, tmp_path: Path) -> None:
    about = hub.send(BROKEN)
    assert about in hub.run("quarantine", "list").stdout
    saved = tmp_path / "saved.json"
    shown = hub.run("quarantine", "show", about, "--save", str(saved))
    assert shown.exit_code == 0, shown.output
    assert saved.read_bytes() == BROKEN
    assert saved.stat().st_mode & 0o077 == 0
    assert hub.run("quarantine", "show", about, "--save", str(saved)).exit_code == 1, "nothing is written over"

    again = hub.run("quarantine", "retry", about, "--by", "Ben Holder")
    assert again.exit_code == 1, again.output
    assert "could not be read" in again.stdout

    clock = stepped_clock(hub.processes["view"].settings)
    clock.set(clock.now() + timedelta(minutes=30))
    saved.write_bytes(BROKEN + b"}}")
    done = hub.run("quarantine", "repair", about, str(saved), "--by", "Ben Holder", "--reason", "Two brackets were missing.")
    assert done.exit_code == 0, done.output
    assert "read (repaired by Ben Holder): 1 contact" in done.stdout
    story = hub.json("case", about)
    assert (story["child"], story["was"] != "") == ("Bea Testperson", True)
    assert story["received_at"].startswith(f"{MONDAY}T11:00"), "a repair does not buy a day"
    assert hub.json("case", story["was"])["clocks"][0]["state"] == "ended"

    listed = hub.json("quarantine", "list", "--all")
    (message,) = [one for one in listed["messages"] if one["receipt_id"] == about]
    assert (message["state"], [attempt["outcome"] for attempt in message["attempts"]]) == ("repaired", ["taken", "taken"])
    assert about not in hub.run("quarantine", "list").stdout
    twice = hub.run("quarantine", "retry", about)
    assert twice.exit_code == 1 and "repaired already, by Ben Holder" in twice.stderr


def test_a_large_message_is_read_whole_and_one_whose_bytes_are_gone_waits_for_a_person(
    hub: Hub, tmp_path: Path
) -> None:
    photographs = [
        {"content_type": "image/jpeg", "content": base64.b64encode(random.Random(number).randbytes(9_400_000)).decode()}
        for number in range(2)
    ]
    concern = {**CONCERN, "reference": "K-25", "attachments": photographs}
    about = hub.send(json.dumps(concern).encode())
    shown = hub.run("find", about)
    assert "read: 1 contact" in shown.stdout, shown.output

    lost = json.dumps({**CONCERN, "reference": "K-26"}).encode()
    about = hub.store_elsewhere(lost, tmp_path)
    assert hub.run("quarantine", "list").stdout.count(about) == 1
    told = hub.json("quarantine", "show", about)["message"]
    assert told["reason_code"] == "large_message_missing"
    assert told["minutes_left"] is not None, "its clock runs"
    assert "not in the store of large messages" in hub.run("quarantine", "retry", about, "--by", "Ben Holder").stderr

    LargeStore(hub.processes["intake"].settings.large_store_dir).put(lost)
    done = hub.run("quarantine", "retry", about, "--by", "Ben Holder")
    assert done.exit_code == 0, done.output
    assert "read (repaired by Ben Holder): 1 contact" in done.stdout


def test_a_concern_in_an_e_mail_is_a_contact_and_the_e_mail_is_found_by_its_message_id(hub: Hub) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Message-ID"] = "head@school.example", "front.door@anyshire.example", "<K-27@school.example>"
    mail.set_content("He is at home with her tonight.")
    mail.add_attachment(json.dumps({**CONCERN, "reference": "K-27"}).encode(), "application", "json", filename="concern.json")
    about = hub.send(mail.as_bytes())
    story = hub.run("case", about).stdout
    assert "Ada Testperson" in story and "He is at home with her tonight." in story
    assert about in hub.run("find", "K-27@school.example").stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [(["--by", "Duty Team", "--reason", "x"], "a person's name"), (["--by", "Ben Holder", "--reason", " "], "a few words")],
)
def test_a_repair_needs_a_person_and_a_reason(tmp_path: Path, options: list[str], said: str) -> None:
    (tmp_path / "fixed.json").write_text("{}")
    command = ["quarantine", "repair", "r", str(tmp_path / "fixed.json"), *options]
    done = CliRunner().invoke(app, command, env={"FRONTDOOR_RUN_DIR": str(tmp_path)})
    assert done.exit_code == 2
    assert said in done.stderr


LINKED = {
    "forename": "Dilys", "surname": "Testperson-Vaughan", "dob": "2014-07-09", "postcode": "LS6 1AB", "address": "4 Elm Road",
}  # fmt: skip


def test_a_person_says_that_two_contacts_are_one_child_and_takes_it_back(hub: Hub) -> None:
    def concern(reference: str, **other: str) -> str:
        return hub.send(json.dumps({**CONCERN, "reference": reference, "pupil": {**LINKED, **other}}).encode())

    first, moved = concern("S-1"), concern("S-2", postcode="BD7 1QQ", address="9 High Street")
    view = hub.processes["view"]
    assert isinstance(view, RunningView)
    until(lambda: view.get(f"/reviews/{moved}").status_code == 200, "the question to a person")
    asked = hub.run("review", "list")
    assert "Dilys Testperson-Vaughan: may be Dilys Testperson-Vaughan" in asked.stdout
    shown = hub.run("review", "show", moved)
    assert "place different" in shown.stdout and "stopped by" in shown.stdout

    signed = ("--by", "Alma Worker", "--reason", "Rang the school.")
    assert hub.run("review", "answer", moved, "same", "--by", "Duty desk", "--reason", "x").exit_code == 2
    assert hub.json("review", "answer", moved, "same", *signed)["state"] == "answered"
    told = hub.json("story", first)
    assert [one["by"] for one in told["contacts"]] == ["", "Alma Worker"] and told["reviews"] == []
    case = hub.run("case", moved).stdout
    assert "the same child as contact" in case and "whose child: link, by Alma Worker" in case
    assert "records known" in hub.run("case", first).stdout

    assert hub.json("review", "undo", moved, *signed)["outcome"] == "UNDONE"
    assert len(hub.json("story", first)["contacts"]) == 1
    again = hub.run("review", "answer", moved, "same", "--other", first, *signed)
    assert again.exit_code == 1 and "different children" in again.output


def test_the_same_content_by_another_channel_is_one_story_and_every_command_says_so(hub: Hub) -> None:
    # Neither birthday nor address: by its score alone a person would have to look.
    said = {"pupil": {"forename": "Ffion", "surname": "Testperson-Rees"}, "risk": "green", "details": "No coat again today."}
    view = hub.processes["view"]
    assert isinstance(view, RunningView)
    first, again = hub.send(json.dumps(said).encode()), hub.send_by_folder(json.dumps(said, indent=1).encode())
    until(lambda: view.get(f"/cases/{again}").json()["repeat_of"], "linkage to have seen the repeat")
    contact = hub.json("case", first)["contact_id"]
    assert sorted(one["repeat_of"] for one in hub.json("story", again)["contacts"]) == ["", contact]
    for command in ("find", "case"):
        assert f"says the same as contact {contact}" in " ".join(hub.run(command, again).stdout.split())
    assert "same content" in hub.run("story", first).stdout
    assert hub.json("case", again)["clocks"][0]["state"] == "open", "nobody has looked at it: its clock runs like any other"


def test_a_model_can_be_trained_from_the_hubs_own_contacts_and_not_from_too_few(hub: Hub, tmp_path: Path) -> None:
    pupil = {**LINKED, "forename": "Nerys", "dob": "2011-11-30"}
    versions = [{**CONCERN, "reference": "T-1", "pupil": {**pupil, "postcode": code}} for code in ("LS6 1AB", "BD7 1QQ")]
    contacts = {hub.json("case", hub.send(json.dumps(version).encode()))["contact_id"] for version in versions}
    reports = log_reports(hub.processes["view"].settings.bootstrap_servers, Settings().partnership)
    [known] = [one for one in reports if one.record_id in contacts]
    assert (known.given, known.family, known.postcode) == ("Nerys", "Testperson-Vaughan", "BD7 1QQ"), "the latest version"
    refused = hub.run("linkage", "train", "--from-log", "--out", str(tmp_path / "model.json"))
    assert refused.exit_code == 2 and f"{len(reports)} reports are too few" in " ".join(refused.stderr.split())
    assert not (tmp_path / "model.json").exists()


def test_a_hidden_identity_is_shown_to_a_named_person_with_a_reason_and_that_stays_on_the_log(hub: Hub) -> None:
    old, new = (
        hub.send(json.dumps({**CONCERN, "reference": reference, "pupil": {**LINKED, "forename": name, "dob": dob}}).encode())
        for reference, name, dob in (("H-1", "Enid", "2012-03-04"), ("H-2", "Gwen", "2019-08-01"))
    )
    view = hub.processes["view"]
    assert isinstance(view, RunningView)
    until(lambda: all(view.get(f"/cases/{one}").json()["links"] for one in (old, new)), "linkage to have seen both")
    signed = ("--by", "Alma Worker", "--reason", "Adoption order.")
    assert hub.run("review", "supersede", old, new, *signed).exit_code == 0
    assert hub.run("story", old).exit_code == 1
    assert hub.run("story", old, "--restricted").exit_code == 2
    assert hub.json("story", old, "--restricted", *signed)["hidden"] is True
    assert "a person looked at a hidden story" in hub.run("case", old).stdout


@pytest.mark.parametrize(
    "command",
    [
        ["find", "x"], ["case", "x"], ["watch"], ["watch", "--once", "--json"], ["quarantine", "list"],
        ["quarantine", "show", "x"], ["quarantine", "retry", "x"], ["record", "closed", "x", "--by", "Alma Worker"],
        ["story", "x"], ["review", "list"], ["review", "undo", "x", "--by", "Alma Worker", "--reason", "y"],
    ],
)  # fmt: skip
@pytest.mark.parametrize("left_behind", [False, True])
def test_without_a_stack_each_says_how_to_start_one(tmp_path: Path, command: list[str], left_behind: bool) -> None:
    if left_behind:
        # A stack that was killed leaves its endpoint files; nobody listens there any more.
        (tmp_path / "endpoints").mkdir()
        for role in ("view", "connector-social_care"):
            dead = {"pid": 1, "urls": {"http": "http://127.0.0.1:9"}}
            (tmp_path / "endpoints" / f"{role}.json").write_text(json.dumps(dead))
    done = CliRunner().invoke(app, command, env={"FRONTDOOR_RUN_DIR": str(tmp_path)})
    assert done.exit_code == 3
    assert "Start it with ./frontdoor up" in done.stderr
    assert done.exception is None or isinstance(done.exception, SystemExit)


def test_another_process_on_the_views_old_port_is_not_believed(hub: Hub, tmp_path: Path) -> None:
    found = endpoint(hub.processes["view"].settings, "view")
    assert found is not None
    (tmp_path / "endpoints").mkdir()
    (tmp_path / "endpoints" / "view.json").write_text(json.dumps({**found, "pid": 1}))
    done = CliRunner().invoke(app, ["watch", "--once"], env={"FRONTDOOR_RUN_DIR": str(tmp_path)})
    assert done.exit_code == 3, "these would be another stack's children"
    assert "Testperson" not in done.output
