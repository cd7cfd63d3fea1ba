"""A report as linkage sees it: text as the agency wrote it, and what of it can be compared."""

from dataclasses import dataclass
from functools import lru_cache

from schemas.identifiers import check_nhs_number, check_upn
from streams.linkage.births import read_dob
from streams.linkage.names import NAMES_VERSION, FamilyName, GivenName, read_names
from streams.linkage.places import Place, read_place
from streams.linkage.variants import TABLE_VERSION

NORMALISER_VERSION = f"{NAMES_VERSION}+births-2+places-2+variants-{TABLE_VERSION}"
"""Recorded with every decision: another version may compare the same text differently."""


@dataclass(frozen=True, slots=True)
class Report:
    """One child in one report, as written. `record_id` is unique (in the hub: the contact id)."""

    record_id: str
    agency: str = ""
    given: str = ""
    family: str = ""
    dob: str = ""
    sex: str = ""
    postcode: str = ""
    address_line: str = ""
    nhs_number: str = ""
    upn: str = ""
    former_upn: str = ""
    former_nhs_number: str = ""


@dataclass(frozen=True, slots=True)
class Features:
    """What is compared. Missing: empty name, dob 0, `NOWHERE`, empty text. Bad identifiers are missing here.

    `former_nhs` is a number that the sender says names the child as well as `nhs` does.
    """

    given: GivenName
    family: FamilyName
    dob: int
    place: Place
    sex: str
    nhs: str
    upn: str
    former_upn: str
    placeholder: bool
    former_nhs: str = ""

    @property
    def nothing_to_compare(self) -> bool:
        """No name, no date of birth, no place and no identifier."""
        return not (
            self.given.main
            or self.family.joined
            or self.dob
            or self.nhs
            or self.upn
            or self.place.postcode
            or self.place.street
        )


# A report's numbers are checked when it is read and again for its reasons: the last few answers are kept.
_nhs = lru_cache(maxsize=256)(check_nhs_number)
_upn = lru_cache(maxsize=256)(check_upn)

_SEXES = {
    "m": "M",
    "male": "M",
    "boy": "M",
    "1": "M",
    "man": "M",
    "f": "F",
    "female": "F",
    "girl": "F",
    "2": "F",
    "woman": "F",
}


def read_features(report: Report) -> Features:
    """What can be compared of a report; never raises, whatever the cells hold."""
    given, family, placeholder = read_names(report.given, report.family)
    nhs = _nhs(report.nhs_number) if report.nhs_number else None
    upn = _upn(report.upn) if report.upn else None
    former = _upn(report.former_upn) if report.former_upn else None
    former_nhs = _nhs(report.former_nhs_number) if report.former_nhs_number else None
    return Features(
        given=given,
        family=family,
        dob=read_dob(report.dob) if report.dob else 0,
        place=read_place(report.address_line, report.postcode),
        sex=_SEXES.get(report.sex.strip().casefold(), ""),
        nhs=nhs.value if nhs and nhs.valid else "",
        upn=upn.value if upn and upn.valid else "",
        former_upn=former.value if former and former.valid else "",
        placeholder=placeholder,
        former_nhs=former_nhs.value if former_nhs and former_nhs.valid else "",
    )


def identifier_problems(report: Report) -> tuple[str, ...]:
    """Reason codes for identifiers that came and cannot be used, e.g. `nhs_number_check_digit`."""
    problems = []
    for kind, text, check in (
        ("nhs_number", report.nhs_number, _nhs),
        ("upn", report.upn, _upn),
        ("former_upn", report.former_upn, _upn),
    ):
        if text:
            checked = check(text)
            if not checked.valid and checked.reason != "missing":
                problems.append(f"{kind}_{checked.reason}")
    return tuple(problems)
