"""A contact as the case system has it, and as the hub has it: what the two are compared by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from connectors.fields.naming import fold
from ops.casebook.book import Story
from ops.view.case_summary import CaseSummary
from schemas.identity import derived_id
from schemas.london import civil_date

#: What of a case event's details names the case or contact in the case system.
_CASE_REFERENCES = ("case_id", "case_reference", "episode_id", "reference")


class CannotRead(Exception):
    """The case system's list could not be read; says why and what to do."""


@dataclass(frozen=True, slots=True)
class Theirs:
    """One row of the case system. `where` says where it stands ("row 7", or the contact's own id); `reference` is its own id
    of the contact, or one made of child and day where it has none. `identifiers` by kind; `child` is what it knows of the child,
    under the names that a message to the hub would use."""

    where: str
    reference: str
    day: date
    references: frozenset[str]
    identifiers: Mapping[str, str]
    child: Mapping[str, str]
    source_code: str = ""
    born: date | None = None


@dataclass(frozen=True, slots=True)
class Ours:
    """One contact of the hub. `days`: those on which it can be in the case system's list: of arrival, and of the telephone call
    or letter that it tells of. `repeat_of`: a contact that says the very same and came by another channel, so that the case
    system may have one for both."""

    contact_id: str
    arrived_at: datetime
    days: frozenset[date]
    references: frozenset[str]
    identifiers: Mapping[str, str]
    agency: str
    worker: str
    readable: bool
    source_code: str = ""
    born: date | None = None
    repeat_of: str = ""

    @property
    def day(self) -> date:
        """The London day of arrival."""
        return civil_date(self.arrived_at)


@dataclass
class Loaded:
    """A case system's list: its rows, and what could not be used, with the reason."""

    rows: list[Theirs] = field(default_factory=list)
    unusable: list[str] = field(default_factory=list)


def reference_key(text: str) -> str:
    """A reference without case, spaces and punctuation; too short ones say nothing and become empty."""
    folded = fold(text)
    return folded if len(folded) >= 4 else ""


def made_reference(child: str, day: date, nth: int) -> str:
    """A reference for a row that has none: the same each time that it is read."""
    return "CS-" + derived_id("case-system-row", child, day.isoformat(), str(nth)).replace("-", "")[:20]


def ours_of(story: Story, case: CaseSummary, numbers: Mapping[str, str]) -> Ours | None:
    """A contact of the hub, `numbers` being what other contacts of the same child add. None for one that never opened, and for an
    unreadable message that has become others."""
    opening = story.opening
    if opening is None or opening.opened is None or any(event.became for event in story.events):
        return None
    report = story.contact.report if story.contact is not None else None
    named = [opening.receipt_id, story.contact_id, report.reference if report is not None else ""]
    told = [event.details.get(name, "") for event in story.events for name in _CASE_REFERENCES if not event.problem]
    recorded = {event.happened_on for event in story.events if event.type == "contact_recorded" and event.happened_on is not None}
    return Ours(
        contact_id=story.contact_id,
        arrived_at=opening.at,
        days=frozenset({civil_date(opening.at), *recorded}),
        references=frozenset(filter(None, map(reference_key, [*named, *told]))),
        identifiers={**numbers, **identifiers_of(story)},
        agency=opening.opened.agency,
        worker=case.worker,
        readable=opening.opened.kind != "unreadable",
        source_code=report.source_code if report is not None else "",
        born=(report.person.dob or report.person.expected_dob) if report is not None else None,
        repeat_of=case.repeat_of,
    )


def identifiers_of(story: Story) -> dict[str, str]:
    """The child's valid identifiers by kind, folded."""
    if story.contact is None:
        return {}
    found: Sequence[tuple[str, str]] = [
        (one.kind, fold(one.value)) for one in story.contact.report.person.identifiers if one.valid and one.kind != "local"
    ]
    return {kind: value for kind, value in found if value}
