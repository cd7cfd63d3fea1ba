"""Areas, as a rota names them and as a contact's address falls into them: keyed hashes, so that the log holds no address.

An area is a postcode district ("LS1"), a postcode sector ("LS1 4"), or a local authority by its DfE code or name. Wards are
none: no message names one, and none can be told from a postcode without a directory that the hub does not have.
"""

from collections.abc import Callable

from schemas.authorities import outward
from schemas.contact import Authority


def area_hash(hashed: Callable[[str], str], text: str) -> str:
    """The keyed hash that stands for an area, whatever its spaces and case; `hashed` is the hub's keyed hash. Empty for an
    empty text."""
    plain = "".join(ch for ch in text.casefold() if ch.isalnum())
    return hashed(f"area:{plain}") if plain else ""


def areas_of_address(postcode: str, authority: Authority) -> list[str]:
    """The areas that an address lies in, in words. The front door's own authority, taken because nothing says another one,
    is no area."""
    district = outward(postcode)
    inward = "".join(postcode.upper().split())[len(district) :]
    named = [authority.code, authority.name] if authority.how != "default" else []
    return [area for area in (district, f"{district} {inward[:1]}" if district else "", *named) if area]
