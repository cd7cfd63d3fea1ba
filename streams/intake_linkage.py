"""What intake tells linkage: each version of a child that it read, what messages without a concern say of who children
are, and what people decided about links. Pure."""

from schemas.case_event import CaseEvent
from schemas.contact import Contact
from schemas.identity import output_id, statement_id
from schemas.linkage import LinkageEvent, LinkageType, LinkPerson
from schemas.open_case import texts_of_person
from schemas.person import Person
from schemas.reading import CaseReport, Statement
from streams.intake_ledger import Ledger
from streams.linking_content import said_in

#: What people decide about links, as case events, and what each is for linkage.
_DECIDED: dict[str, LinkageType] = {
    "link_answered": "answered", "link_undone": "undone", "identity_superseded": "superseded",
}  # fmt: skip
_VERDICTS = ("same", "not_same", "not_sure")


def ask_who_it_is(ledger: Ledger, contact: Contact) -> None:
    """Let linkage look at a version of a contact. A bare withdrawal says nothing about the child."""
    if contact.report.action == "cancel":
        return
    event = LinkageEvent(
        event_id=output_id(contact.contact_id, f"reported-v{contact.version}"),
        type="reported",
        partnership=ledger.rules.partnership,
        contact_id=contact.contact_id,
        at=contact.received_at,
        version=contact.version,
        agency=contact.agency,
        person=_compared(contact.report.person),
        said=said_in(contact, ledger.event, ledger.rules.hashed),
        keys=[ledger.rules.hashed(text) for text in texts_of_person(contact.report.person)],
    )
    ledger.emit("linkage-in", event.partnership, event)


def tell_statements(ledger: Ledger, statements: list[Statement]) -> None:
    """Let linkage hear what a message without a concern says of children's identity."""
    event = ledger.event
    for place, statement in enumerate(statements):
        about = statement_id(event.receipt_id, place)
        person = _compared(statement.person).model_copy(update={"former_nhs_number": statement.former_nhs_number})
        told = LinkageEvent(
            event_id=output_id(about, "identified"),
            type="identified",
            partnership=ledger.rules.partnership,
            contact_id=about,
            at=event.received_at,
            version=1,
            agency=event.agency,
            person=person,
        )
        ledger.emit("linkage-in", told.partnership, told)


def problem_of(report: CaseReport) -> str:
    """Why a person's decision about a link counts for nothing; empty when it does, or is none."""
    if report.type not in _DECIDED:
        return ""
    if report.type == "link_answered" and report.details.get("verdict") not in _VERDICTS:
        return "no_verdict"
    return "no_other_contact" if report.type != "link_undone" and not report.details.get("other_contact") else ""


def tell_decision(ledger: Ledger, event: CaseEvent) -> None:
    """Let linkage carry out what a person decided about a link."""
    kind = _DECIDED.get(event.type)
    if kind is None or event.problem:
        return
    verdict = event.details.get("verdict", "")
    told = LinkageEvent(
        event_id=output_id(event.event_id, kind, event.contact_id),
        type=kind,
        partnership=ledger.rules.partnership,
        contact_id=event.contact_id,
        at=event.at,
        other_contact=event.details.get("other_contact", ""),
        verdict=next((one for one in _VERDICTS if one == verdict), ""),
        by=event.by,
        reason_code=event.reason_code,
        reason_hash=event.reason_hash,
    )
    ledger.emit("linkage-in", told.partnership, told)


def _compared(person: Person) -> LinkPerson:
    """Only what is compared leaves for linkage."""
    numbers: dict[str, str] = {}
    for identifier in person.identifiers:
        numbers.setdefault(identifier.kind, identifier.value)
    return LinkPerson(
        given=person.given or person.known_as,
        family=person.family,
        dob=person.dob.isoformat() if person.dob else person.dob_text,
        sex=person.sex,
        postcode=person.address.postcode,
        address_line=", ".join(person.address.lines),
        nhs_number=numbers.get("nhs_number", ""),
        upn=numbers.get("upn", ""),
        former_upn=numbers.get("former_upn", ""),
    )
