"""JSON Schemas (draft 2020-12) of the records, as they look once decoded: for those who map fields or check JSON."""

from typing import Any

from pydantic import BaseModel

from schemas.catalogue import MODELS

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(record: str) -> dict[str, Any]:
    """The schema of one record model. Raises `KeyError` for a name that is none."""
    model = MODELS[record]
    assert issubclass(model, BaseModel)
    return {"$schema": _DIALECT, "$id": f"urn:frontdoor:schema:{record}", **model.model_json_schema(mode="serialization")}
