"""Who sent a FHIR referral: the organisation, the person who referred, and the DfE source code they stand for."""

import re
from dataclasses import dataclass

from connectors.decoding import one_line
from connectors.fields.personal_names import split_name
from connectors.health.fhir_document import FhirDocument, kind_of
from connectors.health.fhir_people import practitioner, said_anything
from connectors.health.fhir_values import Node, element, extensions, first, items, nodes, text, words
from connectors.health.vocabulary import OTHER_HEALTH, source_of
from schemas.person import OtherPerson
from schemas.reading import Note, Organisation

_GSS = re.compile(r"[EW](?:06|08|09|10|12)[0-9]{6}")

_SOUNDS_LIKE_A_PLACE = re.compile(
    r"\b(?:trust|hospital|surgery|practice|service|services|team|unit|clinic|centre|department|dept|maternity|ward|nhs|school|"
    r"nursing|ambulance|a&e)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Sender:
    """What a message says about its sender. `source_code` is a DfE ReferralSource code."""

    organisation: Organisation
    referrer: OtherPerson | None
    source_code: str
    source_original: str


def sender_of(request: Node, header: Node, document: FhirDocument, notes: list[Note]) -> Sender:
    """The organisation: MessageHeader.sender, else the requester's, else MessageHeader.source.name.

    The referrer: ServiceRequest.requester, else MessageHeader.author. A patient or relative as requester gives the
    source codes 1C and 1A. UK Core's extension for the source of a request counts before what the referrer's job tells.
    """
    reference = element(request, "requester") or element(header, "author") or element(header, "enterer")
    requester = _resolved(reference, request, document)
    referrer = _referrer(reference, requester, document, notes)
    named = _organisation(document.find(element(header, "sender"), header))
    own = _organisation(_employer(requester, document))
    pointed = (_pointed_to(place) for place in (element(header, "sender"), element(requester, "organization"), reference))
    shown = Organisation(name=text(element(header, "sender"), "display"))
    source_name = Organisation(name=text(element(header, "source"), "name"))
    choices = (named, own, *pointed, shown, source_name)
    organisation = next((one for one in choices if one.code or one.name), Organisation())
    kind = kind_of(requester)
    if kind == "Patient":
        return Sender(organisation, referrer, "1C", "self")
    if kind == "RelatedPerson":
        return Sender(organisation, referrer, "1A", "relative")
    said = next((words(element(one, "valueCodeableConcept")) for one in extensions(request, "sourceofservicerequest")), "")
    job = referrer.job if referrer else ""
    employer = referrer.organisation if referrer else ""
    if said:
        return Sender(organisation, referrer, source_of(said)[0], one_line(said, 120))
    code, original = source_of(job, employer, organisation.name)
    return Sender(organisation, referrer, code, original if code != OTHER_HEALTH else one_line(job or employer, 120))


def authority_of(request: Node, document: FhirDocument) -> str:
    """The local authority that a request names as its performer, by GSS code; "" when it names none."""
    for performer in document.find_all(request, "performer"):
        for place in (performer, document.find(element(performer, "providedBy"), performer)):
            for identifier in nodes(place, "identifier"):
                if _GSS.fullmatch(text(identifier, "value").upper()):
                    return text(identifier, "value").upper()
    return ""


def _resolved(reference: object, request: Node, document: FhirDocument) -> Node:
    found = document.find(reference, request) if reference is not None else {}
    if not found and isinstance(element(reference, "agent"), dict):  # FHIR STU3 wraps the requester once more
        found = document.find(element(reference, "agent"), request)
    return found


def _referrer(reference: object, requester: Node, document: FhirDocument, notes: list[Note]) -> OtherPerson | None:
    if requester and kind_of(requester) not in ("Device",):
        found = practitioner(requester, document, "referrer")
        return found if said_anything(found) or found.job else None
    display = text(reference, "display")
    if _SOUNDS_LIKE_A_PLACE.search(display):
        return OtherPerson(role="referrer", organisation=display[:200])
    shown = split_name(display)
    if shown.given or shown.family:
        return OtherPerson(
            role="referrer", given=" ".join((shown.given, *shown.other_given)), family=shown.family, job=shown.title
        )
    if reference is not None:
        notes.append(
            Note(code="requester_not_found", field="ServiceRequest.requester", text="The message does not hold who referred.")
        )
    else:
        notes.append(Note(code="requester_missing", field="ServiceRequest.requester", text="The message names no referrer."))
    return None


def _employer(requester: Node, document: FhirDocument) -> Node:
    kind = kind_of(requester)
    if kind == "Organization":
        return requester
    if kind == "PractitionerRole":
        return document.find(element(requester, "organization"), requester)
    if kind == "Practitioner":
        for post in document.by_type.get("PractitionerRole", [])[:200]:
            if document.find(element(post, "practitioner"), post) is requester:
                return document.find(element(post, "organization"), post)
    return {}


def _pointed_to(reference: object) -> Organisation:
    """An organisation that is not in the message, by the ODS code of the reference to it."""
    logical = first(reference, "identifier")
    if "ods" not in text(logical, "system").casefold():
        return Organisation()
    return Organisation(code=text(logical, "value").upper()[:40], code_system="ods", name=text(reference, "display")[:200])


def _organisation(node: Node) -> Organisation:
    """An Organization by its ODS code where it has one, else by its first identifier."""
    if kind_of(node) == "HealthcareService":
        return Organisation(name=text(node, "name")[:200])
    if kind_of(node) != "Organization":
        return Organisation()
    found = [(text(one, "system").casefold(), text(one, "value")) for one in nodes(node, "identifier") if text(one, "value")]
    ods = next((value for system, value in found if "ods" in system), "")
    code = ods or next((value for _, value in found), "")
    names = [text(node, "name"), *(one_line(alias) for alias in items(node, "alias")), words(element(node, "type"))]
    return Organisation(
        code=code.upper()[:40] if ods else code[:40],
        code_system="ods" if ods else "other" if code else "",
        name=next((name for name in names if name), "")[:200],
    )
