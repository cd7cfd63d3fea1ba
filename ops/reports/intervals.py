"""How large a difference between two shares is, and how sure anybody can be of it. Pure.

Newcombe's hybrid score interval for the difference of two independent proportions, made of Wilson's score interval of each.
Sources: R. G. Newcombe, Statistics in Medicine 17 (1998) 873-890, method 10; E. B. Wilson, Journal of the American Statistical
Association 22 (1927) 209-212. It keeps its promise also with few cases and with shares near 0 or 1, where the usual
plus-or-minus interval does not.
"""

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

METHOD = "Newcombe's hybrid score interval (Newcombe 1998, method 10), from Wilson's score intervals (Wilson 1927)"


@dataclass(frozen=True, slots=True)
class Difference:
    """One share less another, and the interval in which the true difference lies, all from -1 to 1."""

    value: float
    low: float
    high: float

    @property
    def found(self) -> bool:
        """Whether chance alone is no good explanation: the interval does not hold zero."""
        return self.low > 0 or self.high < 0


def wilson(yes: int, of: int, level: float) -> tuple[float, float]:
    """Wilson's interval of a share. `of` must be above zero; `level` is how sure, for example 0.95."""
    z = NormalDist().inv_cdf(0.5 + level / 2)
    share, weight = yes / of, 1 + z * z / of
    middle = (share + z * z / (2 * of)) / weight
    reach = z * sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / weight
    # At the ends the sum is exact on paper and not in floating point.
    return 0.0 if yes == 0 else middle - reach, 1.0 if yes == of else middle + reach


def difference(yes: int, of: int, other_yes: int, other_of: int, level: float) -> Difference:
    """The first share less the other. Both `of` must be above zero."""
    share, other = yes / of, other_yes / other_of
    low, high = wilson(yes, of, level)
    other_low, other_high = wilson(other_yes, other_of, level)
    value = share - other
    below = sqrt((share - low) ** 2 + (other_high - other) ** 2)
    above = sqrt((high - share) ** 2 + (other - other_low) ** 2)
    return Difference(value, max(-1.0, value - below), min(1.0, value + above))


def level_each(level: float, comparisons: int) -> float:
    """How sure each of several intervals must be, so that all of them hold together with `level` (Bonferroni): without it a
    report with forty comparisons finds two differences where there are none."""
    return 1 - (1 - level) / max(comparisons, 1)
