"""HL7 v2 PID, NK1 and PD1 as the child and the people around the child."""

from datetime import date, datetime

from connectors.child_identifiers import child_identifier, is_nhs_number, without_repeats
from connectors.dates import read_birth_date, read_date
from connectors.decoding import one_line
from connectors.fields.address import tidy_postcode
from connectors.fields.personal_names import split_name
from connectors.health.hl7v2_message import Message, Repetition, Segment
from connectors.health.unmapped import Unmapped
from connectors.health.vocabulary import ethnicity, is_unborn_name, role_of_relation, sex, without_baby_words
from schemas.person import Address, Identifier, IdentifierKind, OtherPerson, Person
from schemas.reading import Note

_NHS_AUTHORITIES = ("nhs", "nsts", "2.16.840.1.113883.2.1.4.1")
_NHS_TYPES = frozenset({"nhs", "nh", "nhsn", "nhsnmbr", "nngbr", "nneng", "nhsnumber"})
_KINDS: dict[str, IdentifierKind] = {"upn": "upn", "formerupn": "former_upn", "lachildid": "la_child_id"}
_NOT_OF_THE_CHILD = frozenset({"ss", "dl", "ppn", "ni", "mc", "ma", "an", "vn", "pnt", "bc", "cz", "mi", "nnusa"})
"""Types of numbers that say nothing about who somebody is among a sender's own patients (visit, account, insurance)."""

_NAME_ORDER = {"L": 0, "": 1, "D": 2, "B": 3, "A": 4, "N": 5, "M": 6, "S": 7}
_ADDRESS_ORDER = {"H": 0, "P": 1, "C": 2, "L": 2, "": 3, "TM": 4, "M": 5, "BDL": 7, "BA": 8}
_US_TABLES = ("0189", "0005", "hl7000", "cdc")


def child_of(
    message: Message, pid: Segment, where: str, written: datetime | None, notes: list[Note], unmapped: Unmapped
) -> Person:
    """The child that a PID segment describes. `where` names the segment in notes."""
    given, family, other_given, known_as = _names(pid, f"{where}-5", notes, unmapped)
    gender = pid.text(8)
    if gender and not sex(gender):
        notes.append(Note(code="sex_not_understood", field=f"{where}-8", text="The sex was kept as sent."))
    dob, dob_text, expected, unborn = _birth(pid, where, f"{given} {' '.join(other_given)} {family}", written, notes)
    kept, mother = without_baby_words(" ".join([given, *other_given]))
    if kept != " ".join([given, *other_given]):
        given, other_given = kept.partition(" ")[0], kept.split()[1:]
        unmapped.keep("baby_of", mother)
    if unborn:
        family = without_baby_words(family)[0] or family
    ethnic_code, ethnic_source = _ethnicity(pid, where, notes)
    _keep_the_rest(pid, where, notes, unmapped)
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
        identifiers=_identifiers(pid, where, notes, unmapped),
        address=_home(pid, f"{where}-11", notes, unmapped),
        language=pid.first(15).words()[:60],
    )


def name_of(name: Repetition, family_at: int = 1) -> tuple[list[str], str]:
    """(given names, family name) of an XPN, or of an XCN with `family_at=2`. One text in the family's place is split."""
    family, given = name.text(family_at), name.text(family_at + 1)
    others = name.text(family_at + 2).split()
    if not given and " " in family and not others:
        split = split_name(family)
        if split.given:
            return [split.given, *split.other_given], split.family
    return [part for part in (given, *others) if part], family


def _names(pid: Segment, where: str, notes: list[Note], unmapped: Unmapped) -> tuple[str, str, list[str], str]:
    """(given, family, other given, known as). The legal name counts, else the first."""
    order = sorted(pid.repetitions(5), key=lambda name: _NAME_ORDER.get(name.text(7).upper(), 4))
    if not order:
        notes.append(Note(code="name_missing", field=where, text="The child's name is missing."))
        return "", "", [], ""
    given, family = name_of(order[0])
    if not order[0].text(2) and given:
        notes.append(Note(code="name_split", field=where, text="The whole name stood in one component; it was taken apart."))
    known_as = ""
    for name in order[1:]:
        others, other_family = name_of(name)
        kind = name.text(7).upper()
        if kind in ("N", "A", "D", "") and others and others[0] not in given and not known_as:
            known_as = others[0]
            unmapped.keep("other_name", other_family if other_family != family else "")
        else:
            unmapped.keep("former_name" if kind in ("M", "B") else "other_name", " ".join([*others, other_family]))
    return given[0] if given else "", family, given[1:], known_as


def _birth(
    pid: Segment, where: str, name: str, written: datetime | None, notes: list[Note]
) -> tuple[date | None, str, date | None, bool]:
    """(date of birth, its text when not usable, expected date, whether not yet born)."""
    sent, unborn_name = pid.text(7), is_unborn_name(name)
    if not sent:
        if not unborn_name:
            notes.append(Note(code="dob_missing", field=f"{where}-7", text="The date of birth is missing."))
        return None, "", None, unborn_name
    plain = read_date(sent, f"{where}-7")
    if unborn_name and plain.value and (written is None or plain.value > written.date()):
        notes.append(Note(code="dob_of_unborn", field=f"{where}-7", text="An unborn child's date was read as the expected date."))
        return None, "", plain.value, True
    read = read_birth_date(sent, f"{where}-7", written=written)
    notes.extend(read.notes)
    return read.value, read.text, None, False


def _identifiers(pid: Segment, where: str, notes: list[Note], unmapped: Unmapped) -> list[Identifier]:
    """PID-3, and the older places of numbers: PID-2, PID-4 and PID-19."""
    found: list[Identifier] = []
    for number in (3, 2, 4, 19):
        for sent in pid.repetitions(number):
            value, authority = sent.text(1), one_line(" ".join(filter(None, (sent.text(4), sent.text(4, 2)))))
            kind = sent.text(5).casefold()
            if not value:
                continue
            field = f"{where}-{number}"
            if kind in _NHS_TYPES or any(name in authority.casefold().split() for name in _NHS_AUTHORITIES):
                made = child_identifier("nhs_number", value, field, notes, authority)
            elif number != 19 and kind in _NOT_OF_THE_CHILD or (number == 19 and not is_nhs_number(value)):
                unmapped.keep("other_number_type", sent.text(5) or f"PID-{number}")
                continue
            elif is_nhs_number(value) and kind not in ("mr", "pi"):
                made = child_identifier("nhs_number", value, field, notes, authority)
                notes.append(
                    Note(code="nhs_number_assumed", field=field, text="A ten-digit number is an NHS number by its digits.")
                )
            elif known := _KINDS.get(kind) or _KINDS.get(authority.casefold()):
                made = child_identifier(known, value, field, notes, authority)
            else:
                made = child_identifier("local", value, field, notes, authority or sent.text(5))
            if made:
                found.append(made)
    return without_repeats(found)[:20]


def _ethnicity(pid: Segment, where: str, notes: list[Note]) -> tuple[str, str]:
    """(census code, the sender's own words). PID-22 is the ethnic group, PID-10 the race; the NHS codes appear in both.

    In HL7's own table for PID-22, H and N mean Hispanic and not: these are no NHS codes.
    """
    source, field = "", ""
    for number in (22, 10):
        for sent in pid.repetitions(number):
            code, label, table = sent.text(1), sent.text(2), sent.text(3).casefold()
            american = any(name in table for name in _US_TABLES) or "hispanic" in label.casefold()
            ambiguous = number == 22 and code.upper() in ("H", "N") and not label and not table
            mapped = "" if american or ambiguous else ethnicity(code, label)
            said = " ".join(filter(None, (code, label)))
            if mapped:
                return mapped, said[:100]
            source, field = (source, field) if source else (said, f"{where}-{number}")
    if source:
        notes.append(Note(code="ethnicity_not_mapped", field=field, text="The ethnicity was kept as sent."))
    return "", source[:100]


def address_of(sent: Repetition) -> Address:
    """An XAD (or the older AD): street, second line, town and county as lines."""
    street = sent.text(1)
    if sent.text(1, 2) or sent.text(1, 3):  # SAD: the whole street in the first part, or house number and street apart
        parts = (sent.text(1, 3), sent.text(1, 2))
        street = " ".join([*(part for part in parts if part and part not in street), street])
    lines = [street, sent.text(2), sent.text(3), sent.text(4)]
    postcode = tidy_postcode(sent.text(5))
    whole = ", ".join(filter(None, lines))
    if not sent.text(5) and tidy_postcode(whole):
        postcode = tidy_postcode(whole)
    kept = [line[:120] for line in dict.fromkeys(lines) if line and tidy_postcode(line) != line.upper()]
    return Address(lines=kept, postcode=postcode or sent.text(5).upper()[:20])


def _home(pid: Segment, where: str, notes: list[Note], unmapped: Unmapped) -> Address:
    order = sorted(pid.repetitions(11), key=lambda sent: _ADDRESS_ORDER.get(sent.text(7).upper(), 6))
    read = [(address_of(sent), sent.text(7).upper()) for sent in order]
    for other, _ in read[1:]:
        unmapped.keep("other_address", ", ".join([*other.lines, other.postcode]))
    if read and read[0][1] == "BA":
        notes.append(Note(code="address_marked_bad", field=where, text="The sender marks the only address as wrong."))
    return read[0][0] if read else Address()


def _keep_the_rest(pid: Segment, where: str, notes: list[Note], unmapped: Unmapped) -> None:
    if pid.text(30).upper() == "Y" or pid.text(29):
        unmapped.keep("deceased", pid.text(29) or "yes")
        notes.append(Note(code="deceased", field=f"{where}-30", text="The message says that the child has died."))
    for name, number in (("nhs_number_status", 32), ("religion", 17), ("birth_place", 23), ("account_number", 18)):
        unmapped.keep(name, pid.first(number).words() if number == 17 else pid.text(number))
    unmapped.keep("multiple_birth", pid.text(25) or ("yes" if pid.text(24).upper() == "Y" else ""))
    unmapped.keep("mothers_maiden_name", " ".join([*name_of(pid.first(6))[0], name_of(pid.first(6))[1]]))
    unmapped.keep("patient_phone", *(phone_of(sent) for sent in pid.repetitions(13)))


def phone_of(sent: Repetition) -> str:
    """The number of an XTN: as one text, or from its country, area and local parts (2.4 on), or unformatted (2.7 on)."""
    if is_email(sent):
        return ""
    parts = " ".join(filter(None, (sent.text(5), sent.text(6), sent.text(7), sent.text(8))))
    return (sent.text(1) or sent.text(12) or parts)[:60]


def is_email(sent: Repetition) -> bool:
    """Whether an XTN holds an e-mail address."""
    return sent.text(3).casefold() in ("internet", "x.400") or sent.text(2).upper() == "NET" or "@" in sent.text(1)


def email_of(sent: Repetition) -> str:
    """The e-mail address of an XTN, or ""."""
    return next((part for part in (sent.text(4), sent.text(1)) if "@" in part), "")[:120] if is_email(sent) else ""


def contact_points(segment: Segment, *numbers: int) -> tuple[str, str]:
    """(phone, e-mail) from several XTN fields, the first of each."""
    sent = [one for number in numbers for one in segment.repetitions(number)]
    return next(filter(None, map(phone_of, sent)), ""), next(filter(None, map(email_of, sent)), "")


def next_of_kin(segment: Segment, where: str, notes: list[Note]) -> OtherPerson | None:
    """An NK1 segment as a person; None when it names nobody."""
    given, family = name_of(segment.first(2))
    relation = segment.first(3)
    phone, email = contact_points(segment, 5, 6, 40)
    birth = read_date(segment.text(16), f"{where}-16")
    notes.extend(birth.notes)
    role = role_of_relation(relation.text(1), relation.text(2))
    if role == "other" and segment.first(7).text(1):
        role = role_of_relation(segment.text(7), segment.text(7, 2))
    person = OtherPerson(
        role=role,
        given=" ".join(given)[:100],
        family=family[:100],
        relation=relation.words()[:100],
        dob=birth.value,
        phone=phone,
        email=email,
        job=segment.text(10)[:120],
        organisation=segment.text(13)[:200],
        address=address_of(segment.first(4)),
    )
    named = person.given or person.family or person.phone or person.email or person.organisation or person.address.lines
    return person if named else None


def practice(pd1: Segment) -> OtherPerson | None:
    """The child's general practitioner and practice from PD1."""
    given, family = name_of(pd1.first(4), family_at=2)
    organisation = pd1.text(3)
    if not (given or family or organisation):
        return None
    return OtherPerson(
        role="professional", given=" ".join(given)[:100], family=family[:100], job="GP", organisation=organisation[:200]
    )
