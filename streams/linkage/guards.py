"""The rules that stop an automatic link, whatever the score. Each has a name, which is its reason code.

A guard never says "not the same child": it says that a person must look. The score orders candidates and gives the band;
guards are code, so each can be read, tested and argued about alone.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from streams.linkage import births, places
from streams.linkage.comparison import DIFFERENT, ONE_SLIP, OTHER_FORM, SAME, VAGUE, Vector
from streams.linkage.report import Features


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a guard may look at: the report, the person's best record and vector, and all records of the person.

    `two_names`: the forenames are alike and may be two names (Ella and Ellie, Lenny and Lonny), not forms of one name
    and not a name and its mistyping. `crowded`: more children are known at the report's dwelling than a family has.
    `also_a_surname`: the report's forename is a surname too, or so short that it may be.
    """

    report: Features
    best: Features
    vector: Vector
    records: tuple[Features, ...]
    two_names: bool = False
    crowded: bool = False
    also_a_surname: bool = False

    @property
    def identifier_same(self) -> bool:
        """An NHS number or pupil number of the best record is the report's."""
        return self.vector.nhs == 1 or self.vector.upn == 1


def nhs_differs(e: Evidence) -> bool:
    """Any record of the person carries another NHS number, which nobody said names the same child as this one."""
    number = e.report.nhs
    others = {record.nhs for record in e.records if record.nhs and record.nhs != number} if number else set()
    return bool(others) and not others <= _numbers_of_one_child(number, (e.report, *e.records))


def _numbers_of_one_child(number: str, records: Iterable[Features]) -> set[str]:
    """The NHS numbers that name the same child as a number does, as senders said when they merged two records."""
    said = [{record.nhs, record.former_nhs} for record in records if record.nhs and record.former_nhs]
    known = {number}
    while grown := {one for pair in said if pair & known for one in pair} - known:
        known |= grown
    return known


def upn_differs(e: Evidence) -> bool:
    """Any record of the person carries another permanent pupil number that is not the former one."""
    number = e.report.upn
    if not number or number[-1].isalpha():
        return False
    return any(
        record.upn and not record.upn[-1].isalpha() and record.upn != number
        and record.upn != e.report.former_upn and record.former_upn != number
        for record in e.records
    )


def id_same_given_differs(e: Evidence) -> bool:
    """The number is the same and the forename is not: twins' and siblings' numbers do get crossed."""
    return e.identifier_same and (e.vector.given == DIFFERENT or e.two_names)


def id_same_person_differs(e: Evidence) -> bool:
    """The number is the same and two of forename, surname and date of birth differ."""
    differ = (e.vector.given == DIFFERENT) + (e.vector.family == DIFFERENT) + (e.vector.dob == births.DIFFERENT)
    return e.identifier_same and differ >= 2


def no_given(e: Evidence) -> bool:
    """One side has no forename (unborn, "Baby", not known): nothing tells this child from a twin or sibling."""
    return e.vector.given == 0


def given_differs(e: Evidence) -> bool:
    """The forenames are different."""
    return e.vector.given == DIFFERENT


_BIRTH_NEAR = frozenset({births.SAME, births.SWAPPED, births.ONE_EDIT, births.SAME_FIRST_OF_JANUARY})


def possible_twin(e: Evidence) -> bool:
    """Forename only vaguely alike or another name that sounds alike, born the same day or one slip off, not another place, no number to tell them apart."""
    return (
        (e.vector.given == VAGUE or e.two_names)
        and e.vector.dob in _BIRTH_NEAR
        and any(places.compare_place(e.report.place, record.place) != places.DIFFERENT for record in e.records)
        and not e.identifier_same
    )


def two_slips(e: Evidence) -> bool:
    """The forename in another form and the birthday one slip off, with no number: brothers Harry and Henry look so."""
    return (
        e.vector.given in (OTHER_FORM, ONE_SLIP)
        and e.vector.dob in (births.SWAPPED, births.ONE_EDIT)
        and not e.identifier_same
    )


def dob_differs(e: Evidence) -> bool:
    """The dates of birth are different, more than by a slip."""
    return e.vector.dob == births.DIFFERENT


def family_differs(e: Evidence) -> bool:
    """The surnames are different or only vaguely alike, and no number holds the two together: neighbours exist, and
    where a name is written the other way round the agreeing forename may be the family's surname.

    The one exception is a child who took another surname: the same birthday and house, and a forename written alike to
    the letter that is nobody's surname.
    """
    if e.vector.family < VAGUE or e.identifier_same:
        return False
    renamed = (
        e.vector.dob == births.SAME
        and e.vector.place in (places.DWELLING, places.NUMBER_AND_ONE)
        and e.report.given.joined == e.best.given.joined
        and not (e.report.given.generic or e.also_a_surname or e.crowded)
    )
    return not renamed


def sex_differs(e: Evidence) -> bool:
    """The recorded sexes differ."""
    return e.vector.sex == 2


def _whole_name_and_house(e: Evidence) -> bool:
    """No date of birth on one side, and the very forename (not one that brothers share), the surname and the dwelling."""
    return (
        e.vector.dob == births.MISSING
        and e.vector.given == SAME
        and e.vector.family in (SAME, OTHER_FORM, ONE_SLIP)
        and e.vector.place in (places.DWELLING, places.NUMBER_AND_ONE)
        and not e.report.given.generic
        and all(births.compare_dob(e.report.dob, record.dob) in (births.MISSING, *_BIRTH_NEAR) for record in e.records)
    )


def _all_alike(e: Evidence) -> bool:
    return (
        e.vector.dob == births.SAME
        and 0 < e.vector.given <= OTHER_FORM
        and 0 < e.vector.family <= OTHER_FORM
        and e.vector.place not in (places.MISSING, places.DIFFERENT)
    )


def _same_but_for_the_house_number(e: Evidence) -> bool:
    """The very names, the birthday, the street and the postcode: a mistyped number, or a move along the street."""
    return (
        e.vector.dob == births.SAME
        and e.vector.given == SAME
        and e.vector.family in (SAME, OTHER_FORM)
        and e.vector.place == places.STREET_AND_POSTCODE
        and not e.report.given.generic
    )


def one_pillar(e: Evidence) -> bool:
    """Without a number, both the date of birth and the place must agree with the person's records.

    The one exception: no date of birth was given, and the whole name and the dwelling are the same. Namesakes born the
    same day exist in every city; the same name at one address may be a cousin. A birth date of 1 January is often
    invented, so then the name and the house must agree exactly. In a children's home the house says nothing, so both
    names and the birthday must.
    """
    if e.identifier_same:
        return False
    if e.crowded:
        return not _all_alike(e)
    if _whole_name_and_house(e):
        return False
    birth, place = e.vector.dob, e.vector.place
    if birth == births.SAME_FIRST_OF_JANUARY:
        return not (place in (places.DWELLING, places.NUMBER_AND_ONE) and 0 < e.vector.given <= OTHER_FORM)
    if birth not in _BIRTH_NEAR and birth == births.MISSING:
        birth = _best(births.compare_dob(e.report.dob, record.dob) for record in e.records)
    if _same_but_for_the_house_number(e):
        return False
    # The same street is not the same place when both house numbers are known and differ.
    if place in (places.MISSING, places.DIFFERENT) or places.other_house(e.report.place, e.best.place):
        place = _best(
            places.compare_place(e.report.place, record.place)
            for record in e.records
            if not places.other_house(e.report.place, record.place)
        )
    return not (birth in _BIRTH_NEAR and 1 <= place <= places.POSTCODE_TYPO)


def _best(levels: Iterable[int]) -> int:
    return min((level for level in levels if level), default=0)


Guard = Callable[[Evidence], bool]

PERSON_GUARDS: tuple[Guard, ...] = (
    nhs_differs,
    upn_differs,
    id_same_given_differs,
    id_same_person_differs,
    no_given,
    given_differs,
    possible_twin,
    two_slips,
    dob_differs,
    family_differs,
    sex_differs,
    one_pillar,
)
"""Guards over one person. Two more look at the whole decision: `many` and `too_many_candidates`."""

MANY = "many"
"""Another person could be meant as well, and no review already waiting joins the two."""

TOO_MANY_CANDIDATES = "too_many_candidates"
"""The report says so little that more records share its keys than can be looked at."""


def guards_hit(evidence: Evidence) -> tuple[str, ...]:
    """The names of the person guards that stop an automatic link."""
    return tuple(guard.__name__ for guard in PERSON_GUARDS if guard(evidence))
