"""A child's fields as `schemas.person`, and what is read the same way for anybody: names, flags, single texts."""

import re
from datetime import date, datetime

from connectors.child_identifiers import child_identifier, without_repeats
from connectors.dates import read_birth_date, read_date
from connectors.decoding import one_line
from connectors.fields.address import address_of
from connectors.fields.groups import Leaf
from connectors.fields.personal_names import DATE_BESIDE_NAME, PersonalName, is_no_name, says_unborn, split_name
from schemas.care_status import LookedAfter, looked_after
from schemas.codes import ETHNICITIES, ETHNICITY_FROM_NHS
from schemas.person import Identifier, IdentifierKind, Person, Sex
from schemas.reading import Note

Concepts = dict[str, list[Leaf]]

_SEX: dict[str, Sex] = {
    "m": "M", "male": "M", "boy": "M", "man": "M", "1": "M", "b": "M",
    "f": "F", "female": "F", "girl": "F", "woman": "F", "2": "F", "g": "F",
    "u": "U", "unknown": "U", "notknown": "U", "unborn": "U", "0": "U", "notrecorded": "U", "9": "U", "indeterminate": "U",
    "notspecified": "U", "other": "U", "x": "U", "i": "U", "notstated": "U", "undetermined": "U", "nonbinary": "U",
}  # fmt: skip
_DISABILITIES = frozenset("NONE MOB HAND PC INC COMM LD HEAR VIS BEH CON AUT DDA".split())
_DISABILITY_WORDS = {
    "none": "NONE", "mobility": "MOB", "hearing": "HEAR", "deaf": "HEAR", "vision": "VIS", "visual": "VIS", "blind": "VIS",
    "communication": "COMM", "learning": "LD", "learningdisability": "LD", "behaviour": "BEH", "autism": "AUT", "asd": "AUT",
    "autistic": "AUT", "incontinence": "INC", "handfunction": "HAND", "personalcare": "PC", "consciousness": "CON",
}  # fmt: skip
_IDENTIFIERS: tuple[IdentifierKind, ...] = ("nhs_number", "upn", "former_upn", "la_child_id", "local")
_NO_VALUE = frozenset("unknown notknown nk na none null nil tbc nottraced notavailable".split())
_TRUE = frozenset({"true", "yes", "y", "1", "t", "x"})
_TWO_DIGIT_YEAR = re.compile(r"^([0-9]{1,2}[-/. ](?:[0-9]{1,2}|[A-Za-z]{3,9})[-/. ])([0-9]{2})$")
_LAST_TWO_DIGITS = 40
"""A child's year of birth written with two digits, up to this one, is of this century; above it nobody is a child."""

_UUID = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")

_SEVERAL = frozenset({"forenames", "firstnames", "givennames", "firstgivennames"})
"""Fields that hold all forenames: the first is the given name."""


def is_yes(text: str) -> bool:
    """Whether a flag's text says yes."""
    return "".join(char for char in text.casefold() if char.isalnum()) in _TRUE


def said(found: Concepts, concept: str) -> str:
    """The most trusted text of a concept, on one line; marks its field as used. "" when there is none."""
    for leaf in found.get(concept, ()):
        if leaf.text.strip():
            leaf.used = True
            return one_line(leaf.text)
    return ""


def child_from(found: Concepts, where: str, written: datetime | None, unborn_word: bool, notes: list[Note]) -> Person:
    """The child. `where` names it in notes, `written` is when the sender wrote, `unborn_word` says that the field's own
    name already tells that it is not born. What could not be understood stays as text with a note."""
    name = _child_name(found, where, notes)
    unborn = unborn_word or any(is_yes(leaf.text) or says_unborn(leaf.text) for leaf in found.get("unborn", ()))
    for leaf in found.get("unborn", ()):
        leaf.used = True
    texts = [leaf.text for concept in ("given", "full", "family", "dob") for leaf in found.get(concept, ())]
    unborn = unborn or any(map(says_unborn, texts))
    if unborn:
        name = _without_unborn(name)
    dob, dob_text = _birth_date(found, where, written, unborn, notes)
    expected = _expected(found, where, notes)
    if expected and not dob and not dob_text:
        unborn = True
    if unborn and dob and (expected is None):
        expected, dob = dob, None
        notes.append(Note(code="dob_of_unborn", field=f"{where}.dob", text="An unborn child's date was read as expected."))
    sex, sex_source = _sex(found, where, notes)
    if unborn and not sex:
        sex = "U"
    ethnicity, ethnicity_source = _ethnicity(found)
    return Person(
        given=name.given,
        family=name.family,
        other_given=list(name.other_given),
        known_as=name.known_as,
        dob=dob,
        dob_text=dob_text,
        expected_dob=expected,
        unborn=unborn,
        sex=sex,
        sex_source=sex_source,
        ethnicity=ethnicity,
        ethnicity_source=ethnicity_source,
        disabilities=_disabilities(found, where, notes),
        looked_after=_looked_after(found),
        identifiers=_identifiers(found, where, notes),
        address=address_of(found, f"{where}.address", notes),
        school=said(found, "school"),
        language=said(found, "language"),
    )


def _one_name(found: Concepts, concept: str) -> tuple[str, ...]:
    for leaf in found.get(concept, ()):
        values = tuple(one_line(value, 100) for value in leaf.values if one_line(value, 100))
        if leaf.names[-1].rstrip("0123456789") in _SEVERAL:
            values = tuple(word for value in values for word in value.split())
        if values:
            leaf.used = True
            return tuple(value for value in values if not is_no_name(value))
    return ()


def name_from(found: Concepts) -> tuple[PersonalName, bool]:
    """The name from its parts or from one field; whether one field had to be taken apart."""
    given, family = _one_name(found, "given"), _one_name(found, "family")
    middle = tuple(word for value in _one_name(found, "middle") for word in value.split())
    known = " ".join(_one_name(found, "known_as"))
    whole = PersonalName()
    for leaf in found.get("full", ()):
        whole = split_name(leaf.text)
        if whole.given or whole.family:
            leaf.used = True
            break
    if not given and not family and (whole.given or whole.family):
        return (
            PersonalName(whole.given, whole.family, whole.other_given + middle, known or whole.known_as, whole.title),
            True,
        )
    if given and not family and not whole.family and (len(given[0].split()) > 1 or "," in given[0]):
        whole = split_name(given[0])
        return PersonalName(whole.given, whole.family, whole.other_given + middle, known or whole.known_as), True
    if family and not given and not whole.given and "," in family[0]:
        whole = split_name(family[0])
        return PersonalName(whole.given, whole.family, whole.other_given + middle, known or whole.known_as), True
    first = given[0] if given else whole.given if whole.family in ("", " ".join(family)) else ""
    return PersonalName(first, " ".join(family) or (whole.family if not family else ""), given[1:] + middle, known), False


def _child_name(found: Concepts, where: str, notes: list[Note]) -> PersonalName:
    name, split = name_from(found)
    if split:
        notes.append(
            Note(code="name_split", field=f"{where}.name", text="The whole name stood in one field; it was taken apart.")
        )
    said(found, "title")
    return name


def _without_unborn(name: PersonalName) -> PersonalName:
    """ "Unborn SMITH", "Unborn Baby Smith", "Baby Smith": what is left of the name of a child not yet born."""
    words = {"unborn", "ub", "baby", "child", "infant", "of", "bump"}
    given = [part for part in (*name.given.split(), *name.other_given) if part.casefold().strip(".-") not in words]
    family = [part for part in name.family.split() if part.casefold() not in words]
    return PersonalName(given[0] if given else "", " ".join(family), tuple(given[1:]), name.known_as)


def _birth_date(
    found: Concepts, where: str, written: datetime | None, unborn: bool, notes: list[Note]
) -> tuple[date | None, str]:
    text = said(found, "dob")
    if not text:
        day, month, year = (said(found, f"dob_{part}") for part in ("day", "month", "year"))
        text = f"{day} {month} {year}" if day and month and year else year
        if day and month and year and month.isdigit():
            text = f"{year:0>4}-{month:0>2}-{day:0>2}"
    text = text or _date_beside_name(found)
    plain = "".join(char for char in text.casefold() if char.isalnum())
    if not text or plain in _NO_VALUE or (unborn and says_unborn(text)):
        return None, ""
    match = _TWO_DIGIT_YEAR.match(text)
    if match:
        notes.append(
            Note(code="date_two_digit_year", field=f"{where}.dob", text="The year has two digits; please send all four.")
        )
        text = f"{match.group(1)}{20 if int(match.group(2)) <= _LAST_TWO_DIGITS else 19}{match.group(2)}"
    read = read_date(text, f"{where}.dob") if unborn else read_birth_date(text, f"{where}.dob", written=written)
    notes.extend(read.notes)
    return read.value, read.text


def _date_beside_name(found: Concepts) -> str:
    """The date in the field of a name: "Jane Smith (04/05/2016)", "Jane Smith, born 4 May 2016"."""
    for leaf in found.get("full", ())[:1]:
        match = DATE_BESIDE_NAME.search(leaf.text[:200])
        if match:
            return match.group(1)
    return ""


def _expected(found: Concepts, where: str, notes: list[Note]) -> date | None:
    leaf = next(iter(found.get("expected_dob", ())), None)
    if leaf is None:
        return None
    read = read_date(leaf.text, f"{where}.expected_dob")
    notes.extend(read.notes)
    leaf.used = read.value is not None
    return read.value


def _sex(found: Concepts, where: str, notes: list[Note]) -> tuple[Sex, str]:
    text = said(found, "sex")
    if not text:
        return "", ""
    folded = "".join(char for char in text.casefold() if char.isalnum())
    sex = _SEX.get(folded, "")
    if not sex:
        notes.append(Note(code="sex_not_understood", field=f"{where}.sex", text="The sex was kept as sent; send M, F or U."))
    return sex, text[:40]


def _ethnicity(found: Concepts) -> tuple[str, str]:
    text = said(found, "ethnicity")
    code = text.strip().upper()
    if code in ETHNICITIES:
        return code, text
    return ETHNICITY_FROM_NHS.get(code, ""), text[:100]


def _disabilities(found: Concepts, where: str, notes: list[Note]) -> list[str]:
    codes: list[str] = []
    for leaf in found.get("disability", ()):
        parts = [part.strip() for value in leaf.values for part in re.split(r"[,;|/]", value[:400])]
        known = [
            part.upper() if part.upper() in _DISABILITIES else _DISABILITY_WORDS.get("".join(part.casefold().split()), "")
            for part in parts
        ]
        leaf.used = bool(known) and all(known)
        if not leaf.used and "".join(filter(str.isalnum, leaf.text.casefold())) not in _NO_VALUE | {"no", "noneknown"}:
            text = "A disability was kept as sent; send DfE's codes."
            notes.append(Note(code="disability_not_understood", field=f"{where}.disabilities", text=text))
        codes.extend(code for code in known if code and code not in codes)
    return codes


def _looked_after(found: Concepts) -> LookedAfter:
    """The first field that says yes or no; any other word stays unmapped, as it was sent."""
    for leaf in found.get("looked_after", ()):
        answer = looked_after(leaf.text)
        if answer:
            leaf.used = True
            return answer
    return ""


def _identifiers(found: Concepts, where: str, notes: list[Note]) -> list[Identifier]:
    made: list[Identifier] = []
    for kind in _IDENTIFIERS:
        for leaf in found.get(kind, ())[:10]:
            for text in leaf.values[:5]:
                plain = "".join(char for char in text.casefold() if char.isalnum())
                if not plain or plain in _NO_VALUE or len(text) > 60 or (kind == "local" and not _is_own_number(text)):
                    continue
                leaf.used = True
                system = leaf.names[-1][:40] if kind == "local" else ""
                identifier = child_identifier(kind, text, f"{where}.{kind}", notes, system)
                made.extend([identifier] if identifier else [])
    return without_repeats(made)


def _is_own_number(text: str) -> bool:
    """Whether a sender's own number can be a person's: `<Child id="1">` and `child-2` only count within the message, and
    the next message counts otherwise."""
    return sum(map(str.isdigit, text)) >= 4 or bool(_UUID.fullmatch(text.strip()))
