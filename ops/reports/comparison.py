"""Are some children served later than the rest: each group against everyone else, counted, compared, made safe to show. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ops.reports.groups import UNKNOWN
from ops.reports.intervals import Difference, difference, level_each
from ops.reports.suppression import hidden, is_small
from ops.reports.timeliness import BANDS, MEASURES, Measure, Outcome

#: How sure it is that all intervals of one report hold together. At 0.95 one report in twenty would find a difference where there
#: is none, and somebody reads one every week.
LEVEL = 0.99

_Cell = tuple[Measure, str, str]


@dataclass
class Tally:
    """Contacts counted by measure, dimension and group; memory grows with groups, never with contacts."""

    contacts: int = 0
    yes: Counter[_Cell] = field(default_factory=Counter)
    no: Counter[_Cell] = field(default_factory=Counter)
    bands: dict[_Cell, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    left_out: dict[Measure, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, groups: Mapping[str, str], outcomes: Mapping[Measure, Outcome]) -> None:
        """Count one contact, whose child belongs to `groups` (by dimension)."""
        self.contacts += 1
        for measure, outcome in outcomes.items():
            if outcome.in_time is None:
                self.left_out[measure][outcome.left_out or ""] += 1
                continue
            for dimension, group in groups.items():
                cell = (measure, dimension, group)
                (self.yes if outcome.in_time else self.no)[cell] += 1
                if outcome.band:
                    self.bands[cell][outcome.band] += 1

    def groups(self, measure: Measure, dimension: str) -> dict[str, tuple[int, int]]:
        """In time, and not, of each group that has a child in that measure."""
        found = {cell[2] for cell in (*self.yes, *self.no) if cell[:2] == (measure, dimension)}
        return {group: (self.yes[measure, dimension, group], self.no[measure, dimension, group]) for group in sorted(found)}


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    yes: int
    of: int

    @property
    def value(self) -> float:
        """From 0 to 1."""
        return self.yes / self.of


@dataclass(frozen=True, slots=True)
class Line:
    """One group against everyone else under one measure. None: not shown, because a count is too small, or nobody is there to
    compare with. `bands`: the children of each assessment band."""

    group: str
    share: Share | None
    others: Share | None
    gap: Difference | None
    bands: Mapping[str, int] | None
    others_bands: Mapping[str, int] | None
    suppressed: bool


@dataclass(frozen=True, slots=True)
class Table:
    """One measure by one dimension. `total` None: too small to show. `unknown` is the share of children of whom nobody said the
    group, None where that is hidden; such few are then counted with everyone else (`unknown_among_others`)."""

    measure: Measure
    dimension: str
    total: Share | None
    unknown: Share | None
    unknown_among_others: bool
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Report:
    """All tables. `level` is that of all intervals together, `level_each` of every single one, `comparisons` their number."""

    contacts: int
    level: float
    level_each: float
    comparisons: int
    left_out: Mapping[Measure, Mapping[str, int]]
    tables: Sequence[Table]

    @property
    def findings(self) -> list[tuple[Table, Line]]:
        """Where chance alone is no good explanation of a difference."""
        return [(table, line) for table in self.tables for line in table.lines if line.gap is not None and line.gap.found]


def compare(tally: Tally, dimensions: Iterable[str], level: float = LEVEL) -> Report:
    """The report. Its intervals hold together with `level`."""
    asked = [(measure, dimension, tally.groups(measure, dimension)) for dimension in dimensions for measure in MEASURES]
    comparisons = sum(_comparisons(groups) for _, _, groups in asked)
    each = level_each(level, comparisons)
    tables = [_table(tally, measure, dimension, groups, each) for measure, dimension, groups in asked]
    left_out = {measure: dict(tally.left_out.get(measure, {})) for measure in MEASURES}
    return Report(tally.contacts, level, each, comparisons, left_out, tables)


def _comparisons(groups: Mapping[str, tuple[int, int]]) -> int:
    """Two groups are one comparison, seen from both sides."""
    known = len(groups.keys() - {UNKNOWN})
    return known if known > 2 else max(known - 1, 0)


def _table(tally: Tally, measure: Measure, dimension: str, groups: Mapping[str, tuple[int, int]], level: float) -> Table:
    if not groups:
        return Table(measure, dimension, Share(0, 0), Share(0, 0), False, [])
    total = Share(sum(yes for yes, _ in groups.values()), sum(sum(pair) for pair in groups.values()))
    out = hidden(groups)
    if any(map(is_small, (total.yes, total.of - total.yes))):
        lines = [Line(group, None, None, None, None, None, True) for group in groups]
        return Table(measure, dimension, None, None, False, lines)
    banded = measure == "assessment"
    vectors = {group: [tally.bands[measure, dimension, group][band] for band in BANDS] for group in groups} if banded else {}
    no_bands = hidden(vectors, out) if banded else frozenset(groups)
    together = UNKNOWN in out
    unknown = groups.get(UNKNOWN, (0, 0))
    apart = (0, 0) if together else unknown
    lines = []
    for group, (yes, no) in groups.items():
        if group == UNKNOWN:
            continue
        if group in out:
            lines.append(Line(group, None, None, None, None, None, True))
            continue
        share = Share(yes, yes + no)
        others = Share(total.yes - yes - apart[0], total.of - share.of - sum(apart))
        gap = difference(share.yes, share.of, others.yes, others.of, level) if share.of and others.of else None
        bands = None if group in no_bands else dict(zip(BANDS, vectors[group], strict=True))
        others_bands = None if bands is None else _others_bands(vectors, group, no_bands)
        lines.append(Line(group, share, others, gap, bands, others_bands, False))
    return Table(measure, dimension, total, None if together else Share(sum(unknown), total.of), together, lines)


def _others_bands(vectors: Mapping[str, Sequence[int]], group: str, no_bands: frozenset[str]) -> dict[str, int]:
    left = {name: counts for name, counts in vectors.items() if name != group and (name != UNKNOWN or name in no_bands)}
    columns = zip(*left.values(), strict=True) if left else [()] * len(BANDS)
    return {band: sum(column) for band, column in zip(BANDS, columns, strict=True)}
