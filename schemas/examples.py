"""One record of each kind, synthetic, complete enough to show what a record looks like: the examples of the documentation."""

from datetime import UTC, date, datetime

from schemas.allocation import AllocationEvent
from schemas.case_event import CaseEvent, Opened
from schemas.contact import Authority, Contact
from schemas.delivery import Delivery
from schemas.disposition import Disposition
from schemas.flag import Flag
from schemas.linkage import Link, LinkageEvent, LinkCandidate, LinkPerson, LinkReview
from schemas.narrative import Narrative
from schemas.outbound import OutboundItem
from schemas.person import Address, Identifier, OtherPerson, Person
from schemas.probe import Probe
from schemas.reading import Note, Organisation, Report
from schemas.received import Received
from schemas.record import Record

_AT = datetime(2026, 8, 28, 8, 10, tzinfo=UTC)
_CONTACT = Contact(
    contact_id="5f0c0c1e-0000-5000-8000-000000000001",
    receipt_id="5f0c0c1e-0000-5000-8000-000000000002",
    version=1,
    sender="education-http",
    agency="education",
    received_at=_AT,
    authority=Authority(code="383", name="Leeds", how="postcode"),
    team="front-door",
    report=Report(
        person=Person(
            given="Aisha",
            family="Clarke",
            dob=date(2019, 3, 4),
            sex="F",
            identifiers=[Identifier(kind="nhs_number", value="9990000018")],
            address=Address(lines=["22 Elm Road"], postcode="LS10 4YU"),
        ),
        kind="referral",
        reference="C-501",
        organisation=Organisation(code="107258", code_system="urn", name="Hawthorn Primary School"),
        source_code="2A",
        risk="amber",
        risk_source="medium",
        written_at=_AT,
        narrative="Says that she is hungry.",
        people=[OtherPerson(role="referrer", given="Ruth", family="Adair")],
        unmapped={"year_group": "2"},
        notes=[Note(code="postcode_spaced", field="address.postcode")],
    ),
)

_CANDIDATE = LinkCandidate(
    story_id="s1", record="s1", same=0.71, twin=0.2, sibling=0.05, vector=[1, 1, 4, 1, 1, 0, 0, 0], guards=["dob_differs"]
)

EXAMPLES: dict[str, Record] = {
    "Received": Received(
        receipt_id=_CONTACT.receipt_id, sender="education-http", agency="education", transport="http",
        received_at=_AT, content_type="application/json", size=2, body=b"{}",
    ),
    "Contact": _CONTACT,
    "CaseEvent": CaseEvent(
        event_id="e1", type="opened", contact_id=_CONTACT.contact_id, at=_AT, receipt_id=_CONTACT.receipt_id,
        opened=Opened(
            agency="education", sender="education-http", kind="referral", risk="amber", team="front-door",
            authority_code="383", authority_how="postcode",
        ),
    ),
    "Disposition": Disposition(
        receipt_id=_CONTACT.receipt_id, version=1, disposition="contact", sender="education-http", agency="education",
        transport="http", received_at=_AT, size=2, contact_ids=[_CONTACT.contact_id],
    ),
    "AllocationEvent": AllocationEvent(
        event_id="a1", type="requested", team="front-door", at=_AT, contact_ids=[_CONTACT.contact_id], risk="amber"
    ),
    "Flag": Flag(
        flag_id="f1", contact_id=_CONTACT.contact_id, clock="same-day", opening=1, started_at=_AT,
        due_at=datetime(2026, 8, 28, 23, 0, tzinfo=UTC), state="raised", result="missed",
    ),
    "OutboundItem": OutboundItem(
        item_id="i1", kind="referral", recipient="case-system", agency="social_care", contact_id=_CONTACT.contact_id,
        receipt_id=_CONTACT.receipt_id, at=_AT, contact=_CONTACT,
    ),
    "Probe": Probe(probe_id="5f0c0c1e-0000-4000-8000-00000000000f", agency="education", at=_AT),
    "Delivery": Delivery(
        item_id="i1", kind="referral", recipient="case-system", agency="social_care", contact_id=_CONTACT.contact_id,
        receipt_id=_CONTACT.receipt_id, partition=2, offset=40, state="waiting", at=_AT, since=_AT, next_try_at=_AT, attempts=1,
        reason_code="timeout",
    ),
    "LinkageEvent": LinkageEvent(
        event_id="q1", type="reported", partnership="front-door", contact_id=_CONTACT.contact_id, at=_AT, version=1,
        agency="education", person=LinkPerson(given="Aisha", family="Clarke", dob="2019-03-04", nhs_number="9990000018"),
    ),
    "Link": Link(
        link_id="l1", contact_id=_CONTACT.contact_id, version=1, at=_AT, cause="q1", outcome="REVIEW",
        story_id=_CONTACT.contact_id, score=0.71, band=">= 0.5", reasons=["low_score"], candidates=[_CANDIDATE],
        household=["s2"], model_version="m1", normaliser="n1", index_size=12,
    ),
    "LinkReview": LinkReview(
        review_id="v1", contact_id=_CONTACT.contact_id, at=_AT, cause="q1", state="open", opened_at=_AT,
        reasons=["low_score"], candidates=[_CANDIDATE],
    ),
    "Narrative": Narrative(
        narrative_id="n1", about=_CONTACT.contact_id, event_id="e2", kind="reason", text="Threshold met.", at=_AT
    ),
}  # fmt: skip
