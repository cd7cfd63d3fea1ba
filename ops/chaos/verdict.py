"""Compares a ledger of what was sent and acknowledged with the log, and knows nothing of the hub but its published
schemas: run as `python verdict.py --bootstrap HOST:PORT --ledger FILE --schemas FOLDER`, it imports nothing of ours.

Prints one JSON object: counts, what is wrong by promise, and how long each kind of fault was felt. Exit code 0 when every
promise holds, 1 when one does not.
"""

import argparse
import hashlib
import io
import json
import struct
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import fastavro
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

AGENCIES = ("health", "education", "police", "social_care")
TOPICS = (
    *(f"received.{agency}" for agency in AGENCIES), *(f"outbound.{agency}" for agency in AGENCIES),
    "receipts", "contacts", "case-events", "flags", "quarantine", "deliveries",
)  # fmt: skip
ROLES = ("intake", "routing", "allocation", "cases", "clocks", "answers", "linkage")
#: The changelog of each worker's rows, in which its work shows.
ROWS = {f"frontdoor-{role}-rows-changelog": role for role in ROLES}
#: One record as its schema says, or one line of the ledger.
Record = dict[str, Any]
#: Faults that everybody feels, not one recipient alone.
OF_ALL = {"kill-broker", "kill-node", "cut-network", "slow-network", "half-open", "disk-full", "broker-away"}
OF_PARTNERS = {"partner-times-out", "partner-500", "partner-drops"}
#: Faults that nobody can be seen to recover from: nothing stops.
UNFELT = {"poison", "duplicate-storm", "clock-jump"}
#: Seconds that another recipient must still be down for an item to be asked whether it waited for that one, and how long after
#: a fault of its own, or of all, it is not asked.
PROMPT, EXCUSED = 8.0, 10.0
#: How many examples of each wrong a verdict names; all are counted.
KEPT = 10


class Schemas:
    """The committed schema versions, by id."""

    def __init__(self, folder: Path) -> None:
        ids = json.loads((folder / "ids.json").read_text())
        self._parsed: dict[int, Any] = {}
        for path in folder.glob("*/*.avsc"):
            schema = json.loads(path.read_text())
            number = ids.get(f"{path.parent.name}/{path.name}", ids.get(f"{path.parent.name}/{path.stem}"))
            self._parsed[number] = fastavro.parse_schema(schema)

    def decode(self, value: bytes | None) -> Record | None:
        """The record in Confluent wire format; None if it is none of ours."""
        if not value or len(value) < 5 or value[0] != 0:
            return None
        schema = self._parsed.get(struct.unpack(">I", value[1:5])[0])
        try:
            record: Any = fastavro.schemaless_reader(io.BytesIO(value[5:]), schema, None) if schema else None
        except Exception:  # whatever a foreign record raises
            return None
        return record if isinstance(record, dict) else None


def records(bootstrap: str, topics: Iterable[str]) -> Iterator[tuple[str, float, bytes | None]]:
    """Every record of the topics, as (topic, append time in seconds, value)."""
    consumer = Consumer({
        "bootstrap.servers": bootstrap, "group.id": "chaos-verdict", "enable.auto.commit": False, "enable.partition.eof": True,
        "auto.offset.reset": "error", "log_level": 0,
    })  # fmt: skip
    known = consumer.list_topics(timeout=20).topics
    places = [TopicPartition(topic, p, OFFSET_BEGINNING) for topic in topics if topic in known for p in known[topic].partitions]
    consumer.assign(places)
    left = {(place.topic, place.partition) for place in places}
    try:
        while left:
            for message in consumer.consume(2000, 1.0):
                error = message.error()
                if error is not None:
                    # The end of a partition is what we wait for; anything else is no verdict.
                    if error.name() != "_PARTITION_EOF":
                        raise SystemExit(f"cannot read the log: {error.name()}")
                    # The end of one that still grows is told again and again.
                    left.discard((message.topic(), message.partition()))
                    continue
                yield message.topic() or "", message.timestamp()[1] / 1000, message.value()
    finally:
        consumer.close()


class Log:
    """What the log says, by id. `entries` are its records, as (topic, append time in seconds, value)."""

    def __init__(self, schemas: Schemas, entries: Iterable[tuple[str, float, bytes | None]]) -> None:
        self.bodies: dict[str, set[str]] = defaultdict(set)
        self.dispositions: dict[str, dict[int, Record]] = defaultdict(dict)
        self.disposed_twice: list[str] = []
        self.opened: dict[str, dict[str, Record]] = defaultdict(dict)
        self.assessed: dict[str, dict[str, Record]] = defaultdict(dict)
        self.flags: dict[str, dict[str, list[Record]]] = defaultdict(dict)
        self.quarantined: set[str] = set()
        #: The bytes of whatever is in quarantine.
        self.kept: set[str] = set()
        self.routed: dict[str, set[str]] = defaultdict(set)
        #: What left the hub, in the order of the log, with when it did; and how each item stands.
        self.items: dict[str, Record] = {}
        self.left_at: dict[str, float] = {}
        self.deliveries: dict[str, Record] = {}
        self.contacts: set[str] = set()
        self.last_tick = datetime.min.replace(tzinfo=UTC)
        self.raw: Counter[str] = Counter()
        #: How many records the next release wrote.
        self.newer = 0
        self.alive: dict[str, list[float]] = defaultdict(list)
        for topic, at, value in entries:
            if topic in ROWS:
                self.alive[ROWS[topic]].append(at)
                continue
            self.raw[topic] += 1
            if topic == "quarantine":
                self.kept.add(hashlib.sha256(value or b"").hexdigest())
            record = schemas.decode(value)
            if record is not None:
                self.newer += record.pop("written_by", None) is not None
                self._take(topic, at, record)
        for times in self.alive.values():
            times.sort()

    def _take(self, topic: str, at: float, record: Record) -> None:
        if topic.startswith("received."):
            self.bodies[record["receipt_id"]].add(hashlib.sha256(record["body"]).hexdigest())
        elif topic == "receipts":
            versions = self.dispositions[record["receipt_id"]]
            earlier = versions.setdefault(record["version"], record)
            if earlier != record:
                self.disposed_twice.append(record["receipt_id"])
        elif topic == "contacts":
            self.contacts.add(record["contact_id"])
        elif topic == "quarantine":
            # A record that a worker could not read has none.
            self.quarantined.add(record.get("receipt_id", ""))
        elif topic == "flags":
            self.flags[record["contact_id"]].setdefault(record["flag_id"], []).append(record)
        elif topic.startswith("outbound."):
            self.items.setdefault(record["item_id"], record)
            self.left_at.setdefault(record["item_id"], at)
            if record["kind"] == "referral":
                self.routed[record["contact_id"]].add(record["item_id"])
        elif topic == "deliveries":
            self.alive["delivery"].append(at)
            known = self.deliveries.get(record["item_id"])
            if known is None or rank(record) > rank(known):
                self.deliveries[record["item_id"]] = record
        elif record["type"] == "tick":
            self.last_tick = max(self.last_tick, record["at"])
            self.alive["ticker"].append(at)
        elif record["type"] == "opened":
            self.opened[record["contact_id"]][record["event_id"]] = record
        elif record["type"] == "risk_assessed" and not record["problem"]:
            self.assessed[record["contact_id"]][record["event_id"]] = record

    def current(self, receipt: str) -> Record | None:
        """The newest version of a receipt's disposition, or None."""
        versions = self.dispositions.get(receipt)
        return versions[max(versions)] if versions else None


def rank(delivery: Record) -> tuple[int, bool, int]:
    """Of two states of one item the one with the higher rank counts, whichever is later on the log."""
    return (delivery["round"], delivery["state"] in ("delivered", "undelivered"), delivery["attempts"])


def london_midnight_after(instant: datetime) -> datetime:
    """The first instant of the next London day."""
    day = instant.astimezone(ZoneInfo("Europe/London")).date() + timedelta(days=1)
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo("Europe/London")).astimezone(UTC)


class Wrongs:
    """Broken promises, counted, with some examples."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.examples: dict[str, list[str]] = defaultdict(list)

    def say(self, promise: str, example: str) -> None:
        """One more."""
        self.counts[promise] += 1
        if len(self.examples[promise]) < KEPT:
            self.examples[promise].append(example)


def judge(ledger: list[Record], log: Log) -> tuple[Wrongs, dict[str, set[str]]]:
    """Every promise, held against the ledger."""
    wrongs = Wrongs()
    digests = {line["name"]: line["sha256"] for line in ledger if line["what"] == "sent"}
    becomes = {line["name"]: line["becomes"] for line in ledger if line["what"] == "sent"}
    receipts: dict[str, set[str]] = defaultdict(set)
    for line in ledger:
        if line["what"] == "acknowledged":
            receipts[line["name"]].add(line["receipt"])
    for name, acknowledged in receipts.items():
        kinds: Counter[str] = Counter()
        for receipt in acknowledged:
            if digests[name] not in log.bodies.get(receipt, ()):
                wrongs.say("acknowledged and lost", f"{name} {receipt}")
                continue
            disposition = log.current(receipt)
            if disposition is None:
                wrongs.say("acknowledged and nobody says what became of it", f"{name} {receipt}")
                continue
            kinds[disposition["disposition"]] += 1
            if disposition["disposition"] == "quarantined" and receipt not in log.quarantined:
                wrongs.say("quarantined and not kept", f"{name} {receipt}")
            for contact in disposition["contact_ids"]:
                # What cannot be read has a clock and no child, and so has what only repeats it.
                without_child = disposition["disposition"] in ("quarantined", "duplicate") and contact in log.opened
                if contact not in log.contacts and not without_child:
                    wrongs.say("a contact that is not on the log", f"{name} {contact}")
        wanted = "contact" if becomes[name] == "contact" else "quarantined"
        others = set(kinds) - {wanted, "duplicate"}
        # The first of several deliveries may be one whose acknowledgement the sender never got.
        if others or (wanted == "contact" and kinds[wanted] > 1):
            wrongs.say("one message, two stories", f"{name} {dict(kinds)}")
    for line in ledger:
        if line["what"] == "damaged" and line["sha256"] not in log.kept:
            wrongs.say("a damaged record that quarantine does not hold", line["topic"])
    for receipt in log.disposed_twice:
        wrongs.say("two dispositions under one version", receipt)
    for receipt, versions in log.dispositions.items():
        if sorted(versions) != list(range(min(versions), max(versions) + 1)):
            wrongs.say("versions of a disposition with a gap", receipt)
        if receipt not in log.bodies:
            wrongs.say("a disposition of nothing", receipt)
    _clocks(ledger, log, wrongs)
    _left(ledger, log, wrongs)
    return wrongs, receipts


def _clocks(ledger: list[Record], log: Log, wrongs: Wrongs) -> None:
    now = max([log.last_tick, *(datetime.fromisoformat(line["hub"]) for line in ledger if line["what"] == "clock")])
    for contact in log.contacts:
        if len(log.opened.get(contact, ())) != 1:
            wrongs.say("not exactly one clock", f"{contact} {len(log.opened.get(contact, ()))}")
        if len(log.routed.get(contact, ())) != 1:
            wrongs.say("not routed exactly once", f"{contact} {len(log.routed.get(contact, ()))}")
    for line in ledger:
        if line["what"] == "assessed" and line["contact"] not in log.assessed:
            wrongs.say("an acknowledged assessment that is not on the log", line["contact"])
    for contact, openings in log.opened.items():
        [opened, *_] = openings.values()
        due = london_midnight_after(opened["at"])
        flags = {flag: states for flag, states in log.flags.get(contact, {}).items() if states[0]["clock"] == "same-day"}
        in_time = any(event["at"] < due for event in log.assessed.get(contact, {}).values())
        standing = [flag for flag, states in flags.items() if not any(state["state"] == "withdrawn" for state in states)]
        if in_time and standing:
            wrongs.say("a false flag", contact)
        unmatched = [states for states in log.flags.get(contact, {}).values() if states[0]["result"] == "unmatched"]
        if any(states[-1]["state"] != "withdrawn" for states in unmatched):
            wrongs.say("a false flag", f"{contact} counts as unknown and is not")
        if not in_time and due <= now and len(standing) != 1:
            wrongs.say("a missed day without exactly one flag", f"{contact} {len(standing)}")
        if any(flags[flag][0]["due_at"] != due for flag in flags):
            wrongs.say("a flag for another day", contact)


def kept_at(ledger: list[Record]) -> dict[str, float]:
    """When each item first came to its recipient, and stayed there."""
    first: dict[str, float] = {}
    for line in ledger:
        if line["what"] == "offered" and line["kept"]:
            first.setdefault(line["item"], line["kept_at"] if "kept_at" in line else line["at"])
    return first


def _left(ledger: list[Record], log: Log, wrongs: Wrongs) -> None:
    """What left the hub came to whoever is called, or stands on the list of what did not."""
    called, kept = {line["recipient"] for line in ledger if line["what"] == "recipient"}, kept_at(ledger)
    before: dict[tuple[str, str], float] = {}
    for item, record in log.items.items():
        if record["recipient"] not in called:
            continue
        stands = log.deliveries.get(item, {"state": "nowhere"})
        if stands["state"] == "undelivered":
            if not stands["owner"]:
                wrongs.say("undelivered, and nobody's", item)
            # It was passed, and may come whenever somebody sends it again.
            continue
        if item not in kept:
            wrongs.say("left and never came, and no list says so", f"{record['recipient']} {item} {stands['state']}")
            continue
        if stands["state"] != "delivered":
            wrongs.say("came, and nobody wrote it down", f"{record['recipient']} {item} {stands['state']}")
        place = (record["recipient"], record["contact_id"])
        if kept[item] < before.get(place, 0.0):
            wrongs.say("a contact's items out of order", f"{record['recipient']} {item}")
        before[place] = max(kept[item], before.get(place, 0.0))
    for item in kept.keys() - log.items.keys():
        wrongs.say("a recipient got what never left", item)
    for item, (waited, over) in waits_beside(ledger, log).items():
        if waited > over:
            wrongs.say("one partner down delayed another", f"{log.items[item]['recipient']} {item} {waited:.0f} s")


def waits_beside(ledger: list[Record], log: Log) -> dict[str, tuple[float, float]]:
    """Of the items that left while only another recipient was down, and was for long enough yet: the seconds until each came,
    and until the other was back. What comes only then waited for it."""
    faults = [line for line in ledger if line["what"] == "fault"]
    down = [line for line in faults if line["kind"] in OF_PARTNERS]
    of_all = [line for line in faults if line["kind"] in OF_ALL or line["target"] == "delivery"]
    called, kept = {line["recipient"] for line in ledger if line["what"] == "recipient"}, kept_at(ledger)
    waits = {}
    for item, record in log.items.items():
        left, recipient = log.left_at[item], record["recipient"]
        beside = [line["ended_at"] for line in down if line["target"] != recipient and line["started_at"] <= left]
        over = max(beside, default=0.0)
        excused = of_all + [line for line in down if line["target"] == recipient]
        spared = all(line["ended_at"] + EXCUSED < left or over < line["started_at"] for line in excused)
        if recipient in called and left + PROMPT <= over and spared:
            waits[item] = (kept.get(item, float("inf")) - left, over - left)
    return waits


def felt(ledger: list[Record], log: Log) -> dict[str, list[float]]:
    """By kind of fault, sorted: seconds from the end of each until who was hit worked again; for a fault of the broker or the
    network, until all did. Only where there was work to do afterwards."""
    acknowledged: dict[str, list[float]] = defaultdict(list)
    for line in ledger:
        if line["what"] == "acknowledged":
            acknowledged[f"connector-{line['agency']}"].append(line["at"])
        elif line["what"] == "offered" and line["kept"]:
            acknowledged[line["recipient"]].append(line["at"])
    seconds: dict[str, list[float]] = defaultdict(list)
    for line in ledger:
        if line["what"] != "fault" or line["kind"] in UNFELT:
            continue
        target = line["target"]
        if target.startswith("connector-") or line["kind"] in OF_PARTNERS:
            sources = [acknowledged.get(target, [])]
        elif target in log.alive:
            sources = [log.alive[target]]
        else:
            sources = [log.alive[role] for role in ROLES if log.alive[role]]
        again = [min((at for at in times if at >= line["ended_at"]), default=None) for times in sources]
        worked = [at for at in again if at is not None]
        if len(worked) == len(again):
            seconds[line["kind"]].append(max(worked) - line["ended_at"])
    return {kind: sorted(round(one, 2) for one in found) for kind, found in sorted(seconds.items())}


def clock_changes(ledger: list[Record]) -> int:
    """How many nights on which London's clocks change the hub's time passed."""
    found = 0
    for line in ledger:
        if line["what"] == "clock":
            offset = datetime.fromisoformat(line["began"]).astimezone(ZoneInfo("Europe/London")).utcoffset()
            now = datetime.fromisoformat(line["hub"])
            day = datetime.fromisoformat(line["began"])
            while day < now:
                day += timedelta(days=1)
                changed = day.astimezone(ZoneInfo("Europe/London")).utcoffset()
                found, offset = found + (changed != offset), changed
    return found


def _about_what_left(ledger: list[Record], log: Log) -> Record:
    called = {line["recipient"] for line in ledger if line["what"] == "recipient"}
    items = {item for item, record in log.items.items() if record["recipient"] in called}
    offered = [line for line in ledger if line["what"] == "offered"]
    beside = sorted(waited for waited, _ in waits_beside(ledger, log).values())
    return {
        "items": len(items),
        "offered": len(offered),
        "kept": len(kept_at(ledger)),
        "kept_again": sum(line["kept"] for line in offered) - len(kept_at(ledger)),
        "undelivered": sum(log.deliveries.get(item, {}).get("state") == "undelivered" for item in items),
        "beside_one_that_was_down": len(beside),
        "waited_beside": {"p50": round(beside[len(beside) // 2], 2), "max": round(beside[-1], 2)} if beside else {},
    }


def main() -> None:
    """Read, judge, print."""
    arguments = argparse.ArgumentParser()
    for name in ("bootstrap", "ledger", "schemas"):
        arguments.add_argument(f"--{name}", required=True)
    given = arguments.parse_args()
    ledger = [json.loads(line) for line in Path(given.ledger).read_text().splitlines()]
    log = Log(Schemas(Path(given.schemas)), records(given.bootstrap, [*TOPICS, *ROWS]))
    wrongs, receipts = judge(ledger, log)
    names = {line["name"] for line in ledger if line["what"] == "sent"}
    distinct: Counter[str] = Counter()
    distinct["receipts"] = sum(len(versions) for versions in log.dispositions.values())
    for item in log.items.values():
        distinct[f"outbound.{item['agency']}"] += 1
    ended = [states[-1] for by_id in log.flags.values() for states in by_id.values()]
    flags = Counter(f"{state['result']} {state['state']}" for state in ended)
    print(json.dumps({
        "ok": not wrongs.counts,
        "wrong": dict(wrongs.counts),
        "examples": dict(wrongs.examples),
        "messages": len(names),
        "attempts": sum(line["what"] == "sent" for line in ledger),
        "acknowledged": len(receipts),
        "unanswered_attempts": sum(line["what"] == "unanswered" for line in ledger),
        "never_acknowledged": len(names - set(receipts)),
        "assessments": sum(line["what"] == "assessed" for line in ledger),
        "contacts": len(log.contacts),
        "flags": dict(flags),
        "faults": dict(Counter(line["kind"] for line in ledger if line["what"] == "fault")),
        "records": sum(log.raw.values()),
        "of_the_next_release": log.newer,
        "left": _about_what_left(ledger, log),
        "clock_changes": clock_changes(ledger),
        "longest_outage": max([line["lasts"] for line in ledger if line["what"] == "fault" and line["kind"] == "broker-away"],
                              default=0),
        "repeated_records": {topic: log.raw[topic] - count for topic, count in distinct.items() if log.raw[topic] > count},
        "felt_seconds": felt(ledger, log),
    }, indent=2))  # fmt: skip
    sys.exit(1 if wrongs.counts else 0)


if __name__ == "__main__":
    main()
