"""What a contact is about, as a worker's declared conflicts of interest name it, and where the child lives. Pure."""

from collections.abc import Callable

from schemas.allocation_areas import area_hash, areas_of_address
from schemas.allocation_conflicts import conflict_hash
from schemas.contact import Contact

#: Who of the other people is family or of the household; a professional's name is no conflict.
_CLOSE = ("parent", "carer", "sibling", "household", "alleged_perpetrator")


def about(contact: Contact, hashed: Callable[[str], str]) -> list[str]:
    """Keyed hashes of the families, addresses and the organisation in a contact, each once, in a stable order."""
    report = contact.report
    close = [person for person in report.people if person.role in _CLOSE]
    said = [
        ("family", report.person.family),
        *(("family", person.family) for person in close),
        ("postcode", report.person.address.postcode),
        *(("postcode", person.address.postcode) for person in close),
        ("organisation", report.organisation.code),
    ]
    return sorted({conflict_hash(hashed, kind, text) for kind, text in said} - {""})


def areas(contact: Contact, hashed: Callable[[str], str]) -> list[str]:
    """Keyed hashes of the areas that the child's address lies in."""
    words = areas_of_address(contact.report.person.address.postcode, contact.authority)
    return [area_hash(hashed, word) for word in words]
