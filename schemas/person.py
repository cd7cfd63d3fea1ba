"""The people in a contact. Everything personal about a child lives in `Person`, so it can be sealed as one."""

from datetime import date
from typing import Literal

from pydantic import Field

from schemas.care_status import LookedAfter
from schemas.record import Record

Sex = Literal["M", "F", "U", ""]
IdentifierKind = Literal["nhs_number", "upn", "former_upn", "la_child_id", "local"]
Role = Literal["parent", "carer", "sibling", "household", "alleged_perpetrator", "referrer", "professional", "other"]


class Identifier(Record):
    """An identifier as sent. A bad one is kept and shown (`valid=False`, `problem` says why), never used to match."""

    kind: IdentifierKind
    value: str
    system: str = ""
    valid: bool = True
    problem: str = ""


class Address(Record):
    """A postal address; `postcode` upper case with one space where it could be understood, else as sent."""

    lines: list[str] = Field(default_factory=list)
    postcode: str = ""


class Person(Record):
    """The child. `dob_text` keeps a date of birth that could not be understood; `unborn` children have no dob. `looked_after` by
    the authority: yes, no, or empty when nobody said."""

    given: str = ""
    family: str = ""
    other_given: list[str] = Field(default_factory=list)
    known_as: str = ""
    dob: date | None = None
    dob_text: str = ""
    expected_dob: date | None = None
    unborn: bool = False
    sex: Sex = ""
    sex_source: str = ""
    ethnicity: str = ""
    ethnicity_source: str = ""
    disabilities: list[str] = Field(default_factory=list)
    looked_after: LookedAfter = ""
    identifiers: list[Identifier] = Field(default_factory=list)
    address: Address = Field(default_factory=Address)
    school: str = ""
    language: str = ""


class OtherPerson(Record):
    """Somebody else named in the message: kept apart from the child, hidden from other agencies by default."""

    role: Role
    given: str = ""
    family: str = ""
    relation: str = ""
    dob: date | None = None
    phone: str = ""
    email: str = ""
    job: str = ""
    organisation: str = ""
    address: Address = Field(default_factory=Address)
