"""What the strict FHIR R4 models refuse in a message, as notes: field paths and kinds of error, never a value.

A refusal here refuses no child: the tolerant extraction reads the message all the same.
"""

from functools import lru_cache
from typing import Any, get_args, get_origin

from fhir.resources.R4B import get_fhir_model_class
from pydantic import BaseModel, ValidationError

from connectors.health.fhir_values import Node, element
from schemas.reading import Note

MOST_PARTS = 20_000
"""A larger document (in values and keys, without its attachments) is not checked strictly, to bound the time."""

MOST_REFUSALS = 20

_REFUSED = "The FHIR R4 schema does not allow this here; it was read as far as it goes."
_SKIPPED = Note(code="strict_skipped", text="The message is too large for the strict check; it was read tolerantly.")


def strict_refusals(root: Node, parts: int) -> list[Note]:
    """Notes on what the strict parser refuses; empty when it accepts the message whole."""
    if parts > MOST_PARTS:
        return [_SKIPPED]
    kind = root.get("resourceType")
    model = _model(kind) if isinstance(kind, str) else None
    if model is None:
        return []
    try:
        model.model_validate(root)
    except ValidationError as error:
        return _as_notes(str(kind), root, error)
    except Exception as error:
        # The library's own validators fail on some malformed input instead of refusing it; that too is a refusal.
        return [Note(code="strict_failed", field=str(kind), text=f"The strict parser gave up ({type(error).__name__}).")]
    return []


def from_xml(value: Any, model: Any = None) -> Any:
    """An object made from XML with lists and booleans where the R4 models have them, as JSON would have had them."""
    if not isinstance(value, dict):
        return value
    kind = value.get("resourceType")
    model = _model(kind) if isinstance(kind, str) else model
    if model is None:
        return value
    fields = {field.alias or name: field.annotation for name, field in model.model_fields.items()}
    shaped: Node = {}
    for name, given in value.items():
        wanted = fields.get(name)
        parts = [from_xml(part, _inner_model(wanted)) for part in (given if isinstance(given, list) else [given])]
        if bool not in (wanted, *get_args(wanted)):
            parts = [str(part).lower() if isinstance(part, bool) else part for part in parts]
        repeats = isinstance(given, list) or any(get_origin(part) is list for part in (wanted, *get_args(wanted)))
        shaped[name] = parts if repeats else parts[0]
    return shaped


@lru_cache(maxsize=4096)
def _inner_model(annotation: Any) -> Any:
    """The model of a complex element, from its field's annotation; None for a primitive or an unknown element."""
    if hasattr(annotation, "get_model_klass"):
        return annotation.get_model_klass()
    return next((found for part in get_args(annotation) if (found := _inner_model(part))), None)


@lru_cache(maxsize=512)
def _model(kind: str) -> type[BaseModel] | None:
    """The strict model of a resource type, or None when R4 has no such type."""
    if not kind.isascii() or not kind.isalpha() or not kind[0].isupper() or len(kind) > 50:
        return None
    try:
        model: Any = get_fhir_model_class(kind)
        is_resource = issubclass(model, BaseModel) and "id" in model.model_fields and "meta" in model.model_fields
    except Exception:
        # An unknown name fails in several ways inside the library (no such attribute, module or class).
        return None
    return model if is_resource else None


def is_resource_type(kind: str) -> bool:
    """Whether FHIR R4 has a resource type of this name."""
    return _model(kind) is not None


def _as_notes(kind: str, root: Node, error: ValidationError) -> list[Note]:
    refused = error.errors(include_input=False, include_url=False, include_context=False)
    notes: list[Note] = []
    for place in refused[:MOST_REFUSALS]:
        code = f"strict_{place['type'].replace('-', '_').removeprefix('fhir_validation_')}"[:60]
        notes.append(Note(code=code, field=_path(kind, root, place["loc"])[:200], text=_REFUSED))
    if len(refused) > MOST_REFUSALS:
        notes.append(Note(code="strict_more", field=kind, text="The FHIR R4 schema refuses more than is listed here."))
    return notes


def _path(kind: str, root: Node, steps: tuple[int | str, ...]) -> str:
    """The place of a refusal. Only names that the models know are repeated: a sender's own key could be anything."""
    path, model = kind, _model(kind)
    node: Any = root
    for step in steps:
        if isinstance(step, int):
            path += f"[{step}]"
            node = node[step] if isinstance(node, list) and 0 <= step < len(node) else None
            continue
        inner = element(node, "resourceType")
        if isinstance(inner, str) and inner != kind:
            model = _model(inner) or model
        fields = {(field.alias or name).casefold(): field for name, field in model.model_fields.items()} if model else {}
        known = fields.get(step.casefold())
        path += f".{step}" if known else ".(unknown)"
        node = node.get(step) if isinstance(node, dict) else None
        annotation: Any = known.annotation if known else None
        model = _inner_model(annotation)
    return path
