"""One child under several contacts: the story in order, the reviews that wait for a person, and repeat concerns.

A superseded identity is shown to nobody, unless a `restricted_access` event of a named person, with a reason, says who
looks: it names the story, is a few minutes old at most, and stays on the log.
"""

from datetime import datetime, timedelta

from pydantic import BaseModel

from ops.view.snapshot import Answer, Snapshot
from ops.view.times import as_text
from schemas.linkage import Link, LinkCandidate, LinkReview, ReviewState
from schemas.london import LONDON
from streams.linkage.comparison import FIELDS, LEVELS

#: How long a `restricted_access` event opens a hidden story.
ACCESS_LASTS = timedelta(minutes=15)
#: Contacts at these levels are low: each alone asks for little, together they may tell more.
_LOW = ("green", "blue")
#: Source: three low-level contacts in three months; a referral within twelve months of another (DfE re-referral measure).
_LOW_CONTACTS, _LOW_MONTHS, _REFERRAL_MONTHS = 3, 3, 12


class Compared(BaseModel):
    """A story that a contact may belong to, as a person judges it: what agrees in words, and what stopped the link."""

    story_id: str
    record: str
    child: str
    organisation: str
    same: float
    twin: float
    sibling: float
    agreement: dict[str, str]
    guards: list[str]


class ReviewEntry(BaseModel):
    """A question to people. `problem` says why the last answer could not be carried out."""

    contact_id: str
    state: ReviewState
    child: str
    organisation: str
    opened_at: datetime
    reasons: list[str]
    restricted: bool
    unsure: bool
    verdict: str
    by: str
    problem: str
    candidates: list[Compared]
    household: list[str]


class ReviewsAnswer(Answer):
    """Every open review, oldest first; `total` counts all of them."""

    total: int
    reviews: list[ReviewEntry]


class ReviewAnswer(Answer):
    """The review about one contact."""

    review: ReviewEntry


class LinkEntry(BaseModel):
    """One decision about whose child a contact is, as it stands on the log. `repeat_of`: the contact that says the very
    same and came by another channel."""

    at: datetime
    outcome: str
    story_id: str
    was: str
    score: float
    band: str
    may_act: bool
    reasons: list[str]
    candidates: list[Compared]
    household: list[str]
    restricted: bool
    repeat_of: str
    by: str
    model_version: str
    index_size: int


class StoryContact(BaseModel):
    """One contact of a story. `joined`: how it came to it; `by` is empty when the linker decided."""

    contact_id: str
    receipt_id: str
    child: str
    agency: str
    organisation: str
    kind: str
    risk: str
    worker: str
    received_at: datetime | None
    closed: bool
    joined: str
    score: float
    band: str
    by: str
    repeat_of: str


class StoryOfChild(Answer):
    """All contacts of one child, in the order of their arrival. `concern` is the repeat-concern signal, or empty."""

    story_id: str
    hidden: bool
    contacts: list[StoryContact]
    household: list[str]
    reviews: list[ReviewEntry]
    concern: str


def story_id_of(at: Snapshot, contact_id: str) -> tuple[str, bool]:
    """The story of a contact, and whether it is hidden. A contact that linkage has not seen is its own story."""
    row = at.db.execute("SELECT story_id, hidden FROM story_of WHERE contact_id = ?", (contact_id,)).fetchone()
    return (row[0], bool(row[1])) if row else (contact_id, False)


def story_of_child(at: Snapshot, contact_id: str) -> StoryOfChild:
    """The story that a contact belongs to."""
    story_id, hidden = story_id_of(at, contact_id)
    rows = at.db.execute("SELECT contact_id FROM story_of WHERE story_id = ?", (story_id,)).fetchall()
    ids = [row[0] for row in rows] or [contact_id]
    links = {each: links_of(at, each) for each in ids}
    contacts = sorted((_contact(at, each, links[each]) for each in ids), key=_order)
    household = dict.fromkeys(name for each in ids for link in links[each][-1:] for name in _shown(at, link.household))
    reviews = [found for each in ids if (found := review_of(at, each)) is not None and found.state == "open"]
    return StoryOfChild(
        as_of=at.now, behind_records=at.behind_records, story_id=story_id, hidden=hidden, contacts=contacts,
        household=[name for name in household if name != story_id], reviews=reviews, concern=_concern(at, contacts),
    )  # fmt: skip


def concern_of(at: Snapshot, contact_id: str) -> str:
    """The repeat-concern signal of the child of a contact; empty for most."""
    story_id, hidden = story_id_of(at, contact_id)
    rows = at.db.execute("SELECT contact_id FROM story_of WHERE story_id = ?", (story_id,)).fetchall()
    if hidden or len(rows) < 2:
        return ""
    return _concern(at, [_contact(at, row[0], []) for row in rows])


def may_look(at: Snapshot, contact_id: str, access: str) -> bool:
    """Whether a `restricted_access` event opens the story of this contact now."""
    for event in at.events(contact_id):
        if event.event_id == access and event.type == "restricted_access" and not event.problem:
            return at.now - event.at <= ACCESS_LASTS
    return False


def reviews(at: Snapshot, limit: int) -> ReviewsAnswer:
    """What waits for a person."""
    (total,) = at.db.execute("SELECT count(*) FROM last_reviews WHERE state = 'open'").fetchone()
    rows = at.db.execute(
        "SELECT record FROM last_reviews WHERE state = 'open' ORDER BY opened_at, contact_id LIMIT ?", (limit,)
    ).fetchall()
    found = [_review(at, LinkReview.model_validate_json(row[0])) for row in rows]
    return ReviewsAnswer(as_of=at.now, behind_records=at.behind_records, total=total, reviews=found)


def review_of(at: Snapshot, contact_id: str) -> ReviewEntry | None:
    """The review about a contact as it stands, None when there never was one."""
    row = at.db.execute("SELECT record FROM last_reviews WHERE contact_id = ?", (contact_id,)).fetchone()
    return _review(at, LinkReview.model_validate_json(row[0])) if row else None


def links_of(at: Snapshot, contact_id: str) -> list[LinkEntry]:
    """Every decision about a contact, oldest first."""
    rows = at.db.execute("SELECT record FROM links WHERE contact_id = ? ORDER BY offset", (contact_id,)).fetchall()
    return [_link(at, Link.model_validate_json(row[0])) for row in rows]


def _link(at: Snapshot, link: Link) -> LinkEntry:
    return LinkEntry(
        at=link.at, outcome=link.outcome, story_id=link.story_id, was=link.was, score=link.score, band=link.band,
        may_act=link.may_act, reasons=link.reasons, candidates=_compared(at, link.candidates),
        household=_shown(at, link.household), restricted=link.restricted, repeat_of=link.repeat_of, by=link.by,
        model_version=link.model_version, index_size=link.index_size,
    )  # fmt: skip


def _review(at: Snapshot, review: LinkReview) -> ReviewEntry:
    child, organisation = at.child_and_organisation(review.contact_id)
    return ReviewEntry(
        contact_id=review.contact_id, state=review.state, child=child, organisation=organisation,
        opened_at=review.opened_at, reasons=review.reasons, restricted=review.restricted, unsure=review.unsure,
        verdict=review.verdict, by=review.by, problem=review.problem,
        candidates=_compared(at, review.candidates), household=_shown(at, review.household),
    )  # fmt: skip


def _compared(at: Snapshot, candidates: list[LinkCandidate]) -> list[Compared]:
    found = []
    for one in candidates:
        story_id, hidden = story_id_of(at, one.record)
        if hidden:
            continue
        child, organisation = at.child_and_organisation(one.record)
        levels = zip(FIELDS, one.vector, strict=False)
        agreement = {name: LEVELS[name][level] for name, level in levels if level and level < len(LEVELS[name])}
        found.append(
            Compared(
                story_id=story_id, record=one.record, child=child, organisation=organisation, same=one.same, twin=one.twin,
                sibling=one.sibling, agreement=agreement, guards=one.guards,
            )
        )  # fmt: skip
    return found


def _shown(at: Snapshot, stories: list[str]) -> list[str]:
    """Stories as they are now, without hidden ones."""
    now = (story_id_of(at, story) for story in stories)
    return list(dict.fromkeys(story_id for story_id, hidden in now if not hidden))


def _contact(at: Snapshot, contact_id: str, links: list[LinkEntry]) -> StoryContact:
    held = at.case(contact_id)
    summary = held.case.summary if held else None
    child, organisation = at.child_and_organisation(contact_id)
    joined = next((link for link in reversed(links) if link.outcome in ("LINK", "NEW", "REVIEW", "UNDONE")), None)
    return StoryContact(
        contact_id=contact_id, receipt_id=summary.receipt_id if summary else "", child=child,
        agency=summary.agency if summary else "",
        organisation=organisation or (summary.organisation if summary else ""),
        kind=summary.kind if summary else "", risk=summary.risk if summary else "", worker=summary.worker if summary else "",
        received_at=summary.opened_at if summary else None, closed=bool(summary and summary.ended),
        joined=joined.outcome if joined else "", score=joined.score if joined else 0.0, band=joined.band if joined else "",
        by=joined.by if joined else "", repeat_of=summary.repeat_of if summary else "",
    )  # fmt: skip


def _order(contact: StoryContact) -> tuple[str, str]:
    return as_text(contact.received_at) if contact.received_at else "9", contact.contact_id


def _concern(at: Snapshot, contacts: list[StoryContact]) -> str:
    # The same content by another channel is no second concern.
    arrived = [contact for contact in contacts if contact.received_at is not None and not contact.repeat_of]
    low = [c for c in arrived if c.risk in _LOW and c.received_at and c.received_at >= _months_before(at.now, _LOW_MONTHS)]
    referrals = [
        c for c in arrived if c.kind == "referral" and c.received_at and c.received_at >= _months_before(at.now, _REFERRAL_MONTHS)
    ]
    signals = []
    if len(low) >= _LOW_CONTACTS:
        signals.append(f"{len(low)} low-level contacts in {_LOW_MONTHS} months")
    if len(referrals) > 1:
        signals.append(f"{len(referrals)} referrals in {_REFERRAL_MONTHS} months")
    return "; ".join(signals)


def _months_before(moment: datetime, months: int) -> datetime:
    """The same London day so many months earlier, or the last of that month."""
    local = moment.astimezone(LONDON)
    year, month = divmod(local.year * 12 + local.month - 1 - months, 12)
    for day in range(local.day, 27, -1):
        try:
            return local.replace(year=year, month=month + 1, day=day)
        except ValueError:
            continue
    return local.replace(year=year, month=month + 1, day=min(local.day, 28))
