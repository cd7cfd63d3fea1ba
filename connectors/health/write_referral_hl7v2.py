"""A report as an HL7 v2.4 referral: REF^I12 new, I13 update, I14 cancellation. Pure."""

from connectors.health.hl7v2_text import escaped, field, header, message, repeated, segment
from schemas.london import LONDON
from schemas.person import Address, Identifier, OtherPerson, Person
from schemas.reading import Report

_EVENTS = {"new": "I12", "update": "I13", "cancel": "I14"}
_PRIORITY = {
    "red": ("S", "Stat"), "amber": ("", "Amber"), "green": ("R", "Routine"), "blue": ("", "Blue"), "": ("", ""),
}  # fmt: skip
"""HL7 table 0280, and the word alone where it has no code for a level."""

_RELATIONS = {
    "parent": ("PAR", "Parent"), "carer": ("CGV", "Care giver"), "sibling": ("SIB", "Sibling"),
    "household": ("HHM", "Household member"), "alleged_perpetrator": ("OTH", "Alleged perpetrator"), "other": ("OTH", "Other"),
}  # fmt: skip
"""HL7 table 0063, and the words where a person gives no relation of their own."""


def write(report: Report, message_id: str) -> bytes:
    """The referral of one child, segments ended by CR."""
    written = f"{report.written_at.astimezone(LONDON):%Y%m%d%H%M%S%z}" if report.written_at else ""
    others = [person for person in report.people if person.role not in ("referrer", "professional")]
    segments = [
        header(f"REF^{_EVENTS[report.action]}", written, message_id, sender=report.organisation.code),
        segment(
            "RF1",
            f2=field(*_PRIORITY[report.risk]) or field("", report.risk_source),
            f3=field("SG", "Safeguarding"),
            f6=field(report.reference),
            f10=_need(report),
        ),
        *_providers(report),
        _child(report.person),
        *(_next_of_kin(place, person) for place, person in enumerate(others, start=1)),
        *(segment("NTE", f1=str(place), f3=escaped(text)) for place, text in enumerate([report.narrative], start=1) if text),
    ]
    return message(segments)


def _need(report: Report) -> str:
    return field(report.need_code, report.need_original) if report.need_code else field("", report.need_original)


def _providers(report: Report) -> list[str]:
    made = []
    sender = report.organisation
    for person in report.people:
        if person.role == "referrer":
            made.append(_provider("RP", person, sender.code, sender.name or person.organisation))
        elif person.role == "professional":
            made.append(_provider("PP", person, "", person.organisation))
    if not any(person.role == "referrer" for person in report.people) and (sender.code or sender.name):
        made.append(_provider("RP", OtherPerson(role="referrer"), sender.code, sender.name))
    return made


def _provider(role: str, person: OtherPerson, code: str, organisation: str) -> str:
    """PRD: role with job, name, address, place of work (PL: facility code in -4, description in -9), phone and e-mail."""
    place = (
        "^".join(["", "", "", escaped(code), "", "", "", "", escaped(organisation)]).rstrip("^") if code else field(organisation)
    )
    return segment(
        "PRD",
        f1=repeated([field(role, "Referring provider" if role == "RP" else "Primary care provider"), field("OT", person.job)])
        if person.job
        else field(role),
        f2=field(person.family, person.given),
        f3=_address(person.address),
        f4=place,
        f5=_contact_points(person),
    )


def _contact_points(person: OtherPerson) -> str:
    return repeated([field(person.phone), field("", "NET", "Internet", person.email) if person.email else ""])


def _child(person: Person) -> str:
    name = field(person.family, person.given, " ".join(person.other_given), "", "", "", "L")
    if person.unborn and not _says_unborn(person):
        name = field(person.family, f"Unborn {person.given}".strip(), " ".join(person.other_given), "", "", "", "L")
    born = f"{person.dob:%Y%m%d}" if person.dob else f"{person.expected_dob:%Y%m%d}" if person.expected_dob else person.dob_text
    return segment(
        "PID",
        f1="1",
        f3=repeated([_number(identifier) for identifier in person.identifiers]),
        f5=repeated([name, field("", person.known_as, "", "", "", "", "N") if person.known_as else ""]),
        f7=escaped(born),
        f8=escaped(person.sex or person.sex_source),
        f11=_address(person.address, "H"),
        f15=field("", person.language) if person.language else "",
        f22=field(person.ethnicity) if person.ethnicity else field("", person.ethnicity_source),
    )


def _says_unborn(person: Person) -> bool:
    return person.given.casefold().startswith("unborn") or person.family.casefold().startswith("unborn")


def _number(identifier: Identifier) -> str:
    authority, kind = {
        "nhs_number": ("NHS", "NH"), "upn": ("UPN", "UPN"), "former_upn": ("FORMERUPN", "FORMERUPN"),
        "la_child_id": ("LACHILDID", "LACHILDID"), "local": (identifier.system, "PI"),
    }[identifier.kind]  # fmt: skip
    return field(identifier.value, "", "", authority, kind)


def _address(address: Address, use: str = "") -> str:
    lines = [*address.lines, "", "", "", ""]
    street, second, town, county = lines[0], lines[1], lines[2], ", ".join(filter(None, lines[3:]))
    if not any((street, address.postcode)):
        return ""
    return field(street, second, town, county, address.postcode, "", use)


def _next_of_kin(place: int, person: OtherPerson) -> str:
    code, word = _RELATIONS[person.role]
    return segment(
        "NK1",
        f1=str(place),
        f2=field(person.family, person.given),
        f3=field(code, person.relation or word),
        f4=_address(person.address),
        f5=_contact_points(person),
        f7=escaped(word) if person.relation and person.role in ("alleged_perpetrator", "household") else "",
        f10=escaped(person.job),
        f13=field(person.organisation),
        f16=f"{person.dob:%Y%m%d}" if person.dob else "",
    )
