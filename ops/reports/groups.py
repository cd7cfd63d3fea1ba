"""Which group a child belongs to, for each way of looking at it. Pure.

Only what a message said counts, in the fields that readers fill; what they do not map yet is looked for among the fields they
kept as sent. Who says nothing is of unknown group, never of the most usual one.
"""

from collections.abc import Callable
from datetime import date

from ops.casebook.book import Story
from schemas.authorities import outward
from schemas.care_status import CARE_FIELDS, looked_after
from schemas.contact import Contact
from schemas.london import civil_date
from schemas.person import Person
from schemas.reading import Report

UNKNOWN = "unknown"

_ETHNIC_GROUPS = {
    "White": "WBRI WIRI WIRT WOTH WROM", "Mixed": "MWBC MWBA MWAS MOTH", "Asian": "AIND APKN ABAN AOTH",
    "Black": "BCRB BAFR BOTH", "Other ethnic group": "CHNE OOTH",
}  # fmt: skip
#: By census code. Source: the DfE publishes children in need by these main groups; Chinese stands with Other there. Refused and
#: not yet obtained are unknown.
ETHNIC_GROUP = {code: group for group, codes in _ETHNIC_GROUPS.items() for code in codes.split()}

#: The DfE's age bands of children in need: the first age above each.
_AGES = ((1, "under 1"), (5, "1 to 4"), (10, "5 to 9"), (16, "10 to 15"), (200, "16 and over"))

_CARE_FIELDS = frozenset(CARE_FIELDS.split())


def groups_of(story: Story) -> dict[str, str]:
    """The group of a contact's child by the name of each dimension."""
    return {name: rule(story) for name, rule in DIMENSIONS.items()}


def disability(person: Person) -> str:
    """By the census codes; NONE is said, an empty list is not."""
    codes = set(person.disabilities)
    return UNKNOWN if not codes else "not disabled" if codes == {"NONE"} else "disabled"


def ethnicity(person: Person) -> str:
    """The main group of the census code."""
    return ETHNIC_GROUP.get(person.ethnicity, UNKNOWN)


def age_band(person: Person, on: date) -> str:
    """The age at the arrival of the contact."""
    if person.unborn:
        return "unborn"
    if person.dob is None or person.dob > on:
        return UNKNOWN
    years = on.year - person.dob.year - ((on.month, on.day) < (person.dob.month, person.dob.day))
    return next(band for below, band in _AGES if years < below)


def care(report: Report) -> str:
    """What the contact says; else what stands in the fields that the reader kept as sent (FHIR and HL7 v2 have none of their
    own). A word that is neither yes nor no leaves it unknown."""
    kept = (looked_after(text) for path, text in report.unmapped.items() if _folded(path.rpartition(".")[2]) in _CARE_FIELDS)
    said = report.person.looked_after or next((answer for answer in kept if answer), "")
    return {"yes": "looked after", "no": "not looked after"}.get(said, UNKNOWN)


def _folded(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def _of_person(rule: Callable[[Person], str]) -> Callable[[Story], str]:
    return lambda story: rule(story.contact.report.person) if story.contact is not None else UNKNOWN


def _age(story: Story) -> str:
    if story.contact is None or story.arrived_at is None:
        return UNKNOWN
    return age_band(story.contact.report.person, civil_date(story.arrived_at))


def _care(story: Story) -> str:
    return care(story.contact.report) if story.contact is not None else UNKNOWN


def _agency(story: Story) -> str:
    opening = story.opening
    return (opening.opened.agency if opening is not None and opening.opened is not None else "") or UNKNOWN


def _area(story: Story) -> str:
    contact: Contact | None = story.contact
    return (outward(contact.report.person.address.postcode) if contact is not None else "") or UNKNOWN


#: The ways of looking at it, by the word that `--by` takes.
DIMENSIONS: dict[str, Callable[[Story], str]] = {
    "disability": _of_person(disability),
    "ethnicity": _of_person(ethnicity),
    "age": _age,
    "looked-after": _care,
    "agency": _agency,
    "area": _area,
}
