"""Synthetic families: children who never existed, with the traps that make linkage hard.

Traps: twins (a quarter of them alike by name), brothers all called Muhammad, half-siblings with another surname, changed
and double-barrelled surnames, unborn babies, children's homes, 1 January birthdays, strangers with the same name and
birthday, families that move. Shares are in `Shares`.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from itertools import accumulate
from random import Random

from bench.linkage.names_by_origin import ORIGINS, Origin

WINDOW_START = date(2024, 1, 1)
WINDOW_DAYS = 730


@dataclass(frozen=True)
class Shares:
    """How often each trap is set. Of households unless said otherwise."""

    twins: float = 0.055
    twins_alike: float = 0.25
    half_sibling: float = 0.06
    changed_surname: float = 0.06
    double_barrelled: float = 0.07
    expecting: float = 0.04
    moves: float = 0.14
    first_of_january: float = 0.012
    same_name_and_birthday: float = 0.01
    in_a_home: float = 0.012


@dataclass(frozen=True)
class Address:
    """Where somebody lives."""

    line: str
    postcode: str


@dataclass
class Child:
    """A synthetic child. `traps` names the traps the child is part of."""

    person_id: str
    household: int
    origin: Origin
    given: str
    spellings: tuple[str, ...]
    middle: str
    family: str
    family_spellings: tuple[str, ...]
    later_family: str
    dob: date
    sex: str
    nhs: str
    upn: str
    address: Address
    later_address: Address | None
    change_day: int
    twin_of: str = ""
    traps: set[str] = field(default_factory=set)

    @property
    def origin_name(self) -> str:
        """The name of the group of families."""
        return self.origin.name


_STREETS = (
    "Acacia Alma Ash Ashfield Avondale Back Balmoral Bank Beech Belle_Vue Birch Blenheim Bramley Bridge Broad Brook Burley Castle "
    "Cavendish Cedar Cemetery Chapel Cherry_Tree Chestnut Church Clarence Clifton Commercial Cross Crown Dale Derby Devonshire Duke "
    "East Edward Elm Fairfield Field Forest Garden George Gladstone Grange Green Grosvenor Grove Hall Harehills Harrow Hawthorn "
    "Highfield High Hill Holly Hope Ivy James John Kent Kings Kirk Lake Lancaster Larch Laurel Leeds Lime Lincoln Long Low Main Manor "
    "Maple Market Meadow Mill Moor Mount Nelson New North Norwood Oak Oakfield Old Orchard Oxford Park Parkside Pine Poplar Princes "
    "Priory Prospect Queens Railway Rectory Regent Richmond Ridge River Rose Rowan Roundhay Salisbury School Silver South Spring Stanley "
    "Station Stoney Sycamore Tower Town_Street Trinity Union Upper Victoria Vicarage Walnut Warwick Water Wellington Wesley West Wharf "
    "Whitehall William Willow Windsor Wood Woodland York"
).split()
_TYPES = ("Road", "Street", "Avenue", "Lane", "Drive", "Close", "Court", "Crescent", "Terrace", "Grove", "Way", "Gardens", "Place")
_AREAS = ("LS", "BD", "WF", "HX", "HD")


class Town:
    """Addresses: about six dwellings a postcode, flats among them."""

    def __init__(self, random: Random, households: int) -> None:
        self._random = random
        self._streets: list[tuple[str, str, int]] = []
        for _ in range(max(20, households // 5)):
            name = f"{random.choice(_STREETS).replace('_', ' ')} {random.choice(_TYPES)}"
            code = (
                f"{random.choice(_AREAS)}{random.randint(1, 28)} {random.randint(1, 9)}"
                f"{random.choice('ABDEFGHJLNPQRSTUWXYZ')}{random.choice('ABDEFGHJLNPQRSTUWXYZ')}"
            )
            self._streets.append((name, code, random.choice((20, 40, 80, 120))))

    def address(self) -> Address:
        """A dwelling."""
        random = self._random
        name, code, longest = random.choice(self._streets)
        number = random.randint(1, longest)
        if random.random() < 0.12:
            return Address(f"Flat {random.randint(1, 24)}, {number} {name}", code)
        suffix = random.choice("abc") if random.random() < 0.03 else ""
        return Address(f"{number}{suffix} {name}", code)


@lru_cache(maxsize=64)
def _weights(count: int) -> list[float]:
    return list(accumulate(1.0 / (rank + 8) for rank in range(count)))


def pick(random: Random, names: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
    """A name with its spellings; the first of the list are the commonest."""
    return random.choices(names, cum_weights=_weights(len(names)))[0]


def nhs_number(random: Random) -> str:
    """A valid number of the reserved test range."""
    while True:
        nine = f"999{random.randrange(10**6):06d}"
        rest = 11 - sum(int(digit) * weight for digit, weight in zip(nine, range(10, 1, -1), strict=True)) % 11
        if rest != 10:
            return nine + str(0 if rest == 11 else rest)


def upn_number(random: Random, born: date) -> str:
    """A valid pupil number."""
    body = f"{random.choice((380, 381, 382, 383, 384))}{random.randint(2000, 4999)}{(born.year + 4) % 100:02d}{random.randrange(1000):03d}"
    letters = "ABCDEFGHJKLMNPQRTUVWXYZ"
    return letters[sum(int(digit) * weight for weight, digit in enumerate(body, 2)) % 23] + body


def _alike(random: Random, spellings: tuple[str, ...], names: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
    """Another name that sounds like this one, as twins' names do: found among names, else rhyming in its first letter."""
    first = spellings[0]
    near = [
        other
        for other in names
        if other[0] != first and not set(other) & set(spellings)
        and (other[0][:3] == first[:3] or other[0][-3:] == first[-3:] or other[0][:2] == first[:2])
    ]
    if near:
        return random.choice(near)
    return (random.choice("BDJKLMRST") + first[1:],)


def make_families(random: Random, children: int, shares: Shares | None = None) -> list[Child]:
    """About `children` synthetic children (the last household may add up to three)."""
    shares = shares or Shares()
    town = Town(random, children // 2)
    homes = [town.address() for _ in range(max(1, children // 700))]
    made: list[Child] = []
    household = 0
    while len(made) < children:
        household += 1
        made.extend(_household(random, household, len(made), town, homes, shares))
    for child in random.sample(made, int(len(made) * shares.same_name_and_birthday)):
        other = random.choice(made)
        if other.household != child.household and other.sex == child.sex:
            child.given, child.spellings, child.family = other.given, other.spellings, other.family
            child.family_spellings, child.later_family = other.family_spellings, other.family
            child.dob = other.dob
            child.traps.add("same_name_and_birthday")
            other.traps.add("same_name_and_birthday")
    return made


def _household(
    random: Random, household: int, before: int, town: Town, homes: list[Address], shares: Shares
) -> list[Child]:
    origin = random.choices(ORIGINS, [one.share for one in ORIGINS])[0]
    surname = pick(random, origin.families)
    address = town.address()
    moves = random.random() < shares.moves
    later = town.address() if moves else None
    double = pick(random, origin.families)[0] if random.random() < shares.double_barrelled else ""
    count = random.choices((1, 2, 3, 4), (0.38, 0.37, 0.17, 0.08))[0]
    twins = random.random() < shares.twins
    if twins and count == 1:
        count = 2
    muhammads = origin.name in ("Pakistani/Bangladeshi", "African") and random.random() < 0.25
    change_day = random.randint(100, WINDOW_DAYS - 100)
    expecting = random.random() < shares.expecting
    children: list[Child] = []
    births = sorted(random.sample(range(17 * 12), count))
    for order in range(count):
        sex = random.choice("MF")
        names = origin.boys if sex == "M" else origin.girls
        spellings = pick(random, names)
        dob = WINDOW_START - timedelta(days=births[order] * 30 + random.randint(0, 29))
        traps: set[str] = set()
        twin_of = ""
        if twins and order == 1:
            twin_of = children[0].person_id
            dob = children[0].dob
            if random.random() < 0.6:
                sex = children[0].sex
                names = origin.boys if sex == "M" else origin.girls
                spellings = pick(random, names)
            if random.random() < shares.twins_alike and sex == children[0].sex:
                spellings = _alike(random, children[0].spellings, names)
                traps.add("twins_alike")
            traps.add("twins")
            children[0].traps.update(traps)
        # No family calls two children by forms of one name.
        used = {form for child in children for form in child.spellings}
        while used & set(spellings):
            spellings = pick(random, names)
        if random.random() < shares.first_of_january * (6 if origin.name == "African" else 1):
            dob = date(dob.year, 1, 1)
            traps.add("first_of_january")
            if twin_of:
                children[0].dob = dob
        if expecting and order == 0 and not twins:
            dob = WINDOW_START + timedelta(days=random.randint(120, WINDOW_DAYS - 200))
            traps.add("expected")
        family, later_family = surname, surname[0]
        if order and random.random() < shares.half_sibling and not twin_of:
            family = pick(random, origin.families)
            later_family = family[0]
            traps.add("half_sibling")
        written = family[0]
        if double and "half_sibling" not in traps:
            written = later_family = f"{family[0]}-{double}"
            traps.add("double_barrelled")
        if random.random() < shares.changed_surname:
            later_family = pick(random, origin.families)[0]
            traps.add("changed_surname")
        given = spellings[0]
        middle = ""
        if muhammads and sex == "M" and given != "Muhammad":
            given = f"Muhammad {given}"
            spellings = (given, *(f"{m} {s}" for s in spellings for m in ("Muhammad", "Mohammed", "Mohd")), *spellings)
            traps.add("muhammads")
        elif random.random() < 0.45:
            middle = pick(random, names)[0]
        home, home_later = address, later
        if random.random() < shares.in_a_home and len(homes) > 0 and not twin_of:
            home_later = random.choice(homes)
            traps.add("in_a_home")
        if moves:
            traps.add("moves")
        children.append(
            Child(
                person_id=f"p{before + order + 1:06d}",
                household=household,
                origin=origin,
                given=given,
                spellings=spellings,
                middle=middle,
                family=written,
                family_spellings=family if written == family[0] else (written,),
                later_family=later_family,
                dob=dob,
                sex=sex,
                nhs=nhs_number(random),
                upn=upn_number(random, dob),
                address=home,
                later_address=home_later,
                change_day=change_day,
                twin_of=twin_of,
                traps=traps,
            )
        )
    return children
