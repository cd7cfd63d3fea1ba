"""The notice a school has of a child at a police incident, with only the fields that a school may have. Pure.

Source: statutory guidance of 7 November 2025 (Operation Encompass): the school's safeguarding lead is told before the next
school day starts. Fields: the minimum that a published partnership protocol sends by design (name, date of birth, when, whether
the child was present, whether a welfare check was made), with the force's number to ask by. No address, no other person, no
story, no grade of risk.
"""

from dataclasses import dataclass

from connectors.fields.naming import fold
from connectors.outcomes import iso
from connectors.writing import CannotWrite
from schemas.contact import Contact
from schemas.london import LONDON
from schemas.outbound import OutboundItem
from schemas.person import Person
from schemas.reading import Report

_CHANGES = {"referral": "new", "correction": "correction", "cancel_request": "withdrawn"}

#: Where a force's message says it, when it does: it has no field of its own in the hub.
_PRESENT = frozenset({"present", "childpresent", "childrenpresent", "waspresent", "childwaspresent"})
_WELFARE_CHECK = frozenset({"welfarecheck", "welfarecheckmade", "safeandwellcheck"})
_YES = frozenset({"yes", "y", "true", "1", "present"})
_NO = frozenset({"no", "n", "false", "0", "notpresent", "absent"})


@dataclass(frozen=True, slots=True)
class SchoolNotice:
    """What a school may have. `rows` are the fields that are known, by the names of `school-notice.schema.json`."""

    rows: dict[str, str]

    def as_text(self) -> str:
        """The notice for a person, as the body of an e-mail."""
        said = self.rows
        lines = [
            "For the designated safeguarding lead only.",
            "",
            {"new": "Police attended an incident that this pupil may have been affected by.",
             "correction": "This corrects an earlier notice about this pupil.",
             "withdrawn": "The police have withdrawn this notice. Please disregard it."}[said["change"]],
            "",
            *(f"{label}: {said[name]}" for name, label in _LABELS.items() if name in said),
            "",
            "This is to be read before the next school day starts, so that the child finds support.",
            "If you are worried about the child, ring the children's front door.",
        ]  # fmt: skip
        return "\n".join(lines) + "\n"


_LABELS = {
    "given_name": "Forename", "family_name": "Surname", "date_of_birth": "Date of birth", "school": "School",
    "incident_at": "Date and time of the incident", "present": "Child present", "welfare_check": "Welfare check made",
    "police_reference": "Police reference", "force": "Police force", "due_before": "To be read before",
    "notice_id": "Notice",
}  # fmt: skip


def school_notice(item: OutboundItem) -> SchoolNotice:
    """The notice in an item about a police contact.

    `item.outcome["due_before"]`, where the hub computed it, is when the next school day starts. Raises `CannotWrite` for an
    item without content, or whose contact no police force sent: a school is told of nobody else's.
    """
    contact = item.contact
    if contact is None or item.kind not in _CHANGES:
        raise CannotWrite("A school notice needs the contact that it is about.")
    if contact.agency != "police":
        raise CannotWrite("A school is told of contacts from the police alone.")
    rows = {
        "notice_id": item.item_id,
        "change": _CHANGES[item.kind],
        **_of_contact(contact),
        "due_before": item.outcome.get("due_before", ""),
    }
    return SchoolNotice({name: text for name, text in rows.items() if text})


def only_what_a_school_may_have(contact: Contact) -> Contact:
    """The contact with the fields of a notice and no other: what a school may not have does not leave for it at all."""
    report, child = contact.report, contact.report.person
    known = _PRESENT | _WELFARE_CHECK
    said = {path: text for path, text in report.unmapped.items() if fold(path.rpartition(".")[2]) in known}
    left = Report(
        person=Person(given=child.given, family=child.family, dob=child.dob, school=child.school),
        kind=report.kind,
        action=report.action,
        reference=report.reference,
        organisation=report.organisation,
        written_at=report.written_at,
        incident_at=report.incident_at,
        unmapped=said,
    )
    return contact.model_copy(update={"report": left, "siblings": [], "possible_repeat_of": ""})


def _of_contact(contact: Contact) -> dict[str, str]:
    report, child = contact.report, contact.report.person
    when = report.incident_at or report.written_at
    return {
        "given_name": child.given,
        "family_name": child.family,
        "date_of_birth": child.dob.isoformat() if child.dob else "",
        "school": child.school,
        "incident_at": iso(when.astimezone(LONDON)) if when else "",
        "present": _answer(report.unmapped, _PRESENT),
        "welfare_check": _answer(report.unmapped, _WELFARE_CHECK),
        "police_reference": report.reference,
        "force": report.organisation.name or report.organisation.code,
    }


def _answer(unmapped: dict[str, str], names: frozenset[str]) -> str:
    """yes, no or "not known": never a remark, which could say anything."""
    for path, text in unmapped.items():
        if fold(path.rpartition(".")[2]) in names:
            folded = fold(text)
            if folded in _YES:
                return "yes"
            if folded in _NO:
                return "no"
    return "not known"
