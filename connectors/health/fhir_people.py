"""The people around a child in a FHIR message: parents, carers, other contacts, the doctor, the referrer."""

from collections.abc import Iterable

from connectors.dates import read_date
from connectors.fields.personal_names import split_name
from connectors.health.fhir_document import FhirDocument, kind_of
from connectors.health.fhir_values import Node, address_of, codes, element, first, human_name, nodes, telecom, text, words
from connectors.health.unmapped import Unmapped
from connectors.health.vocabulary import role_of_relation
from schemas.person import OtherPerson, Role
from schemas.reading import Note


def people_of(patient: Node, document: FhirDocument, where: str, notes: list[Note], unmapped: Unmapped) -> list[OtherPerson]:
    """Parents, carers and other contacts, related persons, and the child's general practitioner.

    A contact that is the patient in person ("self") is nobody else: its numbers go to `unmapped`.
    """
    found: list[OtherPerson] = []
    for contact in nodes(patient, "contact"):
        if any(_is_self(relation) for relation in nodes(contact, "relationship")):
            unmapped.keep("patient_phone", telecom(contact, "phone"))
            unmapped.keep("patient_email", telecom(contact, "email"))
            continue
        organisation = document.find(element(contact, "organization"), patient) if element(contact, "organization") else {}
        found.append(_other(contact, nodes(contact, "relationship"), text(organisation, "name"), f"{where}.contact", notes))
    for related in document.by_type.get("RelatedPerson", []):
        about = document.about(related)
        if about is patient or (not about and len(document.by_type.get("Patient", [])) == 1):
            found.append(_other(related, nodes(related, "relationship"), "", "RelatedPerson", notes))
    for doctor in document.find_all(patient, "generalPractitioner"):
        found.append(practitioner(doctor, document, "professional", "GP"))
    return [person for person in found if said_anything(person)]


def _is_self(relation: Node) -> bool:
    return bool({"self", "oneself"} & {word.casefold() for _, code, label in codes(relation) for word in (code, label)})


def _other(node: Node, relations: Iterable[Node], organisation: str, where: str, notes: list[Note]) -> OtherPerson:
    coded = [(code, label or words(concept)) for concept in relations for _, code, label in codes(concept) or [("", "", "")]]
    label = next((label for _, label in coded if label), "") or next((code for code, _ in coded if code), "")
    roles = [role_of_relation(code, label) for code, label in coded]
    role = next((role for role in roles if role != "other"), "other")
    given, family, whole = human_name(first(node, "name"))
    if not given and not family and whole:
        split = split_name(whole)
        given, family = [split.given] if split.given else [], split.family
    birth = read_date(element(node, "birthDate"), f"{where}.birthDate")
    notes.extend(birth.notes)
    return OtherPerson(
        role=role,
        given=" ".join(given)[:100],
        family=family,
        relation=label[:100],
        dob=birth.value,
        phone=telecom(node, "phone")[:60],
        email=telecom(node, "email"),
        organisation=organisation[:200],
        address=address_of(first(node, "address")),
    )


def practitioner(node: Node, document: FhirDocument, role: Role, job: str = "") -> OtherPerson:
    """A Practitioner, PractitionerRole or Organization as a person with job and organisation."""
    kind = kind_of(node)
    person, post, organisation = node, {}, {}
    if kind == "Organization":
        person, organisation = {}, node
    elif kind == "PractitionerRole":
        post = node
        person = document.find(element(node, "practitioner"), node)
    elif kind == "Practitioner":
        post = next(
            (
                other
                for other in document.by_type.get("PractitionerRole", [])
                if document.find(element(other, "practitioner"), other) is node
            ),
            {},
        )
    if post:
        organisation = document.find(element(post, "organization"), post) or organisation
    given, family, whole = human_name(first(person, "name"))
    if not given and not family and whole:
        split = split_name(whole)
        given, family = [split.given] if split.given else [], split.family
    said = "; ".join(dict.fromkeys(filter(None, map(words, nodes(post, "code") + nodes(post, "specialty")))))
    qualified = "; ".join(filter(None, (words(element(one, "code")) for one in nodes(person, "qualification")[:3])))
    return OtherPerson(
        role=role,
        given=" ".join(given)[:100],
        family=family,
        job=(said or qualified or job)[:120],
        organisation=(text(organisation, "name") or text(element(post, "organization"), "display"))[:200],
        phone=(telecom(person, "phone") or telecom(post, "phone") or telecom(organisation, "phone"))[:60],
        email=telecom(person, "email") or telecom(post, "email") or telecom(organisation, "email"),
        address=address_of(first(organisation, "address")),
    )


def said_anything(person: OtherPerson) -> bool:
    """Whether an entry names or describes anybody at all."""
    return any((person.given, person.family, person.phone, person.email, person.organisation, person.dob, person.address.lines))
