"""The organisation that sent a message, as the message names it."""

import re

from connectors.decoding import one_line
from connectors.fields.groups import Leaf
from connectors.fields.person import said
from schemas.reading import Organisation

_URN = re.compile(r"[0-9]{6}")
_LAESTAB = re.compile(r"[0-9]{3}[/ -]?[0-9]{4}")


_SCHOOLS = ("school", "schools", "setting", "academy", "nursery", "college", "establishment", "educationprovider", "provider")


def is_school(word: str) -> bool:
    """Whether a field's name says that the organisation in it is a school or another setting for children."""
    return word.endswith(_SCHOOLS)


def organisation_of(found: dict[str, list[Leaf]], code_system: str) -> Organisation:
    """A school by URN, else by authority and establishment number; a force or another by its code and name.

    A bare six-digit code is a URN, seven digits are authority and establishment; any other code is of `code_system`.
    """
    name = said(found, "name")[:200]
    urn = said(found, "urn")
    if urn and _URN.fullmatch(urn):
        return Organisation(code=urn, code_system="urn", name=name)
    laestab = said(found, "laestab")
    if not laestab and found.get("lea") and found.get("estab"):
        laestab = f"{said(found, 'lea')}{said(found, 'estab')}"
    for concept, system in (("ods", "ods"), ("force", "force"), ("code", "")):
        code = said(found, concept)[:40]
        if code and not laestab and not urn:
            return Organisation(code=code, code_system=system or _system_of(code, code_system), name=name)
    code = re.sub(r"[/ -]", "", laestab) if _LAESTAB.fullmatch(laestab) else laestab or urn
    if not code and (_URN.fullmatch(name) or _LAESTAB.fullmatch(name)):
        code, name = re.sub(r"[/ -]", "", name), ""
    return Organisation(code=code[:40], code_system=_system_of(code, code_system) if code else "", name=name)


def _system_of(code: str, usual: str) -> str:
    if usual != "force" and _URN.fullmatch(one_line(code)):
        return "urn"
    return usual or "other"
