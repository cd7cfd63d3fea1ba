"""Records of a made-up day at the front door, as intake, allocation, cases and people would write them.

Every child is invented. Times are given as London wall time of a Friday in British Summer Time.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from ops.view.fold import Logged
from schemas.allocation import AllocationEvent
from schemas.case_event import CaseEvent, Correction, Opened
from schemas.catalogue import codec
from schemas.contact import Authority, Contact
from schemas.disposition import Disposition
from schemas.flag import Flag
from schemas.identity import flag_id, keyed_hash, unreadable_contact_id
from schemas.london import LONDON, civil_date, midnight_after
from schemas.narrative import Narrative
from schemas.outbound import OutboundItem
from schemas.person import Person
from schemas.reading import Organisation, Report
from schemas.received import Received
from schemas.record import Record

HASH_KEY = "not-secret"
KEY = HASH_KEY.encode()
FRIDAY = date(2026, 8, 28)

#: (topic, key, record): one thing that stands on the log.
Entry = tuple[str, str, Record]


def london(clock: str, day: date = FRIDAY) -> datetime:
    """An instant from `23:58` or `23:59:30` on a day, London time."""
    return datetime.combine(day, time.fromisoformat(clock), LONDON)


SATURDAY = FRIDAY + timedelta(days=1)


def received(receipt: str, at: datetime, *, file_name: str = "", body: bytes = b"{}", **more: Any) -> Entry:
    """A message as an edge made it durable."""
    record = Received(
        receipt_id=receipt, sender=more.pop("sender", "gp-1"), agency=more.pop("agency", "health"), transport="http",
        received_at=at.astimezone(UTC), file_name=file_name, size=len(body), body=body, **more,
    )  # fmt: skip
    return (f"received.{record.agency}", record.sender, record)


def disposition(receipt: str, at: datetime, kind: str, **more: Any) -> Entry:
    """What became of a message."""
    message_id, file_name = more.pop("message_id", ""), more.pop("file_name", "")
    values: dict[str, Any] = {
        "receipt_id": receipt, "version": 1, "disposition": kind, "sender": "gp-1", "agency": "health",
        "transport": "http", "received_at": at.astimezone(UTC), "size": 2,
        "transport_id_hash": keyed_hash(KEY, message_id), "file_name_hash": keyed_hash(KEY, file_name), **more,
    }  # fmt: skip
    return ("receipts", receipt, Disposition(**values))


def contact(contact_id: str, receipt: str, at: datetime, given: str, family: str, **more: Any) -> Entry:
    """One child in one message."""
    report = Report(
        person=Person(given=given, family=family), risk=more.pop("risk", ""), narrative=more.pop("narrative", ""),
        organisation=Organisation(name=more.pop("organisation", "Elm Surgery")),
    )  # fmt: skip
    values: dict[str, Any] = {
        "contact_id": contact_id, "receipt_id": receipt, "version": 1, "sender": "gp-1", "agency": "health",
        "received_at": at.astimezone(UTC), "authority": Authority(code="383", name="Leeds", how="postcode"),
        "team": "front-door", "report": report, **more,
    }  # fmt: skip
    return ("contacts", contact_id, Contact(**values))


def event(contact_id: str, type_: str, at: datetime, **more: Any) -> Entry:
    """Something that happened to a contact; its id is what it is, so the same event has the same id."""
    event_id = more.pop("event_id", f"{contact_id}-{type_}-{at:%d%H%M%S}")
    return ("case-events", contact_id, CaseEvent(event_id=event_id, type=type_, contact_id=contact_id, at=at, **more))


def opened(contact_id: str, at: datetime, *, receipt: str = "", risk: str = "", **more: Any) -> Entry:
    """The opening of a contact."""
    values: dict[str, Any] = {
        "agency": "health", "sender": "gp-1", "kind": "referral", "risk": risk, "team": "front-door",
        "authority_code": "383", "authority_how": "postcode", **more,
    }  # fmt: skip
    return event(contact_id, "opened", at, receipt_id=receipt, sender="gp-1", opened=Opened(**values))


def assessed(contact_id: str, at: datetime, **more: Any) -> Entry:
    """A risk assessment that counts, unless something is taken out of it."""
    values = {"by": "Alma Worker", "level": "amber", "reason_hash": "r" * 32, **more}
    return event(contact_id, "risk_assessed", at, **values)


def allocated(contact_id: str, at: datetime, worker: str = "Alma Worker") -> Entry:
    """A named worker takes it."""
    return event(contact_id, "allocated", at, by=worker, details={"worker_id": "w-" + worker[:4], "how": "rota"})


def corrected(contact_id: str, at: datetime, risk: str) -> Entry:
    """A corrected version with another risk."""
    correction = Correction(version=2, risk=risk, risk_changed=True, child_changed=False)
    return event(contact_id, "corrected", at, correction=correction)


def ticks(since: datetime, until: datetime, partitions: Iterable[int] = range(4)) -> list[tuple[int, CaseEvent]]:
    """One tick in each partition that vouches for a stretch of time."""
    return [
        (n, CaseEvent(event_id=f"tick-{n}-{until:%d%H%M%S}", type="tick", contact_id=f"tick-{n}", at=until, covers_since=since))
        for n in partitions
    ]


def flag(contact_id: str, started_at: datetime, state: str = "raised", **more: Any) -> Entry:
    """One state of the same-day flag of a contact's first opening."""
    due = midnight_after(civil_date(started_at))
    values: dict[str, Any] = {
        "flag_id": flag_id(contact_id, "same-day", 1, due.isoformat()), "contact_id": contact_id, "clock": "same-day",
        "opening": 1, "started_at": started_at.astimezone(UTC), "due_at": due, "state": state, "result": "missed", **more,
    }  # fmt: skip
    return ("flags", contact_id, Flag(**values))


def small_day() -> list[Entry]:
    """A day with one contact of every kind, in an order in which it could have been written."""
    nine, ten, late = london("09:00"), london("10:00"), london("23:58")
    return [
        received("r-red", nine, file_name="elm-1.json", idempotency_key="key-1"),
        disposition("r-red", nine, "contact", contact_ids=["c-red"], message_id="MSG-1", file_name="elm-1.json"),
        contact("c-red", "r-red", nine, "Nora", "Field", risk="red", narrative="Seen with a bruise."),
        opened("c-red", nine, receipt="r-red", risk="red"),
        ("allocation-in", "front-door", AllocationEvent(
            event_id="a-red", type="requested", team="front-door", at=nine, contact_ids=["c-red"], risk="red")),
        allocated("c-red", nine),
        ("outbound.social_care", "case-system c-red", OutboundItem(
            item_id="o-red", kind="referral", recipient="case-system", agency="social_care", contact_id="c-red",
            receipt_id="r-red", at=nine)),
        received("r-met", ten),
        disposition("r-met", ten, "contact", contact_ids=["c-met"]),
        contact("c-met", "r-met", ten, "Otis", "Marsh", risk="green"),
        opened("c-met", ten, receipt="r-met", risk="green"),
        allocated("c-met", ten, "Ben Holder"),
        assessed("c-met", london("11:00"), event_id="e-met"),
        ("narratives", "c-met", Narrative(
            narrative_id="n-met", about="c-met", event_id="e-met", kind="reason", text="Known to the school.",
            at=london("11:00"))),
        corrected("c-met", london("15:00"), "red"),
        received("r-same", london("10:05")),
        disposition("r-same", london("10:05"), "duplicate", duplicate_of="r-met", contact_ids=["c-met"]),
        received("r-bad", london("12:00"), body=b"%%%", sender="school-1", agency="education"),
        disposition("r-bad", london("12:00"), "quarantined", reason="It is not JSON.", reason_code="not_json",
                    contact_ids=[unreadable_contact_id("r-bad")], sender="school-1", agency="education"),
        ("quarantine", "school-1", received("r-bad", london("12:00"), body=b"%%%", sender="school-1", agency="education")[2]),
        opened(unreadable_contact_id("r-bad"), london("12:00"), receipt="r-bad", kind="unreadable", agency="education"),
        received("r-late", late),
        disposition("r-late", late, "contact", contact_ids=["c-late"]),
        contact("c-late", "r-late", late, "Pia", "Reed", risk="amber"),
        opened("c-late", late, receipt="r-late", risk="amber"),
        event("c-late", "closed", london("23:59"), by="Ben Holder"),
        event("c-nowhere", "decision", london("13:00"), by="Ben Holder"),
        received("r-unread", london("23:59")),
        flag("c-late", late),
        assessed("c-late", london("00:20", SATURDAY), happened_at=london("23:59:30")),
        flag("c-late", late, "withdrawn", evidence_event_id="c-late-risk_assessed-29002000"),
        flag("c-red", nine),
    ]  # fmt: skip


def as_logged(entries: Sequence[Entry]) -> list[Logged]:
    """The entries as partitions would hold them: each key in one partition, offsets in the order given."""
    ends: dict[tuple[str, int], int] = {}
    logged = []
    for topic, key, record in entries:
        place = (topic, sum(key.encode()) % 4)
        offset = ends.get(place, 0)
        ends[place] = offset + 1
        logged.append(Logged(*place, offset, codec(topic).encode(record), 1_800_000_000_000))
    return logged


def ticks_logged(stretches: Sequence[tuple[datetime, datetime]], first_offset: int = 1000) -> list[Logged]:
    """Ticks over the stretches, in every partition of `case-events`."""
    logged = []
    for number, (since, until) in enumerate(stretches):
        for partition, tick in ticks(since, until):
            value = codec("case-events").encode(tick)
            logged.append(Logged("case-events", partition, first_offset + number, value, 1_800_000_000_000))
    return logged
