"""A FHIR Patient as the child."""

from datetime import date, datetime

from connectors.child_identifiers import child_identifier, is_nhs_number, without_repeats
from connectors.dates import read_birth_date, read_date
from connectors.decoding import one_line
from connectors.fields.personal_names import split_name
from connectors.health.fhir_values import (
    Node,
    address_of,
    codes,
    element,
    extensions,
    first,
    first_code,
    has_ended,
    human_name,
    items,
    nodes,
    telecom,
    text,
    value_of,
    value_words,
    words,
)
from connectors.health.unmapped import Unmapped
from connectors.health.vocabulary import ethnicity, is_unborn_name, sex, without_baby_words
from schemas.person import Address, Identifier, IdentifierKind, Person
from schemas.reading import Note

_NHS_SYSTEM = ("nhs-number", "2.16.840.1.113883.2.1.4.1")
_NAME_ORDER = {"official": 0, "usual": 1, "": 2, "temp": 3, "nickname": 4, "anonymous": 5, "maiden": 6, "old": 7}
_ADDRESS_ORDER = {"home": 0, "": 1, "temp": 2, "work": 3, "billing": 4, "old": 5}


def child_of(patient: Node, where: str, written: datetime | None, notes: list[Note], unmapped: Unmapped) -> Person:
    """The child that a Patient resource describes. `where` names the Patient in notes."""
    given, family, other_given, known_as = _names(patient, f"{where}.name", written, notes, unmapped)
    dob, dob_text, expected, unborn = _birth(patient, where, written, f"{given} {' '.join(other_given)}", family, notes)
    kept, mother = without_baby_words(" ".join([given, *other_given]))
    if kept != " ".join([given, *other_given]):
        given, other_given = kept.partition(" ")[0], kept.split()[1:]
        unmapped.keep("baby_of", mother)
    if unborn:
        family = without_baby_words(family)[0] or family
    gender = text(patient, "gender")
    if gender and not sex(gender):
        notes.append(Note(code="sex_not_understood", field=f"{where}.gender", text="The gender was kept as sent."))
    ethnic_code, ethnic_source = _ethnicity(patient, where, notes)
    _keep_the_rest(patient, where, notes, unmapped)
    return Person(
        given=given,
        family=family,
        other_given=other_given,
        known_as=known_as,
        dob=dob,
        dob_text=dob_text,
        expected_dob=expected,
        unborn=unborn,
        sex=sex(gender) or ("U" if unborn else ""),
        sex_source=gender[:40],
        ethnicity=ethnic_code,
        ethnicity_source=ethnic_source,
        identifiers=_identifiers(patient, f"{where}.identifier", written, notes, unmapped),
        address=_home(patient, written, unmapped),
        school=_extension_words(patient, "school"),
        language=_language(patient, unmapped),
    )


def child_from_reference(reference: object, where: str, notes: list[Note]) -> Person:
    """What a reference to a Patient who is not in the message still says: a display name, an identifier."""
    name = split_name(text(reference, "display"))
    identifiers: list[Identifier] = []
    logical = first(reference, "identifier")
    if text(logical, "value"):
        kind: IdentifierKind = "nhs_number" if _is_nhs(logical) else "local"
        found = child_identifier(kind, text(logical, "value"), f"{where}.identifier", notes, text(logical, "system"))
        identifiers = [found] if found else []
    return Person(given=name.given, family=name.family, other_given=list(name.other_given), identifiers=identifiers)


def _names(
    patient: Node, where: str, written: datetime | None, notes: list[Note], unmapped: Unmapped
) -> tuple[str, str, list[str], str]:
    """(given, family, other given, known as). The official name counts, else the usual one, else the first; one that is
    over only where there is no other."""
    all_names = nodes(patient, "name") or [{"text": one_line(name)} for name in items(patient, "name") if one_line(name)]
    order = sorted(all_names, key=lambda name: (has_ended(name, written), _NAME_ORDER.get(text(name, "use").casefold(), 2)))
    if not order:
        notes.append(Note(code="name_missing", field=where, text="The child's name is missing."))
        return "", "", [], ""
    given, family, whole = human_name(order[0])
    other_given = given[1:]
    if not given and not family and whole:
        split = split_name(whole)
        given, family, other_given = [split.given] if split.given else [], split.family, list(split.other_given)
        notes.append(Note(code="name_split", field=where, text="The whole name stood in one text; it was taken apart."))
    known_as = ""
    for name in order[1:]:
        use, (other, other_family, other_whole) = text(name, "use").casefold(), human_name(name)
        if use in ("nickname", "usual") and not known_as and not has_ended(name, written):
            candidate = other[0] if other else other_whole
            known_as = candidate if candidate and candidate != (given[0] if given else "") else ""
            unmapped.keep("other_name", other_family if use == "usual" and other_family not in ("", family) else "")
        else:
            label = "former_name" if use == "maiden" or has_ended(name, written) else "other_name"
            unmapped.keep(label, " ".join([*other, other_family]) or other_whole)
    return given[0] if given else "", family, other_given, known_as


def _birth(
    patient: Node, where: str, written: datetime | None, given: str, family: str, notes: list[Note]
) -> tuple[date | None, str, date | None, bool]:
    """(date of birth, its text when not usable, expected date, whether not yet born)."""
    expected: date | None = None
    for extension in extensions(patient, "expected", "duedate", "due-date", "edd", "estimated"):
        read = read_date(value_of(extension), f"{where}.extension")
        notes.extend(read.notes)
        expected = expected or read.value
    sent = one_line(element(patient, "birthDate"))
    whole = " ".join(text(name, "text") for name in nodes(patient, "name")[:3])
    unborn_name = is_unborn_name(given, family, whole)
    if not sent:
        unborn = unborn_name or expected is not None
        if not unborn:
            notes.append(Note(code="dob_missing", field=f"{where}.birthDate", text="The date of birth is missing."))
        return None, "", expected, unborn
    plain = read_date(sent, f"{where}.birthDate")
    if unborn_name and plain.value and (written is None or plain.value > written.date()):
        notes.append(
            Note(code="dob_of_unborn", field=f"{where}.birthDate", text="An unborn child's date was read as the expected date.")
        )
        return None, "", expected or plain.value, True
    read = read_birth_date(sent, f"{where}.birthDate", written=written)
    notes.extend(read.notes)
    return read.value, read.text, expected, False


def _is_nhs(identifier: Node) -> bool:
    system = text(identifier, "system").casefold()
    kind = first(identifier, "type")
    named = words(kind).casefold().replace(" ", "").startswith("nhsnumber")
    return named or any(part in system for part in _NHS_SYSTEM) or any(code == "NH" for _, code, _ in codes(kind))


def _identifiers(patient: Node, where: str, written: datetime | None, notes: list[Note], unmapped: Unmapped) -> list[Identifier]:
    """The child's numbers, those in use before those that are over."""
    found: list[Identifier] = []
    for identifier in sorted(nodes(patient, "identifier"), key=lambda one: has_ended(one, written)):
        value, system = text(identifier, "value"), text(identifier, "system")
        folded = system.casefold()
        if _is_nhs(identifier):
            made = child_identifier("nhs_number", value, where, notes, system)
            for extension in extensions(identifier, "nhsnumberverificationstatus"):
                unmapped.keep("nhs_number_status", first_code(value_of(extension)) or value_words(value_of(extension)))
            if made is None and value_of(identifier) is None:
                notes.append(Note(code="nhs_number_missing", field=where, text="The NHS number is announced but empty."))
        elif "former-upn" in folded or "formerupn" in folded:
            made = child_identifier("former_upn", value, where, notes, system)
        elif "upn" in folded or "unique-pupil" in folded:
            made = child_identifier("upn", value, where, notes, system)
        elif "la-child" in folded or "lachild" in folded:
            made = child_identifier("la_child_id", value, where, notes, system)
        elif not system and is_nhs_number(value):
            made = child_identifier("nhs_number", value, where, notes)
            notes.append(
                Note(code="nhs_number_assumed", field=where, text="A number without a system is an NHS number by its digits.")
            )
        else:
            made = child_identifier("local", value, where, notes, system)
        if made:
            found.append(made)
            if has_ended(identifier, written):
                notes.append(
                    Note(code="identifier_ended", field=where, text="The sender marks an identifier as no longer in use.")
                )
    return without_repeats(found)[:20]


def _ethnicity(patient: Node, where: str, notes: list[Note]) -> tuple[str, str]:
    """(census code, the sender's own code and label)."""
    for extension in extensions(patient, "ethniccategory", "ethnic-category", "us-core-ethnicity", "us-core-race", "ethnicity"):
        value = value_of(extension)
        for _, code, label in codes(value) or [("", "", value_words(value))]:
            mapped = ethnicity(code, label)
            source = " ".join(filter(None, (code, label)))
            if not mapped and source:
                field = f"{where}.extension"
                notes.append(Note(code="ethnicity_not_mapped", field=field, text="The ethnicity was kept as sent."))
            if source:
                return mapped, source[:100]
    return "", ""


def _home(patient: Node, written: datetime | None, unmapped: Unmapped) -> Address:
    """The address the child lives at: home first, one that is over only when there is no other."""
    places = nodes(patient, "address")
    order = sorted(places, key=lambda place: (has_ended(place, written), _ADDRESS_ORDER.get(text(place, "use").casefold(), 1)))
    read = [address_of(place) for place in order]
    for other in read[1:]:
        unmapped.keep("other_address", ", ".join([*other.lines, other.postcode]))
    return read[0] if read else Address()


def _language(patient: Node, unmapped: Unmapped) -> str:
    spoken = nodes(patient, "communication")
    order = sorted(spoken, key=lambda one: element(one, "preferred") is not True)
    for extension in extensions(patient, "interpreter"):
        unmapped.keep("interpreter", value_words(value_of(extension)))
    return words(element(order[0], "language"))[:60] if order else ""


def _extension_words(patient: Node, part: str) -> str:
    return next((said for extension in extensions(patient, part) if (said := value_words(value_of(extension)))), "")[:120]


def _keep_the_rest(patient: Node, where: str, notes: list[Note], unmapped: Unmapped) -> None:
    deceased = element(patient, "deceasedBoolean"), text(patient, "deceasedDateTime")
    if deceased[0] is True or deceased[1] or one_line(deceased[0]) == "true":
        unmapped.keep("deceased", deceased[1] or "yes")
        notes.append(Note(code="deceased", field=f"{where}.deceased", text="The message says that the child has died."))
    unmapped.keep("multiple_birth", element(patient, "multipleBirthInteger"), element(patient, "multipleBirthBoolean"))
    for name in ("religion", "birthsex", "residentialstatus", "deathnotification"):
        for extension in extensions(patient, name):
            unmapped.keep(name, value_words(value_of(extension)))
    for label in nodes(first(patient, "meta"), "security"):
        unmapped.keep("security_label", words(label))
        notes.append(
            Note(code="security_label", field=f"{where}.meta.security", text="The sender restricts who may see these details.")
        )
    unmapped.keep("patient_phone", telecom(patient, "phone"))
    unmapped.keep("patient_email", telecom(patient, "email"))
