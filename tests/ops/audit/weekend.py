"""A long weekend that keeps every promise: Friday to Monday in British Summer Time."""

from datetime import datetime, timedelta

from schemas.outbound import OutboundItem

from .log_builder import Log, at, end_of_day

NOW = at("2026-07-06 00:05")


def weekend() -> Log:
    """The log of it. Every outcome that a contact can have is there."""
    log = Log()
    # Nobody ticked around midnight on Sunday: limits of that day cannot be verified.
    log.ticks(at("2026-07-02 22:00"), at("2026-07-05 23:00"))
    log.ticks(at("2026-07-06 00:01"), NOW, every=timedelta(minutes=1))

    log.arrives("in time", "2026-07-03 10:00")
    log.assessed("in time", "2026-07-03 14:00")

    log.arrives("never", "2026-07-03 23:58")
    log.flagged("never")

    log.arrives("after midnight", "2026-07-04 00:20")
    log.assessed("after midnight", "2026-07-04 09:00")

    log.arrives("claimed", "2026-07-03 16:00")
    log.flagged("claimed", seconds=30)
    claim = log.assessed("claimed", "2026-07-04 00:10", happened_at=at("2026-07-03 23:59:30"))
    log.flagged("claimed", "withdrawn", seconds=700, evidence_event_id=claim.event_id)

    log.arrives("claimed by date", "2026-07-03 16:30")
    log.flagged("claimed by date", seconds=30)
    dated = log.assessed("claimed by date", "2026-07-04 00:20", happened_on=at("2026-07-03 12:00").date())
    log.flagged("claimed by date", "withdrawn", seconds=1300, evidence_event_id=dated.event_id)

    log.arrives("late", "2026-07-03 17:00")
    log.flagged("late")
    log.flagged("late", "acknowledged", seconds=3600)
    log.flagged("late", "explained", seconds=7200, reason_code="hospital")
    log.assessed("late", "2026-07-04 00:00:30")

    log.arrives("turned red", "2026-07-03 11:00")
    log.assessed("turned red", "2026-07-03 12:00", level="green")
    log.corrected("turned red", "2026-07-03 15:00")
    log.flagged("turned red", started_at=at("2026-07-03 15:00"), opening=2)

    log.arrives("corrected", "2026-07-03 11:30")
    log.corrected("corrected", "2026-07-03 12:00")
    log.assessed("corrected", "2026-07-03 15:30")

    log.unreadable("garbled", "2026-07-03 18:00")
    log.flagged("garbled")

    log.unreadable("repaired", "2026-07-03 09:00")
    log.repaired("repaired", "2026-07-03 10:30")
    log.assessed("repaired/read", "2026-07-03 11:45")

    log.unreadable("repaired late", "2026-07-03 19:00")
    log.flagged("repaired late")
    log.repaired("repaired late", "2026-07-04 08:00")

    log.arrives("siblings", "2026-07-04 12:00", children=3)
    for name in ("siblings", "siblings/2", "siblings/3"):
        log.assessed(name, "2026-07-04 13:00")

    log.arrives("closed unassessed", "2026-07-04 14:00")
    closing = log.message("closing", at("2026-07-04 15:00"), agency="social_care")
    closed = log.event("closed", log.named["closed unassessed"].contact_id, at("2026-07-04 15:00:01"),
                       receipt_id=closing, by="A. Worker")  # fmt: skip
    log.settled(closing, "case_events", at("2026-07-04 15:00:01"), event_ids=[closed.event_id])
    log.flagged("closed unassessed")

    log.arrives("nobody looked", "2026-07-05 12:00")
    log.flagged("nobody looked", seconds=120, result="not_verifiable")

    log.arrives("still open", "2026-07-06 00:02")

    booking = log.message("booking", at("2026-07-03 10:05"))
    log.settled(booking, "not_a_contact", at("2026-07-03 10:05:01"), reason_code="booking")
    twice = log.message("twice", at("2026-07-03 10:10"))
    log.settled(twice, "duplicate", at("2026-07-03 10:10:01"), duplicate_of=log.named["in time"].receipt_id)
    _delivered_again(log, "booking", at("2026-07-03 10:06"), booking)

    _unmatched(log)
    _answer(log)
    _repeats(log)
    return log


def _delivered_again(log: Log, name: str, when: datetime, receipt: str) -> None:
    """A sender whose answer got lost sends the same bytes under the same receipt."""
    assert log.message(name, when) == receipt
    log.settled(receipt, "not_a_contact", when + timedelta(seconds=1), version=2, reason_code="booking", deliveries=2)


def _unmatched(log: Log) -> None:
    when, contact = at("2026-07-04 10:00"), "11111111-1111-4111-8111-111111111111"
    receipt = log.message("about nobody", when, agency="social_care")
    event = log.event("acknowledged", contact, when, receipt_id=receipt, by="A. Worker")
    log.settled(receipt, "case_events", when, event_ids=[event.event_id])
    waited = when + timedelta(minutes=15)
    log.flag(contact, when, "raised", waited + timedelta(seconds=30), clock="unmatched", due_at=waited, result="unmatched")


def _answer(log: Log) -> None:
    child = log.named["in time"]
    item = OutboundItem(
        item_id="22222222-2222-4222-8222-222222222222", kind="outcome", recipient="health-sender", agency="health",
        contact_id=child.contact_id, receipt_id=child.receipt_id, at=at("2026-07-03 14:00"),
        outcome={"outcome": "risk_assessed"},
    )  # fmt: skip
    log.put("outbound.health", f"health-sender {child.contact_id}", item, at("2026-07-03 14:00:02"))


def _repeats(log: Log) -> None:
    """A worker died between its outputs and its commit: everything it wrote comes twice, under the same ids."""
    child = log.named["never"].contact_id
    log.again("case-events", lambda r: r.contact_id == child and r.type == "opened", seconds=20)
    log.again("contacts", lambda r: r.contact_id == child)
    log.again("outbound.social_care", lambda r: r.contact_id == child)
    log.again("receipts", lambda r: child in r.contact_ids)
    log.again("flags", lambda r: r.contact_id == child, seconds=(end_of_day(NOW) - NOW).total_seconds() / 1000)
