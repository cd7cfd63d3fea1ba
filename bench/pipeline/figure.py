"""One figure: a value of the hub's, and the alternative it stands beside, from the same run."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

#: Takes a line about how far a run is.
Say = Callable[[str], None]


@dataclass(frozen=True)
class Figure:
    """`beside` says in words what `beside_value` is; both values have the same unit."""

    part: str
    what: str
    unit: str
    value: float
    beside: str
    beside_value: float
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """How many times the alternative's value this one is; None beside nothing."""
        return round(self.value / self.beside_value, 3) if self.beside_value else None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "ratio": self.ratio}

    def line(self) -> str:
        """For people."""
        ratio = "no ratio" if self.ratio is None else f"{self.ratio:.2f} times"
        ours, theirs = f"{self.value:,.1f} {self.unit}", f"{self.beside_value:,.1f} {self.unit}"
        return f"{self.what:<34} {ours:>16}   {self.beside}: {theirs} ({ratio})"
