"""A person's name as partners write it, taken apart: forename first, or surname first with a comma or in capitals."""

import re
from dataclasses import dataclass

from connectors.decoding import one_line


@dataclass(frozen=True, slots=True)
class PersonalName:
    """The parts of a name; `title` holds what stood before it (Mr, PC 1234)."""

    given: str = ""
    family: str = ""
    other_given: tuple[str, ...] = ()
    known_as: str = ""
    title: str = ""


_TITLES = frozenset(
    "mr mrs miss ms mx master dr prof professor rev revd sir dame lady lord fr father sister pc wpc dci dsi sgt "
    "sergeant insp inspector constable supt superintendent cpt capt pcso det detective pastor imam rabbi".split()
)
_RANKS = frozenset({"DC", "DI", "DS", "PS"})
"""Ranks that are also forenames (Di): only in capitals, before a name that is not all capitals."""

_PARTICLES = frozenset(
    "van von der den de del della di da dos das du la le el al bin ibn bint abu ap ab mac mc st ter ten o' san santa "
    "dello degli y e zu zur vom av af ní nic ó uí".split()
)
_SUFFIXES = frozenset({"jr", "jnr", "sr", "snr", "ii", "iii", "iv"})
_KNOWN_AS = re.compile(
    r"""\s*(?:[("“]\s*(?:known as|aka|a\.k\.a\.|nee|née)?\s*([^)"”]{2,40})[)"”]|\b(?:known as|aka)\s+([^,()]{2,40})$)""",
    re.IGNORECASE,
)
DATE_BESIDE_NAME = re.compile(
    r"[\s,(\[-]*(?:\b(?:d\.?o\.?b\.?|born(?: on)?|date of birth)\b[\s:]*)?"
    r"\b([0-9]{1,2}[-/. ][0-9]{1,2}[-/. ][0-9]{4}|[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,2}(?:st|nd|rd|th)? [A-Za-z]{3,9} [0-9]{4})\b[)\]]?",
    re.IGNORECASE,
)
"""A date of birth that people write into the field of a name."""

_NO_NAME = frozenset(
    "unknown notknown nk none na null nil unnamed noname unidentified anon anonymous tbc notgiven notdisclosed withheld "
    "notprovided refused notrecorded notstated x xx xxx".split()
)
_UNBORN = re.compile(r"\b(unborn|unborn baby|un-?born child|ub)\b", re.IGNORECASE)


def says_unborn(text: str) -> bool:
    """Whether a name or date says that the child is not born yet ("Unborn SMITH", "UB Smith")."""
    return bool(_UNBORN.search(text[:200]))


def is_no_name(text: str) -> bool:
    """Whether a text stands for a name that the sender does not know."""
    return "".join(char for char in text.casefold() if char.isalnum()) in _NO_NAME or not any(map(str.isalpha, text))


def split_name(text: str) -> PersonalName:
    """A full name in one field. "Smith, Jane Ann", "SMITH Jane" and "Jane Ann Smith" are the same person.

    Particles stay with the surname ("Ana de la Cruz"); titles, ranks and collar numbers go to `title`. A lone word is
    a forename. "" parts where nothing stands. What says that nobody knows the name gives an empty name.
    """
    line = one_line(DATE_BESIDE_NAME.sub(" ", text[:400]), 200)
    if not line or is_no_name(line):
        return PersonalName()
    known_as = ""
    match = _KNOWN_AS.search(line)
    if match and match.start() > 0:
        known_as = one_line(match.group(1) or match.group(2) or "", 60)
        line = one_line(line[: match.start()] + " " + line[match.end() :], 200)
    before, comma, after = line.partition(",")
    if comma and after.strip():
        family, title_one = _without_titles(before.split())
        given, title_two = _without_titles(after.replace(",", " ").split())
        if given and family:
            return PersonalName(given[0], " ".join(family), tuple(given[1:]), known_as, " ".join([*title_one, *title_two]))
        line = f"{before} {after}"
    parts, title = _without_titles(line.replace(",", " ").split())
    if not parts:
        return PersonalName(known_as=known_as, title=" ".join(title))
    if len(parts) == 1:
        # "Mrs Smith" is a surname, "Jane" a forename.
        alone = ("", parts[0]) if title and "master" not in [word.casefold() for word in title] else (parts[0], "")
        return PersonalName(*alone, known_as=known_as, title=" ".join(title))
    given, family = _in_order(parts)
    return PersonalName(given[0], " ".join(family), tuple(given[1:]), known_as, " ".join(title))


def _without_titles(parts: list[str]) -> tuple[list[str], list[str]]:
    """The name's words, and the titles, ranks and numbers that stood before it; "Jr" after it goes too."""
    start = 0
    shouted = all(part.isupper() for part in parts if part.isalpha())
    while start < len(parts) and (_is_title(parts[start]) or (parts[start] in _RANKS and not shouted)):
        start += 1
    rest = parts[start:]
    while len(rest) > 2 and rest[-1].strip(".").casefold() in _SUFFIXES:
        rest = rest[:-1]
    return rest, parts[:start]


def _is_title(word: str) -> bool:
    plain = word.strip(".:#").casefold()
    return plain in _TITLES or (any(map(str.isdigit, word)) and len(word) <= 10)


def _in_order(parts: list[str]) -> tuple[list[str], list[str]]:
    """Forenames and surname of at least two words."""
    capitals = [part.isupper() and sum(map(str.isalpha, part)) > 1 for part in parts]
    if any(capitals) and not all(capitals):
        if capitals[0]:  # SMITH Jane
            end = next(place for place, high in enumerate(capitals) if not high)
            return parts[end:], parts[:end]
        start = next(place for place, high in enumerate(capitals) if high)
        if all(capitals[start:]):  # Jane SMITH JONES
            return parts[:start], parts[start:]
    start = len(parts) - 1
    while start > 1 and parts[start - 1].casefold() in _PARTICLES:
        start -= 1
    return parts[:start], parts[start:]


def names_listed(text: str, plural: bool) -> list[str]:
    """The names in a field that is meant for children: one a line, between semicolons, each with a birth date, joined by
    "and"; between commas only under a plural field name, because "Smith, Jane" is one child."""
    lines = [part.strip() for part in re.split(r"[;\n]", text[:2000]) if part.strip()]
    if len(lines) > 1 and all(len(line.split()) > 1 for line in lines):
        return lines
    parts = [part.strip() for part in re.split(r",|\band\b|&", text[:2000]) if part.strip()]
    dated = all(DATE_BESIDE_NAME.search(part) and any(map(str.isalpha, part)) for part in parts)
    if len(parts) > 1 and (dated or (plural and all(len(part.split()) > 1 for part in parts))):
        return parts
    joined = several_names(text)
    return joined if len(joined) > 1 and all(len(part.split()) > 1 for part in joined) else [text]


def several_names(text: str) -> list[str]:
    """ "Mary and John Smith" as two names; one name otherwise."""
    parts = [part.strip() for part in re.split(r"\s+(?:and|&|\+)\s+|;|\s/\s|\n", text.strip()[:400]) if part.strip()]
    if len(parts) < 2 or len(parts) > 12:
        return [text]
    last = split_name(parts[-1]).family
    return [part if len(part.split()) > 1 or not last else f"{part} {last}" for part in parts]
