"""One message about a concern, read as reports: one for each child. Shared by education, police and social care."""

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from connectors.decoding import one_line
from connectors.fields.dialect import Dialect
from connectors.fields.groups import Group, Leaf, concepts, group_message
from connectors.fields.meaning import action_of, kind_of, names_a_role, need_of, other_business, risk_of, source_of
from connectors.fields.naming import words
from connectors.fields.narrative import is_prose, narrative_of
from connectors.fields.organisation import organisation_of
from connectors.fields.people import IDENTITY, People, Somebody, describes_person, people_in, person_fields
from connectors.fields.person import child_from, is_yes, others_from, said
from connectors.fields.times import written_and_incident
from connectors.fields.vocabulary import MESSAGE, concept_of
from connectors.fields.who import role_in
from schemas.codes import risk_level
from schemas.person import OtherPerson, Person
from schemas.reading import Action, Attachment, Kind, Note, Organisation, Report

Found = dict[str, list[Leaf]]

MOST_UNMAPPED = 200
"""Fields kept in `unmapped` of one report."""

LONGEST_UNMAPPED = 500
"""Characters kept of one unmapped field."""

_NO_REFERENCE = frozenset({"", "none", "null", "n/a", "na", "unknown", "tbc", "-", "0", "notapplicable", "nk"})
_CHILD_LEVEL = (
    "risk", "danger", "narrative", "weak_narrative", "more", "need", "kind", "information_only", "referral_flag",
    "authority", "notice_number", "concern_number", "incident_number",
)  # fmt: skip


@dataclass(slots=True)
class Concern:
    """What one message said. `about`: whether it names a child, a concern, both or neither; `business` is the word that
    says that it is about something else (a booking), if any."""

    reports: list[Report] = field(default_factory=list)
    transport_id: str = ""
    names_child: bool = False
    tells_concern: bool = False
    business: str = ""


def read_concern(value: Mapping[str, Any], outer: Mapping[str, Any] | None, dialect: Dialect) -> Concern:
    """The reports in one message. `outer` is what stood around it in a batch: its fields count where the message has none
    of its own. Raises `groups.TooManyFields`."""
    return _Reader(dialect, group_message(value), group_message(outer) if outer else None).read()


@dataclass(slots=True)
class _Shared:
    """What all children of one message share."""

    found: Found
    written: datetime | None
    incident: datetime | None
    reference: str
    action: Action
    organisation: Organisation
    source_code: str
    source_original: str
    attachments: list[Attachment]
    stray: list[Leaf]
    notes: list[Note]


class _Reader:
    def __init__(self, dialect: Dialect, message: Group, outer: Group | None) -> None:
        self.dialect = dialect
        self.message = message
        self.outer = outer
        self.notes: list[Note] = []

    def read(self) -> Concern:
        found = self._message_fields()
        written, incident = written_and_incident(found, "message", self.notes)
        people = people_in(self.message, written or incident)
        if not people.children and self.outer:
            around = people_in(self.outer, written or incident)
            people.children, people.guessed = around.children, around.guessed
            people.others += around.others
        elif self.outer:
            people.others += people_in(self.outer, written or incident).others
        if people.guessed:
            self._note("child_guessed", "child", "No role says who the child is; it was taken from ages or position.")
        transport_id = said(found, "transport_id")[:200]
        shared = self._shared(found, people, written, incident)
        business = self._business(found)
        if people.children:
            reports = [
                self._report(child, place, people, shared) for place, child in enumerate(people.children, start=1)
            ]
        else:
            reports = [self._without_child(people, shared)]
        concern = Concern(reports, transport_id, business=business)
        concern.names_child = bool(people.children) and any(_is_somebody(report.person) for report in reports)
        concern.tells_concern = self._tells_concern(found, reports)
        return concern

    def _note(self, code: str, where: str, text: str) -> None:
        self.notes.append(Note(code=code, field=where, text=text))

    def _message_fields(self) -> Found:
        """Concepts of the message's own fields; those of the household and of the batch around it where it has none."""
        found: Found = {}
        for group in self._message_groups():
            leaves = [leaf for leaf in group.leaves]
            for concept, these in concepts(leaves, MESSAGE).items():
                if concept and concept not in found:
                    found[concept] = these
        return found

    def _message_groups(self) -> list[Group]:
        groups = [self.message, *(group for group in self.message.groups if group.kind == "message")]
        if self.outer:
            groups += [self.outer, *(group for group in self.outer.groups if group.kind == "message")]
        return groups

    def _business(self, found: Found) -> str:
        texts = [leaf.text for concept in ("kind", "action", "heading") for leaf in found.get(concept, ())]
        texts.extend(" ".join(words(name)) for name in _roots(self.message))
        return next((word for text in texts if (word := other_business(text))), "")

    def _tells_concern(self, found: Found, reports: list[Report]) -> bool:
        if any(report.risk or report.need_code for report in reports):
            return True
        if any(found.get(concept) for concept in ("narrative", "notice_number", "concern_number", "risk", "need")):
            return True
        return any(is_prose(report.narrative) for report in reports)

    def _shared(self, found: Found, people: People, written: datetime | None, incident: datetime | None) -> _Shared:
        reference, amended = self._reference(found)
        source_code, source_original = self._source(found, people)
        return _Shared(
            found=found,
            written=written,
            incident=incident,
            reference=reference,
            action=self._action(found, amended),
            organisation=self._organisation(found),
            source_code=source_code,
            source_original=source_original,
            attachments=self._attachments(),
            stray=self._stray(found),
            notes=list(self.notes),
        )

    def _reference(self, found: Found) -> tuple[str, bool]:
        """The sender's business reference, and whether it is that of an earlier message which this one amends."""
        own = ""
        for concept in self.dialect.references:
            for leaf in found.get(concept, ()):
                text = one_line(leaf.text, 100)
                if _usable_reference(text):
                    own = own or text
                    if own == text and not leaf.used:
                        leaf.used = True
                    break
            if own:
                break
        for leaf in found.get("amends", ()):
            text = one_line(leaf.text, 100)
            if _usable_reference(text) and not is_yes(text) and text.casefold() not in ("false", "no"):
                leaf.used = True
                if own and own != text:
                    self._note("amends_other_reference", "reference", "The reference of the amended message was taken.")
                    self._forget_reference(found, own)
                return text, True
        return own, False

    def _forget_reference(self, found: Found, own: str) -> None:
        """The message's own number goes to `unmapped` when the amended one's stands for both."""
        for concept in self.dialect.references:
            for leaf in found.get(concept, ()):
                if one_line(leaf.text, 100) == own:
                    leaf.used = False

    def _action(self, found: Found, amended: bool) -> Action:
        for leaf in found.get("cancelled", ()):
            leaf.used = leaf.used or leaf.text.casefold() in ("true", "false", "yes", "no")
            if is_yes(leaf.text) or action_of(leaf.text) == "cancel":
                return "cancel"
        stated: list[Action | Literal[""]] = []
        for concept in ("action", "kind"):
            for leaf in found.get(concept, ()):
                meant = action_of(leaf.text) if len(words(leaf.text[:100])) <= 3 else ""
                if meant:
                    leaf.used = True
                stated.append(meant)
        stated += [action_of(" ".join(words(name))) for name in _roots(self.message)]
        cancels = any(name.startswith("cancels") for leaf in found.get("amends", ()) for name in leaf.names)
        if "cancel" in stated or cancels:
            return "cancel"
        if "update" in stated or amended or any(is_yes(leaf.text) for leaf in found.get("amended", ())):
            return "update"
        for leaf in found.get("version", ()):
            if leaf.text.isdecimal() and len(leaf.text) <= 3 and int(leaf.text) > 1:
                leaf.used = True
                return "update"
        return "new"

    def _organisation(self, found: Found) -> Organisation:
        candidates: list[tuple[int, Group]] = []
        for group in self.message.groups + (self.outer.groups if self.outer else []):
            if group.kind != "organisation":
                continue
            is_school = group.word.endswith(("school", "schools", "setting", "academy", "nursery", "college"))
            is_school = is_school or group.word in ("establishment", "educationprovider", "schoolorsetting", "provider")
            if is_school and not self.dialect.school_sends:
                continue
            candidates.append((0 if is_school or "force" in group.word else 1, group))
        for _, group in sorted(candidates, key=lambda item: item[0]):
            organisation = organisation_of(group.by_concept(), self.dialect.code_system)
            if organisation.code or organisation.name:
                return organisation
        flat: Found = {}
        for concept in ("laestab", "force", *(("urn",) if self.dialect.school_sends else ())):
            if found.get(concept):
                flat[concept] = found[concept]
        return organisation_of(flat, self.dialect.code_system)

    def _source(self, found: Found, people: People) -> tuple[str, str]:
        if any(is_yes(leaf.text) for leaf in found.get("anonymous", ())):
            return "9", "anonymous"
        for leaf in found.get("source", ()):
            code = source_of(leaf.text)
            if code:
                leaf.used = True
                return code, one_line(leaf.text, 100)
        if self.dialect.agency == "social_care":
            for somebody in people.others:
                if somebody.role != "referrer":
                    continue
                for concept in ("relation", "job", "organisation", "full"):
                    for leaf in somebody.found.get(concept, ()):
                        code = source_of(leaf.text) if concept != "full" or names_a_role(leaf.text) else ""
                        if code:
                            return code, one_line(leaf.text, 100)
            self._note("source_assumed", "source", "The message does not say who told of the concern.")
        return self.dialect.default_source, ""

    def _attachments(self) -> list[Attachment]:
        made: list[Attachment] = []
        for group in [*self.message.every(), *(self.outer.every() if self.outer else ())]:
            for document in group.documents:
                content = document.content.partition(",")[2] if document.content.startswith("data:") else document.content
                try:
                    body = base64.b64decode("".join(content.split()), validate=True)
                except (binascii.Error, ValueError):
                    body = content.encode()
                    self._note("attachment_not_base64", "attachments", "A document is not base64; its text was taken.")
                made.append(
                    Attachment(content_type=document.content_type, size=len(body), sha256=hashlib.sha256(body).hexdigest())
                )
        return made

    def _report(self, child: Somebody, place: int, people: People, shared: _Shared) -> Report:
        where = "child" if len(people.children) == 1 else f"child{place}"
        notes = list(shared.notes)
        found = dict(child.found)
        for leaf in found.get("relation", ()):
            leaf.used = leaf.used or role_in(leaf.text[:80]) == "child"
        own: Found = {}
        if child.group is not self.message and child.group is not self.outer:
            own = {
                concept: leaves
                for concept, leaves in concepts(child.found.get("", []), MESSAGE).items()
                if concept in _CHILD_LEVEL
            }
            self._fill(found, alone=len(people.children) == 1)
        person = child_from(found, where, shared.written or shared.incident, child.group.word.startswith("unborn"), notes)
        person = self._with_school(person, child.group, shared)
        risk, risk_source = self._risk(own, shared.found, where, notes)
        need_code, need_original = self._need(own, shared.found)
        kind = self._kind(own, shared.found)
        narrative = self._narrative(own, shared, child)
        reference = shared.reference or _child_reference(own, found)
        authority = self._authority(own) or self._authority(shared.found)
        others = self._others(people, child, notes)
        _missing(person, reference, narrative, risk, risk_source, where, notes)
        return Report(
            person=person,
            kind=kind,
            action=shared.action,
            reference=reference,
            organisation=shared.organisation,
            authority_code=authority,
            source_code=shared.source_code,
            source_original=shared.source_original,
            need_code=need_code,
            need_original=need_original,
            risk=risk,
            risk_source=risk_source,
            written_at=shared.written,
            incident_at=shared.incident,
            narrative=narrative,
            people=others,
            attachments=shared.attachments,
            unmapped=self._unmapped(child, people, notes),
            notes=list(dict.fromkeys(notes)),
        )

    def _without_child(self, people: People, shared: _Shared) -> Report:
        self._note("no_child_named", "child", "The message names no child; a person has to find out who it is about.")
        shared.notes = list(self.notes)
        return self._report(Somebody(Group("child"), {}, "child"), 1, People([Somebody(Group("child"), {}, "child")], people.others), shared)

    def _fill(self, found: Found, alone: bool) -> None:
        """Fields of a person that stand beside the child: all of them for an only child, else what a family shares."""
        for group in self._message_groups():
            for concept, leaves in person_fields(group).items():
                shared = concept.startswith("line") or concept in ("address", "postcode", "school", "language")
                if concept and concept not in found and (shared or (alone and concept in IDENTITY | {"full", "sex", "ethnicity"})):
                    if concept.startswith("line") and found.get("address"):
                        continue
                    found[concept] = leaves

    def _with_school(self, person: Person, group: Group, shared: _Shared) -> Person:
        school = person.school
        around = self.message.groups if group is not self.message else []
        for inner in [*group.groups, *around]:
            if school or inner.kind != "organisation" or inner.word in ("force", "policeforce", "agency", "sender"):
                continue
            if inner in around and self.dialect.school_sends:
                continue
            if inner.word.endswith(("school", "schools", "setting", "academy", "nursery", "college", "establishment", "provider")):
                read = organisation_of(inner.by_concept(), "other")
                school = read.name or read.code
        if not school and self.dialect.school_sends:
            school = shared.organisation.name
        return person.model_copy(update={"school": school[:200]}) if school != person.school else person

    def _risk(self, own: Found, shared: Found, where: str, notes: list[Note]) -> tuple[str, str]:
        unread = ""
        for found in (own, shared):
            for leaf in found.get("risk", ()):
                level = risk_of(leaf.text)
                if level:
                    leaf.used = True
                    return level, one_line(leaf.text, 100)
                unread = unread or one_line(leaf.text, 100)
            for leaf in found.get("need", ()):
                if risk_level(leaf.text):
                    leaf.used = True
                    return risk_level(leaf.text), one_line(leaf.text, 100)
            for leaf in found.get("danger", ()):
                leaf.used = True
                level = "red" if is_yes(leaf.text) else risk_of(leaf.text)
                if level:
                    notes.append(Note(code="risk_from_flag", field=f"{where}.risk", text="The risk was taken from a flag."))
                    return level, f"{leaf.names[-1]}: {one_line(leaf.text, 60)}"
        if unread:
            notes.append(
                Note(
                    code="risk_not_understood",
                    field=f"{where}.risk",
                    text="The risk level was kept as sent; send red, amber, green or high, medium, low.",
                )
            )
        return "", unread

    def _need(self, own: Found, shared: Found) -> tuple[str, str]:
        for found in (own, shared):
            leaves = [leaf for leaf in found.get("need", ()) if not risk_level(leaf.text)]
            if not leaves:
                continue
            for leaf in leaves:
                leaf.used = True
            original = one_line("; ".join(leaf.text for leaf in leaves), 200)
            return next((code for leaf in leaves if (code := need_of(leaf.text))), ""), original
        # "Nature of concern: Neglect" beside the account itself
        for leaf in shared.get("narrative", ()):
            if len(leaf.text) <= 40 and (code := need_of(leaf.text)):
                return code, one_line(leaf.text, 200)
        return "", ""

    def _kind(self, own: Found, shared: Found) -> Kind:
        for found in (own, shared):
            for leaf in found.get("information_only", ()):
                leaf.used = True
                if is_yes(leaf.text) or kind_of(leaf.text) == "information_only":
                    return "information_only"
            for leaf in found.get("kind", ()):
                meant = kind_of(leaf.text)
                if meant:
                    leaf.used = True
                    return meant
            for leaf in found.get("referral_flag", ()):
                if leaf.text.casefold() in ("false", "no", "n") and self.dialect.agency == "police":
                    leaf.used = True
                    return "information_only"
                if is_yes(leaf.text):
                    leaf.used = True
                    return "referral"
        return next((meant for name in _roots(self.message) if (meant := kind_of(name))), "contact")

    def _stray(self, found: Found) -> list[Leaf]:
        """Prose in fields that no rule knows, or where a level or a code was expected."""
        leaves = [leaf for concept in ("risk", "kind", "action", "need") for leaf in found.get(concept, ())]
        for group in self._message_groups():
            leaves += [leaf for leaf in group.leaves if not leaf.used and concept_of(leaf.names, MESSAGE)[0] == ""]
        prose = [leaf for leaf in leaves if is_prose(leaf.text)]
        if prose or any(found.get(concept) for concept in ("narrative", "weak_narrative", "more", "heading")):
            return prose
        return [leaf for leaf in leaves if len(leaf.text.split()) >= 3 and not describes_person(leaf)][:3]

    def _narrative(self, own: Found, shared: _Shared, child: Somebody) -> str:
        stray = [*(leaf for leaf in child.found.get("", []) if is_prose(leaf.text)), *shared.stray]
        strong, weak, more = (
            [*own.get(concept, ()), *shared.found.get(concept, ())] for concept in ("narrative", "weak_narrative", "more")
        )
        heading = shared.found.get("heading", []) if not strong and not weak else []
        taken = {id(leaf) for leaf in [*strong, *weak, *more]}
        return narrative_of(strong, [*heading, *weak], more, [leaf for leaf in stray if id(leaf) not in taken])

    def _authority(self, found: Found) -> str:
        for leaf in found.get("authority", ()):
            text = one_line(leaf.text, 20).upper()
            if (text.isdecimal() and len(text) == 3) or (len(text) == 9 and text[0] in "EWSN" and text[1:].isdecimal()):
                leaf.used = True
                return text
        return ""

    def _others(self, people: People, child: Somebody, notes: list[Note]) -> list[OtherPerson]:
        made: list[OtherPerson] = []
        for place, somebody in enumerate(people.others[:60], start=1):
            if somebody.of is not None and somebody.of is not child.group:
                continue
            role = somebody.role if somebody.role and somebody.role != "child" else "other"
            made.extend(others_from(somebody.found, role, somebody.group.word, f"people{place}", notes))
        return made

    def _unmapped(self, child: Somebody, people: People, notes: list[Note]) -> dict[str, str]:
        """What no rule took, by its path; fields of the other children of the message left out."""
        siblings = {id(other.group) for other in people.children if other.group is not child.group}
        kept: dict[str, str] = {}
        waiting = [self.message, *([self.outer] if self.outer else [])]
        while waiting:
            group = waiting.pop(0)
            if id(group) in siblings and group is not self.message:
                continue
            for leaf in group.leaves:
                if leaf.used or len(kept) >= MOST_UNMAPPED:
                    continue
                kept.setdefault(leaf.path, one_line(leaf.text, LONGEST_UNMAPPED))
            waiting.extend(group.groups)
        if len(kept) >= MOST_UNMAPPED:
            notes.append(Note(code="unmapped_cut", text="More unknown fields than are kept; the message holds them all."))
        return kept


def _roots(message: Group) -> list[str]:
    """The name of the object that all of a message stands in (`PPNUpdate`), if there is one."""
    firsts = {leaf.path.partition(".")[0] for group in message.every() for leaf in group.leaves if "." in leaf.path}
    bare = any("." not in leaf.path for leaf in message.leaves)
    return list(firsts) if len(firsts) == 1 and not bare else []


def _usable_reference(text: str) -> bool:
    plain = "".join(text.casefold().split())
    return plain not in _NO_REFERENCE and len(text) <= 80 and any(map(str.isalnum, text)) and text.count(" ") <= 4


def _child_reference(own: Found, found: Found) -> str:
    for concept in ("notice_number", "concern_number", "incident_number"):
        text = said(own, concept)
        if _usable_reference(text):
            return text[:100]
    for leaf in found.get("local", ()):
        if leaf.names[-1] in ("ref", "reference") and _usable_reference(leaf.text):
            return one_line(leaf.text, 100)
    return ""


def _is_somebody(person: Person) -> bool:
    return bool(
        person.given or person.family or person.dob or person.dob_text or person.identifiers or person.unborn
    )


def _missing(
    person: Person, reference: str, narrative: str, risk: str, risk_source: str, where: str, notes: list[Note]
) -> None:
    """Notes on what a person at the front door will have to ask for."""
    if not person.given and not person.family:
        notes.append(Note(code="no_name", field=f"{where}.name", text="The child has no name in the message."))
    if not person.dob and not person.dob_text and not person.unborn:
        notes.append(Note(code="no_dob", field=f"{where}.dob", text="The child has no date of birth in the message."))
    if not narrative:
        notes.append(Note(code="no_narrative", field="narrative", text="The message does not say what the concern is."))
    if not risk and not risk_source:
        notes.append(Note(code="no_risk", field=f"{where}.risk", text="The message grades no risk."))
    if not reference:
        notes.append(
            Note(code="no_reference", field="reference", text="No reference of the sender: corrections cannot be matched.")
        )


__all__: Sequence[str] = ("Concern", "read_concern")
