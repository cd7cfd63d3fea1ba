"""One message on its way through intake: its dispositions, contacts, events and rows. Pure; see `intake`."""

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from schemas.allocation import AllocationEvent
from schemas.authorities import Authorities
from schemas.case_event import CaseEvent, Correction, Opened
from schemas.codes import RISK_LEVELS, is_named_worker
from schemas.contact import Contact
from schemas.disposition import Disposition, DispositionKind
from schemas.identity import contact_id, derived_id, keyed_hash, output_id, unreadable_contact_id
from schemas.narrative import Narrative
from schemas.reading import CaseReport, Note, Reading, Report
from schemas.received import Received
from schemas.record import Record
from streams.child_keys import child_digest, child_keys
from streams.intake_rows import ContentRow, KnownChild, MessageRow, ReferenceRow, TransportIdRow
from streams.processor import Decision, Output, Rows

#: The same content again within this time is the same message; later it is a new worry.
SAME_CONTENT_WINDOW = timedelta(minutes=10)
#: A claimed time this far ahead of ours is a wrong clock, not a prophecy.
_CLOCK_SKEW = timedelta(minutes=5)

#: What a report means for the contact it speaks of.
Change = Literal["new", "changed", "unchanged"]


@dataclass(frozen=True)
class IntakeRules:
    """What intake is told about its surroundings."""

    hash_key: bytes
    authorities: Authorities
    team: str


@dataclass
class MessageIntake:
    """Collects what one message leads to."""

    rules: IntakeRules
    rows: Rows
    event: Received
    outputs: list[Output] = field(default_factory=list)
    changed: dict[str, Record] = field(default_factory=dict)
    opened: list[str] = field(default_factory=list)
    urgency: str = ""
    notes: list[Note] = field(default_factory=list)
    #: Set while a repaired message is taken: the contact that stood for the unreadable one.
    repaired_contact: str = ""

    # -- what a message can be ------------------------------------------------------------------------------------

    def take(self, reading: Reading) -> Decision:
        """A message seen for the first time."""
        self.notes += reading.notes
        match reading.outcome:
            case "not_a_contact":
                self._settle(reading, "not_a_contact", reading.reason_code, reading.reason)
            case "quarantined":
                self._quarantine(reading)
            case _:
                self._contents(reading)
        return self._decision()

    def delivered_again(self, known: MessageRow) -> Decision:
        """The same bytes under the same receipt: a retry after a lost answer. Nothing new, and the trace stays."""
        again = known.model_copy(update={"version": known.version + 1, "deliveries": known.deliveries + 1})
        self._write(again, Reading(outcome="not_a_contact"))
        return self._decision()

    def repair(self, reading: Reading) -> Decision:
        """A person's corrected bytes for a quarantined receipt of this sender."""
        repair = self.event.repair
        assert repair is not None
        original = self.rows.get(self._key("m", repair.of_receipt))
        own = self.event.receipt_id
        if own != repair.of_receipt and isinstance(self.rows.get(self._key("m", own)), MessageRow):
            return Decision()
        if not isinstance(original, MessageRow) or original.disposition != "quarantined" or own in original.repairs:
            self._settle(reading, "not_a_contact", "repair_without_quarantine", "This receipt is not in quarantine.")
            return self._decision()
        self.notes += reading.notes
        repaired_at = max(self.event.picked_up_at or self.event.received_at, original.received_at)
        # It arrived when the original did: a repair does not buy a day.
        self.event = self.event.model_copy(update={"received_at": original.received_at, "picked_up_at": repaired_at})
        self.repaired_contact = unreadable_contact_id(repair.of_receipt)
        became: list[str] = []
        kind: DispositionKind = "quarantined"
        if reading.outcome == "not_a_contact":
            kind = "not_a_contact"
        elif reading.outcome != "quarantined":
            became, kind = self._children(reading, repair.of_receipt), "contact"
        event_ids = [] if kind in ("quarantined", "not_a_contact") else self._case_events(reading, {})
        if kind == "contact" and not became:
            kind = "case_events"
        if kind != "quarantined":
            ended = self._case_event("became", self.repaired_contact).model_copy(
                update={"at": repaired_at, "became": became, "by": repair.by, "reason_code": kind}
            )
            self._emit("case-events", ended.contact_id, ended)
        settled = original.model_copy(
            update={
                "version": original.version + 1,
                "disposition": kind,
                "contact_ids": became or original.contact_ids,
                "event_ids": event_ids,
                "reason_code": reading.reason_code,
                "reason": reading.reason,
                "repairs": [*original.repairs, own],
            }
        )
        self._write(settled, reading, repaired_by=repair.by)
        if own != repair.of_receipt:
            self._settle(reading, "duplicate", "repair", "", duplicate_of=repair.of_receipt, contact_ids=became)
        return self._decision()

    # -- contacts and events --------------------------------------------------------------------------------------

    def _contents(self, reading: Reading) -> None:
        reports = _reports_of(reading)
        digest = self._content_digest(reading)
        transport = self._transport_row(reading)
        if transport is not None and digest in transport.contents:
            self._duplicate(reading, transport.contents[digest], "same_message_id")
            return
        base = self.event.receipt_id
        if transport is not None and reports and not any(r.reference for r in reports):
            # The same id with other content: a correction, if it speaks of the same child.
            base = transport.first
        if reports and self._all_unchanged(reports, base):
            self._duplicate(reading, self._current_receipt(reports[0], base), "nothing_changed")
            self._remember_transport_id(reading, digest)
            return
        repeat_of = ""
        if reports and not any(r.reference for r in reports):
            same = self.rows.get(self._key("c", digest))
            if isinstance(same, ContentRow):
                if abs(self.event.received_at - same.received_at) <= SAME_CONTENT_WINDOW:
                    self._duplicate(reading, same.receipt_id, "same_content")
                    self._remember_transport_id(reading, digest)
                    return
                repeat_of = same.receipt_id
                self.notes.append(Note(code="possible_repeat", text="The same content came before; it counts again."))
            self.changed[self._key("c", digest)] = ContentRow(
                kind="content", receipt_id=self.event.receipt_id, received_at=self.event.received_at
            )
        contacts = self._children(reading, base, repeat_of)
        by_report = {id(report): contact for report, contact in zip(reports, contacts, strict=False)}
        event_ids = self._case_events(reading, by_report)
        self._remember_transport_id(reading, digest)
        self._settle(reading, "contact" if contacts else "case_events", "", "", contact_ids=contacts, event_ids=event_ids)

    def _children(self, reading: Reading, base: str, repeat_of: str = "") -> list[str]:
        """The contact of each child in the message, in its order."""
        reports = _reports_of(reading)
        repeated = self.rows.get(self._key("m", repeat_of)) if repeat_of else None
        earlier = repeated.contact_ids if isinstance(repeated, MessageRow) else []
        ids: list[str] = []
        pending: list[tuple[Contact, Change]] = []
        for position, report in enumerate(reports):
            reference = report.reference or base
            contact, change = self._child(report, reference, ids)
            if change == "new" and position < len(earlier):
                contact = contact.model_copy(update={"possible_repeat_of": earlier[position]})
            ids.append(contact.contact_id)
            pending.append((contact, change))
        self._note_reused_references(reports, ids)
        for contact, change in pending:
            siblings = [other for other in dict.fromkeys(ids) if other != contact.contact_id]
            self._contact(contact.model_copy(update={"siblings": siblings}), change)
        if self.opened:
            self._emit(
                "allocation-in",
                self.rules.team,
                AllocationEvent(
                    event_id=output_id(self.event.receipt_id, "allocate"),
                    type="requested",
                    team=self.rules.team,
                    at=self.event.received_at,
                    contact_ids=list(self.opened),
                    risk=self.urgency,
                ),
            )
        return ids

    def _note_reused_references(self, reports: list[Report], ids: list[str]) -> None:
        """Senders' counters restart: a reference that came before, about none of these children, is worth a look."""
        for reference in dict.fromkeys(report.reference for report in reports if report.reference):
            before = self.rows.get(self._key("r", keyed_hash(self.rules.hash_key, reference)))
            if isinstance(before, ReferenceRow) and not {child.contact_id for child in before.children} & set(ids):
                self.notes.append(Note(code="reference_reused", text="This reference came before about other children only."))

    def _child(self, report: Report, reference: str, taken: list[str]) -> tuple[Contact, Change]:
        """A contact for one child: a new one, or the next version of one under the same reference."""
        key = self._key("r", keyed_hash(self.rules.hash_key, reference))
        row = self._row(key)
        children = list(row.children) if isinstance(row, ReferenceRow) else []
        keys = child_keys(self.rules.hash_key, report.person)
        digest = _report_digest(report)
        named = child_digest(self.rules.hash_key, report.person)
        known = _match(children, keys, report, taken)
        if known is None:
            child = self._new_child(reference, children, keys, digest, named, report.risk)
            change: Change = "new"
        elif known.digest == digest:
            return self._as_contact(report, known), "unchanged"
        else:
            child, change = self._next_version(known, report, keys, digest, named), "changed"
            self._tell_change(known, report, named, child.version)
        others = [other for other in children if other.contact_id != child.contact_id]
        self.changed[key] = ReferenceRow(kind="reference", children=[*others, child])
        return self._as_contact(report, child), change

    def _new_child(
        self, reference: str, children: list[KnownChild], keys: list[str], digest: str, named: str, risk: str
    ) -> KnownChild:
        ordinal = 1 + sum(1 for other in children if set(keys) & set(other.keys) or not (keys or other.keys))
        about = keys[0] if keys else "unknown"
        return KnownChild(
            contact_id=contact_id(self.event.sender, reference, about, ordinal),
            keys=keys,
            version=1,
            receipt_id=self.event.receipt_id,
            digest=digest,
            child_digest=named,
            risk=risk,
        )

    def _next_version(self, known: KnownChild, report: Report, keys: list[str], digest: str, named: str) -> KnownChild:
        return known.model_copy(
            update={
                "version": known.version + 1,
                "receipt_id": self.event.receipt_id,
                "digest": digest,
                "keys": list(dict.fromkeys([*known.keys, *keys])),
                "child_digest": named or known.child_digest,
                "risk": report.risk or known.risk,
            }
        )

    def _tell_change(self, known: KnownChild, report: Report, named: str, version: int) -> None:
        """What `cases` must know of a later version."""
        if report.action == "cancel":
            asked = self._case_event("cancel_requested", known.contact_id)
            self._emit("case-events", known.contact_id, asked)
            return
        correction = Correction(
            version=version,
            risk=report.risk,
            risk_changed=bool(report.risk) and report.risk != known.risk,
            child_changed=bool(named) and bool(known.child_digest) and named != known.child_digest,
        )
        corrected = self._case_event("corrected", known.contact_id).model_copy(update={"correction": correction})
        self._emit("case-events", known.contact_id, corrected)

    def _as_contact(self, report: Report, child: KnownChild) -> Contact:
        return Contact(
            contact_id=child.contact_id,
            receipt_id=self.event.receipt_id,
            version=child.version,
            sender=self.event.sender,
            agency=self.event.agency,
            received_at=self.event.received_at,
            authority=self.rules.authorities.responsible(report.authority_code, report.person.address.postcode),
            team=self.rules.team,
            report=report,
        )

    def _contact(self, contact: Contact, change: Change) -> None:
        if change == "unchanged":
            return
        self._emit("contacts", contact.contact_id, contact)
        if change != "new":
            return
        self._open(
            contact.contact_id,
            Opened(
                agency=contact.agency,
                sender=contact.sender,
                kind=contact.report.kind,
                risk=contact.report.risk,
                team=contact.team,
                authority_code=contact.authority.code,
                authority_how=contact.authority.how,
                organisation=contact.report.organisation.code or self.event.organisation,
                siblings=contact.siblings,
                repairs=self.repaired_contact,
                repaired_at=self.event.picked_up_at if self.repaired_contact else None,
            ),
        )

    def _open(self, contact: str, opened: Opened) -> None:
        self.opened.append(contact)
        if opened.risk and (not self.urgency or RISK_LEVELS.index(opened.risk) < RISK_LEVELS.index(self.urgency)):
            self.urgency = opened.risk
        event = self._case_event("opened", contact).model_copy(update={"opened": opened})
        self._emit("case-events", contact, event)

    def _case_events(self, reading: Reading, contact_of: dict[int, str]) -> list[str]:
        """The events a partner or a person recorded; an event without a contact id is noted and not lost in silence."""
        ids = []
        for position, report in enumerate(reading.case_reports):
            about = report.contact
            if report.type == "contact_recorded":
                about = contact_of.get(id(report.report), "")
            if not about:
                self.notes.append(Note(code="event_without_contact", text="An event names no contact; add contact_id."))
                continue
            event = self._reported(report, about, position)
            ids.append(event.event_id)
            self._emit("case-events", about, event)
            if report.reason:
                self._narrate(about, event.event_id, "reason", report.reason)
        return ids

    def _reported(self, report: CaseReport, about: str, position: int) -> CaseEvent:
        at = self.event.received_at
        problem = _problem(report)
        happened_at = report.happened_at
        if happened_at is not None and happened_at > at + _CLOCK_SKEW:
            self.notes.append(Note(code="event_from_the_future", text="The stated time lies ahead; ours was taken."))
            happened_at = None
        return self._case_event(report.type, about, str(position)).model_copy(
            update={
                "happened_at": happened_at,
                "happened_on": report.happened_on,
                "by": report.by,
                "level": report.level,
                "reason_code": report.reason_code,
                "reason_hash": keyed_hash(self.rules.hash_key, report.reason),
                "problem": problem,
                "details": report.details,
            }
        )

    # -- quarantine and duplicates --------------------------------------------------------------------------------

    def _quarantine(self, reading: Reading) -> None:
        digest = hashlib.sha256(self.event.body + str(self.event.size).encode()).hexdigest()
        same = self.rows.get(self._key("c", digest))
        if isinstance(same, ContentRow) and abs(self.event.received_at - same.received_at) <= SAME_CONTENT_WINDOW:
            self._duplicate(reading, same.receipt_id, "same_content")
            return
        self.changed[self._key("c", digest)] = ContentRow(
            kind="content", receipt_id=self.event.receipt_id, received_at=self.event.received_at
        )
        self.outputs.append(
            Output(
                "quarantine",
                self.event.sender,
                self.event,
                (
                    ("__connect.errors.exception.class.name", reading.reason_code),
                    ("__connect.errors.exception.message", reading.reason),
                ),
            )
        )
        contact = unreadable_contact_id(self.event.receipt_id)
        authority = self.rules.authorities.responsible("", "")
        self._open(
            contact,
            Opened(
                agency=self.event.agency,
                sender=self.event.sender,
                kind="unreadable",
                team=self.rules.team,
                authority_code=authority.code,
                authority_how=authority.how,
                organisation=self.event.organisation,
            ),
        )
        self._emit(
            "allocation-in",
            self.rules.team,
            AllocationEvent(
                event_id=output_id(self.event.receipt_id, "allocate"),
                type="requested",
                team=self.rules.team,
                at=self.event.received_at,
                contact_ids=[contact],
            ),
        )
        self._settle(reading, "quarantined", reading.reason_code, reading.reason, contact_ids=[contact])

    def _duplicate(self, reading: Reading, of_receipt: str, reason_code: str) -> None:
        first = self.rows.get(self._key("m", of_receipt))
        contacts = first.contact_ids if isinstance(first, MessageRow) else []
        self._settle(reading, "duplicate", reason_code, "", duplicate_of=of_receipt, contact_ids=contacts)

    def _all_unchanged(self, reports: list[Report], base: str) -> bool:
        """Whether every child of the message is known under its reference, in just this version."""
        seen = False
        for report in reports:
            row = self.rows.get(self._key("r", keyed_hash(self.rules.hash_key, report.reference or base)))
            if not isinstance(row, ReferenceRow):
                return False
            digest = _report_digest(report)
            if not any(c.digest == digest for c in row.children):
                return False
            seen = True
        return seen

    def _current_receipt(self, report: Report, base: str) -> str:
        row = self.rows.get(self._key("r", keyed_hash(self.rules.hash_key, report.reference or base)))
        assert isinstance(row, ReferenceRow)
        digest = _report_digest(report)
        return next(c.receipt_id for c in row.children if c.digest == digest)

    # -- bookkeeping ----------------------------------------------------------------------------------------------

    def _transport_row(self, reading: Reading) -> TransportIdRow | None:
        if not reading.transport_id:
            return None
        row = self.rows.get(self._key("t", keyed_hash(self.rules.hash_key, reading.transport_id)))
        return row if isinstance(row, TransportIdRow) else None

    def _remember_transport_id(self, reading: Reading, digest: str) -> None:
        if not reading.transport_id:
            return
        key = self._key("t", keyed_hash(self.rules.hash_key, reading.transport_id))
        row = self.rows.get(key)
        if isinstance(row, TransportIdRow):
            contents = {**row.contents, digest: row.contents.get(digest, self.event.receipt_id)}
            self.changed[key] = row.model_copy(update={"contents": contents})
        else:
            receipt = self.event.receipt_id
            self.changed[key] = TransportIdRow(kind="transport-id", first=receipt, contents={digest: receipt})

    def _content_digest(self, reading: Reading) -> str:
        parts = [_report_digest(report) for report in reading.reports]
        parts += [case.model_dump_json(exclude_defaults=True) for case in reading.case_reports]
        return keyed_hash(self.rules.hash_key, "\n".join(parts))

    def _settle(
        self,
        reading: Reading,
        kind: DispositionKind,
        reason_code: str,
        reason: str,
        *,
        contact_ids: list[str] | None = None,
        event_ids: list[str] | None = None,
        duplicate_of: str = "",
    ) -> None:
        row = MessageRow(
            kind="message",
            receipt_id=self.event.receipt_id,
            version=1,
            disposition=kind,
            received_at=self.event.received_at,
            contact_ids=list(dict.fromkeys(contact_ids or [])),
            event_ids=event_ids or [],
            duplicate_of=duplicate_of,
            reason_code=reason_code,
            reason=reason,
        )
        self._write(row, reading)
        if self.event.file_name:
            about = row.contact_ids[0] if row.contact_ids else row.receipt_id
            self._narrate(about, output_id(row.receipt_id, "file"), "file_name", self.event.file_name)

    def _write(self, row: MessageRow, reading: Reading, repaired_by: str = "") -> None:
        key = self._key("m", row.receipt_id)
        self.changed.pop(key, None)
        self.changed[key] = row
        self._emit(
            "receipts",
            row.receipt_id,
            Disposition(
                receipt_id=row.receipt_id,
                version=row.version,
                disposition=row.disposition,
                sender=self.event.sender,
                agency=self.event.agency,
                transport=self.event.transport,
                received_at=row.received_at,
                size=self.event.size,
                reason_code=row.reason_code,
                reason=row.reason,
                contact_ids=row.contact_ids,
                event_ids=row.event_ids,
                duplicate_of=row.duplicate_of,
                transport_id_hash=keyed_hash(self.rules.hash_key, reading.transport_id),
                file_name_hash=keyed_hash(self.rules.hash_key, self.event.file_name),
                deliveries=row.deliveries,
                repaired_by=repaired_by,
                notes=[*self.notes, *(note for report in reading.reports for note in report.notes)],
            ),
        )

    def _narrate(self, about: str, event_id: str, kind: str, text: str) -> None:
        narrative = Narrative(
            narrative_id=derived_id("narrative", event_id, kind),
            about=about,
            event_id=event_id,
            kind="file_name" if kind == "file_name" else "reason",
            text=text,
            at=self.event.received_at,
        )
        self._emit("narratives", about, narrative)

    def _case_event(self, kind: str, about: str, position: str = "") -> CaseEvent:
        return CaseEvent(
            event_id=output_id(self.event.receipt_id, kind + position, about),
            type=kind,
            contact_id=about,
            at=self.event.received_at,
            receipt_id=self.event.receipt_id,
            sender=self.event.sender,
        )

    def _emit(self, topic: str, key: str, record: Record) -> None:
        self.outputs.append(Output(topic, key, record))

    def _row(self, key: str) -> Record | None:
        return self.changed.get(key) or self.rows.get(key)

    def _key(self, kind: str, name: str) -> str:
        return f"{self.event.sender} {kind} {name}"

    def _decision(self) -> Decision:
        return Decision(self.outputs, self.changed)


def _reports_of(reading: Reading) -> list[Report]:
    """The children of a message: its reports, then those that a telephone call, letter or visit recorded."""
    recorded = [case.report for case in reading.case_reports if case.type == "contact_recorded" and case.report]
    return [*reading.reports, *recorded]


def _report_digest(report: Report) -> str:
    """Canonical content: all that was said, whenever and however it was written down."""
    said = report.model_dump_json(exclude={"written_at", "notes", "unmapped", "action"})
    return hashlib.sha256(f"{said}{report.action == 'cancel'}".encode()).hexdigest()


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


def _problem(report: CaseReport) -> str:
    """Why a reported event counts for nothing; it is kept and shown all the same."""
    if report.type == "risk_assessed":
        if not is_named_worker(report.by):
            return "no_named_person"
        if report.level not in RISK_LEVELS:
            return "no_level"
        return "" if report.reason.strip() else "no_reason"
    if report.type == "allocated" and not is_named_worker(report.by):
        return "no_named_person"
    return ""
