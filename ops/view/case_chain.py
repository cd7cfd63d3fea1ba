"""The chain of a case: contact, referral, assessments, section 47, conferences, closure or transfer; and whether the
child was referred within the twelve months before."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from pydantic import BaseModel

from ops.view.snapshot import Snapshot
from schemas.case_event import CaseEvent
from schemas.london import civil_date
from streams.milestones import happened, milestones

#: What each event is in the chain, in the words of the children-in-need census.
_LINKS = {
    "sign_off_checked": "risk assessment signed off",
    "assessment_started": "assessment started", "assessment_authorised": "assessment authorised",
    "strategy_discussion": "strategy discussion", "s47_started": "section 47 enquiry started",
    "s47_ended": "section 47 enquiry ended", "conference_not_needed": "no conference needed",
    "conference_held": "initial child protection conference", "core_group_held": "core group",
    "review_held": "review conference", "closed": "closed", "transfer_offered": "transfer offered",
    "transferred": "transfer said, acceptance awaited", "transfer_accepted": "transfer accepted",
}  # fmt: skip


class ChainLink(BaseModel):
    """One step of a case. `at` is when it happened, as far as anybody knows; `heard_at` when the hub heard of it."""

    what: str
    at: datetime
    heard_at: datetime
    by: str
    event_id: str


def chain(events: Sequence[CaseEvent]) -> list[ChainLink]:
    """The steps of one contact in the order in which they happened."""
    links = [
        ChainLink(what=what, at=at, heard_at=event.at, by=event.by, event_id=event.event_id)
        for event in events
        if not event.problem
        for what, at in _links(event)
    ]
    return sorted(links, key=lambda link: (link.at, link.heard_at))


def referral_before(at: Snapshot, contact_id: str, story_id: str, events: Sequence[CaseEvent]) -> str:
    """The last referral of the same child within the twelve months before this one; empty when there is none, or when
    this contact is no referral. Source: the DfE counts a re-referral within 12 months of an earlier referral."""
    arrived = referred_at(events)
    if arrived is None:
        return ""
    rows = at.db.execute(
        "SELECT contact_id FROM story_of WHERE story_id = ? AND contact_id <> ? UNION SELECT ? WHERE ? <> ?",
        (story_id, contact_id, story_id, story_id, contact_id),
    )
    earlier = ((referred_at(at.events(other)), other) for (other,) in rows.fetchall())
    since = _a_year_before(civil_date(arrived))
    found = [(when, other) for when, other in earlier if when is not None and when < arrived and civil_date(when) >= since]
    return max(found)[1] if found else ""


def referred_at(events: Sequence[CaseEvent]) -> datetime | None:
    """When a contact arrived that is a referral, or that a decision made one; None for any other."""
    opened = next((event for event in events if event.opened is not None), None)
    made = any(one.name == "referral_made" for event in events for one in milestones(event))
    return opened.at if opened is not None and made else None


def _links(event: CaseEvent) -> Iterator[tuple[str, datetime]]:
    if event.type == "opened" and event.opened is not None:
        yield event.opened.kind.replace("_", " "), event.at
    elif event.type in ("decision", "no_further_action"):
        decided = event.details.get("decision", "") or event.type.replace("_", " ")
        yield f"decision: {decided}" if decided != "decision" else "decision", happened(event)
    elif event.type in _LINKS:
        where = event.details.get("receiving_authority") or event.details.get("transferred_to", "")
        yield _LINKS[event.type] + (f": {where}" if where else ""), happened(event)


def _a_year_before(day: date) -> date:
    """The same date a year earlier, 28 February for the leap day."""
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)
