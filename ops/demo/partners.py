"""The partner systems of the demo: small real servers, folders and tables that take what the hub delivers.

The case system acknowledges each referral, through the front door like everybody's messages. Everything else only keeps the
answers it got, so that they can be compared with what was sent; the signed statement of each day is theirs to look at.
"""

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml
from confluent_kafka import Consumer, TopicPartition

from ops.delivery import NotDelivered
from ops.demo.listeners import HttpPartners, MllpListener
from ops.demo.senders import SENDERS, DemoSender
from ops.demo.told import Answer, NotUnderstood, answer_in, read_answer
from ops.endpoints import endpoint
from schemas.outbound import CASE_SYSTEM
from schemas.settings import Settings

#: Seconds that a partner waits for the hub.
_PATIENCE = 30.0
_TABLES = """
CREATE TABLE frontdoor_outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL, content_type TEXT NOT NULL DEFAULT 'application/json',
  written_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP, receipt_id TEXT, taken_at TEXT
);
CREATE TABLE frontdoor_inbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT, message_id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, contact_id TEXT NOT NULL,
  content_type TEXT NOT NULL, body TEXT NOT NULL, arrived_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
"""


class DemoPartners:
    """The partner systems, running from when it is made until `close`. See `ops.day.beside.PartnerSystems`.

    `answers` are what each sender was told, by its id, whole after `end`; an answer that comes again counts once. `unread`
    are answers that a sender's system could not read, by its id.
    """

    def __init__(self, folder: Path) -> None:
        self.answers: dict[str, list[Answer]] = {sender.id: [] for sender in SENDERS}
        self.unread: list[str] = []
        self.referrals = 0
        self._folder = folder
        self._settings: Settings | None = None
        self._known: set[str] = set()
        self._lock = threading.Lock()
        self._hub = httpx.Client(timeout=_PATIENCE, trust_env=False)
        self._http = HttpPartners(self._delivered)
        self._mllp = MllpListener(self._wards)
        for sender in SENDERS:
            (folder / sender.id).mkdir(parents=True)
        with self._database() as database:
            database.executescript(_TABLES)
        self.environment = {
            "FRONTDOOR_SENDERS_FILE": self._written("senders", [self._channel(sender) for sender in SENDERS]),
            "FRONTDOOR_RECIPIENTS_FILE": self._written("recipients", self._recipients()),
        }
        self.reachable = frozenset(sender.id for sender in SENDERS if sender.back != "poll") | {CASE_SYSTEM}
        self.ways = {"outbox": self._by_outbox}

    def begin(self, settings: Settings) -> None:
        """The stack is ready."""
        self._settings = settings

    def end(self) -> None:
        """Collect what lies in folders, tables and topics, and ask for the outcomes of who cannot be called."""
        for sender in SENDERS:
            match sender.back:
                case "folder":
                    for file in sorted((self._folder / sender.id).iterdir(), key=lambda one: one.stat().st_mtime_ns):
                        if file.name.startswith("outcome-"):
                            self._take(sender, file.name, file.read_bytes())
                case "inbox":
                    with self._database() as database:
                        rows = "SELECT message_id, body FROM frontdoor_inbox WHERE kind = 'outcome' ORDER BY id"
                        for message_id, body in database.execute(rows):
                            self._take(sender, message_id, body.encode())
                case "kafka":
                    self._read_topic(sender)
                case "poll":
                    self._poll(sender)

    def close(self) -> None:
        """Stop serving."""
        self._http.close()
        self._mllp.close()
        self._hub.close()

    # -- what the hub is told of them

    def _written(self, name: str, entries: list[dict[str, Any]]) -> str:
        path = self._folder / f"{name}.yaml"
        path.write_text(yaml.safe_dump({name: entries}))
        return str(path)

    def _channel(self, sender: DemoSender) -> dict[str, Any]:
        more: dict[str, Any] = {}
        if sender.via == "folder":
            more = {"folder": sender.id}
        elif sender.via == "kafka":
            more = {"organisation": sender.id}
        elif sender.via == "outbox":
            more = {"outbox": {"url": self._database_url, "every_seconds": 0.2}}
        return {"id": sender.id, "agency": sender.agency, "transport": sender.via, **more}

    def _recipients(self) -> list[dict[str, Any]]:
        recipients = [{"id": CASE_SYSTEM, "agency": "social_care", "http": {"url": self._http.url(CASE_SYSTEM)}}]
        for sender in SENDERS:
            way: dict[str, Any]
            match sender.back:
                case "http":
                    way = {"http": {"url": self._http.url(sender.id)}}
                case "mllp":
                    way = {"mllp": {"host": "127.0.0.1", "port": self._mllp.port}}
                case "folder":
                    way = {"folder": {"path": str(self._folder / sender.id)}}
                case "kafka":
                    way = {"kafka": {"organisation": sender.id}}
                case "inbox":
                    way = {"inbox": {"url": self._database_url}}
                case _:
                    continue
            written = "json" if sender.format == "case-system" else sender.format
            recipients.append({"id": sender.id, "agency": sender.agency, "format": written, **way})
        return recipients

    # -- what comes

    def _delivered(self, recipient: str, kind: str, item_id: str, body: bytes) -> None:
        if recipient == CASE_SYSTEM and kind == "referral":
            self._acknowledge(item_id, body)
        elif recipient != CASE_SYSTEM and kind == "outcome":
            self._take(next(one for one in SENDERS if one.id == recipient), item_id, body)

    def _wards(self, control_id: str, body: bytes) -> None:
        self._take(next(one for one in SENDERS if one.back == "mllp"), control_id, body)

    def _take(self, sender: DemoSender, item_id: str, body: bytes) -> None:
        try:
            self._keep(sender, item_id, read_answer(sender.format, body))
        except NotUnderstood as error:
            self.unread.append(f"{sender.id}: {error}")

    def _keep(self, sender: DemoSender, item_id: str, answer: Answer) -> None:
        with self._lock:
            if item_id not in self._known:
                self._known.add(item_id)
                self.answers[sender.id].append(answer)

    def _acknowledge(self, item_id: str, body: bytes) -> None:
        """Say that a referral has come, under the contact id that it asks to be echoed. Raises `httpx.HTTPError`: the
        referral is not taken then, and comes again."""
        referral = json.loads(body)
        with self._lock:
            self.referrals += 1
            number = self.referrals
        event = {
            "event": "acknowledged",
            "frontdoor_contact_id": referral["frontdoor_contact_id"],
            "by": "Case system",
            "case_number": f"LCS-{number:06d}",
        }
        url = f"{self._connector('social_care')}/case-events"
        self._hub.post(url, content=json.dumps(event), headers={"Idempotency-Key": item_id}).raise_for_status()

    # -- how they send, and what they fetch

    def _by_outbox(self, file: Path) -> str:
        """Write a message into the outbox table; its row gets the receipt. Raises `NotDelivered`."""
        with self._database() as database:
            row = database.execute("INSERT INTO frontdoor_outbox (body) VALUES (?)", (file.read_text(),)).lastrowid
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            with self._database() as database:
                [[receipt]] = database.execute("SELECT receipt_id FROM frontdoor_outbox WHERE id = ?", (row,))
            if receipt:
                return str(receipt)
            time.sleep(0.02)
        raise NotDelivered("the row in the outbox table has no receipt yet")

    def _poll(self, sender: DemoSender) -> None:
        """Everything that `GET /outcomes` tells a sender, page by page."""
        hub, since = self._connector(sender.agency), ""
        end = time.monotonic() + _PATIENCE
        # A statement is given only when everything on the log has been read: so is every outcome.
        while self._hub.get(f"{hub}/statements/2026-08-31").status_code == 503 and time.monotonic() < end:
            time.sleep(0.2)
        url = f"{hub}/outcomes"
        while True:
            page = self._hub.get(url, params={"since": since} if since else {}).raise_for_status().json()
            for said in page["outcomes"]:
                self._keep(sender, said["notice_id"], answer_in(said))
            since = page["next"]
            if not page["more"]:
                return

    def _read_topic(self, sender: DemoSender) -> None:
        assert self._settings is not None
        consumer = Consumer(
            {"bootstrap.servers": self._settings.bootstrap_servers, "group.id": f"frontdoor-partner-{sender.id}",
             "enable.auto.commit": False, "log_level": 2}
        )  # fmt: skip
        topic = f"partner.{sender.id}.out"
        try:
            numbers = consumer.list_topics(topic, timeout=_PATIENCE).topics[topic].partitions
            partitions = [TopicPartition(topic, number, 0) for number in numbers]
            left = sum(consumer.get_watermark_offsets(one, timeout=_PATIENCE)[1] for one in partitions)
            consumer.assign(partitions)
            while left:
                for message in consumer.consume(left, 5.0):
                    if message.error() is None:
                        left -= 1
                        headers = dict(message.headers() or [])
                        if headers["ce_type"] == b"frontdoor.outcome":
                            self._take(sender, str(headers["ce_id"]), message.value() or b"")
        finally:
            consumer.close()

    def _connector(self, agency: str) -> str:
        assert self._settings is not None
        found = endpoint(self._settings, f"connector-{agency}")
        if found is None:
            raise httpx.ConnectError(f"the {agency} connector is not running")
        return str(found["urls"]["http"])

    @property
    def _database_url(self) -> str:
        return f"sqlite:///{self._folder.resolve() / 'night-team.db'}"

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._folder / "night-team.db", timeout=_PATIENCE)) as database, database:
            yield database
