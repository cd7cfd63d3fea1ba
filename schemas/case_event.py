"""`case-events`: all that happens to a contact, in one order, ticks included. Holds no personal data of a child."""

from datetime import date

from pydantic import Field

from schemas.record import Instant, Record


class Opened(Record):
    """What `cases` must know of a contact when it opens. `kind` as in a report, or `unreadable`.

    `repairs` names the unreadable contact that this one came out of, `repaired_at` when: a flag that the unreadable
    contact already has for that day stays there and is not raised a second time. `answer_to` are the sender's own
    numbers, sealed (`schemas.own_numbers`): they go back to that sender with each answer, and nowhere else.
    """

    agency: str
    sender: str
    kind: str
    risk: str = ""
    team: str
    authority_code: str
    authority_how: str
    organisation: str = ""
    siblings: list[str] = Field(default_factory=list)
    repairs: str = ""
    repaired_at: Instant | None = None
    answer_to: str = ""


class Correction(Record):
    """What changed in a corrected version; `risk` is the new level."""

    version: int
    risk: str = ""
    risk_changed: bool
    child_changed: bool


class CaseEvent(Record):
    """One event of one contact.

    `at` is the hub's time (the edge's `received_at`, or a tick's time). `happened_at`, or `happened_on` when the
    sender gave only a date, is the sender's claim. `reason_hash` is the keyed hash of a free-text reason kept in
    `narratives`; empty means that no reason was given. `problem` says why an event was kept but counts for
    nothing (for example an assessment without a named person). `by` is a professional's name, never a child's.
    A tick has the partition's own key and `covers_since`: its writer ran without a gap between the two.
    """

    event_id: str
    type: str
    contact_id: str
    at: Instant
    happened_at: Instant | None = None
    happened_on: date | None = None
    receipt_id: str = ""
    sender: str = ""
    by: str = ""
    level: str = ""
    reason_code: str = ""
    reason_hash: str = ""
    problem: str = ""
    opened: Opened | None = None
    correction: Correction | None = None
    became: list[str] = Field(default_factory=list)
    covers_since: Instant | None = None
    details: dict[str, str] = Field(default_factory=dict)
