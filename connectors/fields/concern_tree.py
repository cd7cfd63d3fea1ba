"""A report as the plain objects of our published JSON formats, which the education, police and social care writers share.

A code is written where there is one, else the sender's own word: a word beside its code does not survive a conversion.
"""

from dataclasses import dataclass
from typing import Any

from schemas.person import Address, Identifier, OtherPerson, Person
from schemas.reading import Report


@dataclass(frozen=True, slots=True)
class Names:
    """What one published format calls the parts that differ."""

    reference: str
    kind: str
    concern: str
    risk: str
    referrer: str
    people: str
    organisation: str
    incident: str


def tree_of(report: Report, names: Names, message_id: str) -> dict[str, Any]:
    """The report under the names of a format, without what is not known."""
    referrer = next((person for person in report.people if person.role == "referrer"), None)
    made = {
        names.reference: report.reference,
        "message_id": message_id,
        "action": report.action,
        names.kind: report.kind.replace("_", " ") if report.kind != "contact" else "",
        "written_at": report.written_at.isoformat() if report.written_at else "",
        names.incident: report.incident_at.isoformat() if report.incident_at else "",
        names.organisation: organisation_tree(report),
        names.referrer: other_tree(referrer) if referrer else {},
        "source_code": report.source_code,
        "children": [child_tree(report.person)],
        names.concern: report.narrative,
        "category": report.need_code or report.need_original,
        names.risk: report.risk or report.risk_source,
        names.people: [other_tree(person) for person in report.people if person.role != "referrer"],
        "local_authority": report.authority_code,
    }
    found: dict[str, Any] = without_nothing(made)
    return found


def organisation_tree(report: Report) -> dict[str, str]:
    """The sender's code under the name of its kind, and its name."""
    sender = report.organisation
    kind = sender.code_system if sender.code_system in ("urn", "ods") else "code"
    return {kind: sender.code, "name": sender.name}


def child_tree(person: Person) -> dict[str, Any]:
    """The child's fields as every published format of ours has them."""
    numbers: dict[str, Any] = {}
    for identifier in person.identifiers:
        numbers.setdefault(_NUMBER[identifier.kind], []).append(identifier.value)
    return {
        "given_name": person.given,
        "other_given_names": person.other_given,
        "family_name": person.family,
        "known_as": person.known_as,
        "date_of_birth": person.dob.isoformat() if person.dob else person.dob_text,
        "unborn": True if person.unborn else None,
        "expected_date_of_birth": person.expected_dob.isoformat() if person.expected_dob else "",
        "sex": person.sex or person.sex_source,
        "ethnicity": person.ethnicity or person.ethnicity_source,
        "disabilities": person.disabilities,
        "looked_after": person.looked_after,
        **{name: values[0] for name, values in numbers.items()},
        "address": address_tree(person.address),
        "school": person.school,
        "first_language": person.language,
    }


_NUMBER: dict[str, str] = {
    "nhs_number": "nhs_number", "upn": "upn", "former_upn": "former_upn", "la_child_id": "la_child_id", "local": "person_id",
}  # fmt: skip


def further_numbers(person: Person) -> list[Identifier]:
    """The numbers of a kind that `child_tree` has another of already: it holds one of each kind."""
    seen: set[str] = set()
    return [one for one in person.identifiers if one.kind in seen or seen.add(one.kind)]  # type: ignore[func-returns-value]


def other_tree(person: OtherPerson) -> dict[str, Any]:
    """Somebody around the child; a concern says that somebody is its referrer by the place alone."""
    return around_child(person) | ({"role": ""} if person.role == "referrer" else {})


def around_child(person: OtherPerson) -> dict[str, Any]:
    """Somebody around the child, with the role in the hub's words."""
    return {
        "role": person.role,
        "given_name": person.given,
        "family_name": person.family,
        "relationship": person.relation,
        "date_of_birth": person.dob.isoformat() if person.dob else "",
        "phone": person.phone,
        "email": person.email,
        "job": person.job,
        "organisation": person.organisation,
        "address": address_tree(person.address),
    }


def address_tree(address: Address) -> dict[str, Any]:
    """An address in the hub's words."""
    return {"lines": address.lines, "postcode": address.postcode}


def without_nothing(value: Any) -> Any:
    """The same without empty texts, lists and objects, at every depth."""
    if isinstance(value, dict):
        kept = {key: without_nothing(part) for key, part in value.items()}
        return {key: part for key, part in kept.items() if part not in ("", None, [], {})}
    if isinstance(value, list):
        return [part for part in map(without_nothing, value) if part not in ("", None, [], {})]
    return value
