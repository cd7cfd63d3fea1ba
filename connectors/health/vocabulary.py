"""What health systems' codes and words stand for in the hub: sex, ethnicity, roles, priority, who the referrer is.

Sources: HL7 v2 tables 0001, 0063, 0280; FHIR RequestPriority and RoleCode; UK Core ethnic category; DfE ReferralSource.
A word that is not here stays as sent beside an empty code.
"""

import re
from typing import Literal

from connectors.decoding import one_line
from connectors.fields.who import role_in
from schemas.codes import ETHNICITIES, ETHNICITY_FROM_NHS, risk_level
from schemas.person import Role, Sex

_SEX: dict[str, Sex] = {
    "m": "M", "male": "M", "1": "M", "f": "F", "female": "F", "2": "F",
    "u": "U", "unknown": "U", "o": "U", "other": "U", "0": "U", "9": "U", "a": "U", "n": "U", "x": "U",
    "not known": "U", "not specified": "U", "indeterminate": "U",
}  # fmt: skip


def sex(text: str) -> Sex:
    """M, F or U for FHIR gender, HL7 table 0001 and the NHS codes 0, 1, 2, 9; "" for any other word."""
    return _SEX.get(text.strip().casefold(), "")


_PRIORITY = {
    "stat": "red", "s": "red", "immediate": "red", "asap": "red", "a": "red", "urgent": "red", "u": "red",
    "routine": "green", "r": "green", "e": "green", "elective": "green",
}  # fmt: skip
"""Order priorities. FHIR ranks stat above asap above urgent above routine; since the word "urgent" is red for every
agency, what ranks above it is red too. HL7 table 0280 uses S, A and R, where R is routine and not "red"."""


def priority_level(text: str) -> str:
    """The risk level that an order's priority stands for, or ""."""
    word = " ".join(text.strip().casefold().split())
    return _PRIORITY.get(word, "") or (risk_level(word) if len(word) > 1 else "")


ASKS_RISK = re.compile(r"\brisk|\brag\b", re.IGNORECASE)
"""The name of an observation, or a question, whose answer grades the risk."""


def ethnicity(code: str, label: str = "") -> str:
    """The census code of an NHS ethnic category or of a census code; "" when neither."""
    folded = code.strip().upper()
    if folded in ETHNICITIES:
        return folded
    found = ETHNICITY_FROM_NHS.get(folded, "")
    return "NOBT" if found == "REFU" and "not stated" in label.casefold() and "refus" not in label.casefold() else found


_RELATION_CODES: dict[Role, str] = {
    "parent": "mth fth par prn nmth nfth nprn stpmth stpfth stpprn adoptm adoptf adoptp mother father parent",
    "carer": "grd fgr fthfost mthfost prnfost cgv care carer guard gt spn dpowatt",
    "sibling": "sib bro sis nsib nbro nsis hsib hbro hsis stpsib stpbro stpsis twin twinbro twinsis",
    "household": "spo dompart hsb wif hus sigoth hhm ptnr",
}
_RELATIONS = {code: role for role, codes in _RELATION_CODES.items() for code in codes.split()}


def role_of_relation(code: str, label: str) -> Role:
    """The role of a next of kin or contact, by relationship code (HL7 table 0063, FHIR RoleCode), else by words."""
    found = _RELATIONS.get(code.strip().casefold())
    if found:
        return found
    for text in (label, code):
        role = role_in(one_line(text, 80))
        if role and role != "child":
            return role
    return "other"


_SOURCES: tuple[tuple[str, str], ...] = (
    ("3B", r"health\s*visit"),
    ("3C", r"school\s*nurs"),
    ("3E", r"\ba\s*&\s*e\b|accident\s*(?:and|&|\+)\s*emergency|emergency\s*dep(?:artmen)?t"),
    ("3D", r"\bdentist|\bdental|\bpharmac|practice nurse|district nurse|community nurse|optometr|optician|walk-?in centre"),
    ("3A", r"\bgps?\b|general pract|family doctor|medical practice|\bsurgery\b|medical centre|primary care provider"),
)  # fmt: skip
_SOURCE_PATTERNS = tuple((code, re.compile(pattern, re.IGNORECASE)) for code, pattern in _SOURCES)

OTHER_HEALTH = "3F"


def source_of(*texts: str) -> tuple[str, str]:
    """DfE ReferralSource of a health referrer and the words that told it; ("3F", "") when they say no more.

    Give the surest text first (job, then role, then organisation): the first that says something decides.
    """
    for text in texts:
        line = one_line(text, 200)
        for code, pattern in _SOURCE_PATTERNS:
            if line and pattern.search(line):
                return code, line
    return OTHER_HEALTH, ""


_UNBORN = re.compile(r"\b(?:unborn|un-born|foetus|fetus|baby\s+of|bump\s+of)\b", re.IGNORECASE)
_STARTS_NO_NAME = {"unborn", "ub", "un-born", "baby", "bump", "foetus", "fetus", "infant", "newborn", "twin"}
_NO_NAME_YET = _STARTS_NO_NAME | {"boy", "girl", "male", "female", "one", "two", "1", "2", "a", "b"}


def is_unborn_name(*parts: str) -> bool:
    """Whether a name is what people write for a child not yet born ("Unborn SMITH", "Baby of Jane", "UB")."""
    return bool(_UNBORN.search(" ".join(parts))) or any(part.strip().casefold() == "ub" for part in parts)


def without_baby_words(given: str) -> tuple[str, str]:
    """A forename without words that stand for a name not yet given, and the name after "baby of", the mother's.

    "Baby" → ("", ""); "Twin 1" → ("", ""); "Baby of Jane" → ("", "Jane"); "Unborn Lily" → ("Lily", ""); else as it is.
    """
    words = given.split()
    if not words or words[0].casefold().strip(".-") not in _STARTS_NO_NAME:
        return given, ""
    before, of, mother = given.partition(" of ")
    kept = [word for word in before.split() if word.casefold().strip(".-") not in _NO_NAME_YET]
    return " ".join(kept), mother.strip() if of else ""


ReferralAction = Literal["new", "update", "cancel", ""]
_ACTION_WORDS: dict[ReferralAction, str] = {
    "new": "new create created add initial",
    "update": "update updated amend amended amendment modify modified correction corrected change changed",
    "cancel": "cancel cancelled canceled delete deleted revoked withdraw withdrawn entered-in-error nullified void",
}
_ACTIONS = {word: action for action, words in _ACTION_WORDS.items() for word in words.split()}


def action_of(word: str) -> ReferralAction:
    """What a message reason or status asks for; "" when the word says nothing about that."""
    return _ACTIONS.get(word.strip().casefold(), "")
