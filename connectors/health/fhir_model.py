"""FHIR R4 written through the strict models of `fhir.resources`: what they refuse is never sent."""

from fhir.resources.R4B import get_fhir_model_class

from connectors.health.fhir_values import Node


def fhir_json(resource: Node) -> bytes:
    """A resource as UTF-8 JSON. Raises `pydantic.ValidationError` when the models refuse it: a fault of the writer."""
    model = get_fhir_model_class(str(resource["resourceType"]))
    text: str = model.model_validate(resource).model_dump_json(indent=1)
    return text.encode()


def fhir_xml(resource: Node) -> bytes:
    """A resource as UTF-8 XML, in the models' order of elements. Raises as `fhir_json` does."""
    model = get_fhir_model_class(str(resource["resourceType"]))
    body: str | bytes = model.model_validate(resource).model_dump_xml()
    return body.encode() if isinstance(body, str) else body
