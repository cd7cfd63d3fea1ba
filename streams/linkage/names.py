"""Names as they are compared: normalised tokens, main forename, roots and sound. Placeholders are no name at all.

Everything here is a pure function of the text; `NAMES_VERSION` changes when any result could.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from jellyfish import soundex

from streams.linkage.variants import VariantTable, shipped_table

NAMES_VERSION = "names-2"
LONGEST_NAME = 120
"""Characters of a name that are read: a longer one is compared by its beginning."""
MOST_TOKENS = 8

_LETTERS_WITHOUT_MARKS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ə": "a"}
)
_DROPPED = re.compile(r"['’‘`´ʼʻ\u0640]")
_NOT_LETTERS = re.compile(r"[\W\d_]+")

_NEVER_A_NAME = frozenset(
    ["unborn", "baby", "babe", "infant", "newborn", "unknown", "unk", "unnamed", "nk", "tbc", "tba", "tbd", "xx", "xxx", "xxxx", "fetus", "foetus", "bump", "none", "null", "nil", "notknown", "unspecified", "undisclosed", "anonymous", "anon", "redacted"]
)
_ONLY_BESIDE_NOTHING = frozenset(["x", "na", "n", "nka", "child", "boy", "girl", "twin", "male", "female", "test", "not", "known", "no", "name", "surname", "forename"])
"""Words that are placeholders when nothing else is written, and (some) beside another placeholder."""
_BESIDE_A_PLACEHOLDER = frozenset(
    ["boy", "girl", "twin", "triplet", "male", "female", "child", "one", "two", "three", "four", "first", "second", "third", "a", "b", "c", "i", "ii", "iii", "no", "not", "known", "name", "son", "daughter", "x", "of"]
)

_GENERIC_FIRST_ROOTS = frozenset({"mohammed", "abdul", "syed", "noor"})
"""Forenames many brothers share before the one they are called by. Domain fact: naming practice, linkage traps."""

_PARTICLES = frozenset(["de", "da", "do", "dos", "van", "von", "der", "den", "la", "le", "el", "al", "bin", "bint", "ibn", "ul", "ur", "st", "mac", "mc", "o", "di", "du"])


@dataclass(frozen=True, slots=True, eq=False)
class GivenName:
    """Forenames: all tokens, the `main` one, the others, and what the main one is compared by. Empty `main` = missing.

    Equal tokens make equal names; the hash is the joined text's, which is computed once.
    """

    tokens: tuple[str, ...]
    main: str
    others: tuple[str, ...]
    joined: str
    roots: tuple[str, ...]
    sound: str
    known: bool
    generic: bool

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, GivenName) and self.tokens == other.tokens)

    def __hash__(self) -> int:
        return hash(self.joined)


@dataclass(frozen=True, slots=True, eq=False)
class FamilyName:
    """Surname: its tokens (barrels), and what it is compared by. Empty `joined` = missing."""

    tokens: tuple[str, ...]
    joined: str
    barrels: tuple[str, ...]
    roots: tuple[str, ...]
    sound: str
    known: bool

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, FamilyName) and self.tokens == other.tokens)

    def __hash__(self) -> int:
        return hash(self.joined)


NO_GIVEN = GivenName((), "", (), "", (), "", False, False)
NO_FAMILY = FamilyName((), "", (), (), "", False)


def tokens_of(text: str) -> tuple[str, ...]:
    """Lower-case words without marks, apostrophes, digits, emoji or punctuation; any script's letters are kept."""
    if not text:
        return ()
    folded = unicodedata.normalize("NFKD", text[:LONGEST_NAME]).casefold().translate(_LETTERS_WITHOUT_MARKS)
    plain = "".join(char for char in folded if not unicodedata.combining(char))
    words = _NOT_LETTERS.sub(" ", _DROPPED.sub("", plain)).split()
    return tuple(words[:MOST_TOKENS])


def _without_placeholders(tokens: tuple[str, ...]) -> tuple[tuple[str, ...], bool]:
    """The tokens that are names, and whether a placeholder stood among them ("Baby of Sarah" names the mother only)."""
    if not tokens:
        return (), False
    if any(token in _NEVER_A_NAME for token in tokens):
        if "of" in tokens:
            return (), True
        kept = tuple(t for t in tokens if t not in _NEVER_A_NAME and t not in _BESIDE_A_PLACEHOLDER)
        return kept, True
    if all(token in _ONLY_BESIDE_NOTHING for token in tokens):
        return (), True
    if tokens[0] in ("twin", "triplet") and len(tokens) > 1 and tokens[1] in _BESIDE_A_PLACEHOLDER:
        return (), True
    if tokens[0] in ("bo", "b") and tokens[1:2] == ("o",):
        return (), True
    return tokens, False


def sound_of(name: str) -> str:
    """Soundex of a Latin name, as PDS uses; "" for a name Soundex cannot read."""
    if not name or not name.isascii():
        return ""
    return soundex(name)


def given_of(tokens: tuple[str, ...], table: VariantTable) -> GivenName:
    """A forename from its tokens, which hold no placeholders."""
    if not tokens:
        return NO_GIVEN
    place = 0
    while place < len(tokens) - 1 and _is_generic(tokens[place], table) and len(tokens[place + 1]) > 1:
        place += 1
    main = tokens[place]
    roots = table.given.get(main, (main,))
    return GivenName(
        tokens=tokens,
        main=main,
        others=tokens[:place] + tokens[place + 1 :],
        joined="".join(tokens),
        roots=roots,
        sound=sound_of(roots[0]),
        known=main in table.given,
        generic=_is_generic(main, table),
    )


def _is_generic(token: str, table: VariantTable) -> bool:
    return table.given.get(token, (token,))[0] in _GENERIC_FIRST_ROOTS


def family_of(tokens: tuple[str, ...], table: VariantTable) -> FamilyName:
    """A surname from its tokens, which hold no placeholders."""
    if not tokens:
        return NO_FAMILY
    joined = "".join(tokens)
    barrels = tuple(t for t in tokens if len(t) > 2 and t not in _PARTICLES) or tokens
    roots = table.family.get(joined) or (_ending_root(joined),)
    return FamilyName(
        tokens=tokens,
        joined=joined,
        barrels=barrels,
        roots=roots,
        sound=sound_of(roots[0]),
        known=joined in table.family,
    )


def _ending_root(name: str) -> str:
    """A Slavic surname without its woman's ending: Kowalska and Kowalski are one family."""
    if len(name) > 5:
        for woman, man in (("ska", "ski"), ("cka", "cki"), ("dzka", "dzki"), ("ova", "ov"), ("eva", "ev")):
            if name.endswith(woman):
                return name[: -len(woman)] + man
    return name


@lru_cache(maxsize=262_144)
def read_given(text: str) -> tuple[GivenName, bool]:
    """A forename cell: the name, and whether a placeholder was written."""
    tokens, placeholder = _without_placeholders(tokens_of(text))
    return given_of(tokens, shipped_table()), placeholder


@lru_cache(maxsize=262_144)
def read_family(text: str) -> FamilyName:
    """A surname cell."""
    tokens, _ = _without_placeholders(tokens_of(text))
    return family_of(tokens, shipped_table())


def read_names(given: str, family: str) -> tuple[GivenName, FamilyName, bool]:
    """Both cells together: "Baby Smith" written as the forename says the surname and no forename."""
    given_name, placeholder = read_given(given)
    family_name = read_family(family)
    if placeholder and given_name.tokens:
        if not family_name.tokens:
            return NO_GIVEN, family_of(given_name.tokens, shipped_table()), True
        if set(given_name.tokens) <= set(family_name.tokens):
            return NO_GIVEN, family_name, True
    elif given_name.tokens and not family_name.tokens and len(given_name.tokens) > 1:
        # A whole name in the forename cell: the last word is the surname.
        whole = given_name.tokens
        return given_of(whole[:-1], shipped_table()), family_of(whole[-1:], shipped_table()), placeholder
    elif family_name.tokens and not given_name.tokens and not placeholder and len(family_name.tokens) > 1:
        pass  # two barrels or a whole name: nothing says which
    return given_name, family_name, placeholder
