"""What became of every message: its disposition, its place in quarantine, the journal of positive answers."""

from ops.audit.findings import Findings
from ops.audit.notes import TOPICS
from ops.audit.spill import Spill

#: Whether the receipt of a row `x` is a message, or a person's repair of one.
RECEIVED = (
    "(EXISTS (SELECT 1 FROM message m WHERE m.receipt = x.receipt)"
    " OR EXISTS (SELECT 1 FROM received r WHERE r.repair_of <> '' AND r.receipt = x.receipt))"
)


def check_messages(spill: Spill, found: Findings) -> None:
    """`decodes`, `journal_in_log`, `one_disposition`, `quarantine_conserves`."""
    _decodes(spill, found)
    _journal_in_log(spill, found)
    _one_disposition(spill, found)
    _duplicates(spill, found)
    _quarantine_conserves(spill, found)


def _decodes(spill: Spill, found: Findings) -> None:
    rows = spill.ask(
        "SELECT u.t, u.p, u.o, u.ts, u.why, EXISTS (SELECT 1 FROM dead_letter d WHERE d.topic = u.t"
        " AND d.partition = u.p AND d.offset = u.o AND d.digest = u.digest) FROM undecodable u ORDER BY u.seq"
    )
    for t, p, o, ts, why, kept in rows:
        if not kept:
            name = f"{TOPICS[t]}/{p}/{o}"
            text = f"the record cannot be read ({why}), and quarantine holds no copy of it with the same bytes"
            found.unsettled("decodes", [name], (t, p, o), ts, "quarantine", text)


def _journal_in_log(spill: Spill, found: Findings) -> None:
    for receipt, agency, line in spill.ask(
        "SELECT receipt, agency, line FROM journal x WHERE receipt = '' OR NOT " + RECEIVED + " ORDER BY seq"
    ):
        if not receipt:
            text = f"line {line} of the {agency} journal cannot be read, so what it promised cannot be looked up"
            found.broken("journal_in_log", [f"{agency}.jsonl:{line}"], None, text)
        else:
            text = f"line {line} of the {agency} journal says that this message is safe, but the log does not hold it"
            found.broken("journal_in_log", [receipt], None, text)


def _one_disposition(spill: Spill, found: Findings) -> None:
    for receipt, t, p, o, ts in spill.ask(
        "SELECT receipt, t, p, o, ts FROM message m WHERE NOT EXISTS"
        " (SELECT 1 FROM disposition d WHERE d.receipt = m.receipt) ORDER BY seq"
    ):
        text = "received, and nothing says what became of it"
        found.unsettled("one_disposition", [receipt], (t, p, o), ts, "disposition", text)
    for receipt, t, p, o in spill.ask("SELECT receipt, t, p, o FROM message WHERE contents > 1"):
        text = "two different messages under one receipt: one hides the other"
        found.broken("one_disposition", [receipt], (t, p, o), text)
    for receipt, of, t, p, o, ts in spill.ask(
        "SELECT receipt, repair_of, t, p, o, ts FROM received r WHERE repair_of <> '' AND NOT EXISTS (SELECT 1 FROM"
        " disposition d WHERE d.receipt = r.receipt AND (d.receipt <> r.repair_of OR d.repaired_by <> ''))"
    ):
        text = "a person repaired a message, and nothing says what became of the repair"
        found.unsettled("one_disposition", [of, receipt], (t, p, o), ts, "disposition", text)
    for receipt, low, high, n, t, p, o, ts in spill.ask(
        "SELECT receipt, min(version), max(version), count(DISTINCT version), t, p, o, max(ts) FROM disposition"
        " GROUP BY receipt HAVING min(version) <> 1 OR max(version) <> count(DISTINCT version)"
    ):
        text = f"its dispositions are not versions 1 to {n} without a gap: they run from {low} to {high}"
        found.unsettled("one_disposition", [receipt], (t, p, o), ts, "disposition", text)
    for receipt, version, t, p, o in spill.ask(
        "SELECT receipt, version, t, p, o FROM disposition GROUP BY receipt, version HAVING count(DISTINCT digest) > 1"
    ):
        text = f"version {version} of its disposition was written twice with different content"
        found.broken("one_disposition", [receipt], (t, p, o), text)
    for receipt, version, t, p, o in spill.ask(
        "SELECT receipt, version, t, p, o FROM disposition d WHERE kind = 'contact' AND NOT EXISTS"
        " (SELECT 1 FROM disposition_contact c WHERE c.receipt = d.receipt AND c.version = d.version)"
    ):
        found.broken("one_disposition", [receipt], (t, p, o), f"version {version} says contact and names none")
    for receipt, event, t, p, o, ts in spill.ask(
        "SELECT receipt, event, t, p, o, max(ts) FROM disposition_event d WHERE NOT EXISTS"
        " (SELECT 1 FROM event e WHERE e.event = d.event) GROUP BY receipt, event"
    ):
        text = "its disposition names an event that is not on case-events"
        found.unsettled("one_disposition", [receipt, event], (t, p, o), ts, "cause", text)


def _duplicates(spill: Spill, found: Findings) -> None:
    """A duplicate must repeat something earlier, so that messages cannot excuse each other in a circle."""
    for receipt, of, t, p, o, ts, at, known, earlier in spill.ask(
        "SELECT d.receipt, d.duplicate_of, d.t, d.p, d.o, max(d.ts), d.received_at, f.receipt IS NOT NULL,"
        " CASE WHEN f.t = m.t AND f.p = m.p THEN f.o < m.o ELSE f.at <= m.at END"
        " FROM disposition d LEFT JOIN message m ON m.receipt = d.receipt LEFT JOIN message f"
        " ON f.receipt = d.duplicate_of WHERE d.kind = 'duplicate' GROUP BY d.receipt, d.duplicate_of"
    ):
        if not known:
            if not found.message_expired(at, ts):
                text = "called a duplicate of a message that was never received"
                found.unsettled("one_disposition", [receipt, of], (t, p, o), ts, "cause", text)
        elif earlier == 0:
            text = "called a duplicate of a message that came after it, or of itself"
            found.broken("one_disposition", [receipt, of], (t, p, o), text)


def _quarantine_conserves(spill: Spill, found: Findings) -> None:
    for receipt, t, p, o, ts, at, copies in spill.ask(
        "SELECT receipt, t, p, o, max(ts), received_at, (SELECT count(*) FROM quarantine q WHERE q.receipt = d.receipt)"
        " FROM disposition d WHERE kind = 'quarantined' AND NOT EXISTS (SELECT 1 FROM quarantine q JOIN message m"
        " ON m.digest = q.digest AND m.receipt = d.receipt WHERE q.receipt = d.receipt) AND NOT EXISTS"
        " (SELECT 1 FROM quarantine q JOIN received r ON r.digest = q.digest AND r.repair_of = d.receipt AND r.repair_of <> ''"
        " WHERE q.receipt = d.receipt) GROUP BY receipt"
    ):
        gone = found.message_expired(at, ts) if copies else found.expired_on("quarantine", at, ts)
        if not gone:
            text = "quarantined, but quarantine " + ("holds other bytes" if copies else "does not hold it")
            found.unsettled("quarantine_conserves", [receipt], (t, p, o), ts, "quarantine", text)
    for receipt, t, p, o, ts in spill.ask(
        "SELECT receipt, t, p, o, ts FROM quarantine q WHERE NOT EXISTS (SELECT 1 FROM disposition d"
        " WHERE d.kind = 'quarantined' AND (d.receipt = q.receipt OR d.receipt IN"
        " (SELECT r.repair_of FROM received r WHERE r.repair_of <> '' AND r.receipt = q.receipt)))"
    ):
        text = "in quarantine, but no disposition says so"
        found.unsettled("quarantine_conserves", [receipt], (t, p, o), ts, "disposition", text)
    for origin, partition, offset, t, p, o, ts in spill.ask(
        "SELECT topic, partition, offset, t, p, o, ts FROM dead_letter d WHERE NOT EXISTS (SELECT 1 FROM undecodable u"
        " WHERE u.t = d.topic AND u.p = d.partition AND u.o = d.offset) AND NOT EXISTS (SELECT 1 FROM refused_tick k"
        " WHERE k.t = d.topic AND k.p = d.partition AND k.o = d.offset)"
    ):
        place = f"{TOPICS[origin]}/{partition}/{offset}" if origin >= 0 else "an unknown topic"
        if origin < 0 or not found.expired_on(TOPICS[origin], ts * 1000, ts):
            text = f"put aside as unreadable, but {place} can be read or does not exist"
            found.unsettled("quarantine_conserves", [place], (t, p, o), ts, "cause", text)
