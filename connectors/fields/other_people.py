"""Somebody else named in a message as `schemas.person`: role, relation, how to reach them; what people put into one field."""

import re

from connectors.dates import read_date
from connectors.decoding import one_line
from connectors.fields.address import address_of
from connectors.fields.meaning import names_a_role
from connectors.fields.person import Concepts, name_from, said
from connectors.fields.personal_names import PersonalName, several_names, split_name
from connectors.fields.who import role_in
from schemas.person import OtherPerson, Role
from schemas.reading import Note

_PHONE = re.compile(r"(?:\+|\b0)[0-9][0-9 ()-]{8,16}[0-9]\b")
_EMAIL = re.compile(r"\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}\b")
_JOB = frozenset(
    "dsl ddsl lead teacher headteacher head officer safeguarding deputy pastoral nurse manager assistant senco principal "
    "safeguard constable sergeant coordinator worker tutor governor receptionist health visitor".split()
)


def others_from(found: Concepts, role: Role, word: str, where: str, notes: list[Note]) -> list[OtherPerson]:
    """Somebody else in the message; two when one field names two ("Mary and John Smith"). Empty when nothing is known."""
    whole = next((leaf for leaf in found.get("full", ()) if leaf.text.strip()), None)
    if whole and not found.get("given") and not found.get("family"):
        names = several_names(whole.text)
        whole.used = True
    else:
        names = [""]
    relation, job = said(found, "relation"), said(found, "job")
    for leaf in found.get("relation", ()):
        leaf.used = leaf.used or role_in(leaf.text[:80]) == role
    phone, email = said(found, "phone"), said(found, "email")
    organisation = said(found, "organisation")
    address = address_of(found, f"{where}.address", notes)
    birth = read_date(said(found, "dob"), f"{where}.dob")
    notes.extend(birth.notes)
    if role in ("referrer", "professional") and relation and not job and role_in(relation) not in _FAMILY:
        job, relation = relation, ""
    title_said = said(found, "title")
    people: list[OtherPerson] = []
    for text in names:
        role_only = names_a_role(text)
        if role_only:
            # "neighbour", "Health visitor": what somebody is, not what somebody is called
            relation, text = relation or one_line(text, 100), ""
        plain, own_phone, own_email, own_job = _taken_from_name(text)
        name = split_name(plain) if plain or role_only else name_from(found)[0]
        if "officer" in word and name.given and not name.family:
            name = PersonalName(family=name.given, title=name.title)
        people.append(
            OtherPerson(
                role=role,
                given=" ".join((name.given, *name.other_given))[:100],
                family=name.family,
                relation=(relation or (own_job if role not in ("referrer", "professional") else "") or _word(word, role))[:100],
                dob=birth.value,
                phone=(phone or own_phone)[:60],
                email=(email or own_email)[:120],
                job=_job(job or own_job, name.title or title_said, role)[:120],
                organisation=organisation[:200],
                address=address,
            )
        )
    known = ("given", "family", "relation", "phone", "email", "job", "organisation")
    bare = {"relation"} if relation == "" else set()
    return [
        person
        for person in people
        if any(getattr(person, part) for part in known if part not in bare) or person.address.lines or person.dob
    ]


def _job(job: str, title: str, role: Role) -> str:
    """What a professional does, with their rank and number; a title alone where nothing says what they do."""
    if role not in ("referrer", "professional"):
        return job
    return f"{job}, {title}" if job and title and title.strip(".").casefold() not in _COURTESY else job or title


def _word(word: str, role: Role) -> str:
    """The field's own name as the relation when it says more than the role (`mother`)."""
    return word if role in ("parent", "carer", "sibling", "household", "other") and role_in(word) and word not in _PLURAL else ""


_COURTESY = frozenset("mr mrs miss ms mx".split())
_FAMILY = ("parent", "other", "carer", "sibling", "household", "child")
_PLURAL = frozenset("parents carers siblings household adult adults householdmembers family familymembers sibling parent".split())


def _taken_from_name(text: str) -> tuple[str, str, str, str]:
    """What people write into the field of a name: (name, phone, e-mail, job or relation)."""
    phone, email = _PHONE.search(text), _EMAIL.search(text)
    plain = text
    for match in (phone, email):
        if match:
            plain = plain.replace(match.group(0), " ")
    plain = one_line(plain).strip(" ,;-–()")
    job = ""
    bracket = re.search(r"\(([^()]{2,60})\)", plain)
    if bracket and (role_in(bracket.group(1)) or _is_job(bracket.group(1))):
        job, plain = bracket.group(1), one_line(plain[: bracket.start()] + " " + plain[bracket.end() :])
    else:
        for mark in (" - ", " – ", ", "):
            before, found, after = plain.partition(mark)
            if found and (_is_job(after) or (mark != ", " and role_in(after))):
                job, plain = after, before
                break
    return plain, phone.group(0) if phone else "", email.group(0) if email else "", one_line(job, 100)


def _is_job(text: str) -> bool:
    return bool({word.strip(".,/()") for word in text.casefold().split()} & _JOB)
