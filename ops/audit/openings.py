"""Everything that arrived is on the clock: contacts, corrections and unreadable messages reached `case-events`."""

from ops.audit.findings import Findings
from ops.audit.spill import Spill
from schemas.identity import unreadable_contact_id


def check_openings(spill: Spill, found: Findings) -> None:
    for contact, receipt, t, p, o, ts in spill.ask(
        "SELECT contact, receipt, t, p, o, max(ts) FROM disposition_contact d WHERE NOT EXISTS"
        " (SELECT 1 FROM event e WHERE e.contact = d.contact AND e.type = 'opened') GROUP BY contact"
    ):
        text = "a contact whose same-day clock never opened"
        found.unsettled("one_clock", [contact, receipt], (t, p, o), ts, "opening", text)
    for contact, receipt, at, t, p, o, ts in spill.ask(
        "SELECT contact, receipt, received_at, t, p, o, ts FROM disposition_contact d JOIN disposition USING (receipt,"
        " version, t, p, o, ts) WHERE NOT EXISTS (SELECT 1 FROM contact c WHERE c.contact = d.contact)"
        # What stands for an unreadable message has nothing to read.
        " AND kind <> 'quarantined' AND NOT EXISTS (SELECT 1 FROM event e WHERE e.contact = d.contact"
        " AND e.type = 'opened' AND e.kind = 'unreadable') GROUP BY contact"
    ):
        if not found.expired_on("contacts", at, ts):
            text = "its disposition names a contact that is not on contacts: nobody can read what was reported"
            found.unsettled("one_disposition", [contact, receipt], (t, p, o), ts, "contact", text)
    for contact, version, receipt, t, p, o, ts in spill.ask(
        "SELECT contact, version, receipt, t, p, o, max(ts) FROM contact c WHERE version > 1 AND NOT EXISTS (SELECT 1"
        " FROM event e WHERE e.contact = c.contact AND ((e.type = 'corrected' AND e.number = c.version) OR"
        " (e.type = 'cancel_requested' AND e.receipt = c.receipt))) GROUP BY contact, version"
    ):
        text = f"version {version} of a contact never reached case-events, so no clock could open again"
        found.unsettled("one_clock", [contact, receipt], (t, p, o), ts, "opening", text)
    for receipt, t, p, o, ts in spill.ask(
        "SELECT receipt, t, p, o, max(ts) FROM disposition WHERE kind = 'quarantined' GROUP BY receipt"
    ):
        contact = unreadable_contact_id(receipt)
        opened = "SELECT count(*) FROM event WHERE contact = ? AND type = 'opened' AND kind = 'unreadable' AND receipt = ?"
        if not spill.number(opened, contact, receipt):
            text = "quarantined, but no same-day clock opened for it"
            found.unsettled("one_clock", [receipt, contact], (t, p, o), ts, "opening", text)
    for contact, receipt, t, p, o, ts in spill.ask(
        "SELECT contact, receipt, t, p, o, ts FROM event e WHERE type = 'opened' AND kind = 'unreadable' AND NOT EXISTS"
        " (SELECT 1 FROM disposition d WHERE d.receipt = e.receipt AND d.kind = 'quarantined')"
    ):
        text = "opened as unreadable, but its message was not quarantined"
        found.unsettled("no_phantom", [contact, receipt], (t, p, o), ts, "cause", text)
