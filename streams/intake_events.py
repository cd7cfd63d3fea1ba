"""The events that a partner or a person recorded, on their way to `case-events`. Pure; see `intake`."""

from datetime import timedelta

from schemas.case_event import CaseEvent
from schemas.codes import FLAG_REASONS, PERSONAL_EVENTS, RISK_LEVELS, SIGNED_EVENTS, is_named_worker
from schemas.reading import CaseReport, Reading
from streams.intake_ledger import Ledger
from streams.intake_linkage import problem_of, tell_decision

#: A claimed time this far ahead of ours is a wrong clock, not a prophecy.
_CLOCK_SKEW = timedelta(minutes=5)


def record_events(ledger: Ledger, reading: Reading, contact_of: dict[int, str]) -> list[str]:
    """Emit every event of a message and return their ids; one without a contact id is noted and not lost in silence.

    `contact_of` gives the contact of a report that the message itself opened, by the report's `id()`.
    """
    ids = []
    for position, report in enumerate(reading.case_reports):
        about = report.contact
        if report.type == "contact_recorded":
            about = contact_of.get(id(report.report), "")
        if not about:
            ledger.note("event_without_contact", "An event names no contact; add contact_id.")
            continue
        event = _reported(ledger, report, about, position)
        ids.append(event.event_id)
        ledger.emit("case-events", about, event)
        tell_decision(ledger, event)
        if report.reason:
            ledger.narrate(about, event.event_id, "reason", report.reason)
    return ids


def _reported(ledger: Ledger, report: CaseReport, about: str, position: int) -> CaseEvent:
    happened_at = report.happened_at
    if happened_at is not None and happened_at > ledger.event.received_at + _CLOCK_SKEW:
        ledger.note("event_from_the_future", "The stated time lies ahead; ours was taken.")
        happened_at = None
    return ledger.case_event(report.type, about, str(position)).model_copy(
        update={
            "happened_at": happened_at,
            "happened_on": report.happened_on,
            "by": report.by,
            "level": report.level,
            "reason_code": report.reason_code,
            "reason_hash": ledger.rules.hashed(report.reason),
            "problem": _problem(report),
            "details": report.details,
        }
    )


def _problem(report: CaseReport) -> str:
    """Why a reported event counts for nothing; it is kept and shown all the same."""
    if report.type == "risk_assessed":
        if not is_named_worker(report.by):
            return "no_named_person"
        if report.level not in RISK_LEVELS:
            return "no_level"
        return "" if report.reason.strip() else "no_reason"
    if report.type in SIGNED_EVENTS and not report.reason.strip() and not report.reason_code:
        return "no_reason"
    if report.type == "flag_explained" and report.reason_code not in FLAG_REASONS:
        return "no_listed_reason"
    if report.type in (*PERSONAL_EVENTS, *SIGNED_EVENTS) and not is_named_worker(report.by):
        return "no_named_person"
    return problem_of(report)
