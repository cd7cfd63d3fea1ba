"""The partners of a run: each sends until it is acknowledged, as a partner must, and writes down what it was told."""

import hashlib
import json
import random
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from confluent_kafka import KafkaError, Producer
from confluent_kafka import Message as KafkaMessage

from ops.chaos.ledger import Ledger
from ops.chaos.load import LANES, Message, damage, partner, poison
from ops.day.log_watch import LogWatch
from ops.delivery import Deliveries, NotDelivered
from schemas.settings import Settings

_RETRY = 0.25
#: Seconds in which a broker that is there takes damaged records; those that it does not are not asked for.
_DAMAGE = 20.0
_WORKERS = ("Amara Okafor", "Ben Hughes", "Chloe Davies", "Dev Patel")


class Partners:
    """Threads that send to a stack: `rate` messages a second on each lane, and people's assessments of most of what comes
    of them. `folder` takes the files, `now` is the hub's time."""

    def __init__(
        self,
        settings: Settings,
        folder: Path,
        ledger: Ledger,
        watch: LogWatch,
        *,
        seed: int,
        rate: float,
        now: Callable[[], datetime],
    ) -> None:
        self._settings, self._folder, self._ledger, self._watch = settings, folder, ledger, watch
        self._seed, self._now = seed, now
        self._pause = 1 / rate
        self._deliveries = Deliveries(settings, seconds=12.0)
        self._stop = threading.Event()
        #: After the end: how long somebody goes on asking for an acknowledgement.
        self._patience_until = float("inf")
        self._recent: list[Message] = []
        folder.mkdir(parents=True, exist_ok=True)
        self._threads = [threading.Thread(target=self._lane, args=(lane,), name=lane, daemon=True) for lane in LANES]
        self._threads.append(threading.Thread(target=self._people, name="people", daemon=True))
        self._bursts: list[threading.Thread] = []

    def start(self) -> None:
        """Begin sending."""
        for thread in self._threads:
            thread.start()

    def stop(self, patience: float) -> None:
        """No new messages; wait until those under way are acknowledged, at most `patience` seconds."""
        self._patience_until = time.monotonic() + patience
        self._stop.set()
        for thread in (*self._threads, *self._bursts):
            thread.join(patience + 15)
        self._deliveries.close()

    def poison(self, seed: int) -> None:
        """Begin a burst of what nobody can read."""
        self._begin(self._poison, seed)

    def storm(self, seed: int) -> None:
        """Begin to send some of what was acknowledged before, ten times each, shuffled; each under its old key or as if it were
        new."""
        self._begin(self._storm, seed)

    def _begin(self, burst: Callable[[int], None], seed: int) -> None:
        # Of its own: while the broker is away a burst lasts, and other faults must not wait for it.
        self._bursts.append(threading.Thread(target=burst, args=(seed,), daemon=True))
        self._bursts[-1].start()

    def _poison(self, seed: int) -> None:
        self._damage(seed)
        for message in poison(seed):
            self._send(message)

    def _damage(self, seed: int) -> None:
        """What no connector would write, on the log itself."""
        producer = Producer({"bootstrap.servers": self._settings.bootstrap_servers, "acks": "all", "log_level": 0})

        def written(error: KafkaError | None, message: KafkaMessage) -> None:
            if error is None:
                digest = hashlib.sha256(message.value() or b"").hexdigest()
                self._ledger.write("damaged", topic=message.topic(), sha256=digest)

        for topic, value in damage(seed):
            producer.produce(topic, value, b"damaged", on_delivery=written)
        producer.flush(_DAMAGE)

    def _storm(self, seed: int) -> None:
        chance = random.Random(seed)
        known = self._recent[-40:]
        again = [message for message in chance.sample(known, min(3, len(known))) for _ in range(10)]
        chance.shuffle(again)
        for message in again:
            self._once(message, key=message.name if chance.random() < 0.5 else "")

    def _lane(self, lane: str) -> None:
        for message in partner(lane, self._seed, self._now()):
            if self._stop.is_set():
                return
            self._send(message)
            self._stop.wait(self._pause)

    def _send(self, message: Message) -> None:
        while not self._once(message, key=message.name):
            if time.monotonic() > self._patience_until:
                return
            time.sleep(_RETRY)
        if message.becomes == "contact":
            self._recent.append(message)

    def _once(self, message: Message, key: str) -> bool:
        path = self._folder / message.name
        if not path.exists():
            path.write_bytes(message.body)
        facts = {"name": message.name, "agency": message.agency, "via": message.via}
        digest = hashlib.sha256(message.body).hexdigest()
        self._ledger.write("sent", **facts, sha256=digest, becomes=message.becomes)
        try:
            delivered = self._deliveries.send(message.agency, message.via, path, key)
        except (NotDelivered, OSError):
            self._ledger.write("unanswered", **facts)
            return False
        self._ledger.write("acknowledged", **facts, receipt=delivered.receipt_id)
        return True

    # -- people

    def _people(self) -> None:
        chance, looked_at = random.Random(f"{self._seed}/people"), set()
        while not self._stop.wait(self._pause):
            waiting = [contact for contact in list(self._watch.contacts) if contact not in looked_at]
            # The newest first: what changes soon after it came is the easiest to lose.
            for contact in waiting[:-5:-1]:
                looked_at.add(contact)
                # Some are forgotten: their flags must come.
                if chance.random() < 0.7:
                    self._assess(contact, chance.choice(_WORKERS))

    def _assess(self, contact: str, by: str) -> None:
        event = {"event": "risk_assessed", "contact_id": contact, "by": by, "level": "amber", "reason": "Threshold considered."}
        body = json.dumps({**event, "event_id": f"chaos-{self._seed}-{contact}"}).encode()
        while not self._stop.is_set():
            try:
                receipt = self._deliveries.record(body)
            except NotDelivered:
                time.sleep(_RETRY)
                continue
            self._ledger.write("assessed", contact=contact, receipt=receipt)
            return
