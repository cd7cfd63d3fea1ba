"""HL7 v2 messages: which are referrals, which open no contact and why, which cannot be read.

REF^I12, I13 and I14 are new, changed and cancelled referrals. ADT and everything else is told apart with a reason. A body
with several messages (a batch) becomes one reading with all their children.
"""

from collections.abc import Iterator

from connectors.dates import is_over_age, read_date, read_instant
from connectors.decoding import TOO_MANY_PARTS, Problem
from connectors.health.concern import CONCERN_WITHOUT_REFERRAL, speaks_of_concern
from connectors.health.hl7v2_batch import split_messages
from connectors.health.hl7v2_merge import MERGES, statements_of
from connectors.health.hl7v2_message import MOST_PARTS, Message, Segment, parse_message
from connectors.health.hl7v2_referral import reports_of
from connectors.health.unmapped import distinct
from schemas.person import Person
from schemas.reading import Note, Reading, Report

MOST_TOGETHER = 100
"""Messages of one body that are read together."""

_TOO_MANY = Problem(
    "too_many_messages", f"The body holds more than {MOST_TOGETHER} messages. Send them one by one, or in smaller batches."
)
_EMPTY_BATCH = ("empty_batch", "The batch holds no message, so it opens no contact.")

_NOTHING_READABLE = Problem(
    "referral_unreadable",
    "The referral has neither a PID nor a readable RF1 segment, so nobody can tell whom it is about. Send it again whole.",
)

_TYPE_UNKNOWN = Problem(
    "type_unreadable",
    "The message ends before it says what it is, or MSH-9 is empty, so it may be a referral. Send it again whole, with its type.",
)

_REASONS = {
    "ADT": ("patient_update", "This is an update of a patient's details. It opens no contact; send a REF^I12 to refer a child."),
    "ACK": ("answer", "This is an acknowledgement of an earlier message. It opens no contact."),
    "RRI": ("answer", "This is an answer to a referral. It opens no contact."),
    "SIU": ("booking", "This is a booking message. It opens no contact; send a REF^I12 to refer a child."),
    "MDM": ("document", "This is a document message. It opens no contact; send a REF^I12 with the document to refer a child."),
    "ORU": ("results", "These are results. They open no contact; send a REF^I12 to refer a child."),
}
_MERGE = (
    "patient_merge",
    "This says that two patient records are one. It opens no contact. A child known here by either NHS number is known by "
    "both; where that is not safe a person is asked.",
)
_MOVE = (
    "patient_records_moved",
    "This ties, parts or moves patient records. It opens no contact, and what is known here of a child stays as it is.",
)
_ANSWERS = frozenset({"ACK", "RRI"})
"""They repeat what was sent before."""

_WHO = frozenset({"MSH", "SFT", "EVN", "PID", "PD1", "NK1", "MRG", "PV1", "PRD", "CTD", "GT1", "IN1", "IN2", "IN3", "ROL", "STF"})
"""Segments that hold names and numbers; what somebody wrote about the child stands in the others."""

_STATUS = ("status_request", "This asks how a referral stands. It opens no contact.")
_MOVES = frozenset({"A24", "A35", "A37", "A41", "A42", "A43", "A44", "A45", "A46", "A47"})


def read_hl7v2(body: bytes) -> Reading:
    """What a body of one or more HL7 v2 messages is."""
    messages = split_messages(body)
    if len(messages) > MOST_TOGETHER:
        return _TOO_MANY.quarantined()
    if sum(sum(map(message.count, (b"|", b"^", b"~", b"&"))) for message in messages) > 2 * MOST_PARTS:
        return TOO_MANY_PARTS.quarantined()
    readings = [_read_one(message) for message in messages]
    return readings[0] if len(readings) == 1 else _together(readings)


def _read_one(body: bytes) -> Reading:
    message = parse_message(body)
    if isinstance(message, Problem):
        empty = message.code == "no_msh" and body.lstrip()[:3].upper() in (b"FHS", b"BHS")
        return _no_contact(_EMPTY_BATCH, (), "") if empty else message.quarantined()
    header = message.first("MSH")
    transport_id = header.text(10)
    kind, event = _type_of(message, header)
    referral = kind == "REF" or (kind not in _REASONS and bool(message.first("RF1").name))
    if not referral:
        if kind not in _ANSWERS and speaks_of_concern(_texts(message), _of_adult(message)):
            return CONCERN_WITHOUT_REFERRAL.quarantined(distinct(message.notes), transport_id)
        if not kind or (kind not in _REASONS and len(message.segments) == 1):
            return _TYPE_UNKNOWN.quarantined(distinct(message.notes), transport_id)
        notes = list(message.notes)
        statements = statements_of(message, notes) if kind == "ADT" and event in MERGES else []
        reading = _no_contact(_reason(kind, event), tuple(notes), transport_id)
        return reading.model_copy(update={"statements": statements})
    if event == "I15":
        return _no_contact(_STATUS, message.notes, transport_id)
    if not message.all("PID") and not _says_anything(message.first("RF1")):
        return _NOTHING_READABLE.quarantined(distinct(message.notes), transport_id)
    reports = reports_of(message, event)
    if kind != "REF":
        told = Note(code="type_not_understood", field="MSH-9", text="The type is not REF; the RF1 segment makes it a referral.")
        reports = [report.model_copy(update={"notes": distinct([*report.notes, told])}) for report in reports]
    return Reading(outcome="contact", transport_id=transport_id, reports=reports)


def _type_of(message: Message, header: Segment) -> tuple[str, str]:
    """(type, trigger event): MSH-9's components, its structure (`REF_I12`) where they are missing, or EVN-1."""
    kind, event, structure = header.text(9).upper(), header.text(9, 2).upper(), header.text(9, 3).upper()
    if "_" in kind and not event:
        kind, _, event = kind.partition("_")
    if not event and "_" in structure:
        event = structure.rpartition("_")[2]
    return kind[:10], (event or message.first("EVN").text(1).upper())[:10]


def _texts(message: Message) -> Iterator[str]:
    """What a message says beside who it is about. A long text is given whole, once more than its segment's short line."""
    for segment in message.segments:
        if segment.name not in _WHO:
            yield segment.line()
            if segment.name in ("NTE", "OBX"):
                yield segment.free_text(3 if segment.name == "NTE" else 5)


def _of_adult(message: Message) -> bool:
    born = [read_date(pid.text(7), "PID-7").value for pid in message.all("PID")]
    written = read_instant(message.first("MSH").text(7), "MSH-7").value
    return bool(born) and all(one is not None and is_over_age(one, written) for one in born)


def _reason(kind: str, event: str) -> tuple[str, str]:
    if kind == "ADT" and event in MERGES:
        return _MERGE
    if kind == "ADT" and event in _MOVES:
        return _MOVE
    other = (
        "not_a_referral",
        "The message is no referral (MSH-9 is not REF). It opens no contact; send a REF^I12 to refer a child.",
    )
    return _REASONS.get(kind, other)


def _no_contact(reason: tuple[str, str], notes: tuple[Note, ...], transport_id: str) -> Reading:
    return Reading(
        outcome="not_a_contact", reason_code=reason[0], reason=reason[1], transport_id=transport_id, notes=distinct(notes)
    )


def _says_anything(referral: Segment) -> bool:
    return bool(referral.name) and any(referral.repetitions(number) for number in range(1, 12))


def _together(readings: list[Reading]) -> Reading:
    """A batch as one reading. A message in it that cannot be read becomes a contact of an unknown child, so that it is
    seen on the same day as the others; when none is a contact or unreadable, the batch opens no contact."""
    reports: list[Report] = []
    batch = Note(code="batch", text="The message came in one body with others; they were read together.")
    for place, reading in enumerate(readings, start=1):
        reports += [report.model_copy(update={"notes": [batch, *report.notes]}) for report in reading.reports]
        if reading.outcome == "quarantined":
            unread = Note(code="unreadable_in_batch", field=f"message {place}", text=reading.reason)
            reports.append(
                Report(
                    person=Person(),
                    kind="referral",
                    source_code="3F",
                    narrative=f"Message {place} of {len(readings)} in a batch could not be read ({reading.reason_code}).",
                    notes=[batch, unread, *reading.notes],
                )
            )
    first = next((reading.transport_id for reading in readings if reading.transport_id), "")
    statements = [statement for reading in readings for statement in reading.statements]
    if not reports:
        told = {"transport_id": first, "notes": [batch, *readings[0].notes], "statements": statements}
        return readings[0].model_copy(update=told)
    if all(reading.outcome == "quarantined" for reading in readings):
        return readings[0].model_copy(update={"transport_id": first})
    return Reading(outcome="contact", transport_id=first, reports=reports, statements=statements)
