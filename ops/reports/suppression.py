"""Which groups are too small to be shown, so that no child can be told from a table, nor by taking one figure from another. Pure.

The rule. A count from 1 to 5 is never shown. A group one of whose counts is that small is hidden whole, with its shares and
its comparison with everyone else (primary). Because totals are shown, hidden groups are added to, smallest first, until they
are at least two and each of their counts adds up to nothing or to more than 5: what is hidden is then neither one group's
figure nor a small one (secondary). Children of unknown group count as a group of their own in this. Where the counts of all
children together are that small, nothing is shown.
"""

from collections.abc import Mapping, Sequence

SMALLEST_SHOWN = 6
RULE = (
    f"A count from 1 to {SMALLEST_SHOWN - 1} is not shown: a group with one is hidden whole, and so are further groups, smallest "
    "first, until the hidden ones cannot be worked out from the totals."
)


def is_small(count: int) -> bool:
    """Whether a count must not be shown. None at all may be: it tells of nobody."""
    return 0 < count < SMALLEST_SHOWN


def hidden(groups: Mapping[str, Sequence[int]], also: frozenset[str] = frozenset()) -> frozenset[str]:
    """The names of the groups to hide. `groups`: the counts of each group that add up to shown totals, in the same order for
    all, the unknown group included. `also`: groups that are hidden for another reason."""
    totals = [sum(column) for column in zip(*groups.values(), strict=True)]
    if is_small(sum(totals)) or any(map(is_small, totals)):
        return frozenset(groups)
    found = {name for name, counts in groups.items() if name in also or is_small(sum(counts)) or any(map(is_small, counts))}
    smallest_first = sorted((name for name in groups if name not in found), key=lambda name: (sum(groups[name]), name))
    # A group without anybody hides nobody.
    waiting = [name for name in smallest_first if sum(groups[name])]
    while found and waiting and not _safe([groups[name] for name in found]):
        found.add(waiting.pop(0))
    return frozenset(found)


def _safe(rows: Sequence[Sequence[int]]) -> bool:
    several = sum(1 for row in rows if sum(row)) > 1
    return several and not any(is_small(sum(column)) for column in zip(*rows, strict=True))
