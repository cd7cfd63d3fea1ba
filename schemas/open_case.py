"""A child whose case was open in the case system before the hub knew of it, as a load tells of it: no contact, and no news.

Who the child is, is the authority's own number or the pupil number, together with the date of birth: a load has no names, and
a number alone may be another authority's, or mistyped.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Literal

from pydantic import Field

from schemas.person import Person
from schemas.record import Record

#: What a child's case may be, the most lasting first.
Standing = Literal["looked_after", "protection_plan", "child_in_need", "section_47", "assessment"]

_LONGEST_NUMBER = 20


class OpenCase(Record):
    """One child. `number` is the authority's own number, `standings` what of the case is open, `since` the earliest day of
    that, `worker` who holds it by name, or empty. `ended`: the load has closed rows of the child and no open one."""

    number: str
    dob: date
    upn: str = ""
    standings: list[Standing] = Field(default_factory=list)
    since: date | None = None
    worker: str = ""
    ended: bool = False


def census_number(number: str) -> str:
    """An authority's number of a child as the census takes it: at most 20 letters and digits (rules 1570 and 1580). What is
    longer is an id of ours, cut."""
    packed = "".join(char for char in number if char.isascii() and char.isalnum())
    return packed if len(packed) <= _LONGEST_NUMBER else "FD" + packed[: _LONGEST_NUMBER - 2]


def case_text(number: str, dob: date) -> str:
    """The text whose keyed hash an open case is known by: the same from every kind of file."""
    return f"la_child_id {census_number(number).casefold()} {dob.isoformat()}"


def texts_of_case(case: OpenCase) -> list[str]:
    """The texts whose keyed hashes a contact of the child may share."""
    return [case_text(case.number, case.dob), *([_upn_text(case.upn, case.dob)] if case.upn else [])]


def texts_of_person(person: Person) -> list[str]:
    """The same of a child in a contact; none without a date of birth and a valid number."""
    return list(_texts(person, person.dob)) if person.dob is not None else []


def _texts(person: Person, dob: date) -> Iterator[str]:
    valid = [one for one in person.identifiers if one.valid]
    yield from _each(case_text(one.value, dob) for one in valid if one.kind == "la_child_id")
    yield from _each(_upn_text(one.value, dob) for one in valid if one.kind in ("upn", "former_upn"))


def _each(texts: Iterable[str]) -> Iterable[str]:
    return dict.fromkeys(texts)


def _upn_text(upn: str, dob: date) -> str:
    return f"upn {upn.casefold()} {dob.isoformat()}"
