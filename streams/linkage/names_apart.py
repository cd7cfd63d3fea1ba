"""Whether forenames that are alike may be two children's: what the letters say is set beside who carries which name.

Twins are born on one day in one house and often have names that are alike. Calling two children one is worse than asking.
"""

from collections.abc import Sequence

from streams.linkage.comparison import SAME, SHORT_NAME, VAGUE, Vector, compare_given
from streams.linkage.index import Index
from streams.linkage.model import Scorer
from streams.linkage.names import GivenName
from streams.linkage.report import Features
from streams.linkage.slips import slip_of_the_hand

LEAST_CHILDREN_NAMED = 2
"""A forename carried by this many children of the index is a name of its own, not a slip."""

LEAST_NAME_IN_MODEL = 8
"""Likewise by so many of the model's training records."""


def also_a_surname(index: Index, scorer: Scorer, name: GivenName) -> bool:
    """Whether a forename is carried as a surname too, or so short that it may be: names are written the other way round."""
    return (
        len(name.main) <= SHORT_NAME
        or scorer.model.family_counts.get(name.main, 0) >= LEAST_NAME_IN_MODEL
        or index.counts.family.get(name.main, 0) > 0
    )


def _letters(features: Features) -> list[str]:
    return sorted(features.given.joined + features.family.joined)


def may_be_two_names(index: Index, scorer: Scorer, report: Features, vector: Vector, records: Sequence[Features]) -> bool:
    """Whether the forename and one of the person's may be two names that are only alike."""
    given = report.given
    if not vector.given:
        return False
    if vector.order:
        # Written the other way round, the forename cannot be told from the surname: the whole name must be the same.
        whole = _letters(report)
        return vector.given > SAME and all(_letters(record) != whole for record in records)
    written = [record.given for record in records if record.given.main]
    alike = [name for name in written if name.main == given.main]
    if alike:
        # Jia agrees with Jia Yi and with Jia Ling, who are twins: a record that says the whole name decides.
        return all(name.tokens != given.tokens for name in alike) and any(compare_given(given, name) == VAGUE for name in alike)
    return any(_another_name(index, scorer, given, name, written) for name in written)


def _another_name(index: Index, scorer: Scorer, one: GivenName, other: GivenName, written: Sequence[GivenName]) -> bool:
    """Whether two forenames may be two children's: no forms of one name, and not a name and its mistyping.

    A mistyping is a slip of the hand between a known name and a word that nobody carries and that the person's records
    hold once at most.
    """
    if set(one.roots) & set(other.roots):
        # Liam is a form of William and a name of its own: the table leads with it.
        return one.known and other.known and one.roots[0] != other.roots[0]
    if one.joined == other.joined or sorted(one.tokens) == sorted(other.tokens):
        return False
    if not slip_of_the_hand(one.main, other.main):
        return True
    repeated = sum(1 for name in written if name.main == other.main) > 1
    return _is_a_name(index, scorer, one) == (repeated or _is_a_name(index, scorer, other))


def _is_a_name(index: Index, scorer: Scorer, name: GivenName) -> bool:
    return (
        name.known
        or scorer.model.given_counts.get(name.main, 0) >= LEAST_NAME_IN_MODEL
        or index.counts.given.get(name.main, 0) >= LEAST_CHILDREN_NAMED
    )
