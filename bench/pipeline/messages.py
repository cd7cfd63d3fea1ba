"""Messages of synthetic children in every format, as many as a measurement wants, no two alike."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count

from ops.demo import messages as written
from ops.demo.children import Child, Nursery
from schemas.identity import derived_id
from schemas.received import Received

#: Written time of every message; a claim that nothing here depends on.
_WRITTEN = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
_TEXT = "A synthetic worry, of about the length that people write when they have ten minutes. " * 4


@dataclass(frozen=True, slots=True)
class Message:
    """One message, and where its agency posts it; `path` is empty for MLLP."""

    agency: str
    path: str
    content_type: str
    body: bytes

    def received(self, name: str, sender: str, at: datetime) -> Received:
        """As the edge would store it."""
        return Received(
            receipt_id=derived_id("bench", name), sender=sender, agency=self.agency, transport="http", received_at=at,
            content_type=self.content_type, size=len(self.body), body=self.body,
        )  # fmt: skip


def _fhir(child: Child, number: int, risk: str) -> Message:
    body = written.fhir_referral(child, risk, f"SR-{number}", _WRITTEN, _TEXT, f"bench-{number}")
    return Message("health", "/$process-message", "application/fhir+json", body)


def _hl7(child: Child, number: int, risk: str) -> Message:
    body = written.hl7_referral(child, risk, f"RF-{number}", f"MSG{number}", _WRITTEN, _TEXT)
    return Message("health", "", "application/hl7-v2", body)


def _education(child: Child, number: int, risk: str) -> Message:
    body = written.school_concern(child, risk, f"C-{number}", _WRITTEN, _TEXT)
    return Message("education", "/concerns", "application/json", body)


def _police(child: Child, number: int, risk: str) -> Message:
    body = written.police_notice([child], risk, f"PPN-{number}", _WRITTEN, _TEXT)
    return Message("police", "/notices", "application/xml", body)


def _case_event(child: Child, number: int, risk: str) -> Message:
    event = {
        "event": "risk_assessed", "contact_id": derived_id("bench-contact", str(number)), "by": "Amara Okafor",
        "level": risk, "reason": _TEXT,
    }  # fmt: skip
    return Message("social_care", "/case-events", "application/json", json.dumps(event).encode())


def _telephone(child: Child, number: int, risk: str) -> Message:
    event = {
        "event": "contact_recorded", "method": "telephone", "by": "Ben Hughes", "reference": f"TEL-{number}", "risk": risk,
        "child": {"given_name": child.given, "family_name": child.family, "date_of_birth": child.dob.isoformat()},
        "concern": _TEXT,
    }  # fmt: skip
    return Message("social_care", "/contacts", "application/json", json.dumps(event).encode())


#: What partners send, by the name of the format.
FORMATS: dict[str, Callable[[Child, int, str], Message]] = {
    "FHIR JSON": _fhir,
    "HL7 v2": _hl7,
    "education JSON": _education,
    "police XML": _police,
    "case events": _case_event,
    "telephone": _telephone,
}
REFERRALS = ("FHIR JSON", "HL7 v2", "education JSON", "police XML")


class Partners:
    """Writes messages; each has a number of its own, and a child."""

    def __init__(self, seed: int) -> None:
        self._nursery = Nursery(seed)
        self._numbers = count(seed * 1_000_000)

    def message(self, form: str, risk: str = "green") -> Message:
        """The next message of a format."""
        return FORMATS[form](self._nursery.child(), next(self._numbers), risk)

    def mixed(self, number: int, forms: tuple[str, ...] = REFERRALS) -> Iterator[Message]:
        """So many messages, the formats in turn."""
        for position in range(number):
            yield self.message(forms[position % len(forms)])
