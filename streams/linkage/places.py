"""Addresses as they are compared: one place, not four independent witnesses.

House number, street and postcode of one dwelling repeat each other; counting them apart would count one fact thrice.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import OSA, JaroWinkler

_ROAD_TYPES = {
    "rd": "road",
    "st": "street",
    "str": "street",
    "ave": "avenue",
    "av": "avenue",
    "ln": "lane",
    "dr": "drive",
    "drv": "drive",
    "cl": "close",
    "clo": "close",
    "ct": "court",
    "crt": "court",
    "cres": "crescent",
    "cr": "crescent",
    "cresc": "crescent",
    "pl": "place",
    "sq": "square",
    "ter": "terrace",
    "terr": "terrace",
    "gdns": "gardens",
    "gdn": "gardens",
    "gds": "gardens",
    "gr": "grove",
    "gro": "grove",
    "gve": "grove",
    "pk": "park",
    "wy": "way",
    "hse": "house",
    "bldg": "building",
    "mt": "mount",
    "hl": "hill",
    "wlk": "walk",
    "ri": "rise",
    "grn": "green",
    "est": "estate",
    "blvd": "boulevard",
    "circ": "circus",
}
_TYPES = tuple(sorted(set(_ROAD_TYPES.values())))
_FLAT_WORDS = frozenset({"flat", "apartment", "apt", "unit", "room", "rm", "flt", "ap"})
_NOT_AN_ADDRESS = frozenset(
    {"unknown", "nk", "tbc", "na", "none", "nfa", "no fixed abode", "no fixed address", "not known", "homeless", "not disclosed"}
)
_NOT_A_POSTCODE = frozenset({"UNKNOWN", "NK", "TBC", "NA", "NONE", "NFA", "XX", "X", "NOTKNOWN"})
_NO_REAL_PLACE = re.compile(r"^ZZ99")
"""Pseudo postcodes of the NHS (ZZ99 3VZ: no fixed abode, ...): not places."""
_PART = re.compile(r"[,;\n]")
_WORD = re.compile(r"[^\W_]+")
_HOUSE = re.compile(r"^\d+[a-z]?$")

MISSING = 0
DWELLING, NUMBER_AND_ONE, STREET_AND_POSTCODE, POSTCODE_OR_STREET, POSTCODE_TYPO, DIFFERENT = range(1, 7)
LEVELS = (
    "missing",
    "same dwelling",
    "number and street, or number and postcode",
    "street and postcode",
    "postcode or street",
    "postcode one edit apart",
    "different",
)


@dataclass(frozen=True, slots=True)
class Place:
    """A dwelling: `number` (flat joined by "/"), `street` in one word, `postcode` without space; "" = missing."""

    number: str
    street: str
    postcode: str


NOWHERE = Place("", "", "")


@lru_cache(maxsize=16_384)
def read_place(address_line: str, postcode: str) -> Place:
    """A place from an address line and a postcode as written; road types expanded, flat joined to the number.

    The line's parts between commas are a flat or a house's name, number and street, and then the locality, which is
    not compared: the postcode says it better, and half of the agencies leave it out.
    """
    code = "".join(char for char in postcode[:20] if char.isalnum()).upper()
    if code in _NOT_A_POSTCODE or _NO_REAL_PLACE.match(code):
        code = ""
    text = address_line[:200].casefold().replace("'", "").replace("’", "")
    if not text or " ".join(_WORD.findall(text)) in _NOT_AN_ADDRESS:
        return Place("", "", code) if code else NOWHERE
    flat, number, street, house = "", "", "", ""
    for part in _PART.split(text):
        part_flat, part_number, part_street = _read_part(_WORD.findall(part))
        flat = flat or part_flat
        if part_number and number and not flat:
            flat, number = number, part_number
        number = number or part_number
        if part_street and number and street:
            # A name came before the number: a house, a school or a block, not the street.
            street = part_street if part_number else street
            break
        if part_street and street and not number:
            if not street.endswith(_TYPES):
                house, street = street, part_street
            break
        street = street or part_street
    if house and not number:
        number = house
    if flat:
        number = f"{flat}/{number}"
    return Place(number[:40], street[:40], code) if (number or street or code) else NOWHERE


def _read_part(words: list[str]) -> tuple[str, str, str]:
    """Flat, house number and street, each possibly empty, of one part of an address line."""
    flat, number = "", ""
    street: list[str] = []
    place = 0
    while place < len(words):
        word = words[place]
        if word in _FLAT_WORDS and not flat and place + 1 < len(words) and len(words[place + 1]) <= 4:
            flat = words[place + 1]
            place += 2
            continue
        if _HOUSE.match(word) and not street:
            if number and not flat:
                flat, number = number, word
            elif not number:
                number = word
            if place + 1 < len(words) and len(words[place + 1]) == 1 and words[place + 1].isalpha() and word.isdigit():
                number, place = number + words[place + 1], place + 1
        elif word != "no" or street:
            street.append(word)
        place += 1
    return flat, number, "".join(_ROAD_TYPES.get(word, word) if order else word for order, word in enumerate(street[:6]))


def same_street(a: str, b: str) -> bool:
    """Whether two streets are the same but for a slip, or for a locality written after one of them."""
    if a == b:
        return True
    if len(a) <= 5 or len(b) <= 5:
        return False
    if JaroWinkler.similarity(a, b) >= 0.93:
        return True
    shorter, longer = (a, b) if len(a) < len(b) else (b, a)
    return longer.startswith(shorter) and shorter.endswith(_TYPES)


def other_house(a: Place, b: Place) -> bool:
    """Whether both house numbers are known and name two houses; a flat that one side leaves out is the same house."""
    one, other = a.number.rpartition("/")[2], b.number.rpartition("/")[2]
    return bool(one and other) and one.rstrip("abcdef") != other.rstrip("abcdef")


def compare_place(a: Place, b: Place) -> int:
    """The level of agreement of two places (see `LEVELS`); what one side lacks is not held against it."""
    if a is NOWHERE or b is NOWHERE:
        return MISSING
    code = a.postcode == b.postcode if a.postcode and b.postcode else None
    street = same_street(a.street, b.street) if a.street and b.street else None
    number = a.number == b.number if a.number and b.number else None
    if number and street:
        return DWELLING if code else NUMBER_AND_ONE
    if number and code:
        return NUMBER_AND_ONE
    if street and code:
        return STREET_AND_POSTCODE
    if street or code:
        return POSTCODE_OR_STREET
    if code is False and OSA.distance(a.postcode, b.postcode, score_cutoff=1) <= 1:
        return POSTCODE_TYPO
    if code is False or street is False:
        return DIFFERENT
    return MISSING
