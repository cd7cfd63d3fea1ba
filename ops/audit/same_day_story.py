"""One contact's same-day clock, told again from its events alone: each opening, its limit, and what answered it. Pure.

Source of the rule: Ofsted, Narrowing the Gap (2007): risk assessed on the day of arrival. Only an assessment by a
named person, with a level and a reason, answers a clock. Times are microseconds.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from ops.audit.coverage import Coverage
from ops.audit.london_day import day_of, days_since_epoch, limit

Answer = Literal["met_by_proof", "met_by_claim", "ended_by_reading", "carried", ""]
Outcome = Literal[
    "met_by_proof", "met_by_claim", "missed", "not_verifiable", "ended_by_reading", "carried", "open"
]  # fmt: skip


class Event(NamedTuple):
    """A case event as the notes keep it; see `schemas.case_event.CaseEvent`. `received_at`: of its message, if known."""

    contact: str
    type: str
    event: str
    at: int
    happened_at: int | None
    happened_on: int | None
    receipt: str
    problem: int
    named: int
    level: int
    reason: int
    moved: int
    number: int
    kind: str
    repairs: str
    repaired_at: int | None
    worker: str
    digest: bytes
    t: int
    p: int
    o: int
    ts: int
    received_at: int | None


@dataclass(slots=True)
class Opening:
    """One run of the clock. `evidence`: event id of each assessment that answers it in time, with its append time."""

    number: int
    started_at: int
    due_at: int
    place: tuple[int, int, int]
    ts: int
    answer: Answer = ""
    evidence: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Story:
    """All that matters of one contact. `assessed`: an assessment that counts came since the last opening."""

    contact: str
    opened: Event | None = None
    doubled: list[Event] = field(default_factory=list)
    openings: list[Opening] = field(default_factory=list)
    weak: list[Event] = field(default_factory=list)
    workers: list[str] = field(default_factory=list)
    assessed: bool = False
    became: Event | None = None
    different: list[Event] = field(default_factory=list)
    repeats: int = 0
    other_events: int = 0
    last_ts: int = 0


def told(contact: str, events: Iterable[Event]) -> Story:
    """The story of one contact, from its events in the order of the log; repeats of an id are counted once."""
    story = Story(contact)
    early: list[Event] = []
    seen: dict[str, bytes] = {}
    for event in events:
        story.last_ts = max(story.last_ts, event.ts)
        if event.event in seen:
            story.repeats += 1
            if seen[event.event] != event.digest:
                story.different.append(event)
            continue
        seen[event.event] = event.digest
        if event.type == "opened":
            if story.opened is not None:
                story.doubled.append(event)
                continue
            _open(story, event)
            for waiting in early:
                _tell(story, waiting)
            early.clear()
        elif story.opened is None:
            # Its opening has not come yet: it counts as soon as that is there.
            early.append(event)
        else:
            _tell(story, event)
    story.other_events = len(seen) - (story.opened is not None)
    return story


def counts(event: Event) -> bool:
    """Whether an assessment answers a clock at all."""
    return not event.problem and bool(event.named and event.level and event.reason)


def outcome(opening: Opening, coverage: Coverage) -> Outcome:
    """How an opening stands, by the ticks of its partition."""
    if opening.answer:
        return opening.answer
    partition = opening.place[1]
    if coverage.first_past(partition, opening.due_at) is None:
        return "open"
    return "missed" if coverage.covered(partition, opening.due_at) else "not_verifiable"


def _open(story: Story, event: Event) -> None:
    story.opened = event
    opening = Opening(1, event.at, limit(event.at), (event.t, event.p, event.o), event.ts)
    if event.repaired_at is not None and event.repaired_at >= opening.due_at:
        # Read on a later day: the unreadable message, which stood for it, has that day's flag.
        opening.answer = "carried"
    story.openings.append(opening)


def _tell(story: Story, event: Event) -> None:
    if event.type == "allocated":
        if event.named and not event.problem:
            story.workers.append(event.worker)
    elif event.type == "risk_assessed":
        if counts(event):
            story.assessed = True
            for opening in story.openings:
                _answer(opening, event)
        elif not event.problem:
            story.weak.append(event)
    elif event.type == "corrected" and event.moved and story.assessed:
        number, story.assessed = len(story.openings) + 1, False
        place = (event.t, event.p, event.o)
        story.openings.append(Opening(number, event.at, limit(event.at), place, event.ts))
    elif event.type == "became":
        story.became = story.became or event
        for opening in story.openings:
            if not opening.answer and event.at < opening.due_at:
                opening.answer = "ended_by_reading"


def _answer(opening: Opening, event: Event) -> None:
    """What an assessment that counts is for one opening."""
    claimed = event.happened_at if event.happened_at is not None and event.happened_at <= event.at else None
    if opening.number > 1 and (event.at if claimed is None else claimed) < opening.started_at:
        # Made of the version before the correction.
        return
    if event.at < opening.due_at:
        kind: Answer = "met_by_proof"
    elif claimed is not None:
        # Dated before the day of arrival it speaks of something else, or is a slip.
        kind = "met_by_claim" if day_of(claimed) == day_of(opening.started_at) else ""
    elif event.happened_on is not None:
        same_day = event.happened_on == days_since_epoch(day_of(opening.started_at))
        kind = "met_by_claim" if same_day else ""
    else:
        kind = ""
    if kind and opening.answer not in ("carried", "ended_by_reading"):
        opening.evidence[event.event] = event.ts
        if opening.answer != "met_by_proof":
            opening.answer = kind
