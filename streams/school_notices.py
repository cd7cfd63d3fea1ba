"""Which school is owed a notice of a police contact, what of it the school may have, and until when (Operation Encompass).

Pure. Source: statutory guidance of 7 November 2025: the safeguarding lead of the child's school is told before the next
school day starts, weekends and holidays included; children from reception to 17.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from connectors.education.school_notice import only_what_a_school_may_have
from schemas.case_event import CaseEvent
from schemas.contact import Contact
from schemas.identity import output_id
from schemas.london import LONDON, civil_date
from schemas.outbound import UNLISTED_SCHOOL, ItemKind, OutboundItem
from schemas.reading import Report
from streams.clock_rules import ClockRules
from streams.domestic_abuse import believed
from streams.intake_encompass import at_school_age, dated
from streams.milestones import happened

CLOCK = "encompass"


@dataclass(frozen=True, slots=True)
class SchoolNotices:
    """`listed` gives the recipient of a school by its folded name or number, None where several schools have that name;
    `rules` say when the next school day starts."""

    listed: Mapping[str, str | None]
    rules: ClockRules

    def of(self, contact: Contact, kind: ItemKind) -> OutboundItem | None:
        """The notice of one version of a contact; None when no school is owed one. Never guesses a school.

        The first version that says domestic abuse is the school's first notice, whatever came before it elsewhere.
        """
        cancelled = kind == "cancel_request"
        if not contact.domestic_abuse_before:
            if cancelled:
                return None
            kind = "referral"
        report = contact.report.model_copy(update={"action": "new"}) if cancelled else contact.report
        of_age = at_school_age(report.person, civil_date(contact.received_at))
        if not of_age or not believed(contact.agency, report):
            return None
        recipient = self.listed.get(school_key(_school(report))) or UNLISTED_SCHOOL
        limit = self.rules.limit(CLOCK, contact.authority.code, _believed_at(contact))
        due = {"due_before": limit.due_at.astimezone(LONDON).isoformat()} if limit.known and not cancelled else {}
        return OutboundItem(
            item_id=output_id(contact.contact_id, f"school-v{contact.version}", recipient),
            kind=kind,
            recipient=recipient,
            agency="education",
            contact_id=contact.contact_id,
            receipt_id=contact.receipt_id,
            at=contact.received_at,
            contact=only_what_a_school_may_have(contact),
            outcome=due,
        )


def _believed_at(contact: Contact) -> datetime:
    """When the clock began: the same moment as `intake_children` tells the clocks."""
    event = CaseEvent(event_id="", type="domestic_abuse_believed", contact_id=contact.contact_id, at=contact.received_at)
    return happened(dated(event, contact.report.written_at))


def school_key(name: str) -> str:
    """A school's name or number without what is written now so and now otherwise: case, blanks, points, "the"."""
    words = "".join(ch if ch.isalnum() else " " for ch in name.casefold().replace("'", "").replace("’", "")).split()
    return " ".join(word for word in words if word != "the")


def _school(report: Report) -> str:
    """The child's school as the force named it: a bare number is kept beside what readers understand."""
    numbers = (
        text for path, text in report.unmapped.items() if path.casefold().endswith("school") and text.replace("/", "").isdigit()
    )
    return report.person.school or next(numbers, "")
