"""A message of each agency that nobody has sent before, about an invented child."""

import json
import uuid
from datetime import UTC, date, datetime

from ops.demo.children import Child
from ops.demo.messages import fhir_referral, police_notice, school_concern

_CHILD = Child("Nora", "Field", date(2018, 5, 9), "F", "9990000018", "4 Elm Road", "LS10 4YU")
_TEXT = "A message of the conformance cases about an invented child. Nobody needs to do anything."


def message(agency: str) -> tuple[bytes, str]:
    """Body and content type; a new reference each time. Raises `KeyError` for an agency without one."""
    reference, at = f"CONFORM-{uuid.uuid4().hex[:12]}", datetime.now(UTC)
    match agency:
        case "education":
            return school_concern(_CHILD, "green", reference, at, _TEXT), "application/json"
        case "health":
            return fhir_referral(_CHILD, "green", reference, at, _TEXT, reference), "application/fhir+json"
        case "police":
            return police_notice([_CHILD], "green", reference, at, _TEXT), "application/xml"
        case "social_care":
            return _telephone_call(reference, at), "application/json"
    raise KeyError(agency)


def _telephone_call(reference: str, at: datetime) -> bytes:
    child = {"given_name": _CHILD.given, "family_name": _CHILD.family, "date_of_birth": _CHILD.dob.isoformat()}
    call = {
        "event": "contact_recorded", "event_id": reference, "method": "telephone", "by": "Amara Singh",
        "at": at.isoformat(), "child": child, "concern": _TEXT, "risk_level": "green",
    }  # fmt: skip
    return json.dumps({"events": [call]}).encode()
