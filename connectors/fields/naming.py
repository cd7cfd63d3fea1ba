"""Field names as partners spell them, folded so that `dateOfBirth`, `date_of_birth`, `DATE OF BIRTH` and `p:date-of-birth` are one."""

import re
import unicodedata
from functools import lru_cache

_NEITHER = re.compile("[^a-z0-9]+")

LONGEST_NAME = 80
"""Characters of a field name that count; what is longer is no field name."""


@lru_cache(maxsize=16384)
def fold(name: str) -> str:
    """A field name without case, accents, namespace, punctuation and spaces; at most `LONGEST_NAME` characters.

    A namespace is what stands before `}` (XML) or before a lone `:` (a prefix). "" when no letter or digit is left.
    """
    if name.isascii() and name.isalnum():
        return name[:LONGEST_NAME].casefold()
    local = name[: 4 * LONGEST_NAME].rpartition("}")[2]
    prefix, colon, rest = local.partition(":")
    if colon and rest and " " not in prefix and ":" not in rest:
        local = rest
    if not local.isascii():
        local = unicodedata.normalize("NFKD", local)
    return _NEITHER.sub("", local.casefold())[:LONGEST_NAME]


@lru_cache(maxsize=16384)
def unnumbered(folded: str) -> str:
    """A folded name without its number: `child2` is the second `child`."""
    return folded.rstrip("0123456789") or folded


@lru_cache(maxsize=16384)
def words(text: str) -> tuple[str, ...]:
    """A short text or a field name as lower-case words: camel case, digits and punctuation divide."""
    spaced: list[str] = []
    before = ""
    for char in text[:400]:
        if char.isupper() and (before.islower() or before.isdigit()):
            spaced.append(" ")
        spaced.append(char if char.isalnum() or char in "'’" else " ")
        before = char
    return tuple("".join(spaced).replace("'", "").replace("’", "").casefold().split())
