"""A report as a school's concern, by `safeguarding-concern.schema.json`, or as a row of a table. Pure."""

import csv
import io
import json

from connectors.education.write import plain_cell
from connectors.fields.concern_tree import Names, tree_of
from schemas.reading import Report

_NAMES = Names(
    reference="concern_id",
    kind="referral_type",
    concern="concern",
    risk="risk_level",
    referrer="reported_by",
    people="household",
    organisation="school",
    incident="incident_at",
)


def write_json(report: Report, message_id: str) -> bytes:
    """One concern about one child as UTF-8 JSON."""
    return json.dumps(tree_of(report, _NAMES, message_id), ensure_ascii=False, indent=1).encode()


def write_csv(report: Report, message_id: str) -> bytes:
    """One child as a heading and one row, UTF-8 with a byte order mark. Of the people only the referrer has columns."""
    tree = tree_of(report, _NAMES, message_id)
    child = tree.pop("children", [{}])[0]
    address = child.pop("address", {})
    child["other_given_names"] = " ".join(child.get("other_given_names", []))
    row = {"Concern ID": tree.get("concern_id", ""), "Action": tree["action"], "Written at": tree.get("written_at", "")}
    row |= {f"Child {_heading(name)}": _cell(value) for name, value in child.items()}
    row |= {f"Child address line {place}": line for place, line in enumerate(address.get("lines", [])[:5], start=1)}
    row["Child postcode"] = address.get("postcode", "")
    row |= {f"School {_heading(name)}": _cell(value) for name, value in tree.get("school", {}).items()}
    referrer = tree.get("reported_by", {})
    row |= {f"Reported by {_heading(name)}": _cell(referrer[name]) for name in _REFERRER if name in referrer}
    row |= {_heading(name): _cell(tree[name]) for name in _MESSAGE if name in tree}
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\r\n")
    kept = {name: value for name, value in row.items() if value}
    table.writerow(kept)
    table.writerow([plain_cell(value) for value in kept.values()])
    return text.getvalue().encode("utf-8-sig")


_REFERRER = ("given_name", "family_name", "job", "phone", "email")
_MESSAGE = ("incident_at", "source_code", "category", "local_authority", "referral_type", "risk_level", "concern")


def _heading(name: str) -> str:
    return name.replace("_", " ")


def _cell(value: object) -> str:
    return "; ".join(map(str, value)) if isinstance(value, list) else "yes" if value is True else str(value)
