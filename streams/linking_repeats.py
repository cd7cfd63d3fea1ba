"""The same content sent again by another channel: whose repeat a contact is. Pure; see `linking`.

A repeat is tied to the first contact in the open: it belongs to that contact's story and says so, keeps a clock, a
worker and a case of its own, and is undone like any link. The sender's own repeat by the same channel is none: a school
that writes again is worried again.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field

from schemas.linkage import LinkageEvent
from schemas.record import Instant, Record
from streams.linkage.decision import LINK, Decision, joined
from streams.linkage.index import Changes, Index
from streams.linkage.report import Report, read_features
from streams.linking_content import contradict

#: The same content by another channel within this time is a repeat: over a weekend and a bank holiday.
REPEAT_WINDOW = timedelta(hours=96)

REPEATED = "same_content_other_channel"

#: Contacts remembered for one content, the latest ones.
_MOST_KEPT = 20


class Heard(Record):
    """One contact that said a content: when, of which agency, by which channel, with which facts."""

    contact_id: str
    at: Instant
    agency: str
    channel: str
    facts: dict[str, str] = Field(default_factory=dict)


class ContentRow(Record):
    """Who said one content lately. `content` is its keyed hash."""

    kind: Literal["content"]
    content: str
    heard: list[Heard] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Repeats:
    """The rule. `window`: how far apart, either way, two arrivals of one content may be; zero: nothing is a repeat."""

    window: timedelta = REPEAT_WINDOW

    def firsts(self, row: ContentRow | None, event: LinkageEvent) -> Iterator[Heard]:
        """The earlier contacts that the event's contact may repeat, first to last."""
        said = event.said
        if row is None or said is None or not said.content or said.content != row.content:
            return
        for heard in row.heard:
            if (
                heard.contact_id != event.contact_id
                and heard.agency == event.agency
                and heard.channel != said.channel
                and self._near(heard.at, event.at)
                and not contradict(heard.facts, said.facts)
            ):
                yield heard

    def heard(self, row: ContentRow | None, event: LinkageEvent) -> ContentRow | None:
        """The row once the event's contact has been heard; None when it says nothing that could be known again."""
        said = event.said
        if said is None or not said.content:
            return None
        known = [one for one in row.heard if one.contact_id != event.contact_id] if row is not None else []
        mine = Heard(contact_id=event.contact_id, at=event.at, agency=event.agency, channel=said.channel, facts=said.facts)
        return ContentRow(kind="content", content=said.content, heard=[*known, mine][-_MOST_KEPT:])

    def _near(self, one: datetime, other: datetime) -> bool:
        return bool(self.window) and abs(one - other) <= self.window


def first_of(index: Index, firsts: Iterable[Heard]) -> str:
    """The contact that is repeated; empty when nobody said the same, or when it is not clear which child it was.

    Two children of one notice may be written alike (twins without a name): then a person must look.
    """
    standing = [one.contact_id for one in firsts if one.contact_id in index.records]
    stories = {index.records[contact].person for contact in standing}
    if len(stories) != 1 or index.persons[stories.pop()].hidden:
        return ""
    return standing[0]


def as_repeat(index: Index, report: Report, decision: Decision, first: str) -> tuple[Decision, Changes]:
    """The decision about a repeat, and its changes: it goes where the first contact went."""
    story = index.records[first].person
    alike = next((one.score.same for one in decision.candidates if one.person == story), 0.0)
    score = decision.score if decision.person == story else alike
    repeated = replace(
        decision, outcome=LINK, person=story, score=score, reasons=(REPEATED, *decision.reasons),
        household=tuple(person for person in decision.household if person != story),
    )  # fmt: skip
    return repeated, joined(index, report.record_id, read_features(report), story, first)
