"""Synthetic children for the demo. Names are drawn from lists, NHS numbers from the range reserved for tests (999)."""

import random
from dataclasses import dataclass
from datetime import date, timedelta

_GIVEN = {
    "F": (
        "Aisha Amelia Beatrix Chiamaka Daisy Elif Freya Grace Hana Isla Jasmine Keira Leila Maja Niamh Olivia Priya Ruby "
        "Sofia Zara"
    ).split(),
    "M": (
        "Adam Benjamin Callum Daniel Elijah Farhan George Harun Ibrahim Jakub Kofi Leon Mohammed Noah Oscar Piotr Rohan "
        "Samuel Tomasz Yusuf"
    ).split(),
}
_FAMILY = (
    "Adeyemi Ahmed Barker Begum Clarke Costa Dhillon Evans Fletcher Grant Hussain Iqbal Jackson Kaur Kowalski Lewis Malik "
    "Nguyen O'Brien Patel Quinn Robinson Shah Taylor Usman Varga Walker Wright Yilmaz Zielinski"
).split()
#: So many names may be given to one child each; of more children some are namesakes after all.
_NAMES_ENOUGH = sum(map(len, _GIVEN.values())) * len(_FAMILY) // 2
_STREETS = "Alder Beech Cedar Chapel Church Elm Hawthorn Holly Meadow Mill Orchard Park Rowan School Station Willow".split()
_OUTWARD = ("LS6", "LS7", "LS8", "LS9", "LS10", "LS11", "LS12", "LS13", "LS14")


@dataclass(frozen=True)
class Child:
    """One synthetic child."""

    given: str
    family: str
    dob: date
    sex: str
    nhs_number: str
    address: str
    postcode: str


class Nursery:
    """Makes children from one seed; no two share an NHS number, nor, without `namesakes`, a name."""

    def __init__(self, seed: int, *, namesakes: bool = True) -> None:
        self._random = random.Random(seed)
        self._namesakes = namesakes
        self._named: set[tuple[str, str]] = set()
        self._next = self._random.randrange(100_000)

    def child(self, family: str = "", address: str = "", postcode: str = "") -> Child:
        """A child; siblings are made by giving the same family and address."""
        r = self._random
        sex, given, surname = self._name(family)
        return Child(
            given,
            surname,
            date(2026, 8, 1) - timedelta(days=r.randrange(200, 17 * 365)),
            sex,
            self._nhs_number(),
            address or f"{r.randrange(1, 140)} {r.choice(_STREETS)} {r.choice(('Road', 'Street', 'Close', 'Lane'))}",
            postcode or f"{r.choice(_OUTWARD)} {r.randrange(1, 10)}{r.choice('ABDEFGH')}{r.choice('JLNPQRS')}",
        )

    def _name(self, family: str) -> tuple[str, str, str]:
        """Sex, given name and family name."""
        while True:
            sex = self._random.choice("FM")
            given, surname = self._random.choice(_GIVEN[sex]), family or self._random.choice(_FAMILY)
            if self._namesakes or (given, surname) not in self._named or len(self._named) > _NAMES_ENOUGH:
                self._named.add((given, surname))
                return sex, given, surname

    def _nhs_number(self) -> str:
        while True:
            self._next += 1
            first = f"999{self._next % 1_000_000:06d}"
            check = 11 - sum(int(digit) * weight for digit, weight in zip(first, range(10, 1, -1), strict=True)) % 11
            if check != 10:
                return first + ("0" if check == 11 else str(check))
