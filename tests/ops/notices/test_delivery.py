"""What must be told arrives: by mail and webhook, once, after a restart, and however long a server is away."""

import base64
import hashlib
import hmac
import json
import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from ops.notices.channels import Channel, Mail, SettingRefused, Webhook
from ops.notices.configured import configured, is_configured
from ops.notices.outbox import Delivery, Outbox
from ops.notices.process import deliver
from ops.notices.rules import look
from ops.supervisor import up_stack
from schemas.settings import Settings
from tests.ops.view.running import ROOT, until

from .servers import REFUSED, MailServer, Receiver
from .teams import NOON, contact, london, team, worker

SECRET = "whsec_" + base64.b64encode(b"a shared secret").decode()
CHIEF = worker("s1", "Sue Chief", role="supervisor")
RED = team(worker("w1", "Ána Worker", contact("c1", risk="red")), CHIEF)


@pytest.fixture
def mail() -> Iterator[MailServer]:
    server = MailServer().start()
    yield server
    server.stop()


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = Receiver(500, 204)
    yield server
    server.close()


def mail_to(server: MailServer) -> Mail:
    return Mail.at(f"smtp://127.0.0.1:{server.port}", "Front Door <frontdoor@council.example>")


@contextmanager
def delivering(outbox: Outbox, *channels: Channel) -> Iterator[None]:
    stop = threading.Event()
    threads = [threading.Thread(target=deliver, args=(channel, outbox, stop, 0.05)) for channel in channels]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_a_notice_is_mailed_once_to_each_person_also_after_a_restart(tmp_path: Path, mail: MailServer) -> None:
    for _ in range(2):
        outbox = Outbox(tmp_path / "notices.sqlite", ["mail"])
        outbox.take(look([RED], outbox.standing(), [], NOON), NOON)
        with delivering(outbox, mail_to(mail)):
            until(lambda outbox=outbox: outbox.waiting() == 0, "the mail")
        outbox.close()
    [message] = mail.messages
    assert (message["To"], mail.recipients) == ("Ána Worker <w1@council.example>", ["w1@council.example"])
    assert message["Subject"].startswith("RED contact from education") and "contact c1: red" in message.get_content()
    assert message["Auto-Submitted"] == "auto-generated" and message["Message-ID"]


def test_a_mail_server_that_is_away_delays_no_webhook_and_gets_everything_once_it_is_back(
    tmp_path: Path, mail: MailServer, receiver: Receiver
) -> None:
    outbox = Outbox(tmp_path / "notices.sqlite", ["mail", "webhook"])
    mail.stop()
    outbox.take(look([RED], {}, [], NOON), NOON)
    with delivering(outbox, mail_to(mail), Webhook.at(receiver.url, SECRET)):
        until(lambda: len(receiver.posts) == 2, "the webhook to be tried again after a 500")
        assert mail.messages == []
        mail.start()
        until(lambda: outbox.waiting() == 0, "the mail")
    assert len(mail.messages) == 1
    outbox.close()


class Looked(Outbox):
    """An outbox that counts how often somebody looked into it."""

    looks = 0

    def due(self, channel: str, now: datetime, limit: int = 20) -> list[Delivery]:
        """What is due, counted."""
        self.looks += 1
        return super().due(channel, now, limit)


def test_while_the_mail_server_turns_everybody_away_only_the_oldest_of_a_batch_is_tried(tmp_path: Path, mail: MailServer) -> None:
    outbox = Looked(tmp_path / "notices.sqlite", ["mail"])
    team_of_six = team(*(worker(f"w{n}", f"Worker {'abcdef'[n]}x", contact(f"c{n}", risk="red")) for n in range(6)))
    outbox.take(look([team_of_six], {}, [], NOON), NOON)
    mail.busy = True
    with delivering(outbox, mail_to(mail)):
        until(lambda: outbox.looks >= 3, "the mail server to be tried again")
        tried = mail.turned_away
        assert 0 < tried <= outbox.looks
        mail.busy = False
        until(lambda: outbox.waiting() == 0, "the mail")
    assert sorted(mail.recipients) == [f"w{n}@council.example" for n in range(6)]
    outbox.close()


def test_a_webhook_is_signed_names_no_child_and_repeats_under_the_same_id(tmp_path: Path, receiver: Receiver) -> None:
    outbox = Outbox(tmp_path / "notices.sqlite", ["webhook"])
    outbox.take(look([RED], {}, [], NOON), NOON)
    with delivering(outbox, Webhook.at(receiver.url, SECRET)):
        until(lambda: outbox.waiting() == 0, "the webhook")
    outbox.close()
    (first, body), (second, same) = receiver.posts
    assert first["webhook-id"] == second["webhook-id"] and body == same
    signed = f"{first['webhook-id']}.{first['webhook-timestamp']}.".encode() + body
    wanted = base64.b64encode(hmac.new(b"a shared secret", signed, hashlib.sha256).digest()).decode()
    assert first["webhook-signature"] == f"v1,{wanted}"
    example = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "allocation.md").read_text(), re.DOTALL)[0]
    theirs: dict[str, Any] = {}
    exec(example, theirs)
    assert theirs["is_ours"](b"a shared secret", first, body) and not theirs["is_ours"](b"another", first, body)
    said = json.loads(body)
    assert (said["type"], said["to"][0]["worker_id"], said["contacts"][0]["contact_id"]) == ("frontdoor.red_contact", "w1", "c1")


def test_one_refused_recipient_holds_up_nobody_else(tmp_path: Path, mail: MailServer) -> None:
    outbox = Outbox(tmp_path / "notices.sqlite", ["mail"])
    others = [worker(f"w{n}", f"Worker {n}x", contact(f"c{n}", risk="red")) for n in range(3)]
    nobody = worker("w9", "Nora Nobody", contact("c9", risk="red"), email=REFUSED)
    outbox.take(look([team(nobody, *others)], {}, [], NOON), NOON)
    with delivering(outbox, mail_to(mail)):
        until(lambda: outbox.waiting() == 1, "everybody else's mail")
        until(lambda: not outbox.due("mail", NOON), "the refused one to be put off")
    assert len(mail.messages) == 3
    outbox.close()


def test_one_notice_at_which_the_receiver_falls_over_holds_up_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    receiver, outbox = Receiver(chokes_on=b'"w0"'), Outbox(tmp_path / "notices.sqlite", ["webhook"])
    four = team(*(worker(f"w{n}", f"Worker {n}x", contact(f"c{n}", risk="red")) for n in range(4)))
    outbox.take(look([four], {}, [], NOON), NOON)
    with delivering(outbox, Webhook.at(receiver.url, SECRET)):
        until(lambda: outbox.waiting() == 1, "everybody else's notice")
    receiver.close()
    outbox.close()


@pytest.mark.parametrize("address", ["nora@council.example.", "nora@[council.example"])
def test_an_address_that_no_mail_can_have_holds_up_nobody_else(tmp_path: Path, mail: MailServer, address: str) -> None:
    outbox = Outbox(tmp_path / "notices.sqlite", ["mail"])
    people = [worker(f"w{n}", f"Worker {n}x", contact(f"c{n}", risk="red")) for n in range(2)]
    nowhere = worker("w9", "Nora Nowhere", contact("c9", risk="red"), email=address)
    outbox.take(look([team(nowhere, *people)], {}, [], NOON), NOON)
    with delivering(outbox, mail_to(mail)):
        until(lambda: outbox.waiting() == 1, "everybody else's mail")
    outbox.close()


def test_what_is_wrong_is_remembered_over_a_restart_and_its_end_is_told_once(tmp_path: Path) -> None:
    later = london("2026-08-29 00:01")
    late = team(worker("w1", "Alma Worker", contact("c1", now=later), supervisor="s1"), CHIEF)
    counts = []
    for answer in (late, late, team(CHIEF), team(CHIEF)):
        outbox = Outbox(tmp_path / "notices.sqlite", ["mail"])
        counts.append(outbox.take(look([answer], outbox.standing(), [], later), later))
        outbox.close()
    assert counts == [2, 0, 2, 0]


def test_retries_come_ever_later_but_never_end(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "notices.sqlite", ["mail"])
    outbox.take(look([RED], {}, [], NOON), NOON)
    pauses, at = [], NOON
    for _ in range(14):
        [delivery] = outbox.due("mail", at)
        again = outbox.failed(delivery, at)
        pauses.append(again - at)
        at = again
    assert pauses == sorted(pauses) and pauses[0] == timedelta(seconds=2) and pauses[-1] == timedelta(minutes=10)
    outbox.close()


def test_what_was_sent_is_not_kept(tmp_path: Path, mail: MailServer) -> None:
    outbox = Outbox(tmp_path / "notices.sqlite", ["mail"])
    outbox.take(look([RED], {}, [], NOON), NOON)
    with delivering(outbox, mail_to(mail)):
        until(lambda: outbox.waiting() == 0, "the mail")
    outbox.close()
    with sqlite3.connect(tmp_path / "notices.sqlite") as db:
        assert db.execute("SELECT subject, text, data FROM deliveries").fetchall() == [("", "", "")]
    assert (tmp_path / "notices.sqlite").stat().st_mode & 0o077 == 0


def test_settings_say_which_channels_there_are() -> None:
    assert not is_configured(Settings(smtp_url=None, webhook_url=None))
    found = configured(Settings(smtp_url="smtps://me:p%40ss@mail.example", operators="a@b.example, c@b.example"))
    [channel] = found.channels
    assert isinstance(channel, Mail)
    assert (channel.host, channel.port, channel.password, found.operators) == (
        "mail.example", 465, "p@ss", ["a@b.example", "c@b.example"],
    )  # fmt: skip
    assert found.rounds == [time(14), time(16), time(23)]


def test_up_starts_their_process_only_where_a_channel_is_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def processes() -> list[str]:
        return [process.name for process in up_stack(tmp_path, print).state().processes]

    monkeypatch.delenv("FRONTDOOR_SMTP_URL", raising=False)
    assert "notices" not in processes()
    monkeypatch.setenv("FRONTDOOR_SMTP_URL", "smtp://mail.example")
    assert "notices" in processes()


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"smtp_url": "mail.example"}, "FRONTDOOR_SMTP_URL"),
        ({"smtp_url": "smtp://mail.example:port"}, "FRONTDOOR_SMTP_URL"),
        ({"smtp_url": "smtp://mail.example", "smtp_from": "me"}, "FRONTDOOR_SMTP_FROM"),
        ({"webhook_url": "http://hook.example"}, "FRONTDOOR_WEBHOOK_SECRET"),
        ({"webhook_url": "http://hook.example", "webhook_secret": "whsec_?"}, "FRONTDOOR_WEBHOOK_SECRET"),
        ({"webhook_url": "hook.example", "webhook_secret": "s"}, "FRONTDOOR_WEBHOOK_URL"),
        ({"operators": "ops"}, "FRONTDOOR_OPERATORS"),
        ({"notice_times": "14:00,teatime"}, "FRONTDOOR_NOTICE_TIMES"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named_and_never_shown(setting: dict[str, str], said: str) -> None:
    with pytest.raises(SettingRefused) as refused:
        configured(Settings(**setting))
    assert said in str(refused.value) and "secret?" not in str(refused.value)
