"""What a worker may declare a conflict of interest with, as keyed hashes: the log never holds the name or the address."""

from collections.abc import Callable

#: What a conflict may be with, beside a contact by its id: a family by its surname, an address by its postcode, an
#: organisation by the code that it sends under.
CONFLICT_KINDS = ("family", "postcode", "organisation")


def conflict_hash(hashed: Callable[[str], str], kind: str, text: str) -> str:
    """The keyed hash that stands for a family, a postcode or an organisation, whatever its spaces and case; `hashed` is
    the hub's keyed hash. Empty for an empty text."""
    plain = "".join(ch for ch in text.casefold() if ch.isalnum())
    return hashed(f"conflict {kind}:{plain}") if plain else ""
