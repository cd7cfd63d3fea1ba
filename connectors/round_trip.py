"""What a report still says after it was written in a format and read again: field by field, under the names of
`docs/formats.md`."""

from collections.abc import Callable, Mapping
from typing import Any

from schemas.person import Address, IdentifierKind, OtherPerson
from schemas.reading import Report

_Get = Callable[[Report], Any]


def _number(kind: IdentifierKind) -> _Get:
    return lambda report: [one.value for one in report.person.identifiers if one.kind == kind]


def _referrer(report: Report) -> OtherPerson:
    return next((one for one in report.people if one.role == "referrer"), OtherPerson(role="referrer"))


def _others(report: Report) -> list[OtherPerson]:
    """Everybody but the referrer, in an order that no format's own order changes."""
    others = [one for one in report.people if one.role != "referrer"]
    return sorted(others, key=lambda one: (one.family.casefold(), one.given.casefold(), one.role))


def _place(address: Address) -> str:
    """An address as one text: where a format divides it into lines says nothing."""
    return ", ".join(filter(None, [*address.lines, address.postcode]))


def _around(*names: str) -> _Get:
    def get(report: Report) -> Any:
        return [[getattr(one, name) for name in names] for one in _others(report)]

    return get


#: Every field of a report by the name under which `docs/formats.md` says what becomes of it.
FIELDS: Mapping[str, _Get] = {
    "name": lambda report: [report.person.given, *report.person.other_given, report.person.family],
    "known as": lambda report: report.person.known_as,
    "date of birth": lambda report: report.person.dob,
    "unborn, expected date": lambda report: [report.person.unborn, report.person.expected_dob],
    "sex": lambda report: report.person.sex,
    "sex as sent": lambda report: report.person.sex_source,
    "ethnicity": lambda report: report.person.ethnicity,
    "ethnicity as sent": lambda report: report.person.ethnicity_source,
    "disabilities": lambda report: report.person.disabilities,
    "looked after": lambda report: report.person.looked_after,
    "NHS number": _number("nhs_number"),
    "UPN": _number("upn"),
    "former UPN": _number("former_upn"),
    "LA child id": _number("la_child_id"),
    "sender's own number": _number("local"),
    "address": lambda report: _place(report.person.address),
    "school": lambda report: report.person.school,
    "language": lambda report: report.person.language,
    "kind": lambda report: report.kind,
    "new, update, cancel": lambda report: report.action,
    "reference": lambda report: report.reference,
    "organisation's code": lambda report: report.organisation.code,
    "kind of code": lambda report: report.organisation.code_system,
    "organisation's name": lambda report: report.organisation.name,
    "authority (GSS)": lambda report: report.authority_code,
    "source code": lambda report: report.source_code,
    "source as sent": lambda report: report.source_original,
    "need code": lambda report: report.need_code,
    "need as sent": lambda report: report.need_original,
    "risk": lambda report: report.risk,
    "risk as sent": lambda report: report.risk_source,
    "written at": lambda report: report.written_at,
    "incident at": lambda report: report.incident_at,
    "narrative": lambda report: report.narrative,
    "referrer's name and job": lambda report: [_referrer(report).given, _referrer(report).family, _referrer(report).job],
    "referrer's phone, e-mail": lambda report: [_referrer(report).phone, _referrer(report).email],
    "referrer's address": lambda report: _place(_referrer(report).address),
    "people's role, name": _around("role", "given", "family"),
    "people's relation": _around("relation"),
    "people's date of birth": _around("dob"),
    "people's phone, e-mail": _around("phone", "email"),
    "people's job, organisation": _around("job", "organisation"),
    "people's address": lambda report: [_place(one.address) for one in _others(report)],
    "documents": lambda report: report.attachments,
    "unknown fields": lambda report: sorted(report.unmapped.values()),
}


def said(report: Report) -> dict[str, Any]:
    """The fields that a report has, by name; a field with nothing in it is left out."""
    found = {name: get(report) for name, get in FIELDS.items()}
    return {name: value for name, value in found.items() if _something(value)}


def changed(before: Report, after: Report) -> list[str]:
    """The names of the fields that `before` has and `after` has not, or has otherwise."""
    now = said(after)
    return [name for name, value in said(before).items() if not _still(name, value, now.get(name))]


def _still(name: str, value: Any, now: Any) -> bool:
    """What a reader itself finds unknown in the new message is nothing that was lost."""
    return set(value) <= set(now or []) if name == "unknown fields" else bool(now == value)


def _something(value: Any) -> bool:
    return any(map(_something, value)) if isinstance(value, list) else bool(value)
