"""What tells one child from another inside a sender's messages: identifiers, else name and date of birth. Pure.

This is not linkage: it only asks whether a later version of the same reference speaks of the same child.
"""

import unicodedata

from schemas.identity import keyed_hash
from schemas.person import Person

_STRONG = ("nhs_number", "upn", "la_child_id", "local")


def child_keys(hash_key: bytes, person: Person) -> list[str]:
    """Keyed hashes, strongest first; empty for a child about whom nothing is known."""
    texts = [
        f"{kind}:{identifier.value}"
        for kind in _STRONG
        for identifier in person.identifiers
        if identifier.kind == kind and identifier.valid and identifier.value
    ]
    name = normalised_name(person)
    if name:
        texts.append(f"name:{name}:{person.dob or person.dob_text or person.expected_dob or ''}")
    return [keyed_hash(hash_key, text) for text in texts]


def child_digest(hash_key: bytes, person: Person) -> str:
    """Changes when the child's name or date of birth does; empty while nothing is known."""
    name = normalised_name(person)
    return keyed_hash(hash_key, f"{name}|{person.dob or ''}") if name or person.dob else ""


def normalised_name(person: Person) -> str:
    """Given and family name without case, marks, punctuation and double spaces."""
    decomposed = unicodedata.normalize("NFKD", f"{person.given} {person.family}".casefold())
    kept = "".join(ch if ch.isalnum() else " " for ch in decomposed if not unicodedata.combining(ch))
    return " ".join(kept.split())
