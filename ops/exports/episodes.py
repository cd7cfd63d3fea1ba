"""A contact as an episode of social care: referral, assessments, section 47 enquiries, conference, closure. Pure.

Dates are London days on which things happened, as far as anybody knows. What no event tells is None, never guessed.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from ops.casebook.book import CaseBook, Story
from ops.view.case_chain import referred_at
from ops.view.case_summary import case_of
from schemas.case_event import CaseEvent
from schemas.codes import decision_kind
from schemas.identifiers import check_identifier
from schemas.london import civil_date
from schemas.person import IdentifierKind, Person
from streams.milestones import happened


@dataclass(frozen=True, slots=True)
class Assessment:
    """One assessment; a start that nobody told is None."""

    started: date | None
    authorised: date | None = None


@dataclass(frozen=True, slots=True)
class Enquiry:
    """One section 47 enquiry, from the strategy discussion that initiated it. `needless`: no conference was needed."""

    started: date
    ended: date | None = None
    conference: date | None = None
    needless: bool | None = None
    plan: bool | None = None


@dataclass(frozen=True, slots=True)
class Episode:
    """One contact. `referred` is None for a contact that nobody made a referral. `nfa`: no further action was decided."""

    story: Story
    arrived: date
    referred: date | None
    nfa: bool
    assessments: Sequence[Assessment]
    enquiries: Sequence[Enquiry]
    closed: date | None
    closure: str
    team: str
    worker: str

    @property
    def person(self) -> Person | None:
        """The child, where the log still holds the content."""
        return self.story.contact.report.person if self.story.contact is not None else None

    def identifier(self, kind: IdentifierKind) -> str:
        """The child's valid identifier of a kind, or empty."""
        person = self.person
        valid = [one.value for one in person.identifiers if one.kind == kind and one.valid] if person is not None else []
        return valid[0] if valid else ""


def episode_of(story: Story) -> Episode | None:
    """The episode of a contact; None for one that never opened, or that nobody could read."""
    case = case_of(story.events)
    if case is None or case.summary.kind == "unreadable" or story.arrived_at is None:
        return None
    events = sorted((event for event in story.events if not event.problem), key=happened)
    referred = referred_at(story.events)
    ended = next((event for event in reversed(events) if event.type in ("closed", "transfer_accepted")), None)
    return Episode(
        story=story,
        arrived=civil_date(story.arrived_at),
        referred=civil_date(referred) if referred is not None else None,
        nfa=_no_further_action(events),
        assessments=_assessments(events),
        enquiries=_enquiries(events),
        closed=_day(ended) if ended is not None else None,
        closure=_closure(ended) if ended is not None else "",
        team=case.summary.team,
        worker=case.summary.worker,
    )


@dataclass
class Children:
    """Whose contacts belong together: by the authority's own number of the child, else by the story that linkage made."""

    _number: dict[str, str] = field(default_factory=dict)
    _root: dict[str, str] = field(default_factory=dict)
    #: The contacts of each child, and the days of its referrals.
    contacts: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    referrals: dict[str, list[date]] = field(default_factory=lambda: defaultdict(list))

    def child(self, contact_id: str) -> str:
        """The authority's number, else the id of the story's first contact."""
        root = self._root.get(contact_id, contact_id)
        return self._number.get(root, root)

    def number(self, contact_id: str) -> str:
        """The authority's own number of the child, or empty."""
        return self._number.get(self._root.get(contact_id, contact_id), "")

    def referrals_before(self, contact_id: str, day: date) -> int:
        """The child's referrals in the twelve months before one, which is not counted."""
        since = day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)
        return sum(since <= other < day for other in self.referrals[self.child(contact_id)])


def children_of(book: CaseBook) -> Children:
    """Read the book once; memory grows with the number of contacts, by their ids."""
    found = Children()
    seen: list[tuple[str, date | None]] = []
    for story in book.stories():
        episode = episode_of(story)
        if episode is None:
            continue
        root = _story_root(story.events) or story.contact_id
        found._root[story.contact_id] = root
        number = episode.identifier("la_child_id")
        if number:
            found._number[root] = number
        seen.append((story.contact_id, episode.referred))
    for contact_id, referred in seen:
        child = found.child(contact_id)
        found.contacts[child].append(contact_id)
        if referred is not None:
            found.referrals[child].append(referred)
    return found


def upn_of(episode: Episode) -> str:
    """The child's unique pupil number, checked once more; or empty."""
    upn = episode.identifier("upn")
    return upn if upn and check_identifier("upn", upn).valid else ""


def _story_root(events: Iterable[CaseEvent]) -> str:
    root, link = "", ""
    for event in events:
        if event.type == "linked" and not event.problem:
            root, link = event.details.get("story", ""), event.event_id
        elif event.type == "unlinked" and event.details.get("link") == link:
            root = ""
    return root


def _day(event: CaseEvent) -> date:
    return civil_date(happened(event))


def _no_further_action(events: Iterable[CaseEvent]) -> bool:
    """The last decision counts."""
    nfa = False
    for event in events:
        if event.type == "no_further_action":
            nfa = True
        elif event.type == "decision":
            nfa = decision_kind(event.details.get("decision", "")) == "no_assessment"
    return nfa


def _assessments(events: Iterable[CaseEvent]) -> list[Assessment]:
    found: list[Assessment] = []
    for event in events:
        running = bool(found) and found[-1].authorised is None
        if event.type == "assessment_started" and not running:
            found.append(Assessment(_day(event)))
        elif event.type == "assessment_authorised":
            started = found.pop().started if running else None
            found.append(Assessment(started, _day(event)))
    return found


def _enquiries(events: Iterable[CaseEvent]) -> list[Enquiry]:
    """A strategy discussion and the start that follows it are one enquiry, until it ends or has its conference."""
    found: list[Enquiry] = []
    for event in events:
        last = found[-1] if found else None
        if event.type in ("strategy_discussion", "s47_started"):
            if last is None or last.ended is not None or last.conference is not None:
                found.append(Enquiry(_day(event)))
        elif last is None:
            continue
        elif event.type == "s47_ended":
            found[-1] = Enquiry(last.started, _day(event), last.conference, last.needless, last.plan)
        elif event.type == "conference_not_needed":
            found[-1] = Enquiry(last.started, last.ended or _day(event), last.conference, True, last.plan)
        elif event.type == "conference_held" and last.conference is None:
            found[-1] = Enquiry(last.started, last.ended, _day(event), False, _plan(event))
    return found


def _plan(event: CaseEvent) -> bool | None:
    said = f"{event.details.get('outcome', '')} {event.details.get('decision', '')}".casefold()
    if "no plan" in said or "not" in said.split():
        return False
    return True if "plan" in said else None


def _closure(event: CaseEvent) -> str:
    """The DfE's reason for closure, or empty. RC5: transferred to another authority."""
    if event.type == "transfer_accepted":
        return "RC5"
    code = event.reason_code.strip().upper()
    return code if code in {f"RC{number}" for number in range(1, 10)} else ""
