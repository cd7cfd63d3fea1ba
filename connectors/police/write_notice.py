"""A report as a public protection notice, by `public-protection-notice.xsd` and its JSON Schema. Pure."""

import json
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from connectors.fields.concern_tree import Names, tree_of
from schemas.reading import Report

_NAMES = Names(
    reference="notice_number",
    kind="notice_type",
    concern="circumstances",
    risk="risk",
    referrer="officer",
    people="people",
    organisation="force",
    incident="incident_at",
)


def write_json(report: Report, message_id: str) -> bytes:
    """One notice about one child as UTF-8 JSON."""
    return json.dumps(_tree(report, message_id), ensure_ascii=False, indent=1).encode()


def _tree(report: Report, message_id: str) -> dict[str, Any]:
    tree = tree_of(report, _NAMES, message_id)
    tree.setdefault("notice_number", message_id)
    tree.setdefault("circumstances", "")
    incident = {"at": tree.pop("incident_at", ""), "type": tree.pop("category", "")}
    return tree | ({"incident": {name: text for name, text in incident.items() if text}} if any(incident.values()) else {})


def write_xml(report: Report, message_id: str) -> bytes:
    """One notice about one child as UTF-8 XML, valid against the published schema as far as the report's values allow."""
    tree = _tree(report, message_id)
    root = Element("PublicProtectionNotice")
    for name in ("notice_number", "action", "notice_type", "message_id", "written_at"):
        _add(root, _ELEMENT[name], tree.get(name, ""))
    force = tree.get("force", {})
    if force:
        code = next((force[name] for name in ("code", "urn", "ods") if name in force), "")
        _add(root, "Force", force.get("name", "") or code, {"code": code} if code else {})
    _officer(root, tree.get("officer", {}))
    _add(root, "Risk", str(tree.get("risk", "")).upper() if report.risk else tree.get("risk", ""))
    if "incident" in tree:
        _fill(SubElement(root, "Incident"), tree["incident"], ("at", "type"))
    children = SubElement(root, "Children")
    for child in tree.get("children", [{}]):
        _fill(SubElement(children, "Child"), child, _CHILD)
    people = tree.get("people", [])
    if people:
        holder = SubElement(root, "People")
        for person in people:
            _fill(SubElement(holder, "Person"), person, _PERSON)
    _add(root, "Circumstances", tree["circumstances"], always=True)
    _add(root, "SourceCode", tree.get("source_code", ""))
    _add(root, "LocalAuthority", tree.get("local_authority", ""))
    body: bytes = tostring(root, encoding="UTF-8", xml_declaration=True)
    return body


_ELEMENT = {
    "notice_number": "NoticeNumber", "action": "Action", "notice_type": "NoticeType", "message_id": "MessageId",
    "written_at": "WrittenAt", "given_name": "Forename", "family_name": "Surname", "other_given_names": "MiddleNames",
    "known_as": "KnownAs", "date_of_birth": "DateOfBirth", "unborn": "Unborn", "expected_date_of_birth": "ExpectedDateOfBirth",
    "sex": "Sex", "ethnicity": "Ethnicity", "disabilities": "Disabilities", "looked_after": "LookedAfter",
    "nhs_number": "NHSNumber", "upn": "UPN",
    "former_upn": "FormerUPN", "la_child_id": "LAchildID", "person_id": "PersonId", "school": "School",
    "first_language": "FirstLanguage", "role": "Role", "relationship": "Relationship", "phone": "Phone", "email": "Email",
    "job": "Job", "organisation": "Organisation", "at": "At", "type": "Type", "address": "Address",
}  # fmt: skip
_CHILD = (
    "given_name", "other_given_names", "family_name", "known_as", "date_of_birth", "unborn", "expected_date_of_birth", "sex",
    "ethnicity", "disabilities", "looked_after", "nhs_number", "upn", "former_upn", "la_child_id", "person_id", "address",
    "school", "first_language",
)  # fmt: skip
_PERSON = (
    "role", "relationship", "given_name", "family_name", "date_of_birth", "phone", "email", "job", "organisation", "address",
)  # fmt: skip


def _officer(root: Element, officer: dict[str, Any]) -> None:
    if not officer:
        return
    made = SubElement(root, "Officer")
    name = " ".join(filter(None, (officer.get("given_name", ""), officer.get("family_name", ""))))
    _add(made, "Name", name, always=True)
    for field in ("phone", "email", "job"):
        _add(made, _ELEMENT[field], officer.get(field, ""))


def _fill(parent: Element, fields: dict[str, Any], order: tuple[str, ...]) -> None:
    for name in order:
        value = fields.get(name, "")
        if name == "address" and value:
            address = SubElement(parent, "Address")
            for line in value.get("lines", [])[:8]:
                _add(address, "Line", line)
            _add(address, "Postcode", value.get("postcode", ""))
        elif name == "other_given_names" and value:
            _add(parent, _ELEMENT[name], " ".join(value))
        elif name == "disabilities" and value:
            holder = SubElement(parent, "Disabilities")
            for code in value:
                _add(holder, "Disability", code)
        else:
            _add(parent, _ELEMENT[name], "true" if value is True else value)


def _add(parent: Element, name: str, text: str, attributes: dict[str, str] | None = None, *, always: bool = False) -> None:
    if text or always:
        SubElement(parent, name, attributes or {}).text = "".join(filter(_allowed, text))


def _allowed(char: str) -> bool:
    """Whether XML can hold a character."""
    return char in "\t\n\r" or " " <= char <= "\ud7ff" or "\ue000" <= char <= "\ufffd" or char > "\uffff"
