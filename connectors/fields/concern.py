"""One message about a concern, read as reports: one for each child. Shared by education, police and social care."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connectors.decoding import one_line
from connectors.fields.attachments import attachment_of
from connectors.fields.dialect import Dialect
from connectors.fields.grading import authority_in, need_in, risk_in
from connectors.fields.groups import Group, Leaf, TooManyFields, concepts
from connectors.fields.intent import action_in, business_in, kind_in, root_names, source_in
from connectors.fields.narrative import is_prose, narrative_of
from connectors.fields.organisation import is_school, organisation_of
from connectors.fields.other_people import others_from
from connectors.fields.people import IDENTITY, People, Somebody, describes_person, people_in, person_fields
from connectors.fields.person import child_from, said
from connectors.fields.references import child_reference, incident_number, reference_in
from connectors.fields.times import written_and_incident
from connectors.fields.vocabulary import MESSAGE, concept_of
from connectors.fields.walk import group_message
from connectors.fields.who import role_in
from schemas.person import OtherPerson, Person
from schemas.reading import Action, Attachment, Note, Organisation, Report

Found = dict[str, list[Leaf]]

MOST_CHILDREN = 200
"""Children in one message."""

_MOST_OTHERS = 60
_MOST_UNMAPPED = 200
_LONGEST_UNMAPPED = 500
_CHILD_LEVEL = (
    "risk", "danger", "narrative", "weak_narrative", "more", "need", "kind", "information_only", "referral_flag",
    "authority", "notice_number", "concern_number", "incident_number",
)  # fmt: skip


@dataclass(slots=True)
class Concern:
    """What one message said. `names_child` and `tells_concern`: whether it does; `business` is the word that says that it
    is about something else (a booking), if any."""

    reports: list[Report] = field(default_factory=list)
    transport_id: str = ""
    names_child: bool = False
    tells_concern: bool = False
    business: str = ""


def read_concern(value: Mapping[str, Any], outer: Group | None, dialect: Dialect) -> Concern:
    """The reports in one message. `outer` holds the fields around it in a batch: they count where the message has none of
    its own. Raises `groups.TooManyFields`, also for more than `MOST_CHILDREN`."""
    message = group_message(value)
    groups = [group for around in (message, outer) if around for group in (around, *_household(around))]
    return _Message(dialect, message, outer, groups).read()


def _household(message: Group) -> list[Group]:
    return [group for group in message.groups if group.kind == "message"]


@dataclass(slots=True)
class _Shared:
    """What all children of one message share."""

    found: Found
    roots: list[str]
    written: datetime | None
    incident: datetime | None
    reference: str
    incident_number: str
    action: Action
    organisation: Organisation
    source_code: str
    source_original: str
    attachments: list[Attachment]
    stray: list[Leaf]
    beside: Found
    people: list[OtherPerson]
    school: str
    notes: list[Note]


@dataclass(slots=True)
class _Message:
    dialect: Dialect
    message: Group
    outer: Group | None
    groups: list[Group]

    def read(self) -> Concern:
        notes: list[Note] = []
        if self.message.cut:
            notes.append(_note("text_cut", "", "A text is longer than is kept here; the message holds all of it."))
        found: Found = {}
        for group in self.groups:
            for concept, leaves in concepts(group.leaves, MESSAGE).items():
                if concept:
                    found.setdefault(concept, leaves)
        written, incident = written_and_incident(found, "message", notes)
        people = self._people(written or incident, notes)
        shared = self._shared(found, people, written, incident, notes)
        reports = [self._report(child, place, people, shared) for place, child in enumerate(people.children, start=1)]
        around = self._unmapped([self.message, *([self.outer] if self.outer else [])], people)
        for place, child in enumerate(people.children):
            own = self._unmapped([child.group], people) if child.group not in (self.message, self.outer) else {}
            kept = dict(list({**own, **around}.items())[:_MOST_UNMAPPED])
            said_more = [*reports[place].notes]
            if len(own) + len(around) > _MOST_UNMAPPED:
                said_more.append(_note("unmapped_cut", "", "More unknown fields than are kept; the message holds them all."))
            reports[place] = reports[place].model_copy(update={"unmapped": kept, "notes": list(dict.fromkeys(said_more))})
        return Concern(
            reports=reports,
            transport_id=said(found, "transport_id")[:200],
            names_child=any(_is_somebody(report.person) for report in reports),
            tells_concern=_tells_concern(found, reports),
            business=business_in(found, shared.roots),
        )

    def _people(self, when: datetime | None, notes: list[Note]) -> People:
        people = people_in(self.message, when, witnesses_count=not self.dialect.school_sends)
        if self.outer:
            around = people_in(self.outer, when, witnesses_count=not self.dialect.school_sends)
            people.others = people.others + around.others
            if not people.children:
                people.children, people.guessed = around.children, around.guessed
        if len(people.children) > MOST_CHILDREN:
            raise TooManyFields
        if len(people.others) > _MOST_OTHERS:
            people.others = people.others[:_MOST_OTHERS]
            notes.append(_note("people_cut", "people", "More people than are kept; the message holds them all."))
        if people.guessed:
            notes.append(_note("child_guessed", "child", "No role says who the child is; ages or position were taken."))
        if not people.children:
            notes.append(_note("no_child_named", "child", "The message names no child; a person has to find out who it is."))
            people.children = [Somebody(Group("child"), {}, "child")]
        return people

    def _shared(
        self, found: Found, people: People, written: datetime | None, incident: datetime | None, notes: list[Note]
    ) -> _Shared:
        roots = root_names(self.message)
        reference, amends_other = reference_in(found, self.dialect.references, notes)
        source_code, source_original = source_in(found, people, self.dialect.agency)
        if not source_code and self.dialect.agency == "social_care":
            notes.append(_note("source_assumed", "source", "The message does not say who told of the concern."))
        organisation = self._organisation(found)
        action = action_in(found, roots, amends_other)
        return _Shared(
            found=found,
            roots=roots,
            written=written,
            incident=incident,
            reference=reference,
            incident_number=incident_number(found, reference),
            action=action,
            organisation=organisation,
            source_code=source_code or self.dialect.default_source,
            source_original=source_original,
            attachments=[
                attachment_of(document, notes)
                for top in (self.message, self.outer) if top
                for group in top.every()
                for document in group.documents
            ],  # fmt: skip
            stray=self._stray(found),
            beside=self._beside(),
            people=_people_of(None, people, notes),
            school=organisation.name if self.dialect.school_sends else self._school_in(self.message),
            notes=notes,
        )

    def _organisation(self, found: Found) -> Organisation:
        """The sender: a school for education, a force for the police; a school in a police notice is the child's."""
        candidates: list[tuple[int, Group]] = []
        for group in self.message.groups + (self.outer.groups if self.outer else []):
            if group.kind == "organisation" and (self.dialect.school_sends or not is_school(group.word)):
                candidates.append((0 if is_school(group.word) or "force" in group.word else 1, group))
        for _, group in sorted(candidates, key=lambda item: item[0]):
            organisation = organisation_of(group.by_concept(), self.dialect.code_system)
            if organisation.code or organisation.name:
                return organisation
        flat = ("laestab", "urn") if self.dialect.school_sends else ("force",)
        return organisation_of({concept: found[concept] for concept in flat if concept in found}, self.dialect.code_system)

    def _school_in(self, group: Group) -> str:
        for inner in group.groups:
            if inner.kind == "organisation" and is_school(inner.word):
                read = organisation_of(inner.by_concept(), "other")
                return read.name or read.code
        return ""

    def _stray(self, found: Found) -> list[Leaf]:
        """Prose in fields that no rule knows, or where a level or a code was expected; without any narrative, phrases too."""
        leaves = [leaf for concept in ("risk", "kind", "action", "need") for leaf in found.get(concept, ())]
        for group in self.groups:
            leaves += [leaf for leaf in group.leaves if not leaf.used and concept_of(leaf.names, MESSAGE)[0] == ""]
        prose = [leaf for leaf in leaves if is_prose(leaf.text)]
        if prose or any(found.get(concept) for concept in ("narrative", "weak_narrative", "more", "heading")):
            return prose
        return [leaf for leaf in leaves if len(leaf.text.split()) >= 3 and not describes_person(leaf)][:3]

    def _beside(self) -> Found:
        """Fields of a person that stand beside the children: in the message, its household, the batch around it."""
        beside: Found = {}
        for group in self.groups:
            for concept, leaves in person_fields(group).items():
                if concept and not (concept.startswith("line") and "address" in beside):
                    beside.setdefault(concept, leaves)
        return beside

    def _report(self, child: Somebody, place: int, people: People, shared: _Shared) -> Report:
        where = "child" if len(people.children) == 1 else f"child{place}"
        notes = list(shared.notes)
        found = dict(child.found)
        for leaf in found.get("relation", ()):
            leaf.used = leaf.used or role_in(leaf.text[:80]) == "child"
        own: Found = {}
        if child.group not in (self.message, self.outer):
            own = {
                concept: leaves
                for concept, leaves in concepts(found.get("", []), MESSAGE).items()
                if concept in _CHILD_LEVEL
            }
            _fill(found, shared.beside, alone=len(people.children) == 1)
        person = child_from(found, where, shared.written or shared.incident, child.group.word.startswith("unborn"), notes)
        school = person.school or self._school_in(child.group) or shared.school
        risk, risk_source = risk_in(own, shared.found, where, notes)
        need_code, need_original = need_in(own, shared.found)
        report = Report(
            person=person.model_copy(update={"school": school[:200]}),
            kind=kind_in(own, shared.found, shared.roots, self.dialect.agency),
            action=shared.action,
            reference=shared.reference or child_reference(own, found),
            organisation=shared.organisation,
            authority_code=authority_in(own) or authority_in(shared.found),
            source_code=shared.source_code,
            source_original=shared.source_original,
            need_code=need_code,
            need_original=need_original,
            risk=risk,
            risk_source=risk_source,
            written_at=shared.written,
            incident_at=shared.incident,
            incident_number=shared.incident_number,
            narrative=_narrative(own, shared, child.found.get("", [])),
            people=[*shared.people, *_people_of(child.group, people, notes)],
            attachments=shared.attachments,
        )
        return report.model_copy(update={"notes": [*notes, *_missing(report, where)]})

    def _unmapped(self, tops: list[Group], people: People) -> dict[str, str]:
        """What no rule took, by its path; the fields of each child of the message stay with that child."""
        children = {id(child.group) for child in people.children} - {id(top) for top in tops}
        kept: dict[str, str] = {}
        waiting = list(tops)
        while waiting and len(kept) < 2 * _MOST_UNMAPPED:
            group = waiting.pop(0)
            for leaf in group.leaves:
                if not leaf.used:
                    kept.setdefault(leaf.path, one_line(leaf.text, _LONGEST_UNMAPPED))
            waiting.extend(inner for inner in group.groups if id(inner) not in children)
        return kept


def _fill(found: Found, beside: Found, alone: bool) -> None:
    """Add what stands beside the child: for an only child all that makes a person, else what a family shares."""
    for concept, leaves in beside.items():
        of_family = concept.startswith("line") or concept in ("address", "postcode", "school", "language")
        if concept in found or (concept.startswith("line") and "address" in found):
            continue
        if of_family or (alone and (concept in IDENTITY or concept in ("full", "sex", "ethnicity", "age"))):
            found[concept] = leaves


def _narrative(own: Found, shared: _Shared, unknown: list[Leaf]) -> str:
    strong, weak, more = (
        [*own.get(concept, ()), *shared.found.get(concept, ())] for concept in ("narrative", "weak_narrative", "more")
    )
    heading = shared.found.get("heading", []) if not strong and not weak else []
    taken = {id(leaf) for leaf in [*strong, *weak, *more]}
    stray = [leaf for leaf in [*(leaf for leaf in unknown if is_prose(leaf.text)), *shared.stray] if id(leaf) not in taken]
    return narrative_of(strong, [*heading, *weak], more, stray)


def _people_of(child: Group | None, people: People, notes: list[Note]) -> list[OtherPerson]:
    """The others who stand in a child's own fields, or (None) those who stand beside all children."""
    made: list[OtherPerson] = []
    for place, somebody in enumerate(people.others, start=1):
        if somebody.of is child or (child is None and somebody.of is not None and not _is_child(somebody.of, people)):
            role = somebody.role if somebody.role and somebody.role != "child" else "other"
            made.extend(others_from(somebody.found, role, somebody.group.word, f"people{place}", notes))
    return made


def _is_child(group: Group, people: People) -> bool:
    return any(child.group is group for child in people.children)


def _note(code: str, where: str, text: str) -> Note:
    return Note(code=code, field=where, text=text)


def _is_somebody(person: Person) -> bool:
    return bool(person.given or person.family or person.dob or person.dob_text or person.identifiers or person.unborn)


def _tells_concern(found: Found, reports: list[Report]) -> bool:
    if any(report.risk or report.need_code or is_prose(report.narrative) for report in reports):
        return True
    return any(found.get(concept) for concept in ("narrative", "notice_number", "concern_number", "risk", "need"))


def _missing(report: Report, where: str) -> Iterable[Note]:
    """Notes on what a person at the front door will have to ask for."""
    person = report.person
    if not person.given and not person.family:
        yield _note("no_name", f"{where}.name", "The child has no name in the message.")
    if not person.dob and not person.dob_text and not person.unborn:
        yield _note("no_dob", f"{where}.dob", "The child has no date of birth in the message.")
    if not report.narrative:
        yield _note("no_narrative", "narrative", "The message does not say what the concern is.")
    if not report.risk and not report.risk_source:
        yield _note("no_risk", f"{where}.risk", "The message grades no risk.")
    if not report.reference:
        yield _note("no_reference", "reference", "No reference of the sender: corrections cannot be matched.")
