"""What arrives: messages of four agencies about a few synthetic children, in the agencies' own formats, and what people
and partners then report about them. Made once; a run picks from it."""

import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from ops.demo import messages
from ops.demo.children import Nursery
from ops.simulator.hub import processors
from schemas.disposition import Disposition
from schemas.identity import derived_id, receipt_id
from schemas.london import civil_date
from schemas.received import Received, Repair
from streams.processor import rows_of

CASE_SYSTEM = "case-system"
_WRITTEN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
#: What may be told about a contact: the word, and what else the event says.
_TOLD: dict[str, dict[str, str]] = {
    "assessed": {"event": "risk_assessed", "by": "Ben Hughes", "level": "amber", "reason": "Plan in place."},
    "assessed by nobody": {"event": "risk_assessed", "level": "amber", "reason": "Plan in place."},
    "assessed without a reason": {"event": "risk_assessed", "by": "Ben Hughes", "level": "amber"},
    "assessed, with a time": {"event": "risk_assessed", "by": "Ewa Nowak", "level": "red", "reason": "Strategy discussion."},
    "assessed, with a day": {"event": "risk_assessed", "by": "Ewa Nowak", "level": "red", "reason": "Strategy discussion."},
    "allocated": {"event": "allocated", "by": "Chloe Davies"},
    "decided": {"event": "decision", "by": "Ben Hughes", "decision": "accept"},
    "acknowledged": {"event": "acknowledged", "by": "Amara Okafor"},
    "closed": {"event": "closed", "by": "Ben Hughes", "reason_code": "RC1"},
    "flag acknowledged": {"event": "flag_acknowledged", "by": "Ben Hughes"},
    "link undone": {"event": "link_undone", "by": "Ben Hughes", "reason": "Another child."},
    "the same child": {"event": "link_answered", "verdict": "same", "by": "Ben Hughes", "reason": "Rang the school."},
    "not the same child": {"event": "link_answered", "verdict": "not_same", "by": "Ben Hughes", "reason": "Rang them."},
}
TOLD = tuple(_TOLD)


@dataclass(frozen=True, slots=True)
class Message:
    """One message as a sender writes it."""

    name: str
    sender: str
    agency: str
    body: bytes
    unreadable: bool = False

    def receipt(self, occasion: int) -> str:
        """The receipt of one sending; a connector that sends again after a lost answer gives the same."""
        return receipt_id(self.sender, f"{self.name} {occasion}", self.body)

    def received(self, occasion: int, at: datetime) -> Received:
        """As the edge makes it durable."""
        return _received(self.sender, self.agency, self.receipt(occasion), self.body, at)


@cache
def catalogue_of_messages() -> tuple[Message, ...]:
    """All messages there are; senders of one agency differ, and some messages correct or repeat another."""
    nursery, at = Nursery(7), _WRITTEN
    ada, ben, cem, dot, eva = (nursery.child() for _ in range(5))
    fay = nursery.child(dot.family, dot.address, dot.postcode)
    concern, hl7, notice = messages.school_concern, messages.hl7_referral, messages.police_notice
    call = {
        "event": "contact_recorded", "by": "Amara Okafor", "method": "telephone", "concern": "A neighbour called.",
        "child": {"given_name": eva.given, "family_name": eva.family, "date_of_birth": eva.dob.isoformat()},
    }  # fmt: skip
    corrected_call = call | {"reference": "T1", "concern": "The neighbour called again."}
    return (
        Message("hl7 referral, green", "hospital", "health", hl7(ada, "green", "R1", "M1", at, "Bruise.")),
        Message("hl7 referral, now red", "hospital", "health", hl7(ada, "red", "R1", "M2", at, "Bruises.")),
        Message("hl7 referral under a used id", "hospital", "health", hl7(ben, "amber", "R2", "M1", at, "Weight.")),
        Message("fhir referral", "emergency", "health", messages.fhir_referral(ben, "red", "F1", at, "Fall.", "a")),
        Message("fhir booking", "emergency", "health", messages.fhir_booking(at, "b")),
        Message("school concern", "school", "education", concern(cem, "amber", "E1", at, "Hungry.")),
        Message("school concern, now red", "school", "education", concern(cem, "red", "E1", at, "Hungry, hurt.")),
        Message("school concern, other child", "school", "education", concern(ada, "amber", "E1", at, "Tired.")),
        Message("school concern without number", "academy", "education", concern(cem, "green", "", at, "Late.")),
        Message("school concern, by the academy too", "academy", "education", concern(cem, "amber", "E1", at, "Hungry.")),
        Message("police notice of siblings", "force", "police", notice([dot, fay], "amber", "P1", at, "Present.")),
        Message("police notice, one more child", "force", "police", notice([dot, fay, eva], "red", "P1", at, "Hurt.")),
        Message("cut JSON", "school", "education", b'{"concern_id": "E9", ', unreadable=True),
        Message("something scanned", "hospital", "health", b"%PDF-1.4 nothing else", unreadable=True),
        Message("telephone call", "duty-desk", "social_care", json.dumps(call).encode()),
        Message("telephone call, numbered", "duty-desk", "social_care", json.dumps(corrected_call).encode()),
    )


@cache
def contacts_of(message: Message, occasion: int) -> tuple[str, ...]:
    """The contacts that the message opens when it comes first, by the derivation of ids alone."""
    made = processors()[0].decide(rows_of({}), message.received(occasion, _WRITTEN))
    settled = [output.record for output in made.outputs if isinstance(output.record, Disposition)]
    return tuple(settled[-1].contact_ids)


def told(kind: str, contact: str, number: int, now: datetime, other: str = "") -> Received:
    """What somebody reports about a contact; a claim is that it happened an hour or two before, or on this very day.
    `other` is the contact that an answer about a link compares it with."""
    entry = {**_TOLD[kind], "contact_id": contact}
    if entry["event"] == "link_answered":
        entry["other_contact"] = other
    if kind == "assessed, with a time":
        entry["happened_at"] = (now - timedelta(hours=1 + number % 2)).isoformat()
    if kind == "assessed, with a day":
        entry["happened_on"] = (civil_date(now) - timedelta(days=number % 2)).isoformat()
    body = json.dumps(entry).encode()
    return _received(CASE_SYSTEM, "social_care", derived_id("told", str(number)), body, now)


def repaired(message: Message, occasion: int, number: int, now: datetime) -> Received:
    """A person's correction of an unreadable message; every third time it still cannot be read."""
    body = b'{"still": ' if number % 3 == 0 else _readable(message.agency)
    repair = Repair(of_receipt=message.receipt(occasion), by="Ben Hughes", reason="Asked the sender.")
    made = _received(message.sender, message.agency, derived_id("repair", str(number)), body, now)
    return made.model_copy(update={"repair": repair})


@cache
def _readable(agency: str) -> bytes:
    child = Nursery(11).child()
    if agency == "health":
        return messages.hl7_referral(child, "amber", "R9", "M9", _WRITTEN, "Read from paper.")
    return messages.school_concern(child, "amber", "E9", _WRITTEN, "Read again.")


def _received(sender: str, agency: str, receipt: str, body: bytes, at: datetime) -> Received:
    return Received(
        receipt_id=receipt, sender=sender, agency=agency, transport="simulated", received_at=at, size=len(body), body=body
    )  # fmt: skip


def some(chance: random.Random) -> int:
    """The place of a message in the catalogue."""
    return chance.randrange(len(catalogue_of_messages()))
