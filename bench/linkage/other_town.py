"""A second generator: the same columns and traps, other children, names, households, addresses, slips and date formats.

It shares no code and hardly a name with the generator the model is trained on, so a figure that only holds there shows
here. Nothing was tuned on it: see docs/linkage.md for what it found.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from bench.linkage.families import nhs_number, upn_number
from bench.linkage.other_town_names import (
    ORIGIN_SHARES,
    SWAPPED,
    forename,
    other_forename,
    other_surname,
    surname,
    surname_of,
)
from bench.linkage.reports import SyntheticReport

START = date(2023, 9, 1)
DAYS = 540

_STREETS = "Albion Bakewell Cavell Drummond Eastgate Fenwick Garrick Hanover Ingleby Jubilee Kelvin Ludlow Marlborough Nightingale Orwell Paxton Quarry Ramsden Selby Tennyson Ulverston Valley Wharfedale Yew_Tree Abbey Beacon Coronation Dene Ferry Gatehouse".split()
_KINDS = ("Rd", "Street", "Avenue", "Close", "Mews", "Row", "Hill", "View", "Parade", "Walk", "Square", "Rise")
_NEAR = {"a": "sq", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj", "i": "uo", "j": "hk", "k": "jl", "l": "k", "m": "n", "n": "bm", "o": "ip", "p": "o", "q": "w", "r": "et", "s": "ad", "t": "ry", "u": "yi", "v": "cb", "w": "qe", "x": "zc", "y": "tu", "z": "x"}


@dataclass
class Subject:
    """A child of the other town."""

    person_id: str
    household: int
    origin_name: str
    given: str
    family: str
    dob: date
    sex: str
    nhs: str
    upn: str
    homes: list[tuple[int, str, str]]
    """Day from, address line, postcode."""
    twin_of: str = ""
    middle: str = ""
    later_family: str = ""
    change_day: int = DAYS
    traps: set[str] = field(default_factory=set)

    def home(self, day: int) -> tuple[str, str]:
        """Where the child lives on a day."""
        return [(line, code) for since, line, code in self.homes if since <= day][-1]


def _address(random: Random) -> tuple[str, str]:
    street = f"{random.choice(_STREETS).replace('_', ' ')} {random.choice(_KINDS)}"
    spot = Random(hash_of(street))
    codes = [f"S{spot.randint(1, 36)} {spot.randint(1, 9)}{spot.choice('ABDEFGH')}{spot.choice('JLNPQRSTUW')}" for _ in range(8)]
    number = random.randint(1, 160)
    draw = random.random()
    if draw < 0.08:
        return f"{random.choice(('Rose', 'Ivy', 'Mill', 'Church'))} Cottage, {street}", codes[number % 8]
    if draw < 0.22:
        return f"Apt {random.randint(1, 40)}, {number} {street}", codes[number % 8]
    return f"{number} {street}", codes[number % 8]


def hash_of(text: str) -> int:
    """The same number for the same text in every process."""
    value = 7
    for char in text:
        value = value * 31 + ord(char)
    return value


def _slip(random: Random, text: str) -> str:
    places = [at for at, char in enumerate(text) if char.isalpha() and at]
    if len(places) < 2:
        return text
    at = random.choice(places)
    kind = random.random()
    if kind < 0.35:
        return text[:at] + random.choice(_NEAR.get(text[at].lower(), "e")) + text[at + 1 :]
    if kind < 0.6:
        return text[:at] + text[at + 1 :]
    if kind < 0.8:
        return text[:at] + text[at] + text[at:]
    return text[: at - 1] + text[at] + text[at - 1] + text[at + 1 :]


def _household(random: Random, number: int, so_far: int, homes: list[tuple[str, str]]) -> list[Subject]:
    origin = random.choices(list(ORIGIN_SHARES), list(ORIGIN_SHARES.values()))[0]
    family = surname(random, origin)
    if random.random() < 0.06:
        family = f"{family}-{surname(random, origin)}"
    lived = [(0, *_address(random))]
    while random.random() < 0.13 and len(lived) < 3:
        lived.append((random.randint(30, DAYS - 30), *_address(random)))
    lived.sort()
    births = [random.randint(0, 6_200)]
    while random.random() < 0.5 and len(births) < 6:
        births.append(births[-1] - random.randint(330, 1_500))
    born = [START + timedelta(days=30 - days) for days in births if days > -DAYS + 150] or [START - timedelta(days=900)]
    if random.random() < 0.055:
        twin_at = random.randrange(len(born))
        born.insert(twin_at, born[twin_at])
    children: list[Subject] = []
    for dob in born:
        sex = random.choice("MF")
        twin = children[-1] if children and children[-1].dob == dob and not children[-1].twin_of else None
        given = forename(random, origin, sex)
        for _ in range(40):
            if all(given.split()[-1] != other.given.split()[-1] and given[:4] != other.given[:4] for other in children):
                break
            given = forename(random, origin, sex)
        traps: set[str] = set()
        if twin:
            traps.add("twins")
            if random.random() < 0.25 and "-" not in twin.given and twin.given != "Muhammad":
                sex = twin.sex
                given = _rhyme(random, twin.given)
                traps.add("twins_alike")
            twin.traps |= traps
        if origin in ("Pakistani/Bangladeshi", "African") and sex == "M" and random.random() < 0.15 and given != "Muhammad" and not twin:
            given = f"Mohammed {given}"
            traps.add("muhammads")
        own_family = family
        if random.random() < 0.07 and not twin:
            own_family = surname(random, origin)
            traps.add("half_sibling")
        if random.random() < (0.08 if origin == "African" else 0.012) and not twin:
            dob = date(dob.year, 1, 1)
            traps.add("first_of_january")
        child = Subject(
            f"q{so_far + len(children):06d}", number, origin, given, surname_of(sex, origin, own_family), dob, sex,
            nhs_number(random), upn_number(random, dob), list(lived), twin.person_id if twin else "",
            forename(random, origin, sex) if random.random() < 0.4 and origin != "Chinese/Vietnamese" else "", traps=traps,
        )  # fmt: skip
        if random.random() < 0.06:
            child.later_family, child.change_day = surname(random, origin), random.randint(100, DAYS - 100)
            traps.add("changed_surname")
        if random.random() < 0.02:
            child.homes = sorted([*child.homes, (random.randint(50, DAYS - 20), *random.choice(homes))])
            traps.add("in_a_home")
        children.append(child)
    return children


def _rhyme(random: Random, given: str) -> str:
    """A name that differs in its first sound, its ending or one vowel: how twins are named."""
    kind = random.randrange(3)
    if kind == 0:
        start = random.choice([one for one in "BDFHJKLMNRST" if one != given[0]])
        return start + (given[1:] if given[1:2] in "aeiouy" else given[2:] or "a")
    if kind == 1 and len(given) > 4:
        return given[:-2] + random.choice([end for end in ("ah", "ie", "an", "el", "is") if not given.endswith(end)])
    vowels = [at for at, char in enumerate(given) if char in "aeiou"] or [len(given) - 1]
    at = random.choice(vowels)
    return given[:at] + random.choice([one for one in "aeiou" if one != given[at]]) + given[at + 1 :]


_SLIPS = {"health": 0.03, "education": 0.025, "police": 0.09, "social_care": 0.04}
_OTHER_FORMS = {"health": 0.05, "education": 0.12, "police": 0.15, "social_care": 0.10}
_GAPS = {"health": 0.02, "education": 0.01, "police": 0.11, "social_care": 0.05}
_DATE_FORMS = {"health": ("%Y%m%d", "%Y-%m-%d"), "education": ("%d/%m/%Y", "%Y-%m-%d"), "police": ("%d/%m/%Y", "%d/%m/%y", "%d %b %Y"), "social_care": ("%d-%b-%Y", "%Y-%m-%dT00:00:00", "%d.%m.%Y")}
_BABY = ("Unborn", "Baby", "Baby Boy", "baby girl", "Twin 1", "Not Known", "BABY {family}", "", "Infant of mother", "unknown")


def _wrong_dob(random: Random, dob: date) -> date:
    kind = random.randrange(4)
    if kind == 0 and dob.day <= 12:
        return date(dob.year, dob.day, dob.month)
    if kind == 1:
        return date(dob.year - random.choice((-1, 1, 10)), dob.month, min(28, dob.day))
    if kind == 2:
        return date(dob.year, dob.month % 12 + 1, min(28, dob.day))
    return dob + timedelta(days=random.choice((-1, 1, 2, 10, -10)))


def _write(random: Random, child: Subject, day: int, others: list[Subject], record_id: str, agency: str) -> SyntheticReport:
    behind = agency in ("health", "education") and random.random() < 0.5
    seen = max(0, day - 200) if behind else day
    now = START + timedelta(days=day)
    origin, given = child.origin_name, child.given
    family = child.later_family if child.later_family and seen >= child.change_day else child.family
    if random.random() < _OTHER_FORMS[agency]:
        given = other_forename(random, origin, given)
    if random.random() < _OTHER_FORMS[agency] / 2:
        family = other_surname(random, family)
    if "-" in family and random.random() < 0.45:
        family = random.choice((*family.split("-"), family.replace("-", " "), "-".join(reversed(family.split("-")))))
    if random.random() < _SLIPS[agency]:
        if random.random() < 0.5:
            given = _slip(random, given)
        else:
            family = _slip(random, family)
    if child.middle and random.random() < 0.3:
        given = f"{given} {child.middle}" if random.random() < 0.8 else f"{given} {child.middle[0]}."
    dob = _wrong_dob(random, child.dob) if random.random() < (0.035 if agency == "police" else 0.012) else child.dob
    dob_text = "" if random.random() < _GAPS[agency] else dob.strftime(random.choice(_DATE_FORMS[agency]))
    sex = child.sex if random.random() > 0.02 else ""
    nhs = child.nhs if agency == "health" and random.random() < 0.6 or agency == "social_care" and random.random() < 0.06 else ""
    upn = child.upn if agency == "education" and now - child.dob > timedelta(days=1_700) and random.random() < 0.85 else ""
    if nhs and others and random.random() < 0.01:
        nhs = random.choice(others).nhs
    if nhs and random.random() < 0.3:
        nhs = f"{nhs[:3]} {nhs[3:6]} {nhs[6:]}"
    if now < child.dob:
        given, dob_text, sex, nhs, upn = random.choice(("Unborn", "Baby", "UNBORN BABY", "")), "", "", "", ""
        if random.random() < 0.3:
            dob_text = f"EDD {child.dob:%d/%m/%Y}"
    elif now - child.dob < timedelta(days=42) and random.random() < 0.6:
        given = random.choice(_BABY).format(family=family)
    if given and random.random() < SWAPPED.get(origin, 0.006):
        given, family = family, given
    line, code = child.home(seen)
    if random.random() < 0.03:
        line = _slip(random, line)
    if random.random() < 0.3:
        line = line.replace("Street", "St.").replace("Avenue", "Ave").replace("Apt ", random.choice(("Flat ", "Apartment ")))
    if random.random() < 0.2:
        line = f"{line}, Sheffield"
    if random.random() < 0.02:
        code = code[:-1] + random.choice("ABDEFG")
    if random.random() < _GAPS[agency] + 0.03:
        code = ""
    if random.random() < _GAPS[agency] + 0.03:
        line = random.choice(("", "Unknown", ""))
    case = random.random()
    if case < 0.15:
        family = family.upper()
    elif case < 0.2:
        given, family = given.lower(), family.lower()
    return SyntheticReport(record_id, agency, given, family, dob_text, {"M": random.choice(("M", "Male", "1")), "F": random.choice(("F", "female", "2"))}.get(sex, random.choice(("", "U", "9"))), code if random.random() < 0.6 else code.lower().replace(" ", ""), line, nhs, upn, child.person_id)


def make_other_town(seed: int, children: int = 2_000, reports: int = 5_000) -> tuple[list[SyntheticReport], list[Subject]]:
    """A whole set of the other town, in the order reports arrive; the same seed gives the same set."""
    random = Random(seed * 7_919 + 3)
    homes = [_address(random) for _ in range(6)]
    people: list[Subject] = []
    number = 0
    while len(people) < children:
        number += 1
        people.extend(_household(random, number, len(people), homes))
    for child in random.sample(people, len(people) // 100):
        other = random.choice(people)
        if other.household != child.household and not child.twin_of and not other.twin_of and "twins" not in child.traps | other.traps:
            child.given, child.family, child.dob, child.sex = other.given, other.family, other.dob, other.sex
            child.origin_name = other.origin_name
            child.traps.add("same_name_and_birthday")
            other.traps.add("same_name_and_birthday")
    of_household: dict[int, list[Subject]] = {}
    for child in people:
        of_household.setdefault(child.household, []).append(child)
    planned = []
    for child in people:
        worry = random.expovariate(1 / (reports / len(people) - 0.6))
        first = max(0, (child.dob - START).days - 120)
        planned += [(random.randint(min(first, DAYS - 1), DAYS - 1), child) for _ in range(min(15, 1 + int(worry)))]
    random.shuffle(planned)
    planned = sorted(planned[:reports], key=lambda one: one[0])
    agencies = random.choices(("health", "education", "police", "social_care"), (0.30, 0.30, 0.22, 0.18), k=len(planned))
    return [
        _write(random, child, day, [one for one in of_household[child.household] if one is not child], f"s{at:06d}", agency)
        for at, ((day, child), agency) in enumerate(zip(planned, agencies, strict=True), 1)
    ], people
