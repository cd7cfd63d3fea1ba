"""The whole story of one contact: arrival, versions, who held it, what was done, its clock, flags, what left, words."""

from datetime import datetime

from pydantic import BaseModel

from ops.view.board import board_flag
from ops.view.case_chain import ChainLink, chain, referral_before
from ops.view.case_clocks import CaseClocks, ClockRun
from ops.view.deliveries import deliveries_of
from ops.view.fold import delivery_now
from ops.view.same_day import Opening
from ops.view.snapshot import Answer, FlagNow, HeldCase, Snapshot, flag_agrees
from ops.view.stories import LinkEntry, ReviewEntry, links_of, review_of, story_id_of
from ops.view.story_steps import Step, steps
from ops.view.times import minutes_left
from schemas.allocation import AllocationEvent
from schemas.case_event import CaseEvent
from schemas.contact import Contact
from schemas.narrative import Narrative
from schemas.outbound import OutboundItem
from schemas.person import Person
from streams.same_day import CLOCK


class Version(BaseModel):
    """One version of what was reported."""

    version: int
    receipt_id: str
    received_at: datetime
    risk: str
    risk_source: str
    narrative: str


class Held(BaseModel):
    """One allocation: `how` is rota, manager, reallocated or partner."""

    at: datetime
    worker: str
    worker_id: str
    how: str


class Sent(BaseModel):
    """One item that left, or waits to leave, for a recipient. `delivery` is its newest state on the way there, empty where
    the recipient is not called but fetches it."""

    item_id: str
    kind: str
    recipient: str
    agency: str
    at: datetime
    outcome: dict[str, str]
    delivery: str = ""
    delivery_at: datetime | None = None


class Words(BaseModel):
    """Free text that somebody wrote."""

    kind: str
    text: str
    event_id: str
    at: datetime


class StoryAnswer(Answer):
    """`person` is the child as the newest version gives it, null for a message nobody could read or one the log no
    longer holds. `became` and `was` tie an unreadable message to the contacts it became. `story_id` is the contact that
    opened this child's story, empty where it is hidden; `links` are the decisions about whose child it is. `chain` is the
    case from contact to closure or transfer; `re_referral_of` the child's referral within the twelve months before."""

    contact_id: str
    receipt_id: str
    opened: bool
    child: str
    person: Person | None
    agency: str
    organisation: str
    sender: str
    kind: str
    risk: str
    team: str
    authority_code: str
    authority_name: str
    authority_how: str
    received_at: datetime | None
    worker: str
    read_by: str
    siblings: list[str]
    possible_repeat_of: str
    repeat_of: str
    became: list[str]
    was: str
    clocks: list[ClockRun]
    chain: list[ChainLink]
    re_referral_of: str
    flags: list[FlagNow]
    allocations: list[Held]
    versions: list[Version]
    outbound: list[Sent]
    narratives: list[Words]
    links: list[LinkEntry]
    review: ReviewEntry | None
    story_id: str
    story: list[Step]


def story(at: Snapshot, contact_id: str) -> StoryAnswer:
    """Everything the log tells of one contact that `references.resolve` found."""
    held, versions, events = at.case(contact_id), at.versions(contact_id), at.events(contact_id)
    summary = held.case.summary if held else None
    story_id, hidden = story_id_of(at, contact_id)
    newest = versions[-1] if versions else None
    child, organisation = at.child_and_organisation(contact_id)
    receipt_id = summary.receipt_id if summary else newest.receipt_id if newest else ""
    disposition = at.disposition(receipt_id)
    others = CaseClocks(at, events)
    flags, sent, words = at.flags(contact_id), _sent(at, contact_id), _words(at, contact_id, receipt_id)
    return StoryAnswer(
        as_of=at.now, behind_records=at.behind_records, contact_id=contact_id, receipt_id=receipt_id,
        opened=held is not None, child=child, person=newest.report.person if newest else None,
        agency=summary.agency if summary else "",
        organisation=organisation or (summary.organisation if summary else ""),
        sender=summary.sender if summary else "", kind=summary.kind if summary else "",
        risk=summary.risk if summary else "", team=summary.team if summary else "",
        authority_code=summary.authority_code if summary else "",
        authority_name=newest.authority.name if newest else "",
        authority_how=summary.authority_how if summary else "",
        received_at=summary.opened_at if summary else None, worker=summary.worker if summary else "",
        read_by=summary.read.by if summary and summary.read else "", siblings=summary.siblings if summary else [],
        possible_repeat_of=newest.possible_repeat_of if newest else "",
        repeat_of=summary.repeat_of if summary else "",
        became=summary.became if summary else [], was=summary.repairs if summary else "",
        clocks=_clocks(at, contact_id, held, others, flags), flags=flags, chain=chain(events),
        re_referral_of="" if hidden else referral_before(at, contact_id, story_id, events),
        allocations=[_held(event) for event in events if event.type == "allocated"],
        versions=[_version(version) for version in versions], outbound=[_item(at, item) for item in sent],
        narratives=[Words(kind=one.kind, text=one.text, event_id=one.event_id, at=one.at) for one in words],
        links=[] if hidden else links_of(at, contact_id), review=None if hidden else review_of(at, contact_id),
        story_id="" if hidden else story_id,
        story=steps(
            events, _requests(at, contact_id), sent, flags, words, deliveries=deliveries_of(at, contact_id),
            transport=disposition.transport if disposition else "", notes=others.notes(),
        ),
    )  # fmt: skip


def _clocks(
    at: Snapshot, contact_id: str, held: HeldCase | None, others: CaseClocks, flags: list[FlagNow]
) -> list[ClockRun]:
    if held is None:
        return []
    return [_clock(at, contact_id, held, run) for run in held.case.openings] + others.told(held.partition, flags)


def _clock(at: Snapshot, contact_id: str, held: HeldCase, run: Opening) -> ClockRun:
    clock, flag, evidence = at.clock_state(held, run), at.flag_of(contact_id, held, run), run.evidence
    return ClockRun(
        clock=CLOCK, opening=run.number, started_at=run.started_at, due_at=run.due_at,
        minutes_left=minutes_left(run.due_at, at.now), state=clock, assessed_by=evidence.by if evidence else "",
        assessed_level=evidence.level if evidence else "", assessed_at=evidence.at if evidence else None,
        claimed_at=evidence.claimed_at if evidence else None, evidence_event_id=evidence.event_id if evidence else "",
        evidence_how=evidence.how if evidence else None, flag=board_flag(flag), flag_agrees=flag_agrees(clock, flag),
    )  # fmt: skip


def _held(event: CaseEvent) -> Held:
    details = event.details
    return Held(at=event.at, worker=event.by, worker_id=details.get("worker_id", ""), how=details.get("how", "partner"))


def _version(contact: Contact) -> Version:
    report = contact.report
    return Version(
        version=contact.version, receipt_id=contact.receipt_id, received_at=contact.received_at, risk=report.risk,
        risk_source=report.risk_source, narrative=report.narrative,
    )  # fmt: skip


def _item(at: Snapshot, item: OutboundItem) -> Sent:
    delivery = delivery_now(at.db, item.item_id)
    return Sent(
        item_id=item.item_id, kind=item.kind, recipient=item.recipient, agency=item.agency, at=item.at,
        outcome=item.outcome, delivery=delivery.state if delivery else "", delivery_at=delivery.at if delivery else None,
    )  # fmt: skip


def _sent(at: Snapshot, contact_id: str) -> list[OutboundItem]:
    rows = at.db.execute("SELECT record FROM outbound WHERE contact_id = ? ORDER BY item_id", (contact_id,))
    items = [OutboundItem.model_validate_json(row[0]) for row in rows]
    return sorted(items, key=lambda item: (item.at, item.item_id))


def _words(at: Snapshot, contact_id: str, receipt_id: str) -> list[Narrative]:
    rows = at.db.execute("SELECT record FROM narratives WHERE about IN (?, ?)", (contact_id, receipt_id or contact_id))
    found = [Narrative.model_validate_json(row[0]) for row in rows]
    return sorted(found, key=lambda one: (one.at, one.narrative_id))


def _requests(at: Snapshot, contact_id: str) -> list[AllocationEvent]:
    rows = at.db.execute(
        "SELECT record FROM allocation_events JOIN allocation_contacts USING (event_id) WHERE contact_id = ? "
        "ORDER BY event_id",
        (contact_id,),
    )
    return [AllocationEvent.model_validate_json(row[0]) for row in rows]
