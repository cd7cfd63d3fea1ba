"""How far two reports agree: one level a field, levels named, none of it weighted here.

The vector is (given, family, dob, place, sex, nhs, upn, order). Level 0 is always "missing", which is no evidence.
Order: names as written, or forename and surname the other way round, tried only when the straight order fails.
"""

from functools import lru_cache
from typing import NamedTuple

from rapidfuzz.distance import OSA, JaroWinkler

from streams.linkage import births, places
from streams.linkage.names import FamilyName, GivenName, family_of, given_of
from streams.linkage.report import Features
from streams.linkage.variants import shipped_table

FIELDS = ("given", "family", "dob", "place", "sex", "nhs", "upn", "order")

GIVEN_LEVELS = ("missing", "same", "same name, other form", "one slip", "vaguely alike", "different")
FAMILY_LEVELS = ("missing", "same", "same name, other form", "one slip or one barrel", "vaguely alike", "different")
SEX_LEVELS = ("missing", "same", "differs")
IDENTIFIER_LEVELS = ("missing", "same", "one edit", "differs")
ORDER_LEVELS = ("straight", "swapped")

LEVELS: dict[str, tuple[str, ...]] = {
    "given": GIVEN_LEVELS,
    "family": FAMILY_LEVELS,
    "dob": births.LEVELS,
    "place": places.LEVELS,
    "sex": SEX_LEVELS,
    "nhs": IDENTIFIER_LEVELS,
    "upn": IDENTIFIER_LEVELS,
    "order": ORDER_LEVELS,
}

SAME, OTHER_FORM, ONE_SLIP, VAGUE, DIFFERENT = 1, 2, 3, 4, 5
STRAIGHT, SWAPPED = 0, 1

SHORT_NAME = 4
"""Letters up to which a forename may be half a name, as in Chinese names written in two words, and up to which one
letter more or less makes another name."""


class Vector(NamedTuple):
    """The levels of agreement of two reports, one a field."""

    given: int
    family: int
    dob: int
    place: int
    sex: int
    nhs: int
    upn: int
    order: int


def _one_of_the_other(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    if len(a) == 1 == len(b):
        return a[0] == b[0]
    return any(token in b for token in a)


def _others_conflict(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Both have further forenames and none of them agrees, not even by initial."""
    if not a or not b:
        return False
    return not any(x == y or (min(len(x), len(y)) == 1 and x[0] == y[0]) for x in a for y in b)


def compare_given(a: GivenName, b: GivenName) -> int:
    """The level of agreement of two forenames; see `GIVEN_LEVELS`.

    Two names that sound alike and are both names of their own (Ella, Ellie) are only vaguely alike: twins are often
    named so.
    """
    first, second = a.main, b.main
    if not first or not second:
        return 0
    if first == second:
        if not _others_conflict(a.others, b.others):
            return SAME
        # Brothers Jia Hao and Jia Yi share a first syllable, not a forename.
        return VAGUE if len(first) <= SHORT_NAME else OTHER_FORM
    alike = JaroWinkler.similarity(first, second)
    shared = _one_of_the_other(a.roots, b.roots)
    simple = len(a.tokens) == 1 == len(b.tokens)
    if simple and alike < 0.80 and not shared and first[0] != second[0] and len(first) > 1 and len(second) > 1:
        return DIFFERENT  # most pairs end here
    if not simple and (a.joined == b.joined or (len(a.tokens) > 1 and sorted(a.tokens) == sorted(b.tokens))):
        return OTHER_FORM
    if shared:
        return OTHER_FORM if _near_a_root(a, b, alike) and not _others_conflict(a.others, b.others) else VAGUE
    # A slip seldom falls on the first letter; the names of rhyming twins differ just there.
    same_start = first[0] == second[0] or sorted(first[:2]) == sorted(second[:2])
    long_enough = min(len(first), len(second)) > SHORT_NAME
    if same_start and long_enough and not (a.known and b.known) and not _others_conflict(a.others, b.others):
        if a.sound and a.sound == b.sound and alike >= 0.7:
            return OTHER_FORM
        if alike >= 0.92 or OSA.distance(first, second, score_cutoff=1) <= 1:
            return ONE_SLIP
    return VAGUE if alike >= 0.80 or _vaguely_alike(a, b) else DIFFERENT


def _near_a_root(a: GivenName, b: GivenName, alike: float) -> bool:
    """Ellie and Nora are both Eleanor, and may be two sisters: one must be near the full form, or the two be alike."""
    return alike >= 0.80 or any(
        max(JaroWinkler.similarity(a.main, root), JaroWinkler.similarity(b.main, root)) >= 0.85
        for root in a.roots
        if root in b.roots
    )


def _vaguely_alike(a: GivenName, b: GivenName) -> bool:
    """An initial, the beginning of the other, one of its further names, or syllables written together."""
    shorter, longer = (a.main, b.main) if len(a.main) <= len(b.main) else (b.main, a.main)
    if len(shorter) != 2 and longer.startswith(shorter):
        return True
    if len(shorter) == 1 and any(root[0] == shorter for root in (*a.roots, *b.roots) if len(root) > 1):
        return True
    if len(a.tokens) == 1 == len(b.tokens):
        return a.joined.startswith(b.joined) or b.joined.startswith(a.joined)
    if a.main in b.tokens or b.main in a.tokens or a.joined.startswith(b.joined) or b.joined.startswith(a.joined):
        return True
    if _known_by_another(a, b) or _known_by_another(b, a):
        return True
    return _in_syllables(a, b) and JaroWinkler.similarity(a.joined, b.joined) >= 0.80


def _in_syllables(a: GivenName, b: GivenName) -> bool:
    """Whether one forename is written in short words that the other may have written together (Zi Hao, Zhihao)."""
    return any(len(name.tokens) > 1 and len(name.main) <= SHORT_NAME for name in (a, b))


def _known_by_another(a: GivenName, b: GivenName) -> bool:
    """Whether a root of a's main forename is the root of another forename of b ("known by the middle name")."""
    if not b.others:
        return False
    table = shipped_table().given
    return any(_one_of_the_other(a.roots, table.get(other, (other,))) for other in b.others)


def compare_family(a: FamilyName, b: FamilyName) -> int:
    """The level of agreement of two surnames; see `FAMILY_LEVELS`."""
    if not a.joined or not b.joined:
        return 0
    if a.joined == b.joined or (len(a.tokens) > 1 and sorted(a.tokens) == sorted(b.tokens)):
        return SAME
    if _one_of_the_other(a.roots, b.roots):
        return OTHER_FORM
    alike = JaroWinkler.similarity(a.joined, b.joined)
    if a.sound and a.sound == b.sound and alike >= 0.7:
        return OTHER_FORM
    if alike >= 0.92 or (min(len(a.joined), len(b.joined)) >= 5 and OSA.distance(a.joined, b.joined, score_cutoff=1) <= 1):
        return ONE_SLIP
    if (len(a.barrels) > 1 or len(b.barrels) > 1) and _share_a_barrel(a.barrels, b.barrels):
        return ONE_SLIP
    shorter, longer = (a.joined, b.joined) if len(a.joined) <= len(b.joined) else (b.joined, a.joined)
    if len(shorter) >= 5 and (longer.startswith(shorter) or longer.endswith(shorter)):
        return ONE_SLIP
    if alike >= 0.80:
        return VAGUE
    return DIFFERENT


def _share_a_barrel(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    if _one_of_the_other(a, b):
        return True
    return any(len(x) > 4 and len(y) > 4 and JaroWinkler.similarity(x, y) >= 0.92 for x in a for y in b)


@lru_cache(maxsize=65_536)
def _as_given(name: FamilyName) -> GivenName:
    return given_of(name.tokens, shipped_table())


@lru_cache(maxsize=65_536)
def _as_family(name: GivenName) -> FamilyName:
    return family_of(name.tokens, shipped_table())


@lru_cache(maxsize=16_384)
def _compare_crossed(a_given: GivenName, a_family: FamilyName, b_given: GivenName, b_family: FamilyName) -> tuple[int, int]:
    """Forename and surname levels with one side's names the other way round, or (0, 0) when that fits no better.

    Nothing says which side is written the wrong way round, and only the right reading finds a name among its own forms
    (Hsu is Xu as a surname). So both readings are tried; the forename agrees only when it does in both, for what is a
    surname in one may be a brother's forename. Otherwise it is vaguely alike, which a person must look at.
    """
    # Some families write all names in another order, and forms cut the whole name at another place.
    whole_a, whole_b = a_given.tokens + a_family.tokens, b_given.tokens + b_family.tokens
    cut_elsewhere = sorted(whole_a) == sorted(whole_b) or "".join(whole_b) in ("".join(whole_a), _family_first(a_given, a_family))
    readings = (
        (compare_given(a_given, _as_given(b_family)), compare_family(a_family, _as_family(b_given))),
        (compare_given(_as_given(a_family), b_given), compare_family(_as_family(a_given), b_family)),
    )
    fitting = [(given, family) for given, family in readings if given + family <= ONE_SLIP + VAGUE and given != DIFFERENT]
    if fitting and not (cut_elsewhere and min(map(sum, fitting)) > 2 * OTHER_FORM):
        given, family = min(fitting, key=lambda reading: (sum(reading), reading))
        return (given if all(reading[0] <= ONE_SLIP for reading in readings) else VAGUE), family
    if cut_elsewhere or "".join(whole_a) == _family_first(b_given, b_family):
        return OTHER_FORM, OTHER_FORM
    return 0, 0


def _may_be_crossed(a_given: GivenName, a_family: FamilyName, b_given: GivenName, b_family: FamilyName) -> bool:
    """A quick look, before the slow one: first letters that fit across.

    One is enough for whole names of one length, or when a name is so short that its other form may begin with another
    letter (Xu and Hsu, Ng and Wu).
    """
    given_a, family_a, given_b, family_b = a_given.joined, a_family.joined, b_given.joined, b_family.joined
    there = given_a[0] == family_b[0] or a_given.main[0] == family_b[0]
    back = family_a[0] == given_b[0] or family_a[0] == b_given.main[0]
    if there and back:
        return True
    if not there and not back:
        return False
    if len(given_a) + len(family_a) == len(given_b) + len(family_b):
        return True
    return min(len(given_a), len(family_a)) <= SHORT_NAME and min(len(given_b), len(family_b)) <= SHORT_NAME


def _family_first(given: GivenName, family: FamilyName) -> str:
    return family.joined + given.joined


def compare_names(a: Features, b: Features) -> tuple[int, int, int]:
    """Forename level, surname level and order."""
    # Equal cells share one object: the commonest agreement costs no look-up.
    given = (SAME if a.given.main else 0) if a.given is b.given else compare_given(a.given, b.given)
    family = (SAME if a.family.joined else 0) if a.family is b.family else compare_family(a.family, b.family)
    if (
        (given >= VAGUE or family >= VAGUE)
        and given + family >= VAGUE + SAME
        and a.given.main
        and a.family.joined
        and b.given.main
        and b.family.joined
        and _may_be_crossed(a.given, a.family, b.given, b.family)
    ):
        crossed_given, crossed_family = _compare_crossed(a.given, a.family, b.given, b.family)
        if crossed_given and crossed_given + crossed_family < given + family:
            return crossed_given, crossed_family, SWAPPED
    elif not given and family == DIFFERENT:
        crossed_family = _compare_with_the_only_name(a, b)
        if 0 < crossed_family <= ONE_SLIP:
            return 0, crossed_family, SWAPPED
    return given, family, STRAIGHT


def _compare_with_the_only_name(a: Features, b: Features) -> int:
    """The level of one side's surname, its only name (an unborn child), and the surname the other wrote as forename."""
    only, both = (b, a) if a.given.main else (a, b)
    return compare_family(only.family, _as_family(both.given)) if both.given.main else 0


def _compare_upn(a: Features, b: Features) -> int:
    if a.upn and b.upn:
        if a.upn == b.upn or a.upn == b.former_upn or a.former_upn == b.upn:
            return 1
        if a.upn[-1].isalpha() or b.upn[-1].isalpha():
            return 0  # a temporary number is replaced sooner or later: the difference says nothing
        return 2 if OSA.distance(a.upn, b.upn, score_cutoff=1) <= 1 else 3
    if (a.upn and a.upn == b.former_upn) or (b.upn and b.upn == a.former_upn):
        return 1
    return 0


def _compare_nhs(a: Features, b: Features) -> int:
    if (a.former_nhs or b.former_nhs) and {a.nhs, a.former_nhs} & {b.nhs, b.former_nhs} - {""}:
        return 1
    if a.nhs and b.nhs:
        return 1 if a.nhs == b.nhs else 2 if OSA.distance(a.nhs, b.nhs, score_cutoff=1) <= 1 else 3
    return 0


def compare(a: Features, b: Features) -> Vector:
    """The comparison vector of two reports; symmetric but for the order of names."""
    given, family, order = compare_names(a, b)
    return Vector(
        given,
        family,
        births.compare_dob(a.dob, b.dob),
        places.compare_place(a.place, b.place),
        (1 if a.sex == b.sex else 2) if a.sex and b.sex else 0,
        _compare_nhs(a, b) if (a.nhs or b.nhs) else 0,
        _compare_upn(a, b) if (a.upn or b.upn) else 0,
        order,
    )
