"""Identifiers of a child: what each is, whether it can be right, and if not, why. Nothing here ever raises.

A number that fails is kept and shown as it came, with the reason, and is never used to say that two reports are about
the same child. Check-digit arithmetic is python-stdnum's; the ranges, the authority list and the blacklist are ours,
because python-stdnum accepts 0000000000 as an NHS number and does not know the authorities created since 2019.
"""

from collections.abc import Callable
from dataclasses import dataclass

from stdnum.gb import nhs, upn

LONGEST_SHOWN = 40
"""Characters of a value that are kept: longer cell content is cut, so that one bad cell cannot grow without bound."""


@dataclass(frozen=True, slots=True)
class CheckedIdentifier:
    """An identifier as understood.

    `value` is compact (no spaces or hyphens, upper case); `valid` says whether it may be used to match; `reason` is a
    code saying why not (or "" ), never the value itself; `test` marks the reserved NHS test range; `temporary` marks a
    temporary UPN, which a pupil may lose.
    """

    value: str
    valid: bool
    reason: str = ""
    test: bool = False
    temporary: bool = False


_ISSUED_NHS_RANGES = (("300", "399"), ("400", "499"), ("600", "799"))
"""First three digits of issued numbers in England, Wales and the Isle of Man. Domain fact: NHS Data Dictionary."""

_NHS_TEST_PREFIX = "999"

_NEVER_AN_NHS_NUMBER = frozenset({"0123456789", "1234567890", "1234567881", "9876543210", "4000000004"})

_UPN_AUTHORITIES: tuple[tuple[int, int], ...] = (
    (1, 5),  # pseudo authorities
    (201, 213),
    (301, 320),
    (330, 336),
    (340, 344),
    (350, 359),
    (370, 373),
    (380, 384),
    (390, 394),
    (420, 420),
    (660, 681),  # Wales
    (701, 708),
    (800, 803),
    (805, 808),
    (810, 813),
    (815, 816),
    (821, 823),
    (825, 826),
    (830, 831),
    (835, 841),  # 838 Dorset; 839 Bournemouth, Christchurch and Poole
    (845, 846),
    (850, 852),
    (855, 857),
    (860, 861),
    (865, 874),
    (876, 896),
    (908, 909),
    (916, 916),
    (919, 919),
    (921, 921),
    (925, 926),
    (928, 929),
    (931, 931),
    (933, 933),
    (935, 943),  # 940, 941 Northamptonshire's two; 942 Cumberland; 943 Westmorland and Furness
)
"""DfE authority numbers a UPN may carry, old ones included: a pupil keeps the number of the authority that issued it.

Domain fact: children-in-need census rule 1530, plus the authorities of April 2023.
"""

_AUTHORITY_NUMBERS = frozenset(f"{number:03d}" for first, last in _UPN_AUTHORITIES for number in range(first, last + 1))

_TEMPORARY_LETTERS = frozenset("ABCDEFGHJKLMNPQRTUVWXYZ")


def _compact(text: object) -> str:
    shown = str(text or "")[: 4 * LONGEST_SHOWN]
    if not (shown.isascii() and shown.isalnum()):
        shown = "".join(char for char in shown if not char.isspace() and char not in "-‐‑‒–—.'\u00a0")
    return shown.upper()[:LONGEST_SHOWN]


def _all_the_same(value: str) -> bool:
    return len(set(value)) == 1


def check_nhs_number(text: object) -> CheckedIdentifier:
    """An NHS number: 10 digits, modulus 11, in an issued range or in the reserved test range 999.

    Numbers of the same shape from Scotland (CHI) or Northern Ireland lie in other ranges and are refused with
    `outside_issued_ranges`. Domain fact: NHS Data Dictionary, NHS NUMBER.
    """
    value = _compact(text)
    if not value:
        return CheckedIdentifier("", False, "missing")
    if not (value.isascii() and value.isdigit()):
        return CheckedIdentifier(value, False, "not_digits")
    if len(value) != 10:
        return CheckedIdentifier(value, False, "wrong_length")
    if _all_the_same(value) or value in _NEVER_AN_NHS_NUMBER:
        return CheckedIdentifier(value, False, "placeholder")
    if not nhs.is_valid(value):
        return CheckedIdentifier(value, False, "check_digit")
    if value.startswith(_NHS_TEST_PREFIX):
        return CheckedIdentifier(value, True, test=True)
    if not any(low <= value[:3] <= high for low, high in _ISSUED_NHS_RANGES):
        return CheckedIdentifier(value, False, "outside_issued_ranges")
    return CheckedIdentifier(value, True)


def check_upn(text: object) -> CheckedIdentifier:
    """A unique pupil number: check letter, authority (3), establishment (4), year (2), serial (3, the last may be a letter).

    A letter at the end makes it temporary. Domain fact: DfE guidance on UPNs; census rules 1510, 1530, 1550.
    """
    value = _compact(text)
    if not value:
        return CheckedIdentifier("", False, "missing")
    if len(value) != 13:
        return CheckedIdentifier(value, False, "wrong_length")
    middle, last = value[1:12], value[12]
    if not (value.isascii() and value[0].isalpha() and middle.isdigit()):
        return CheckedIdentifier(value, False, "wrong_shape")
    temporary = last in _TEMPORARY_LETTERS
    if not (last.isdigit() or temporary):
        return CheckedIdentifier(value, False, "wrong_shape")
    if _all_the_same(middle):
        return CheckedIdentifier(value, False, "placeholder")
    if value[1:4] not in _AUTHORITY_NUMBERS:
        return CheckedIdentifier(value, False, "unknown_authority", temporary=temporary)
    if upn.calc_check_digit(value[1:]) != value[0]:
        return CheckedIdentifier(value, False, "check_letter", temporary=temporary)
    return CheckedIdentifier(value, True, temporary=temporary)


def check_la_child_id(text: object) -> CheckedIdentifier:
    """A local authority's own number for a child: 1 to 20 letters or digits, unique inside that authority only.

    There is no check digit. Domain fact: children-in-need census, item LAchildID, rules 1570 and 1580.
    """
    value = _compact(text)
    if not value:
        return CheckedIdentifier("", False, "missing")
    if not (value.isascii() and value.isalnum()):
        return CheckedIdentifier(value, False, "wrong_shape")
    if len(value) > 20:
        return CheckedIdentifier(value, False, "wrong_length")
    if _all_the_same(value) or value in {"UNKNOWN", "NONE", "NA", "NK", "TBC"}:
        return CheckedIdentifier(value, False, "placeholder")
    return CheckedIdentifier(value, True)


_CHECKS: dict[str, Callable[[object], CheckedIdentifier]] = {
    "nhs_number": check_nhs_number,
    "upn": check_upn,
    "former_upn": check_upn,
    "la_child_id": check_la_child_id,
}


def check_identifier(kind: str, text: object) -> CheckedIdentifier:
    """The check for an identifier kind of `schemas.person`; a kind without a rule is kept and never used to match."""
    check = _CHECKS.get(kind)
    return check(text) if check else CheckedIdentifier(_compact(text), False, "no_rule_for_kind")
