"""A report as a contact that somebody at the front door recorded, by `case-event.schema.json`. Pure."""

import json

from connectors.fields.concern_tree import Names, tree_of
from schemas.reading import Report

_NAMES = Names(
    reference="reference",
    kind="referral_type",
    concern="concern",
    risk="risk_level",
    referrer="referrer",
    people="people",
    organisation="organisation",
    incident="incident_at",
)


def write_json(report: Report, message_id: str) -> bytes:
    """One `contact_recorded` event about one child as UTF-8 JSON."""
    tree = tree_of(report, _NAMES, message_id)
    tree["child"] = tree.pop("children", [{}])[0]
    return json.dumps({"event": "contact_recorded", **tree}, ensure_ascii=False, indent=1).encode()
