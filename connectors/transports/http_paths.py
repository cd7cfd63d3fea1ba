"""Where each agency posts what, and what a body may be: the addresses of the OpenAPI document."""

from dataclasses import dataclass

_JSON = "application/json"
_XML = "application/xml"
_FHIR = "application/fhir+json"
_HL7 = "application/hl7-v2"
_ANY = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Path:
    """One address. `fhir`: it answers with an OperationOutcome."""

    path: str
    summary: str
    media_types: tuple[str, ...]
    fhir: bool = False


MESSAGES = Path(
    "/messages", "Any message of this agency, in any of its formats", (_JSON, _FHIR, _XML, _HL7, "text/csv", _ANY)
)

_OF_AGENCY: dict[str, tuple[Path, ...]] = {
    "health": (
        Path("/$process-message", "A FHIR R4 message Bundle", (_FHIR, _JSON), fhir=True),
        Path("/ServiceRequest", "A FHIR R4 ServiceRequest", (_FHIR, _JSON), fhir=True),
    ),
    "education": (Path("/concerns", "A safeguarding concern", (_JSON,)),),
    "police": (Path("/notices", "A public protection notice", (_XML, _JSON)),),
    "social_care": (
        Path("/case-events", "What happened to a contact, from the case system", (_JSON,)),
        Path("/contacts", "A contact recorded by a person: a telephone call, a letter, a visit", (_JSON,)),
    ),
}


def paths_of(agency: str) -> tuple[Path, ...]:
    """The addresses of an agency; one without formats of its own has the common one."""
    return (MESSAGES, *_OF_AGENCY.get(agency, ()))
