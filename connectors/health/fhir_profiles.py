"""What a resource says it conforms to (`meta.profile`) and does not keep: notes for its sender, never a gate.

Checked are the rules that can be checked of one resource alone: what must be there and what is fixed. Sources: the
StructureDefinitions `BARSMessageHeader-servicerequest-request` 1.0.2 and `BARSServiceRequest-request-referral` 1.0.3 in
NHSDigital/NHSDigital-FHIR-BookingAndReferrals; for UK Core Patient the implementation guide's words (an identifier or a
name; an NHS number under its own system, as ten digits, once, with how it was verified).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from connectors.decoding import one_line
from connectors.health.fhir_document import FhirDocument, kind_of
from connectors.health.fhir_values import Node, codes, element, extensions, first, items, nodes, text
from schemas.reading import Note

MOST_CHECKED = 50
"""Resources of one message that are held against their profiles."""

_BARS = "https://fhir.nhs.uk/StructureDefinition/"
_UK_CORE = "https://fhir.hl7.org.uk/StructureDefinition/"
_NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"
_EVENTS = "https://fhir.nhs.uk/CodeSystem/message-events-bars"
_REASONS = "https://fhir.nhs.uk/CodeSystem/message-reason-bars"
_CATEGORIES = "https://fhir.nhs.uk/CodeSystem/message-category-servicerequest"


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule that is not kept: `path` below the resource; `missing`, or there and not as it is fixed."""

    path: str
    missing: bool = True


def profile_notes(document: FhirDocument) -> list[Note]:
    """A note for each rule of a claimed profile that a resource of the message does not keep."""
    notes: list[Note] = []
    for resource in document.resources[:MOST_CHECKED]:
        for claimed in items(element(resource, "meta"), "profile"):
            rules = _RULES.get(one_line(claimed).partition("|")[0])
            if rules is None or rules[0] != kind_of(resource):
                continue
            for fault in rules[1](resource):
                code, said = ("profile_missing", "is missing") if fault.missing else ("profile_not_as_fixed", "is another")
                field = f"{rules[0]}.{fault.path}"
                notes.append(Note(code=code, field=field, text=f"The profile that the message claims asks for this; it {said}."))
    return list(dict.fromkeys(notes))


def _message_header(header: Node) -> Iterator[Fault]:
    event = next(iter(codes(element(header, "eventCoding"))), ("", "", ""))
    if not event[1]:
        yield Fault("eventCoding.code")
    elif event[:2] != (_EVENTS, "servicerequest-request"):
        yield Fault("eventCoding", missing=False)
    if not any(text(first(one, "receiver"), "reference") for one in nodes(header, "destination")):
        yield Fault("destination.receiver.reference")
    if not text(first(header, "sender"), "reference"):
        yield Fault("sender.reference")
    if not text(first(header, "source"), "endpoint"):
        yield Fault("source.endpoint")
    reason = codes(element(header, "reason"))
    if not reason:
        yield Fault("reason")
    elif all(system != _REASONS for system, _, _ in reason):
        yield Fault("reason.coding.system", missing=False)
    if not any(text(one, "reference") for one in nodes(header, "focus")):
        yield Fault("focus.reference")


def _service_request(request: Node) -> Iterator[Fault]:
    for name in ("status", "intent", "authoredOn"):
        if not text(request, name):
            yield Fault(name)
    if text(request, "intent") not in ("", "plan"):
        yield Fault("intent", missing=False)
    if not first(request, "subject"):
        yield Fault("subject")
    category = [code for one in nodes(request, "category") for code in codes(one)]
    if not category:
        yield Fault("category")
    elif all(code[:2] != (_CATEGORIES, "referral") for code in category):
        yield Fault("category", missing=False)


def _patient(patient: Node) -> Iterator[Fault]:
    if not nodes(patient, "identifier") and not nodes(patient, "name"):
        yield Fault("identifier or name")
    numbers = [one for one in nodes(patient, "identifier") if text(one, "system") == _NHS_NUMBER]
    for number in numbers:
        value = text(number, "value")
        if not value:
            yield Fault("identifier:nhsNumber.value")
        elif not (len(value) == 10 and value.isascii() and value.isdigit()):
            yield Fault("identifier:nhsNumber.value", missing=False)
        if not extensions(number, "nhsnumberverificationstatus"):
            yield Fault("identifier:nhsNumber.extension:nhsNumberVerificationStatus")
    if len(numbers) > 1:
        yield Fault("identifier:nhsNumber", missing=False)


_RULES: dict[str, tuple[str, Callable[[Node], Iterator[Fault]]]] = {
    f"{_BARS}BARSMessageHeader-servicerequest-request": ("MessageHeader", _message_header),
    f"{_BARS}BARSServiceRequest-request-referral": ("ServiceRequest", _service_request),
    f"{_UK_CORE}UKCore-Patient": ("Patient", _patient),
}
