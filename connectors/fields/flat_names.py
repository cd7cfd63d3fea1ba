"""Flat fields that say in their own name whose they are: `child_name`, `dateOfBirthOfChild`, `parent2_phone`."""

from functools import lru_cache

from connectors.fields.naming import fold, unnumbered
from connectors.fields.vocabulary import MESSAGE, ORGANISATION, PERSON
from connectors.fields.who import Who, owner_of, who_is_in


@lru_cache(maxsize=16384)
def name_of(key: str) -> str:
    """The folded name of a field; what stands in brackets after a name that is known without it is left out
    ("Risk level (RAG)", "Date of birth (dd/mm/yyyy)"), unless it says whose the field is ("Name (mother)")."""
    folded = fold(key)
    before, bracket, inside = key[:200].partition("(")
    if not bracket or folded in MESSAGE or folded in PERSON or who_is_in(fold(inside)):
        return folded
    bare = fold(before)
    return bare if bare in MESSAGE or bare in PERSON or who_is_in(bare) or split_owner(bare) else folded


@lru_cache(maxsize=16384)
def split_owner(folded: str) -> tuple[Who, str, str] | None:
    """(who, the owner's folded name, the rest) of a flat field's name, or None."""
    return _owner_before(folded) or _owner_after(folded)


def _owner_before(folded: str) -> tuple[Who, str, str] | None:
    for end in range(min(len(folded) - 2, 26), 1, -1):
        owner = folded[:end]
        who = owner_of(owner)
        if who is None or who.role == "household" or who.word == "agencies":
            continue
        rest = folded[end:]
        table = ORGANISATION if who.kind == "organisation" else PERSON
        for tail in (rest, rest.removeprefix("s"), rest.removeprefix("details")):
            plain = tail.lstrip("0123456789")
            if plain in table or (who.kind == "child" and len(plain) > 3 and plain in MESSAGE):
                return who, owner + tail[: len(tail) - len(plain)], plain
    return None


def _owner_after(folded: str) -> tuple[Who, str, str] | None:
    for link in ("ofthe", "of"):
        rest, found, owner = folded.rpartition(link)
        who = who_is_in(owner) if found and owner else None
        if who and who.role != "household" and rest in (ORGANISATION if who.kind == "organisation" else PERSON):
            return who, owner, rest
    return None


#: Fields of which a person has one: with a number they are another person's, while `forename2` is a middle name.
_ONE_EACH = frozenset({"family", "full", "dob", "upn", "nhs_number"})


@lru_cache(maxsize=1024)
def numbers_moved(keys: tuple[str, ...]) -> dict[str, str]:
    """New names for the fields of one object when several people stand in it by a number at the end: `Surname2` or
    `child_surname_2` becomes `child2surname`. Empty for nearly every object."""
    ended = {key: fold(key) for key in keys if key[-1:].isdigit()}
    parts = {key: _parts(folded) for key, folded in ended.items() if folded not in MESSAGE}
    owners = {part[0] for part in parts.values() if part and part[3] in _ONE_EACH}
    return {
        key: f"{part[0]}{part[1]}{part[2]}"
        for key, part in parts.items()
        if part and part[0] in owners and not part[3].startswith("line")
    }


def _parts(folded: str) -> tuple[str, str, str, str] | None:
    """(owner, number, field, concept) of a flat field with a number at its end."""
    bare = unnumbered(folded)
    number = folded[len(bare) :]
    split = _owner_before(bare)
    owner, rest = (split[1], split[2]) if split and split[0].kind != "organisation" else ("child", bare)
    concept = PERSON.get(rest, ("", 0))[0]
    return (owner, number, rest, concept) if concept and number else None
