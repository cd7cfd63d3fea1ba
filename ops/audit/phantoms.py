"""Nothing without a cause: every result on the log goes back to a message that was received."""

from ops.audit.findings import Findings
from ops.audit.messages import RECEIVED
from ops.audit.spill import Spill


def check_phantoms(spill: Spill, found: Findings) -> None:
    for what, table, at, extra in (
        ("a disposition", "disposition", "received_at", ""),
        ("a contact", "contact", "received_at", ""),
        ("a case event", "event", "at", " AND receipt <> ''"),
    ):
        about = {"disposition": "receipt", "contact": "contact", "event": "event"}[table]
        for about_id, receipt, moment, t, p, o, ts in spill.ask(
            f"SELECT {about}, receipt, {at}, t, p, o, ts FROM {table} x WHERE NOT {RECEIVED}{extra} ORDER BY seq"
        ):
            if not found.message_expired(moment, ts):
                text = f"{what} of a message that was never received"
                found.unsettled("no_phantom", list(dict.fromkeys((about_id, receipt))), (t, p, o), ts, "cause", text)
    for event, contact, kind, t, p, o in spill.ask(
        "SELECT event, contact, type, t, p, o FROM event WHERE receipt = '' AND type IN ('opened', 'risk_assessed',"
        " 'corrected', 'became', 'closed', 'transferred') ORDER BY seq"
    ):
        found.broken("no_phantom", [event, contact], (t, p, o), f"the event {kind} names no message that caused it")
    for contact, receipt, t, p, o, ts in spill.ask(
        "SELECT contact, receipt, t, p, o, ts FROM event e WHERE type = 'opened' AND kind <> 'unreadable' AND NOT"
        " EXISTS (SELECT 1 FROM disposition_contact d WHERE d.contact = e.contact AND d.receipt = e.receipt)"
        " UNION ALL SELECT contact, receipt, t, p, o, ts FROM contact c WHERE NOT EXISTS"
        " (SELECT 1 FROM disposition_contact d WHERE d.contact = c.contact AND d.receipt = c.receipt)"
    ):
        text = "a contact that no disposition of its message names"
        found.unsettled("no_phantom", [contact, receipt], (t, p, o), ts, "cause", text)
    for contact, event, t, p, o, ts in spill.ask(
        "SELECT contact, event, t, p, o, ts FROM event e WHERE type = 'allocated' AND receipt = '' AND NOT EXISTS"
        " (SELECT 1 FROM event f WHERE f.contact = e.contact AND f.type = 'opened')"
    ):
        found.unsettled("no_phantom", [contact, event], (t, p, o), ts, "cause", "allocated, but it never opened")
    for item, contact, t, p, o, ts in spill.ask(
        "SELECT item, contact, t, p, o, ts FROM item i WHERE kind <> 'statement' AND NOT EXISTS"
        " (SELECT 1 FROM event e WHERE e.contact = i.contact AND e.type = 'opened')"
    ):
        text = "an item for a recipient about a contact that never opened"
        found.unsettled("no_phantom", [item, contact], (t, p, o), ts, "cause", text)
