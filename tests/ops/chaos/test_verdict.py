"""The verdict on a ledger: a log that keeps every promise passes, and each planted fault is called by its name."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ops.chaos import verdict
from schemas.avro import AVSC
from schemas.case_event import CaseEvent, Opened
from schemas.catalogue import codec
from schemas.contact import Authority, Contact
from schemas.delivery import Delivery
from schemas.disposition import Disposition
from schemas.flag import Flag
from schemas.outbound import OutboundItem
from schemas.person import Person
from schemas.reading import Report
from schemas.received import Received
from schemas.record import Record

MORNING = datetime(2026, 7, 3, 9, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 7, 3, 23, 0, tzinfo=UTC)
Entry = tuple[str, Record]
Ledger = list[dict[str, Any]]


def sent(name: str, body: bytes, becomes: str, *receipts: str) -> Ledger:
    """What a ledger says of one message, acknowledged under these receipts."""
    about = {"name": name, "agency": "health", "via": "http", "at": 1.0}
    digest = hashlib.sha256(body).hexdigest()
    return [
        {"what": "sent", **about, "sha256": digest, "becomes": becomes},
        *({"what": "acknowledged", **about, "receipt": receipt} for receipt in receipts),
    ]


def received(receipt: str, body: bytes, kind: str, contact: str = "") -> list[Entry]:
    """A message and what became of it."""
    about = {"receipt_id": receipt, "sender": "s", "agency": "health", "transport": "http", "received_at": MORNING, "size": 1}
    contacts = [contact] if contact else []
    return [
        ("received.health", Received(**about, body=body)),
        ("receipts", Disposition(**about, version=1, disposition=kind, contact_ids=contacts)),  # type: ignore[arg-type]
    ]


def child(contact: str, receipt: str) -> list[Entry]:
    """A contact with its clock and its referral."""
    authority = Authority(code="383", name="Leeds", how="default")
    place = {"team": "front-door", "authority_code": "383", "authority_how": "default"}
    opened = Opened(agency="health", sender="s", kind="referral", **place)  # type: ignore[arg-type]
    record = Contact(
        contact_id=contact, receipt_id=receipt, version=1, sender="s", agency="health", received_at=MORNING,
        authority=authority, team="front-door", report=Report(kind="referral", person=Person()),
    )  # fmt: skip
    return [
        ("contacts", record),
        ("case-events", CaseEvent(event_id=f"o-{contact}", type="opened", contact_id=contact, at=MORNING, opened=opened)),
        ("outbound.social_care", OutboundItem(
            item_id=f"i-{contact}", kind="referral", recipient="r", agency="social_care", contact_id=contact,
            receipt_id=receipt, at=MORNING,
        )),
    ]  # fmt: skip


def came(contact: str, at: float, state: str = "delivered", **more: Any) -> tuple[Ledger, list[Entry]]:
    """A contact's referral at its recipient, and what the hub wrote about it."""
    offered = {"what": "offered", "recipient": "r", "item": f"i-{contact}", "kept": True, "at": at}
    delivery = Delivery(
        item_id=f"i-{contact}", kind="referral", recipient="r", agency="social_care", contact_id=contact, receipt_id="r",
        partition=0, offset=0, state=state, at=MORNING, since=MORNING, **more,  # type: ignore[arg-type]
    )  # fmt: skip
    return [offered], [("deliveries", delivery)]


def later(contact: str) -> Entry:
    """A second item about a contact, behind its referral on the log."""
    return ("outbound.social_care", OutboundItem(
        item_id=f"i-{contact}-2", kind="outcome", recipient="r", agency="social_care", contact_id=contact, receipt_id="r",
        at=MORNING,
    ))  # fmt: skip


def flag(contact: str, state: str = "raised", number: int = 1, due: datetime = MIDNIGHT) -> Entry:
    body = Flag(
        flag_id=f"f{number}-{contact}", contact_id=contact, clock="same-day", opening=1, started_at=MORNING, due_at=due,
        state=state, result="missed",  # type: ignore[arg-type]
    )  # fmt: skip
    return ("flags", body)


def assessed(contact: str, at: datetime) -> Entry:
    event = CaseEvent(event_id=f"a-{contact}", type="risk_assessed", contact_id=contact, at=at, by="Ben Hughes", level="amber")
    return ("case-events", event)


def a_good_day() -> tuple[Ledger, list[Entry]]:
    """One assessed in time, one missed, one delivered twice, and one twice that nobody could read."""
    ledger = [
        *sent("met", b"1", "contact", "r1"),
        *sent("missed", b"2", "contact", "r2"),
        *sent("twice", b"3", "contact", "r3", "r4"),
        *sent("poison", b"?", "quarantined", "r5", "r6"),
    ]
    log = [
        *received("r1", b"1", "contact", "c1"), *child("c1", "r1"), assessed("c1", MORNING + timedelta(hours=1)),
        *received("r2", b"2", "contact", "c2"), *child("c2", "r2"), flag("c2"), flag("c2"),
        *received("r3", b"3", "contact", "c3"), *child("c3", "r3"), flag("c3"),
        *received("r4", b"3", "duplicate"),
        *received("r5", b"?", "quarantined", "c5"), child("c5", "r5")[1], flag("c5"),
        *received("r6", b"?", "duplicate", "c5"),
        ("quarantine", received("r5", b"?", "quarantined")[0][1]),
        ("case-events", CaseEvent(event_id="t", type="tick", contact_id="tick-0", at=MIDNIGHT + timedelta(minutes=5))),
    ]  # fmt: skip
    ledger.append({"what": "recipient", "recipient": "r"})
    ledger.append(damaged(codec("quarantine").encode(received("r5", b"?", "quarantined")[0][1])))
    for contact, at in (("c1", 10.0), ("c2", 11.0), ("c3", 12.0)):
        offered, state = came(contact, at)
        ledger += offered
        log += state
    return ledger, log


def damaged(value: bytes) -> dict[str, Any]:
    return {"what": "damaged", "topic": "case-events", "sha256": hashlib.sha256(value).hexdigest()}


def judged(ledger: Ledger, log: list[Entry]) -> dict[str, int]:
    entries = ((topic, 1.0, codec(topic).encode(record)) for topic, record in log)
    wrongs, _ = verdict.judge(ledger, verdict.Log(verdict.Schemas(AVSC), entries))
    return dict(wrongs.counts)


def test_a_log_that_keeps_every_promise_passes() -> None:
    assert judged(*a_good_day()) == {}


def without(topic: str, which: Callable[[Any], bool]) -> Callable[[Ledger, list[Entry]], None]:
    def lose(ledger: Ledger, log: list[Entry]) -> None:
        log[:] = [(name, record) for name, record in log if name != topic or not which(record)]

    return lose


def plus(*entries: Entry) -> Callable[[Ledger, list[Entry]], None]:
    return lambda ledger, log: log.extend(entries)


FAULTS: dict[str, tuple[Callable[[Ledger, list[Entry]], None], str]] = {
    "a message is lost": (without("received.health", lambda r: r.receipt_id == "r1"), "acknowledged and lost"),
    "a message is changed": (lambda ledger, log: ledger[0].update(sha256="0"), "acknowledged and lost"),
    "nobody read it": (without("receipts", lambda r: r.receipt_id == "r1"), "acknowledged and nobody says what became of it"),
    "poison is dropped": (without("quarantine", lambda r: True), "quarantined and not kept"),
    "a damaged record is dropped": (
        lambda ledger, log: ledger.append(damaged(b"\x00\x00")), "a damaged record that quarantine does not hold"
    ),
    "the contact is missing": (without("contacts", lambda r: r.contact_id == "c1"), "a contact that is not on the log"),
    "seen twice as two stories": (
        plus(*received("r7", b"1", "contact", "c7"), *child("c7", "r7"), flag("c7"), assessed("c7", MORNING)),
        "one message, two stories",
    ),
    "no clock": (without("case-events", lambda e: e.event_id == "o-c1"), "not exactly one clock"),
    "not routed": (without("outbound.social_care", lambda i: i.contact_id == "c2"), "not routed exactly once"),
    "a missed day unseen": (without("flags", lambda f: f.contact_id == "c2"), "a missed day without exactly one flag"),
    "a missed day flagged twice": (plus(flag("c2", number=2)), "a missed day without exactly one flag"),
    "a false flag": (plus(flag("c1")), "a false flag"),
    "a flag withdrawn for nothing": (plus(flag("c2", "withdrawn")), "a missed day without exactly one flag"),
    "an assessment lost": (
        lambda ledger, log: ledger.append({"what": "assessed", "contact": "c2", "receipt": "r9"}),
        "an acknowledged assessment that is not on the log",
    ),
    "a flag for the day after": (
        lambda ledger, log: log.__setitem__(slice(None), [flag("c3", due=MIDNIGHT + timedelta(days=1)) if r == flag("c3") else r
                                                          for r in log]),
        "a flag for another day",
    ),
    "no ticks, and the day is over": (
        lambda ledger, log: (
            without("case-events", lambda e: e.event_id == "t")(ledger, log),
            without("flags", lambda f: f.contact_id == "c2")(ledger, log),
            ledger.append({"what": "clock", "hub": (MIDNIGHT + timedelta(minutes=5)).isoformat(), "began": MORNING.isoformat()}),
        ),
        "a missed day without exactly one flag",
    ),
    "called delivered, and never came": (
        lambda ledger, log: ledger.remove(came("c1", 10.0)[0][0]), "left and never came, and no list says so"
    ),
    "it waits for ever": (
        lambda ledger, log: (
            ledger.remove(came("c1", 10.0)[0][0]),
            without("deliveries", lambda d: d.item_id == "i-c1")(ledger, log),
            log.extend(came("c1", 0.0, "waiting")[1]),
        ),
        "left and never came, and no list says so",
    ),
    "it came, and nobody knows": (without("deliveries", lambda d: d.item_id == "i-c1"), "came, and nobody wrote it down"),
    "given up, and nobody's": (
        lambda ledger, log: log.extend(came("c1", 0.0, "undelivered", round=1)[1]), "undelivered, and nobody's"
    ),
    "the later item came first": (
        lambda ledger, log: (
            log.append(later("c1")),
            ledger.append({"what": "offered", "recipient": "r", "item": "i-c1-2", "kept": True, "at": 9.0}),
        ),
        "a contact's items out of order",
    ),
    "one that hung held up another": (
        lambda ledger, log: ledger.append({
            "what": "fault", "kind": "partner-times-out", "target": "another", "started_at": 0.5, "ended_at": 9.5,
        }),
        "one partner down delayed another",
    ),
}  # fmt: skip


def test_what_was_given_up_and_is_on_the_list_is_no_loss() -> None:
    ledger, log = a_good_day()
    ledger.remove(came("c1", 10.0)[0][0])
    log += came("c1", 0.0, "undelivered", round=1, owner="Case systems desk")[1]
    assert judged(ledger, log) == {}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_planted_fault_is_called_by_its_name(fault: str) -> None:
    ledger, log = a_good_day()
    plant, name = FAULTS[fault]
    if fault == "seen twice as two stories":
        ledger.append({"what": "acknowledged", "name": "met", "receipt": "r7"})
    plant(ledger, log)
    assert name in judged(ledger, log)


def test_what_a_fault_cost_is_counted_from_its_end_until_who_was_hit_worked_again() -> None:
    ledger = [
        {"what": "fault", "kind": "kill-worker", "target": "cases", "ended_at": 10.0},
        {"what": "fault", "kind": "kill-worker", "target": "cases", "ended_at": 20.0},
        {"what": "fault", "kind": "kill-worker", "target": "cases", "ended_at": 90.0},
        {"what": "fault", "kind": "kill-connector", "target": "connector-health", "ended_at": 10.0},
        {"what": "acknowledged", "agency": "health", "at": 12.5},
    ]
    rows = [("frontdoor-cases-rows-changelog", at, b"") for at in (5.0, 11.0, 24.0)]
    log = verdict.Log(verdict.Schemas(AVSC), rows)
    assert verdict.felt(ledger, log) == {"kill-connector": [2.5], "kill-worker": [1.0, 4.0]}
