"""One child sent twice in one message, as an old and a new record or by repeated segments, is one contact."""

from datetime import date

from schemas.reading import Note, Report

_REPEATED = Note(
    code="child_repeated", text="The message describes this child more than once, with the same NHS number; it is one contact."
)


def without_repeated_children(reports: list[Report]) -> list[Report]:
    """The reports, those of one child joined: same NHS number, same name, same date of birth.

    Twins who were given one number by mistake differ in name, and stay two.
    """
    kept: dict[tuple[str, str, str, date], int] = {}
    found: list[Report] = []
    for report in reports:
        child = _who(report)
        if child is None or child not in kept:
            if child is not None:
                kept[child] = len(found)
            found.append(report)
            continue
        first = found[kept[child]]
        people = [*first.people, *(person for person in report.people if person not in first.people)]
        notes = first.notes if _REPEATED in first.notes else [*first.notes, _REPEATED]
        found[kept[child]] = first.model_copy(update={"people": people, "notes": notes})
    return found


def _who(report: Report) -> tuple[str, str, str, date] | None:
    person = report.person
    number = next((one.value for one in person.identifiers if one.kind == "nhs_number" and one.valid), "")
    if not (number and person.given and person.dob):
        return None
    return number, person.given.casefold(), person.family.casefold(), person.dob
