"""What the hub says of itself, and of a message, in FHIR R4 (JSON)."""

from typing import Any, Literal

FHIR_JSON = "application/fhir+json"


def operation_outcome(
    severity: Literal["information", "error"], code: str, text: str, diagnostics: str, identity: str = ""
) -> dict[str, Any]:
    """An OperationOutcome of one issue. `code` is from FHIR's issue-type code system; `identity` becomes its id."""
    issue: dict[str, Any] = {"severity": severity, "code": code, "details": {"text": text}}
    if diagnostics:
        issue["diagnostics"] = diagnostics
    outcome: dict[str, Any] = {"resourceType": "OperationOutcome"}
    if identity:
        outcome["id"] = identity
    return outcome | {"issue": [issue]}


def capability_statement() -> dict[str, Any]:
    """What a FHIR client may do here: send a message Bundle, or create a ServiceRequest. Nothing can be read."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-11-23",
        "kind": "instance",
        "implementation": {"description": "Front Door: referrals to a children's safeguarding partnership"},
        "fhirVersion": "4.0.1",
        "format": ["json", FHIR_JSON],
        "rest": [
            {
                "mode": "server",
                "documentation": (
                    "Everything sent is stored before it is read. The answer is 202 with a receipt; what became of the "
                    "message is at /receipts/{id}. A message that cannot be read is kept for a person, not refused."
                ),
                "resource": [
                    {
                        "type": "ServiceRequest",
                        "interaction": [{"code": "create"}],
                    }
                ],
                "operation": [
                    {
                        "name": "process-message",
                        "definition": "http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message",
                    }
                ],
            }
        ],
    }
