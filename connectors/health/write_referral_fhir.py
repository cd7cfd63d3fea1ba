"""A report as a FHIR R4 message Bundle in the manner of BaRS and UK Core, JSON or XML. Pure.

Profiles by shape, not claimed in `meta.profile`: nobody has validated these messages against them.
"""

from uuid import NAMESPACE_URL, uuid5

from connectors.health.fhir_model import fhir_json, fhir_xml
from connectors.health.fhir_values import Node
from schemas.person import Address, Identifier, OtherPerson, Person
from schemas.reading import Report

_REASONS = {"new": "new", "update": "update", "cancel": "delete"}
_PRIORITY = {"red": "stat", "green": "routine"}
_GENDERS = {"M": "male", "F": "female", "U": "unknown"}
_SYSTEMS = {
    "nhs_number": "https://fhir.nhs.uk/Id/nhs-number", "upn": "urn:frontdoor:id:unique-pupil-number",
    "former_upn": "urn:frontdoor:id:former-upn", "la_child_id": "urn:frontdoor:id:la-child-id",
}  # fmt: skip
_ETHNICITY = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-EthnicCategory"
_EXTENSIONS = "urn:frontdoor:extension"
_KINDS = {"information_only": "information only", "request_for_information": "request for information"}
_RELATIONS = {
    "parent": ("PRN", "Parent"), "carer": ("CAREGIVER", "Carer"), "sibling": ("SIB", "Sibling"),
    "household": ("HHM", "Household member"), "alleged_perpetrator": ("", "Alleged perpetrator"), "other": ("", "Other"),
}  # fmt: skip


def write_json(report: Report, message_id: str) -> bytes:
    """The referral of one child as FHIR JSON."""
    return fhir_json(referral_bundle(report, message_id))


def write_xml(report: Report, message_id: str) -> bytes:
    """The referral of one child as FHIR XML."""
    return fhir_xml(referral_bundle(report, message_id))


def referral_bundle(report: Report, message_id: str) -> Node:
    """MessageHeader, ServiceRequest and Patient, with the referrer, the organisations and the people around the child."""
    message = _Message(message_id)
    sender = message.organisation(report.organisation.code, report.organisation.code_system, report.organisation.name)
    referrer = next((person for person in report.people if person.role == "referrer"), None)
    requester = message.practitioner(referrer, sender, report) if referrer else sender
    doctors = [message.practitioner(person, "", report) for person in report.people if person.role == "professional"]
    patient = message.add("patient", _patient(report.person, doctors))
    for place, person in enumerate(report.people):
        if person.role not in ("referrer", "professional"):
            message.add(f"related-{place}", _related(person, patient))
    performer = message.organisation(report.authority_code, "local-authority", "") if report.authority_code else ""
    request = message.add("request", _request(report, patient, requester, performer))
    header = _header(report, request, sender)
    bundle: Node = {"resourceType": "Bundle", "id": message_id, "type": "message"}
    if report.written_at:
        bundle["timestamp"] = report.written_at.isoformat()
    return bundle | {"entry": [{"fullUrl": message.urn("header"), "resource": header}, *message.entries]}


class _Message:
    """The resources of one message, each under a urn that follows from the message's id and its own name."""

    def __init__(self, message_id: str) -> None:
        self._id = message_id
        self.entries: list[Node] = []

    def urn(self, name: str) -> str:
        return f"urn:uuid:{uuid5(NAMESPACE_URL, f'urn:frontdoor:{self._id}:{name}')}"

    def add(self, name: str, resource: Node) -> str:
        self.entries.append({"fullUrl": self.urn(name), "resource": resource})
        return self.urn(name)

    def organisation(self, code: str, system: str, name: str) -> str:
        """The organisation's urn; "" when nothing is known of it."""
        if not (code or name):
            return ""
        known = "https://fhir.nhs.uk/Id/ods-organization-code" if system == "ods" else f"urn:frontdoor:id:{system or 'other'}"
        made: Node = {"resourceType": "Organization"}
        if code:
            made["identifier"] = [{"system": known, "value": code}]
        return self.add(f"organisation-{len(self.entries)}", made | ({"name": name} if name else {}))

    def practitioner(self, person: OtherPerson, employer: str, report: Report) -> str:
        """The urn of somebody's role. An employer that is not the sender is an organisation of its own."""
        if person.organisation and (not employer or person.organisation != report.organisation.name):
            employer = self.organisation("", "", person.organisation)
        somebody: Node = {"resourceType": "Practitioner"}
        if name := _name(person.given, person.family):
            somebody["name"] = [name]
        if telecom := _telecom(person):
            somebody["telecom"] = telecom
        if address := _address(person.address):
            somebody["address"] = [address]
        urn = self.add(f"practitioner-{len(self.entries)}", somebody)
        role: Node = {"resourceType": "PractitionerRole", "practitioner": {"reference": urn}}
        if employer:
            role["organization"] = {"reference": employer}
        if person.job:
            role["code"] = [{"text": person.job}]
        return self.add(f"role-{len(self.entries)}", role)


def _header(report: Report, request: str, sender: str) -> Node:
    header: Node = {
        "resourceType": "MessageHeader",
        "eventCoding": {"system": "https://fhir.nhs.uk/CodeSystem/message-events-bars", "code": "servicerequest-request"},
        "source": {"endpoint": "urn:frontdoor"},
        "reason": {"coding": [{"system": "https://fhir.nhs.uk/CodeSystem/message-reason-bars", "code": _REASONS[report.action]}]},
        "focus": [{"reference": request}],
    }
    return header | ({"sender": {"reference": sender}} if sender else {})


def _request(report: Report, patient: str, requester: str, performer: str) -> Node:
    made: Node = {
        "resourceType": "ServiceRequest",
        "status": "revoked" if report.action == "cancel" else "active",
        "intent": "order",
        "subject": {"reference": patient},
    }
    if report.reference:
        made["identifier"] = [{"value": report.reference}]
    if report.kind in _KINDS:
        made["category"] = [{"text": _KINDS[report.kind]}]
    if report.risk in _PRIORITY:
        made["priority"] = _PRIORITY[report.risk]
    if report.risk or report.risk_source:
        made["extension"] = [{"url": f"{_EXTENSIONS}:risk", "valueString": report.risk or report.risk_source}]
    if report.written_at:
        made["authoredOn"] = report.written_at.isoformat()
    if requester:
        made["requester"] = {"reference": requester}
    if performer:
        made["performer"] = [{"reference": performer}]
    if report.need_code or report.need_original:
        made["reasonCode"] = [_coded(report.need_code, report.need_original)]
    return made | ({"note": [{"text": report.narrative}]} if report.narrative else {})


def _coded(code: str, label: str) -> Node:
    coding = {name: text for name, text in (("code", code), ("display", label)) if text}
    return {"coding": [coding]}


def _patient(person: Person, doctors: list[str]) -> Node:
    made: Node = {"resourceType": "Patient"}
    extensions: list[Node] = []
    if person.ethnicity or person.ethnicity_source:
        value = _coded(person.ethnicity, "" if person.ethnicity else person.ethnicity_source)
        extensions.append({"url": _ETHNICITY, "valueCodeableConcept": value})
    if person.expected_dob:
        extensions.append({"url": f"{_EXTENSIONS}:expected-date-of-birth", "valueDate": person.expected_dob.isoformat()})
    if person.school:
        extensions.append({"url": f"{_EXTENSIONS}:school", "valueString": person.school})
    if extensions:
        made["extension"] = extensions
    if person.identifiers:
        made["identifier"] = [_identifier(one) for one in person.identifiers]
    names = [_name(_shown_given(person), person.family, person.other_given, "official")]
    names.append(_name(person.known_as, "", [], "nickname") if person.known_as else {})
    if any(names):
        made["name"] = [name for name in names if name]
    if person.sex:
        made["gender"] = _GENDERS[person.sex]
    if person.dob:
        made["birthDate"] = person.dob.isoformat()
    if address := _address(person.address, "home"):
        made["address"] = [address]
    if person.language:
        made["communication"] = [{"language": {"text": person.language}}]
    if doctors:
        made["generalPractitioner"] = [{"reference": doctor} for doctor in doctors]
    return made


def _shown_given(person: Person) -> str:
    """A child not yet born is told by its name where no expected date tells it."""
    if not person.unborn or person.expected_dob or "unborn" in f"{person.given} {person.family}".casefold():
        return person.given
    return f"Unborn {person.given}".strip()


def _identifier(identifier: Identifier) -> Node:
    system = identifier.system or _SYSTEMS.get(identifier.kind, "urn:frontdoor:id:local")
    if identifier.kind in _SYSTEMS:
        system = _SYSTEMS[identifier.kind]
    return {"system": system, "value": identifier.value}


def _related(person: OtherPerson, patient: str) -> Node:
    code, word = _RELATIONS[person.role]
    relation: Node = {"text": person.relation or word}
    if code:
        relation["coding"] = [{"code": code, "display": person.relation or word}]
    relations = [relation]
    if person.role in ("alleged_perpetrator", "household") and person.relation:
        relations.append({"text": word})
    made: Node = {"resourceType": "RelatedPerson", "patient": {"reference": patient}, "relationship": relations}
    if name := _name(person.given, person.family):
        made["name"] = [name]
    if telecom := _telecom(person):
        made["telecom"] = telecom
    if person.dob:
        made["birthDate"] = person.dob.isoformat()
    if address := _address(person.address):
        made["address"] = [address]
    return made


def _name(given: str, family: str, others: list[str] | None = None, use: str = "") -> Node:
    said = [name for name in (given, *(others or [])) if name]
    made: Node = ({"use": use} if use else {}) | ({"family": family} if family else {}) | ({"given": said} if said else {})
    return made if said or family else {}


def _telecom(person: OtherPerson) -> list[Node]:
    pairs = (("phone", person.phone), ("email", person.email))
    return [{"system": system, "value": value} for system, value in pairs if value]


def _address(address: Address, use: str = "") -> Node:
    made: Node = {}
    if address.lines:
        made["line"] = address.lines
    if address.postcode:
        made["postalCode"] = address.postcode
    return ({"use": use} if use else {}) | made if made else {}
