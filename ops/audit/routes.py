"""Every contact version reached the case system, once by its id."""

from dataclasses import dataclass

from ops.audit.findings import Findings
from ops.audit.spill import Spill

_CASE_SYSTEM = "case-system"


@dataclass(frozen=True, slots=True)
class Routes:
    """Contact versions that reached the case system, and items that only repeat another."""

    routed: int
    repeated: int


def check_routes(spill: Spill, found: Findings) -> Routes:
    """`routed_once`. Repeats of one item id are allowed (the recipient drops them); another id is not."""
    for contact, version, receipt, at, t, p, o, ts in spill.ask(
        "SELECT contact, version, receipt, received_at, t, p, o, max(ts) FROM contact c WHERE NOT EXISTS"
        " (SELECT 1 FROM item i WHERE i.contact = c.contact AND i.version = c.version AND i.recipient = ?"
        " AND i.kind = CASE WHEN c.version = 1 THEN 'referral' ELSE i.kind END AND i.kind <> 'outcome')"
        " GROUP BY contact, version",
        _CASE_SYSTEM,
    ):
        if not found.expired_on("outbound.social_care", at, ts):
            text = f"version {version} of the contact never went to the case system"
            found.unsettled("routed_once", [contact, receipt], (t, p, o), ts, "routing", text)
    for contact, version, recipient, n, ids, t, p, o in spill.ask(
        "SELECT contact, version, recipient, count(DISTINCT item), group_concat(DISTINCT item), t, p, o FROM item"
        " WHERE kind NOT IN ('outcome', 'statement') GROUP BY contact, version, recipient HAVING count(DISTINCT item) > 1"
    ):
        text = f"version {version} of the contact went to {recipient} under {n} ids: it would be taken {n} times"
        found.broken("routed_once", [contact, *ids.split(",")[:10]], (t, p, o), text)
    for item, t, p, o in spill.ask("SELECT item, t, p, o FROM item GROUP BY item HAVING count(DISTINCT digest) > 1"):
        found.broken("routed_once", [item], (t, p, o), "one item id with different content: the recipient keeps only one")
    routed = spill.number(
        "SELECT count(*) FROM (SELECT DISTINCT contact, version FROM item WHERE recipient = ? AND kind <> 'outcome')",
        _CASE_SYSTEM,
    )
    repeated = spill.number("SELECT count(*) - count(DISTINCT item) FROM item")
    return Routes(routed, repeated)
