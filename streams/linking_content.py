"""What a report says, whoever sends it and in whatever format, so that the same content is known again. Pure.

Two formats of one notice are never the same bytes, and their readers keep different details. What must be equal is the
child, the words, the risk, who else is named, and what is attached; what a format may leave out (a reference, an
organisation, a number) must not contradict.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping

from schemas.contact import Contact
from schemas.linkage import Said
from schemas.reading import Report
from schemas.received import Received
from streams.child_keys import normalised_name

#: Labels that our own readers put before what a person wrote. No other word is ever left out.
_LABELS = frozenset({"reason", "note", "detail", "document", "observation", "message"})
#: People whom a format names for its own sake, not as part of what happened.
_WRITERS = frozenset({"referrer", "professional"})
_FORMATS = ((b"{", "json"), (b"[", "json"), (b"<", "xml"), (b"MSH", "hl7"), (b"FHS", "hl7"), (b"BHS", "hl7"), (b"%PDF", "pdf"))
_START = 64

Hashed = Callable[[str], str]


def said_in(contact: Contact, event: Received, hashed: Hashed) -> Said:
    """What a version of a contact says; `hashed` is the hub's keyed hash."""
    report = contact.report
    content = _content(report, len(contact.siblings))
    facts = {name: hashed(text) for name, text in _facts(report, event.organisation) if text}
    channel = f"{event.sender} {event.transport} {format_of(event.body)}"
    return Said(content=hashed(content) if content else "", channel=channel, facts=facts)


def contradict(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether a fact that both give differs."""
    return any(other.get(name, value) != value for name, value in one.items())


def format_of(body: bytes) -> str:
    """The format of a message by its first characters: json, xml, hl7, pdf, else text."""
    start = body[:_START].removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n\x0b")
    return next((name for mark, name in _FORMATS if start.startswith(mark)), "text")


def _content(report: Report, siblings: int) -> str:
    """The text that two reports of the same content share; empty when too little is said to know it again."""
    person = report.person
    name = normalised_name(person)
    words = _words(report)
    if not name or not (words or report.reference):
        return ""
    born = person.dob or person.expected_dob or person.dob_text
    people = sorted(f"{one.role}/{_folded(one.given)}/{_folded(one.family)}" for one in report.people if one.role not in _WRITERS)
    attached = sorted(one.sha256 for one in report.attachments)
    parts = [name, str(born or ""), report.kind, report.risk, str(siblings), *words, "/", *people, "/", *attached]
    return "\n".join(parts if words else [*parts, report.reference])


def _facts(report: Report, organisation: str) -> Iterator[tuple[str, str]]:
    yield "organisation", report.organisation.code or organisation
    yield "reference", report.reference
    yield "need", report.need_code
    yield "incident", report.incident_at.isoformat() if report.incident_at else ""
    yield "sex", report.person.sex
    for identifier in report.person.identifiers:
        if identifier.valid:
            yield identifier.kind, identifier.value


def _words(report: Report) -> list[str]:
    """The lines of what was written, without case, double spaces, our readers' labels, and the risk said again."""
    risks = {_folded(report.risk), _folded(report.risk_source)}
    lines: dict[str, None] = {}
    for line in report.narrative.splitlines():
        text = _folded(line)
        label, colon, rest = text.partition(": ")
        if colon and label in _LABELS:
            label, colon, rest = (text := rest).partition(": ")
        if colon and "risk" in label.split() and rest in risks:
            continue
        lines[text] = None
    return sorted(line for line in lines if line)


def _folded(text: str) -> str:
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text)).strip().casefold()
