"""Which known reports are looked at: eleven keys, each a keyed hash, so that no key shows a name or a number.

A report is compared with those that share a key. Which key finds what is measured in the evaluation; without any one of
them some true pairs are lost.
"""

import hashlib
from collections.abc import Iterator
from functools import lru_cache

from streams.linkage.names import FamilyName, GivenName
from streams.linkage.report import Features

NO_SECRET = b""


Key = tuple[int, bool]
"""One blocking key: its 64-bit hash, and whether it rests on a birth date, a place or an identifier, not on names alone."""


@lru_cache(maxsize=65_536)
def _name_codes(name: GivenName | FamilyName) -> str:
    """The sound of a name's root, or the name itself where Soundex cannot read it."""
    if isinstance(name, GivenName):
        return name.sound or name.main
    return name.sound or name.joined


def _texts(features: Features) -> Iterator[tuple[str, bool]]:
    given, family = _name_codes(features.given), _name_codes(features.family)
    dob, place = features.dob, features.place
    if features.nhs:
        yield f"n|{features.nhs}", True
    if features.former_nhs:
        yield f"n|{features.former_nhs}", True
    if features.upn:
        yield f"u|{features.upn}", True
    if features.former_upn:
        yield f"u|{features.former_upn}", True
    if dob:
        month, day = dob // 100 % 100, dob % 100
        low, high = (month, day) if month <= day else (day, month)
        yield f"d|{dob}", True
        if given:
            yield f"gd|{given}|{dob // 10_000}|{low}|{high}", True
        if family:
            yield f"fy|{family}|{dob // 10_000}", True
            yield f"fd|{family}|{low}|{high}", True
    if given and family:
        first, second = (given, family) if given <= family else (family, given)
        yield f"gf|{first}|{second}", False
    if place.postcode:
        if given:
            yield f"pg|{place.postcode}|{features.given.main[0]}", True
        if family:
            yield f"pf|{place.postcode}|{family}", True
        if not given and not family:
            yield f"p|{place.postcode}", True
    if place.street:
        if place.number:
            yield dwelling_text(place.number, place.street), True
        if given:
            yield f"gs|{given}|{place.street}", True


def dwelling_text(number: str, street: str) -> str:
    """What the key of a dwelling is made from."""
    return f"ns|{number}|{street}"


def key_of(text: str, secret: bytes = NO_SECRET) -> int:
    """One text's key: a 64-bit keyed BLAKE2b digest."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8, key=secret).digest(), "big")


def keys_of(features: Features, secret: bytes = NO_SECRET) -> list[Key]:
    """The blocking keys of a report, as 64-bit keyed BLAKE2b digests; without a secret in the batch door."""
    return [(key_of(text, secret), anchor) for text, anchor in _texts(features)]
