"""What a reader makes of one partner message: the contract between `connectors/*/read` and intake.

A reader is pure, `read(body, hint) -> Reading`, and never raises: what it cannot understand becomes a
`quarantined` reading with a reason that a person at the sending desk understands.
"""

from datetime import date
from typing import Literal, Protocol

from pydantic import Field

from schemas.open_case import OpenCase
from schemas.person import OtherPerson, Person
from schemas.record import Instant, Record

Outcome = Literal["contact", "case_events", "not_a_contact", "quarantined"]
Action = Literal["new", "update", "cancel"]
Kind = Literal["contact", "referral", "information_only", "request_for_information"]


class Note(Record):
    """A data-quality note. Never holds personal data: `field` is where, `text` a fixed sentence."""

    code: str
    field: str = ""
    text: str = ""


class Organisation(Record):
    """The organisation that sent a contact, as the message names it. `code_system`: ods, urn, la, force, other."""

    code: str = ""
    code_system: str = ""
    name: str = ""


class Attachment(Record):
    """A document inside a message; its bytes stay in `received.*`, only this description travels on. `file_name` is the
    sender's own, one line without a path."""

    content_type: str = ""
    size: int = 0
    sha256: str = ""
    file_name: str = ""


class Report(Record):
    """One child in one message, in the hub's own terms. Ids are given by intake, not by the reader.

    `reference` is the sender's business reference (RF1-6, ServiceRequest.identifier, PPN number).
    `risk` is one of `schemas.codes.RISK_LEVELS` or empty; `risk_source` keeps the sender's own word.
    `source_code` is the DfE ReferralSource code; `need_code` the DfE PrimaryNeedCode or empty.
    `written_at` is the sender's own time, never the hub's clock. `incident_number` is the sender's number of what
    happened, where the message has a number of its own beside it.
    `authority_code` is the responsible authority if the message names one (DfE three digits or GSS code).
    """

    person: Person
    kind: Kind = "contact"
    action: Action = "new"
    reference: str = ""
    organisation: Organisation = Field(default_factory=Organisation)
    authority_code: str = ""
    source_code: str = ""
    source_original: str = ""
    need_code: str = ""
    need_original: str = ""
    risk: str = ""
    risk_source: str = ""
    written_at: Instant | None = None
    incident_at: Instant | None = None
    incident_number: str = ""
    narrative: str = ""
    people: list[OtherPerson] = Field(default_factory=list)
    attachments: list[Attachment] = Field(default_factory=list)
    unmapped: dict[str, str] = Field(default_factory=dict)
    notes: list[Note] = Field(default_factory=list)


class Statement(Record):
    """What a message without any concern says of who a child is: a transfer file, a merge of two patient records.

    It reaches linkage and nothing else. `former_nhs_number` is one that the sender says names this child too.
    """

    person: Person
    former_nhs_number: str = ""


class CaseReport(Record):
    """One case event as a partner or a person wrote it.

    `type` is one of `schemas.codes.CASE_EVENT_TYPES`. `contact` is the hub's contact id (echoed by the case
    system) or a receipt id with an optional `/2` for its second child. `happened_at` or, when only a date was
    given, `happened_on`, is the sender's claim. `reason` is free text and goes to `narratives` alone.
    `report` is set for `contact_recorded` (a telephone call, letter or visit): it opens a contact.
    """

    type: str
    contact: str = ""
    by: str = ""
    level: str = ""
    reason_code: str = ""
    reason: str = ""
    happened_at: Instant | None = None
    happened_on: date | None = None
    details: dict[str, str] = Field(default_factory=dict)
    report: Report | None = None


class Reading(Record):
    """What one message is. `transport_id` is the sender's message id (MSH-10, Bundle.id, header), if any; `statements` are
    what it says of children's identity alone, `open_cases` the cases that a load tells of."""

    outcome: Outcome
    reason_code: str = ""
    reason: str = ""
    transport_id: str = ""
    reports: list[Report] = Field(default_factory=list)
    case_reports: list[CaseReport] = Field(default_factory=list)
    statements: list[Statement] = Field(default_factory=list)
    open_cases: list[OpenCase] = Field(default_factory=list)
    notes: list[Note] = Field(default_factory=list)


class Hint(Record):
    """What the transport knows about the bytes: it helps a reader, it never decides who the sender is."""

    content_type: str = ""
    file_name: str = ""
    transport: str = ""


class Reader(Protocol):
    """`read(body, hint)`: bytes of one message to what it is. Pure, total: no input raises."""

    def __call__(self, body: bytes, hint: Hint) -> Reading: ...
