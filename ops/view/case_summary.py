"""What one contact's events add up to: who holds it, who has read it, what was decided, and its same-day clock."""

from collections.abc import Sequence

from pydantic import Field

from ops.view.same_day import Opening, openings
from schemas.case_event import CaseEvent
from schemas.codes import is_named_worker
from schemas.record import Instant, Record

#: Board order, most urgent first. A risk that nobody stated stands before green: it may be anything.
RISK_ORDER = ("red", "amber", "", "green", "blue")

#: What nobody does without having read the contact.
_SHOWS_READING = frozenset(
    {
        "risk_assessed", "acknowledged", "decision", "no_further_action", "assessment_started", "strategy_discussion",
        "assessment_authorised", "s47_started", "s47_ended", "conference_held", "core_group_held", "review_held",
        "closed", "transferred", "transfer_offered", "conference_not_needed", "mash_decision",
    }
)  # fmt: skip
_DECISIONS = frozenset({"decision", "no_further_action"})
_ENDINGS = frozenset({"closed", "transfer_accepted"})
#: The last of these says whether the contact stands as a repeat.
_ABOUT_THE_LINK = frozenset({"linked", "unlinked", "superseded"})


class Deed(Record):
    """Who did something, when the hub heard of it, and what it was."""

    event_id: str
    type: str
    by: str
    at: Instant
    level: str = ""
    code: str = ""


class CaseSummary(Record):
    """One contact as its events tell it. `risk` is the newest stated level; `worker` is empty until a named person
    holds it (a desk's name in `unnamed_worker` does not count); `read` is the first deed that shows that a person has
    read it; `ended` is the closure, or the acceptance of a transfer; `repeat_of` is the contact that says the very same and
    came by another channel."""

    contact_id: str
    receipt_id: str
    sender: str
    agency: str
    kind: str
    organisation: str
    risk: str
    team: str
    authority_code: str
    authority_how: str
    siblings: list[str]
    opened_at: Instant
    worker: str = ""
    worker_id: str = ""
    unnamed_worker: str = ""
    allocated_at: Instant | None = None
    read: Deed | None = None
    decision: Deed | None = None
    ended: Deed | None = None
    became: list[str] = Field(default_factory=list)
    repairs: str = ""
    repeat_of: str = ""


class Case(Record):
    """A summary with every run of its same-day clock, oldest first."""

    summary: CaseSummary
    openings: list[Opening]

    @property
    def current(self) -> Opening:
        """The run of the clock that counts today."""
        return self.openings[-1]


def case_of(events: Sequence[CaseEvent]) -> Case | None:
    """What the events of one contact, in log order, add up to; None while it is not opened."""
    start = next((event for event in events if event.type == "opened" and event.opened is not None), None)
    if start is None or start.opened is None:
        return None
    opened = start.opened
    risk, worker = opened.risk, {}
    read: Deed | None = None
    decision: Deed | None = None
    ended: Deed | None = None
    became: list[str] = []
    repeat_of = ""
    for event in events:
        if event.correction is not None and event.correction.risk:
            risk = event.correction.risk
        if event.problem:
            continue
        if event.type == "allocated":
            worker = _worker(event)
        if event.type == "became":
            became = list(event.became)
        if event.type in _ABOUT_THE_LINK:
            repeat_of = event.details.get("repeat_of", "")
        if read is None and event.type in _SHOWS_READING and is_named_worker(event.by):
            read = _deed(event)
        if event.type in _DECISIONS:
            decision = _deed(event)
        if event.type in _ENDINGS:
            ended = _deed(event)
    summary = CaseSummary(
        contact_id=start.contact_id, receipt_id=start.receipt_id, sender=start.sender or opened.sender,
        agency=opened.agency, kind=opened.kind, organisation=opened.organisation, risk=risk, team=opened.team,
        authority_code=opened.authority_code, authority_how=opened.authority_how, siblings=opened.siblings,
        opened_at=start.at, read=read, decision=decision, ended=ended, became=became,
        repairs=opened.repairs, repeat_of=repeat_of, **worker,
    )  # fmt: skip
    return Case(summary=summary, openings=openings(events))


def risk_rank(risk: str) -> int:
    """Place of a level in the board's order, 0 = most urgent; an unknown word ranks as an unstated risk."""
    return RISK_ORDER.index(risk) if risk in RISK_ORDER else RISK_ORDER.index("")


def _worker(event: CaseEvent) -> dict[str, object]:
    # Annex A guidance: a generic name such as a referral coordinator hides who holds the case.
    if not is_named_worker(event.by):
        return {"unnamed_worker": event.by}
    return {"worker": event.by, "worker_id": event.details.get("worker_id", ""), "allocated_at": event.at}


def _deed(event: CaseEvent) -> Deed:
    return Deed(
        event_id=event.event_id, type=event.type, by=event.by, at=event.at, level=event.level, code=event.reason_code
    )
