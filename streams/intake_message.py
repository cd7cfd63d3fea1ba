"""What a message is, and its disposition: one of contact, case events, duplicate, not a contact, quarantined.

Pure; see `intake`. Which children it is about stands in `intake_children`, what people recorded in `intake_events`.
"""

import hashlib
from datetime import timedelta

from schemas.disposition import Disposition, DispositionKind
from schemas.identity import output_id, unreadable_contact_id
from schemas.reading import Reading
from schemas.received import Received
from streams.intake_answers import WITHOUT_ANSWER, not_understood, received
from streams.intake_children import Children, receipt_saying_the_same, report_digest, reports_of
from streams.intake_events import record_events
from streams.intake_ledger import IntakeRules, Ledger
from streams.intake_linkage import tell_statements
from streams.intake_open_cases import tell_open_cases
from streams.intake_rows import ContentRow, MessageRow, TransportIdRow
from streams.processor import Decision, Output, Rows
from streams.transit import with_transit_delay

#: The same content again within this time is the same message; later it is a new worry.
SAME_CONTENT_WINDOW = timedelta(minutes=10)


class MessageIntake:
    """One message on its way through intake."""

    def __init__(self, rules: IntakeRules, rows: Rows, event: Received) -> None:
        self._ledger = Ledger(rules, rows, event)

    def take(self, reading: Reading) -> Decision:
        """A message seen for the first time."""
        reading = with_transit_delay(reading, self._ledger.event.received_at)
        self._ledger.notes += reading.notes
        self._ledger.message_id = reading.transport_id
        match reading.outcome:
            case "not_a_contact":
                self._settle(reading, "not_a_contact", reading.reason_code, reading.reason)
            case "quarantined":
                self._quarantine(reading)
            case _:
                self._contents(reading)
        tell_statements(self._ledger, reading.statements)
        tell_open_cases(self._ledger, reading.open_cases)
        return self._ledger.decision()

    def delivered_again(self, known: MessageRow) -> Decision:
        """The same bytes under the same receipt: a retry after a lost answer. Nothing new, and the trace stays."""
        again = known.model_copy(update={"version": known.version + 1, "deliveries": known.deliveries + 1})
        self._write(again, Reading(outcome="not_a_contact"))
        return self._ledger.decision()

    def repair(self, reading: Reading) -> Decision:
        """A person's corrected bytes for a quarantined receipt of this sender."""
        event = self._ledger.event
        repair = event.repair
        assert repair is not None
        original = self._ledger.before("m", repair.of_receipt)
        own = event.receipt_id
        if own != repair.of_receipt and isinstance(self._ledger.before("m", own), MessageRow):
            return Decision()
        if not isinstance(original, MessageRow) or original.disposition != "quarantined" or own in original.repairs:
            self._settle(reading, "not_a_contact", "repair_without_quarantine", "This receipt is not in quarantine.")
            return self._ledger.decision()
        reading = with_transit_delay(reading, original.received_at)
        self._ledger.notes += reading.notes
        self._ledger.message_id = reading.transport_id
        repaired_at = max(event.picked_up_at or event.received_at, original.received_at)
        # It arrived when the original did: a repair does not buy a day.
        self._ledger.event = event.model_copy(update={"received_at": original.received_at, "picked_up_at": repaired_at})
        stood_for_it = unreadable_contact_id(repair.of_receipt)
        became: list[str] = []
        event_ids: list[str] = []
        kind: DispositionKind = "quarantined"
        if reading.outcome == "not_a_contact":
            kind = "not_a_contact"
        elif reading.outcome != "quarantined":
            became = Children(self._ledger, repairs=stood_for_it).take(reports_of(reading), repair.of_receipt, [])
            event_ids = record_events(self._ledger, reading, {})
            kind = "contact" if became else "case_events"
        if kind != "quarantined":
            tell_statements(self._ledger, reading.statements)
            tell_open_cases(self._ledger, reading.open_cases)
            ended = self._ledger.case_event("became", stood_for_it).model_copy(
                update={"at": repaired_at, "became": became, "by": repair.by, "reason_code": kind}
            )
            self._ledger.emit("case-events", ended.contact_id, ended)
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
        return self._ledger.decision()

    # -- contacts and events

    def _contents(self, reading: Reading) -> None:
        reports = reports_of(reading)
        digest = self._content_digest(reading)
        transport = self._transport_row(reading)
        if transport is not None and digest in transport.contents:
            self._duplicate(reading, transport.contents[digest], "same_message_id")
            return
        without_reference = bool(reports) and not any(report.reference for report in reports)
        base = self._ledger.event.receipt_id
        if transport is not None and without_reference:
            # The same id with other content: a correction, if it speaks of the same child.
            base = transport.first
        same = receipt_saying_the_same(self._ledger, reports, base)
        if same:
            self._duplicate(reading, same, "nothing_changed")
            self._remember_transport_id(reading, digest)
            return
        repeated: list[str] = []
        if without_reference:
            before = self._ledger.before("c", digest)
            if isinstance(before, ContentRow):
                if self._within_the_window(before):
                    self._duplicate(reading, before.receipt_id, "same_content")
                    self._remember_transport_id(reading, digest)
                    return
                repeated = self._contacts_of(before.receipt_id)
                self._ledger.note("possible_repeat", "The same content came before; it counts again.")
            self._remember_content(digest)
        contacts = Children(self._ledger).take(reports, base, repeated)
        by_report = {id(report): contact for report, contact in zip(reports, contacts, strict=False)}
        event_ids = record_events(self._ledger, reading, by_report)
        self._remember_transport_id(reading, digest)
        if contacts and self._ledger.event.transport in WITHOUT_ANSWER:
            self._ledger.emit(*received(self._ledger.event, contacts[0], reading))
        self._settle(reading, "contact" if contacts else "case_events", "", "", contact_ids=contacts, event_ids=event_ids)

    # -- quarantine and duplicates

    def _quarantine(self, reading: Reading) -> None:
        event = self._ledger.event
        digest = hashlib.sha256(event.body + str(event.size).encode() + event.stored_sha256.encode()).hexdigest()
        same = self._ledger.before("c", digest)
        if isinstance(same, ContentRow) and self._within_the_window(same):
            self._duplicate(reading, same.receipt_id, "same_content")
            return
        self._remember_content(digest)
        headers = (
            ("__connect.errors.exception.class.name", reading.reason_code),
            ("__connect.errors.exception.message", reading.reason),
        )
        self._ledger.outputs.append(Output("quarantine", event.sender, event, headers))
        contact = unreadable_contact_id(event.receipt_id)
        Children(self._ledger).open_unreadable(contact)
        self._ledger.emit(*not_understood(event, contact, reading))
        self._settle(reading, "quarantined", reading.reason_code, reading.reason, contact_ids=[contact])

    def _duplicate(self, reading: Reading, of_receipt: str, reason_code: str) -> None:
        contacts = self._contacts_of(of_receipt)
        self._settle(reading, "duplicate", reason_code, "", duplicate_of=of_receipt, contact_ids=contacts)

    # -- what the sender sent before

    def _within_the_window(self, before: ContentRow) -> bool:
        return abs(self._ledger.event.received_at - before.received_at) <= SAME_CONTENT_WINDOW

    def _contacts_of(self, receipt: str) -> list[str]:
        row = self._ledger.before("m", receipt)
        return row.contact_ids if isinstance(row, MessageRow) else []

    def _remember_content(self, digest: str) -> None:
        event = self._ledger.event
        self._ledger.put("c", digest, ContentRow(kind="content", receipt_id=event.receipt_id, received_at=event.received_at))

    def _transport_row(self, reading: Reading) -> TransportIdRow | None:
        row = self._ledger.before("t", self._ledger.rules.hashed(reading.transport_id)) if reading.transport_id else None
        return row if isinstance(row, TransportIdRow) else None

    def _remember_transport_id(self, reading: Reading, digest: str) -> None:
        if not reading.transport_id:
            return
        receipt = self._ledger.event.receipt_id
        row = self._transport_row(reading) or TransportIdRow(kind="transport-id", first=receipt, contents={})
        contents = {**row.contents, digest: row.contents.get(digest, receipt)}
        name = self._ledger.rules.hashed(reading.transport_id)
        self._ledger.put("t", name, row.model_copy(update={"contents": contents}))

    def _content_digest(self, reading: Reading) -> str:
        parts = [report_digest(report) for report in reading.reports]
        parts += [case.model_dump_json(exclude_defaults=True) for case in reading.case_reports]
        return self._ledger.rules.hashed("\n".join(parts))

    # -- the disposition

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
        event = self._ledger.event
        row = MessageRow(
            kind="message",
            receipt_id=event.receipt_id,
            version=1,
            disposition=kind,
            received_at=event.received_at,
            contact_ids=list(dict.fromkeys(contact_ids or [])),
            event_ids=event_ids or [],
            duplicate_of=duplicate_of,
            reason_code=reason_code,
            reason=reason,
        )
        self._write(row, reading)
        if event.file_name:
            about = row.contact_ids[0] if row.contact_ids else row.receipt_id
            self._ledger.narrate(about, output_id(row.receipt_id, "file"), "file_name", event.file_name)

    def _write(self, row: MessageRow, reading: Reading, repaired_by: str = "") -> None:
        event, hashed = self._ledger.event, self._ledger.rules.hashed
        self._ledger.put("m", row.receipt_id, row)
        disposition = Disposition(
            receipt_id=row.receipt_id,
            version=row.version,
            disposition=row.disposition,
            sender=event.sender,
            agency=event.agency,
            transport=event.transport,
            received_at=row.received_at,
            size=event.size,
            reason_code=row.reason_code,
            reason=row.reason,
            contact_ids=row.contact_ids,
            event_ids=row.event_ids,
            duplicate_of=row.duplicate_of,
            transport_id_hash=hashed(reading.transport_id),
            file_name_hash=hashed(event.file_name),
            deliveries=row.deliveries,
            repaired_by=repaired_by,
            notes=[*self._ledger.notes, *(note for report in reports_of(reading) for note in report.notes)],
        )
        self._ledger.emit("receipts", row.receipt_id, disposition)
