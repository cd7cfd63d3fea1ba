"""An outcome as an HL7 v2.4 RRI^I12 (return referral information), the answer to a REF^I12. Pure.

It names no patient: PID holds the hub's contact id and a pseudonym (name type S). MSA-2 repeats the sender's own control id, or
the receipt where that is not known; RF1-6 the sender's referral number; RF1-1 accepted, pending or rejected.
"""

from connectors.health.hl7v2_text import escaped, field, header, message, segment
from connectors.outcomes import Told, told
from connectors.writing import Written, file_name
from schemas.london import LONDON
from schemas.outbound import OutboundItem

_STATUS = {
    "received": ("P", "Pending"), "risk_assessed": ("P", "Pending"), "decision": ("A", "Accepted"),
    "no_further_action": ("R", "Rejected"), "closed": ("A", "Accepted"), "transferred": ("A", "Accepted"),
    "transfer_accepted": ("A", "Accepted"),
    "not_a_contact": ("R", "Rejected"), "not_understood": ("R", "Rejected"), "not_delivered": ("P", "Pending"),
}  # fmt: skip
"""RF1-1 by HL7 table 0283."""


def write(item: OutboundItem) -> Written:
    """The message, segments ended by CR, without MLLP framing. Raises `CannotWrite`."""
    outcome = told(item)
    segments = [
        header("RRI^I12", f"{outcome.at.astimezone(LONDON):%Y%m%d%H%M%S%z}", outcome.notice_id),
        segment("MSA", f1="AE" if outcome.code == "not_understood" else "AA",
                f2=escaped(outcome.message_id or outcome.receipt_id), f3=escaped(f"receipt {outcome.receipt_id}")),
        segment("RF1", f1=field(*_STATUS[outcome.code], "HL70283"), f6=field(outcome.reference),
                f11=field(outcome.contact_id or outcome.receipt_id, "FRONTDOOR")),
        segment("PRD", f1=field("RT", "Referred to provider", "HL70286"), f2=field("Front Door")),
        segment("PID", f1="1", f3=field(outcome.contact_id or outcome.receipt_id, "", "", "FRONTDOOR", "CONTACT"),
                f5="^^^^^^S"),
        *(segment("NTE", f1=str(place), f3=escaped(line)) for place, line in enumerate(_lines(outcome), start=1)),
    ]  # fmt: skip
    return Written(message(segments), "application/hl7-v2", file_name(item, "hl7"))


def _lines(outcome: Told) -> list[str]:
    lines = [f"Outcome: {outcome.code}", outcome.sentence]
    if outcome.decision:
        lines.append(f"Next step: {outcome.decision}")
    return [*lines, outcome.reason] if outcome.reason else lines
