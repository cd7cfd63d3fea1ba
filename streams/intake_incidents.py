"""One incident, several notices: a notice with a number of its own about a child whom an earlier notice of that incident
named is a later version of that contact, not a second story. Pure; see `intake_children`.

Forces count their incidents anew each day, so the number alone ties nothing: the incident's day must be the same, or, where
one of the two does not give it, the number must be long and the earlier notice not old.
"""

from datetime import timedelta

from schemas.london import civil_date
from schemas.reading import Report
from streams.intake_ledger import Ledger
from streams.intake_rows import IncidentRow, KnownChild, ReferenceRow

#: How long after the first notice another one without the incident's day is taken for the same incident.
WITHOUT_DAY = timedelta(days=28)
#: Letters and digits of a number that ties notices without the incident's day.
LONG_NUMBER = 6


def notices_of(ledger: Ledger, report: Report) -> list[str]:
    """The references (keyed hashes) under which the incident of a report has been told before."""
    row = ledger.now("i", _name(ledger, report)) if report.incident_number else None
    if not isinstance(row, IncidentRow):
        return []
    day = _day(report)
    if day and row.day:
        return row.references if day == row.day else []
    long_enough = sum(map(str.isalnum, report.incident_number)) >= LONG_NUMBER
    near = abs(ledger.event.received_at - row.received_at) <= WITHOUT_DAY
    return row.references if long_enough and near else []


def remember_notice(ledger: Ledger, report: Report, reference: str) -> None:
    """That the incident of a report was told under a reference (its keyed hash). Another day makes another incident."""
    if not report.incident_number:
        return
    known = notices_of(ledger, report)
    if reference in known:
        return
    row = ledger.now("i", _name(ledger, report))
    told = row if known and isinstance(row, IncidentRow) else None
    ledger.put("i", _name(ledger, report), IncidentRow(
        kind="incident", references=[*known, reference], day=(told.day if told else "") or _day(report),
        received_at=told.received_at if told else ledger.event.received_at,
    ))  # fmt: skip


def told_under(ledger: Ledger, names: list[str]) -> list[KnownChild]:
    """The children known under references, each once."""
    found: dict[str, KnownChild] = {}
    for name in names:
        row = ledger.now("r", name)
        for child in row.children if isinstance(row, ReferenceRow) else ():
            found.setdefault(child.contact_id, child)
    return list(found.values())


def parts_of(ledger: Ledger, report: Report) -> dict[str, str]:
    """A short keyed digest of each part of a report, by which a correction says what differs without saying what stood there."""
    said = {
        "child": report.person.model_dump_json(),
        "risk": report.risk or report.risk_source,
        "kind": report.kind,
        "words": report.narrative,
        "need": report.need_code or report.need_original,
        "people": "".join(person.model_dump_json() for person in report.people),
        "documents": "".join(document.sha256 for document in report.attachments),
        "incident": f"{report.incident_number} {report.incident_at or ''}",
        "number": report.reference,
    }
    return {name: ledger.rules.hashed(text)[:8] for name, text in said.items()}


def differing(before: dict[str, str], after: dict[str, str]) -> str:
    """The parts that differ, in words."""
    return ", ".join(name for name, digest in after.items() if before.get(name, digest) != digest)


def _name(ledger: Ledger, report: Report) -> str:
    return ledger.rules.hashed("".join(report.incident_number.split()))


def _day(report: Report) -> str:
    return civil_date(report.incident_at).isoformat() if report.incident_at else ""
