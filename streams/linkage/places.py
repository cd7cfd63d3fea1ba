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
_FLAT_WORDS = frozenset({"flat", "apartment", "apt", "unit", "room", "rm", "flt", "ap"})
_NOT_AN_ADDRESS = frozenset(
    {"unknown", "nk", "tbc", "na", "none", "nfa", "no fixed abode", "no fixed address", "not known", "homeless", "not disclosed"}
)
_NOT_A_POSTCODE = frozenset({"UNKNOWN", "NK", "TBC", "NA", "NONE", "NFA", "XX", "X", "NOTKNOWN"})
_NO_REAL_PLACE = re.compile(r"^ZZ99")
"""Pseudo postcodes of the NHS (ZZ99 3VZ: no fixed abode, ...): not places."""
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
    """A place from an address line and a postcode as written; road types expanded, flat joined to the number."""
    code = "".join(char for char in postcode[:20] if char.isalnum()).upper()
    if code in _NOT_A_POSTCODE or _NO_REAL_PLACE.match(code):
        code = ""
    text = address_line[:200].casefold().replace("'", "").replace("’", "")
    words = _WORD.findall(text)
    if " ".join(words) in _NOT_AN_ADDRESS:
        words = []
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
    joined = "".join(_ROAD_TYPES.get(word, word) if order else word for order, word in enumerate(street[:6]))
    if flat and number:
        number = f"{flat}/{number}"
    elif flat:
        number = f"{flat}/"
    return Place(number, joined[:40], code) if (number or joined or code) else NOWHERE


def same_street(a: str, b: str) -> bool:
    """Whether two streets are the same but for a slip."""
    return a == b or (len(a) > 5 and len(b) > 5 and JaroWinkler.similarity(a, b) >= 0.93)


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
