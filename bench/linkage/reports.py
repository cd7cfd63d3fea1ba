"""Reports of synthetic children, as four agencies would write them: stale, misspelt, incomplete, in another order."""

import csv
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import date, timedelta
from pathlib import Path
from random import Random

from bench.linkage.families import WINDOW_DAYS, WINDOW_START, Child, Shares, make_families


@dataclass(frozen=True)
class SyntheticReport:
    """One row of a synthetic set; `person_id` is the truth, read only to judge or to answer reviews."""

    record_id: str
    agency: str
    given: str
    family: str
    dob: str
    sex: str
    postcode: str
    address_line: str
    nhs_number: str
    upn: str
    person_id: str


@dataclass(frozen=True)
class Habit:
    """How an agency writes: shares of reports with each property."""

    share: float
    nhs: float
    upn: float
    typo: float
    phonetic: float
    variant: float
    no_dob: float
    no_postcode: float
    no_address: float
    dob_slip: float
    stale: float
    sex_missing: float


HABITS = {
    "health": Habit(0.30, 0.59, 0.0, 0.02, 0.01, 0.06, 0.010, 0.03, 0.04, 0.010, 0.55, 0.01),
    "education": Habit(0.30, 0.02, 0.85, 0.02, 0.01, 0.10, 0.010, 0.03, 0.04, 0.012, 0.55, 0.02),
    "police": Habit(0.22, 0.0, 0.0, 0.07, 0.06, 0.14, 0.10, 0.14, 0.09, 0.035, 0.10, 0.05),
    "social_care": Habit(0.18, 0.06, 0.06, 0.025, 0.015, 0.09, 0.03, 0.05, 0.09, 0.015, 0.10, 0.02),
}

_PLACEHOLDERS = ("Baby", "Unborn", "Unknown", "", "Baby Boy", "Baby Girl", "Infant", "Baby {family}", "Unborn baby")
_SOUNDS = (
    ("ph", "f"), ("y", "i"), ("ie", "y"), ("c", "k"), ("ck", "k"), ("ee", "ea"), ("a", "ah"), ("ai", "ay"), ("oo", "u"),
    ("s", "z"), ("th", "t"), ("ll", "l"), ("nn", "n"), ("tt", "t"), ("l", "ll"), ("n", "nn"), ("er", "a"), ("ei", "ie"), ("i", "e"),
)  # fmt: skip


def typo(random: Random, text: str) -> str:
    """One slip of the keyboard."""
    if len(text) < 3:
        return text
    place = random.randrange(1, len(text))
    kind = random.randrange(4)
    letter = random.choice("abcdefghijklmnopqrstuvwxyz")
    if kind == 0:
        return text[:place] + letter + text[place + 1 :]
    if kind == 1:
        return text[:place] + text[place + 1 :]
    if kind == 2:
        return text[:place] + letter + text[place:]
    return text[: place - 1] + text[place] + text[place - 1] + text[place + 1 :]


def by_ear(random: Random, text: str) -> str:
    """The name as somebody who only heard it would write it."""
    low = text.lower()
    able = [(old, new) for old, new in _SOUNDS if old in low[1:]]
    if not able:
        return typo(random, text)
    old, new = random.choice(able)
    place = low.index(old, 1)
    return (low[:place] + new + low[place + len(old) :]).title()


def _dob_text(random: Random, dob: date, slip: bool) -> str:
    if slip:
        kind = random.randrange(3)
        if kind == 0 and dob.day <= 12:
            dob = date(dob.year, dob.day, dob.month)
        elif kind == 1:
            dob = date(dob.year + random.choice((-1, 1)), dob.month, min(dob.day, 28))
        else:
            day = max(1, min(28, dob.day + random.choice((-10, -1, 1, 10))))
            dob = date(dob.year, dob.month, day)
    return dob.isoformat()


def _given(random: Random, child: Child, habit: Habit) -> str:
    given = child.given
    if random.random() < habit.variant and len(child.spellings) > 1:
        given = random.choice(child.spellings[1:])
    draw = random.random()
    if draw < habit.typo / 2:
        given = typo(random, given)
    elif draw < habit.typo / 2 + habit.phonetic / 2:
        given = by_ear(random, given)
    elif draw > 0.992:
        given = given[0]
    if child.middle:
        other = random.random()
        if other < 0.30:
            given = f"{given} {child.middle}"
        elif other < 0.36:
            given = f"{given} {child.middle[0]}"
        elif other < 0.37:
            given = child.middle
    return given


def _family(random: Random, child: Child, habit: Habit, late: bool, stale: bool) -> str:
    changed = "changed_surname" in child.traps and late and not stale
    family = child.later_family if changed else child.family
    if "-" in family and random.random() < 0.5:
        first, second = family.split("-", 1)
        family = random.choice((first, second, f"{first} {second}", f"{second}-{first}", f"{first}{second}"))
    elif not changed and random.random() < habit.variant and len(child.family_spellings) > 1:
        family = random.choice(child.family_spellings[1:])
    draw = random.random()
    if draw < habit.typo / 2:
        family = typo(random, family)
    elif draw < habit.typo / 2 + habit.phonetic / 2:
        family = by_ear(random, family)
    return family


def _number_slip(random: Random, number: str) -> str:
    place = random.randrange(3, len(number))
    return number[:place] + str(random.randrange(10)) + number[place + 1 :]


def write_report(random: Random, child: Child, day: int, siblings: list[Child], record_id: str, agency: str) -> SyntheticReport:
    """What `agency` writes about `child` on a day of the window."""
    habit = HABITS[agency]
    stale = random.random() < habit.stale
    late = day >= child.change_day
    now = WINDOW_START + timedelta(days=day)
    given, family = _given(random, child, habit), _family(random, child, habit, late, stale)
    dob_text = _dob_text(random, child.dob, random.random() < habit.dob_slip)
    sex = "" if random.random() < habit.sex_missing else child.sex
    if random.random() < 0.004:
        sex = "F" if child.sex == "M" else "M"
    nhs = child.nhs if random.random() < habit.nhs else ""
    in_school = child.dob + timedelta(days=4 * 365 + 200) <= now
    upn = child.upn if in_school and random.random() < habit.upn else ""
    if nhs and siblings and random.random() < 0.008:
        nhs = random.choice(siblings).nhs
    elif nhs and random.random() < 0.012:
        nhs = _number_slip(random, nhs)
    if upn and random.random() < 0.005:
        upn = _number_slip(random, upn)
    if now < child.dob:
        given, dob_text, sex, nhs, upn = random.choice(("Unborn", "Unborn", "Unborn baby", "Baby", "")), "", "", "", ""
    elif (now - child.dob).days < 45:
        given = random.choice(_PLACEHOLDERS).format(family=family) if random.random() < 0.6 else given
    elif random.random() < 0.004:
        given = random.choice(("Unknown", "", "NK"))
    if random.random() < child.origin.swapped and given and family:
        given, family = family, given
    if random.random() < habit.no_dob:
        dob_text = ""
    moved = child.later_address is not None and late and not stale
    address = child.later_address if moved and child.later_address else child.address
    line, code = address.line, address.postcode
    if random.random() < 0.02:
        line = typo(random, line)
    if random.random() < 0.015:
        code = typo(random, code)
    if random.random() < 0.25:
        for long, short in (("Road", "Rd"), ("Street", "St"), ("Avenue", "Ave"), ("Crescent", "Cres"), ("Drive", "Dr")):
            line = line.replace(long, short)
    if random.random() < habit.no_postcode:
        code = ""
    if random.random() < habit.no_address:
        line = ""
    if random.random() < 0.1:
        given, family = given.upper(), family.upper()
    if random.random() < 0.3:
        code = code.replace(" ", "")
    return SyntheticReport(record_id, agency, given, family, dob_text, sex, code, line, nhs, upn, child.person_id)


def make_set(seed: int, children: int = 2_000, reports: int = 5_000, shares: Shares | None = None) -> tuple[list[SyntheticReport], list[Child]]:
    """A whole set: about `reports` reports of `children` children, in the order they arrive. Same seed, same set."""
    random = Random(seed)
    families = make_families(random, children, shares)
    by_household: dict[int, list[Child]] = {}
    for child in families:
        by_household.setdefault(child.household, []).append(child)
    mean = reports / len(families)
    planned: list[tuple[int, Child]] = []
    for child in families:
        count = 1
        while random.random() < 1 - 1 / mean and count < 12:
            count += 1
        for _ in range(count):
            day = random.randrange(WINDOW_DAYS)
            if child.dob > WINDOW_START + timedelta(days=day):
                # An expected child is reported from a few months before birth.
                born = (child.dob - WINDOW_START).days
                day = random.randrange(max(0, born - 150), WINDOW_DAYS)
            planned.append((day, child))
    random.shuffle(planned)
    planned = planned[:reports]
    planned.sort(key=lambda one: one[0])
    agencies, weights = list(HABITS), [habit.share for habit in HABITS.values()]
    rows = []
    for number, (day, child) in enumerate(planned, 1):
        siblings = [other for other in by_household[child.household] if other is not child]
        agency = random.choices(agencies, weights)[0]
        rows.append(write_report(random, child, day, siblings, f"r{number:06d}", agency))
    return rows, families


def write_csv(rows: Iterable[SyntheticReport], path: Path) -> None:
    """The set as a file for the batch door."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [one.name for one in fields(SyntheticReport)])
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)
