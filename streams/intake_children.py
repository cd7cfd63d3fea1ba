"""Which children a message is about: new contacts, and later versions of contacts that we have. Pure; see `intake`.

A contact is one child of one sender under one business reference. Version: same reference and same child. The same
reference about another child is a new contact with a note, because senders' counters restart.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Literal

from pydantic.main import IncEx

from schemas.allocation import AllocationEvent
from schemas.case_event import Correction, Opened
from schemas.codes import RISK_LEVELS
from schemas.contact import Contact
from schemas.identity import contact_id, output_id
from schemas.london import civil_date
from schemas.reading import Reading, Report
from streams.allocation_about import about, areas
from streams.child_keys import child_digest, child_keys
from streams.domestic_abuse import believed
from streams.intake_encompass import at_school_age, dated
from streams.intake_incidents import differing, notices_of, parts_of, remember_notice, told_under
from streams.intake_ledger import Ledger
from streams.intake_linkage import ask_who_it_is
from streams.intake_rows import KnownChild, ReferenceRow

#: When and how it was written down. A file is known by its bytes, whatever it is called.
_FILE_NAMES: IncEx = {"__all__": {"file_name"}}
_NOT_CONTENT: IncEx = {"written_at": True, "notes": True, "unmapped": True, "action": True, "attachments": _FILE_NAMES}
#: What a report means for the contact it speaks of.
Change = Literal["new", "changed", "unchanged"]


def reports_of(reading: Reading) -> list[Report]:
    """The children of a message: its reports, then those that a telephone call, letter or visit recorded."""
    recorded = [case.report for case in reading.case_reports if case.type == "contact_recorded" and case.report]
    return [*reading.reports, *recorded]


def report_digest(report: Report) -> str:
    """Canonical content: all that was said, whenever and however it was written down. What nobody said is not part of it, so
    that a field that readers learn later leaves what is known as it is."""
    said = report.model_dump_json(exclude=_NOT_CONTENT, exclude_defaults=True)
    return hashlib.sha256(f"{said}{report.action == 'cancel'}".encode()).hexdigest()


def receipt_saying_the_same(ledger: Ledger, reports: list[Report], base: str) -> str:
    """The receipt of the first report's current version when every child of the message is known under its reference
    in just this version; else empty. `base` stands for the reference where a report has none."""
    first = ""
    for report in reports:
        row = ledger.before("r", ledger.rules.hashed(report.reference or base))
        known = row.children if isinstance(row, ReferenceRow) else []
        same = [child.receipt_id for child in known if child.digest == report_digest(report)]
        if not same:
            return ""
        first = first or same[0]
    return first


@dataclass
class Children:
    """The contacts of one message. `repairs`: the contact that stood for it while nobody could read it."""

    ledger: Ledger
    repairs: str = ""
    _opened: list[str] = field(default_factory=list)
    _urgency: str = ""
    _about: set[str] = field(default_factory=set)
    _areas: set[str] = field(default_factory=set)
    _believed: set[str] = field(default_factory=set)

    def take(self, reports: list[Report], base: str, repeated: list[str]) -> list[str]:
        """The contact of each report, in order. `repeated`: the contacts of an earlier message of the same content."""
        ids: list[str] = []
        pending: list[tuple[Contact, Change]] = []
        for position, report in enumerate(reports):
            contact, change = self._child(report, report.reference or base, ids)
            if change == "new" and position < len(repeated):
                contact = contact.model_copy(update={"possible_repeat_of": repeated[position]})
            ids.append(contact.contact_id)
            pending.append((contact, change))
        self._note_reused_references(reports, ids)
        for contact, change in pending:
            siblings = [other for other in dict.fromkeys(ids) if other != contact.contact_id]
            self._tell(contact.model_copy(update={"siblings": siblings}), change)
        self._ask_for_a_worker(self._known_siblings(reports, base))
        return ids

    def open_unreadable(self, contact: str) -> None:
        """A contact for a message that nobody could read: its clock runs, and somebody by name must look."""
        authority = self.ledger.rules.authorities.responsible("", "")
        event = self.ledger.event
        opened = Opened(
            agency=event.agency,
            sender=event.sender,
            kind="unreadable",
            team=self.ledger.rules.team,
            authority_code=authority.code,
            authority_how=authority.how,
            organisation=event.organisation,
            answer_to=self.ledger.own_numbers(contact),
        )
        self._open(contact, opened)
        self._ask_for_a_worker([])

    # -- one child

    def _child(self, report: Report, reference: str, taken: list[str]) -> tuple[Contact, Change]:
        """A contact for one child: a new one, or the next version of one under the same reference."""
        name = self.ledger.rules.hashed(reference)
        row = self.ledger.now("r", name)
        children = list(row.children) if isinstance(row, ReferenceRow) else []
        keys = child_keys(self.ledger.rules.hash_key, report.person)
        digest = report_digest(report)
        identity = child_digest(self.ledger.rules.hash_key, report.person)
        parts = parts_of(self.ledger, report)
        known = _match(children, keys, report, taken) or self._told_before(report, keys, taken)
        if known is None:
            child = self._new_child(reference, children, keys, digest, identity, report.risk)
            change: Change = "new"
        elif known.digest == digest:
            return self._contact(report, known), "unchanged"
        else:
            child, change = self._next_version(known, report, keys, digest, identity), "changed"
            self._tell_cases(known, report, identity, child.version, differing(known.parts, parts))
        child = self._with_belief(child, report).model_copy(update={"parts": parts})
        self._remember(child, name)
        remember_notice(self.ledger, report, name)
        return self._contact(report, child), change

    def _told_before(self, report: Report, keys: list[str], taken: list[str]) -> KnownChild | None:
        """The child as another notice of the same incident told of it; then this notice amends that one."""
        before = notices_of(self.ledger, report)
        known = next((one for one in told_under(self.ledger, before) if set(keys) & set(one.keys)), None)
        if known is None or known.contact_id in taken:
            return None
        self.ledger.note("amends_by_incident", "Another notice of this incident told of this child; this is a later version.")
        return known.model_copy(update={"references": list(dict.fromkeys([*before, *known.references]))})

    def _remember(self, child: KnownChild, name: str) -> None:
        """Put a child under its reference, and under the other references that it stands under."""
        rows = {each: self.ledger.now("r", each) for each in dict.fromkeys([name, *child.references])}
        under = {each: row.children if isinstance(row, ReferenceRow) else [] for each, row in rows.items()}
        names = [each for each in under if each == name or any(one.contact_id == child.contact_id for one in under[each])]
        kept = child.model_copy(update={"references": names if len(names) > 1 else []})
        for each in names:
            others = [other for other in under[each] if other.contact_id != child.contact_id]
            self.ledger.put("r", each, ReferenceRow(kind="reference", children=[*others, kept]))

    def _with_belief(self, child: KnownChild, report: Report) -> KnownChild:
        """The child as it is known once the police have said that it is a victim of domestic abuse; they say so once."""
        event = self.ledger.event
        if child.domestic_abuse or not believed(event.agency, report):
            return child
        if not at_school_age(report.person, civil_date(event.received_at)):
            return child
        self._believed.add(child.contact_id)
        return child.model_copy(update={"domestic_abuse": True})

    def _new_child(
        self, reference: str, children: list[KnownChild], keys: list[str], digest: str, identity: str, risk: str
    ) -> KnownChild:
        ordinal = 1 + sum(1 for other in children if set(keys) & set(other.keys) or not (keys or other.keys))
        about = keys[0] if keys else "unknown"
        return KnownChild(
            contact_id=contact_id(self.ledger.event.sender, reference, about, ordinal),
            keys=keys,
            version=1,
            receipt_id=self.ledger.event.receipt_id,
            digest=digest,
            child_digest=identity,
            risk=risk,
        )

    def _next_version(self, known: KnownChild, report: Report, keys: list[str], digest: str, identity: str) -> KnownChild:
        return known.model_copy(
            update={
                "version": known.version + 1,
                "receipt_id": self.ledger.event.receipt_id,
                "digest": digest,
                "keys": list(dict.fromkeys([*known.keys, *keys])),
                "child_digest": identity or known.child_digest,
                "risk": report.risk or known.risk,
            }
        )

    def _note_reused_references(self, reports: list[Report], ids: list[str]) -> None:
        """A reference that came before, about none of these children, is worth a look."""
        for reference in dict.fromkeys(report.reference for report in reports if report.reference):
            before = self.ledger.before("r", self.ledger.rules.hashed(reference))
            if isinstance(before, ReferenceRow) and not {child.contact_id for child in before.children} & set(ids):
                self.ledger.note("reference_reused", "This reference came before about other children only.")

    # -- who is told

    def _tell(self, contact: Contact, change: Change) -> None:
        if change == "unchanged":
            return
        self.ledger.emit("contacts", contact.contact_id, contact)
        ask_who_it_is(self.ledger, contact)
        if contact.contact_id in self._believed:
            event = dated(self.ledger.case_event("domestic_abuse_believed", contact.contact_id), contact.report.written_at)
            self.ledger.emit("case-events", contact.contact_id, event)
        if change != "new":
            return
        opened = Opened(
            agency=contact.agency,
            sender=contact.sender,
            kind=contact.report.kind,
            risk=contact.report.risk,
            team=contact.team,
            authority_code=contact.authority.code,
            authority_how=contact.authority.how,
            organisation=contact.report.organisation.code or self.ledger.event.organisation,
            siblings=contact.siblings,
            repairs=self.repairs,
            repaired_at=self.ledger.event.picked_up_at if self.repairs else None,
            answer_to=self.ledger.own_numbers(contact.contact_id, contact.report.reference),
        )
        self._about.update(about(contact, self.ledger.rules.hashed))
        self._areas.update(areas(contact, self.ledger.rules.hashed))
        self._open(contact.contact_id, opened)

    def _open(self, contact: str, opened: Opened) -> None:
        self._opened.append(contact)
        if opened.risk and (not self._urgency or RISK_LEVELS.index(opened.risk) < RISK_LEVELS.index(self._urgency)):
            self._urgency = opened.risk
        event = self.ledger.case_event("opened", contact).model_copy(update={"opened": opened})
        self.ledger.emit("case-events", contact, event)

    def _known_siblings(self, reports: list[Report], base: str) -> list[str]:
        """The contacts that these references had before this message."""
        known: dict[str, None] = {}
        for reference in dict.fromkeys(report.reference or base for report in reports):
            before = self.ledger.before("r", self.ledger.rules.hashed(reference))
            if isinstance(before, ReferenceRow):
                known |= dict.fromkeys(child.contact_id for child in before.children)
        return list(known)

    def _ask_for_a_worker(self, siblings: list[str]) -> None:
        """One request for all that this message opened: siblings go to one worker."""
        if not self._opened:
            return
        event, team = self.ledger.event, self.ledger.rules.team
        request = AllocationEvent(
            event_id=output_id(event.receipt_id, "allocate"),
            type="requested",
            team=team,
            at=event.received_at,
            contact_ids=list(self._opened),
            risk=self._urgency,
            siblings=siblings,
            about=sorted(self._about),
            areas=sorted(self._areas),
        )
        self.ledger.emit("allocation-in", team, request)

    def _tell_cases(self, known: KnownChild, report: Report, identity: str, version: int, changed: str) -> None:
        """What `cases` must know of a later version; `changed` names the parts that differ."""
        if report.action == "cancel":
            asked = self.ledger.case_event("cancel_requested", known.contact_id)
            self.ledger.emit("case-events", known.contact_id, asked)
            return
        correction = Correction(
            version=version,
            risk=report.risk,
            risk_changed=bool(report.risk) and report.risk != known.risk,
            child_changed=bool(identity) and bool(known.child_digest) and identity != known.child_digest,
        )
        corrected = self.ledger.case_event("corrected", known.contact_id).model_copy(
            update={"correction": correction, "details": {"changed": changed} if changed else {}}
        )
        self.ledger.emit("case-events", known.contact_id, corrected)

    def _contact(self, report: Report, child: KnownChild) -> Contact:
        event, rules = self.ledger.event, self.ledger.rules
        return Contact(
            contact_id=child.contact_id,
            receipt_id=event.receipt_id,
            version=child.version,
            sender=event.sender,
            agency=event.agency,
            received_at=event.received_at,
            authority=rules.authorities.responsible(report.authority_code, report.person.address.postcode),
            team=rules.team,
            report=report,
            domestic_abuse_before=child.domestic_abuse and child.contact_id not in self._believed,
        )


def _match(children: list[KnownChild], keys: list[str], report: Report, taken: list[str]) -> KnownChild | None:
    """The known child that a report speaks of. A bare cancel of a reference with one child speaks of that one."""
    free = [child for child in children if child.contact_id not in taken]
    for child in free:
        if set(keys) & set(child.keys):
            return child
    if not keys:
        nameless = [child for child in free if not child.keys]
        if nameless:
            return nameless[0]
        if report.action == "cancel" and len(free) == 1:
            return free[0]
    return None
