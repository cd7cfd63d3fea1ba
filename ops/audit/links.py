"""Links stay within their bounds: only a sure one, or a person's word, moves a case, and an undone one is taken back."""

from ops.audit.findings import Findings
from ops.audit.spill import Spill


def check_links(spill: Spill, found: Findings) -> None:
    """`links_bounded`. The events of a contact lie in one partition, so their offsets are their order."""
    for contact, event, t, p, o in spill.ask(
        "SELECT contact, event, t, p, o FROM link m WHERE m.type = 'moved' AND NOT EXISTS"
        " (SELECT 1 FROM link l WHERE l.contact = m.contact AND l.type = 'linked' AND l.link = m.link AND l.sure)"
    ):
        text = "the case was moved by a link that is unsure, or that nobody made"
        found.broken("links_bounded", [event, contact], (t, p, o), text)
    for contact, event, t, p, o in spill.ask(
        "SELECT contact, event, t, p, o FROM link m WHERE m.type = 'given back' AND NOT EXISTS"
        " (SELECT 1 FROM link u WHERE u.contact = m.contact AND u.type = 'unlinked' AND u.link = m.link)"
    ):
        found.broken("links_bounded", [event, contact], (t, p, o), "the case was given back, and its link stands")
    # What a person, or the end of the case, has changed meanwhile stays; a repeated record changes nothing.
    for contact, event, t, p, o, ts in spill.ask(
        "SELECT u.contact, u.event, u.t, u.p, u.o, u.ts FROM"
        " (SELECT contact, link, event, t, p, min(o) AS o, ts FROM link WHERE type = 'unlinked' GROUP BY contact, link) u"
        " JOIN link m ON m.contact = u.contact AND m.link = u.link AND m.type = 'moved' AND m.o ="
        " (SELECT max(o) FROM event e WHERE e.contact = u.contact AND e.type = 'allocated' AND e.o < u.o)"
        " WHERE NOT EXISTS (SELECT 1 FROM event e WHERE e.contact = u.contact"
        " AND ((e.type = 'allocated' AND e.o > u.o) OR e.type IN ('closed', 'transfer_accepted', 'became')))"
    ):
        text = "a link that had moved the case was undone, and the case was not given back"
        found.unsettled("links_bounded", [event, contact], (t, p, o), ts, "allocation", text)
