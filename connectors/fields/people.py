"""Who is who in a message: the children it is about, and everybody else with a role."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from connectors.dates import EARLIEST_ARRIVAL, read_date
from connectors.fields.groups import Group, Leaf, concepts
from connectors.fields.naming import fold
from connectors.fields.person import is_yes
from connectors.fields.vocabulary import GUESSED, MESSAGE, PERSON, concept_of
from connectors.fields.who import AnyRole, role_in
from schemas.london import civil_date
from schemas.person import Role

_ADULT = 18

#: What makes an object of unknown name a person.
IDENTITY = frozenset({"given", "family", "dob", "upn", "nhs_number", "expected_dob", "unborn", "former_upn", "la_child_id"})


@dataclass(slots=True)
class Somebody:
    """One person found in a message. `of` is the child in whose fields the person stood, if any."""

    group: Group
    found: dict[str, list[Leaf]]
    role: AnyRole
    of: Group | None = None
    age: int | None = None


@dataclass(slots=True)
class People:
    """The children a message is about, and the others. `guessed`: no field or role said who the child is."""

    children: list[Somebody] = field(default_factory=list)
    others: list[Somebody] = field(default_factory=list)
    guessed: bool = False


def people_in(message: Group, written: datetime | None, witnesses_count: bool = True) -> People:
    """Everybody in a message, by role: first what the field is called, then the role it states, then the age.

    `witnesses_count`: whether a child who saw it is one of those the message is about, as in a police notice of domestic
    abuse; otherwise only when there is no other child.
    """
    everybody = list(_somebodies(message, None, written))
    if not witnesses_count and any(_is_subject(somebody) and not _saw_it(somebody) for somebody in everybody):
        for somebody in filter(_saw_it, everybody):
            somebody.role = "other"
    people = People()
    for somebody in everybody:
        (people.children if _is_subject(somebody) else people.others).append(somebody)
    if people.children:
        for somebody in people.others:
            if somebody.role == "child":
                somebody.role = "sibling"
        return people
    flat = _flat_child(message)
    if flat:
        people.children = [flat]
        return people
    people.children = _best_guess(people.others)
    people.guessed = any(somebody.role != "child" for somebody in people.children)
    people.others = [somebody for somebody in people.others if all(somebody is not child for child in people.children)]
    return people


def _somebodies(group: Group, of: Group | None, written: datetime | None) -> Iterator[Somebody]:
    for inner in group.groups:
        if inner.kind in ("child", "person"):
            found = inner.by_concept()
            age = _age(found, written)
            yield Somebody(inner, found, _role(inner, found, age), of, age)
        if inner.kind != "background":
            yield from _somebodies(inner, inner if inner.kind == "child" else of, written)


def _is_subject(somebody: Somebody) -> bool:
    return somebody.role == "child" and not somebody.group.inner


def _saw_it(somebody: Somebody) -> bool:
    return somebody.group.word.startswith("witness")


def _role(group: Group, found: dict[str, list[Leaf]], age: int | None) -> AnyRole:
    if group.role == "child":
        return "child"
    explicit = stated_role(found)
    stated = [role for leaf in found.get("relation", ()) if (role := role_in(leaf.text[:80]))] if explicit is None else explicit
    flags = _flags(found)
    if "alleged_perpetrator" in (group.role, *stated):
        return "alleged_perpetrator"
    if flags:
        return "child" if flags == "child" else _adult_role(group, stated)
    if group.role in ("", "household", "other") and stated:
        # A household lists by relation to the child: a son there is a child of the family.
        return stated[0]
    if group.role:
        return group.role
    if age is not None:
        return "child" if age < _ADULT else "other"
    if found.get("unborn") or found.get("expected_dob") or found.get("upn"):
        return "child"
    return "child" if group.kind == "child" else ""


def stated_role(found: dict[str, list[Leaf]]) -> list[AnyRole] | None:
    """What a field called `role` says, when it is a word for a role: what stands about the relationship changes nothing.

    A witness may be a child or anybody; words that say neither (victim) give None: the relationship counts.
    """
    for leaf in found.get("relation", ()):
        if leaf.names[-1] not in ("role", "personrole"):
            continue
        word = fold(leaf.text[:80])
        if word in _NEUTRAL:
            return _NEUTRAL[word]
        role = role_in(leaf.text[:80])
        if role and len(leaf.text.split()) <= 3:
            return [role]
    return None


_NEUTRAL: dict[str, list[AnyRole]] = {"other": ["other"], "neighbour": ["other"], "witness": [], "bystander": []}


def _adult_role(group: Group, stated: Sequence[AnyRole]) -> Role:
    for role in (*stated, group.role):
        if role and role != "child":
            return role
    return "other"


def _flags(found: dict[str, list[Leaf]]) -> str:
    """"child" or "adult" when a flag of the person says so (`isChild`, `adult`, `under18`)."""
    for leaf in found.get("", ()):
        yes = is_yes(leaf.text)
        for name in leaf.names:
            if name in ("ischild", "child", "minor", "isminor", "under18", "isunder18", "childflag", "childyn"):
                leaf.used = True
                return "child" if yes else "adult"
            if name in ("isadult", "adult", "over18", "adultflag"):
                leaf.used = True
                return "adult" if yes else "child"
    return ""


def _age(found: dict[str, list[Leaf]], written: datetime | None) -> int | None:
    """Age in years on the day of writing (else the least it can be), by date of birth or as stated."""
    for leaf in found.get("dob", ()):
        born = read_date(leaf.text, "dob").value
        if born:
            return _years(born, civil_date(written) if written else EARLIEST_ARRIVAL)
    for leaf in found.get("age", ()):
        digits = leaf.text.strip().split()[0] if leaf.text.strip() else ""
        if digits.isdecimal() and len(digits) <= 3:
            return int(digits)
    return None


def _years(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _flat_child(message: Group) -> Somebody | None:
    """The child whose fields stand directly in the message (`surname`, `dob`), without an object of its own."""
    found = person_fields(message)
    if not found.keys() & IDENTITY and not found.get("full"):
        return None
    return Somebody(message, found, "child")


def person_fields(message: Group) -> dict[str, list[Leaf]]:
    """Fields of the message itself that describe a person. A lone `name` counts only at the top or beside a birth date."""
    leaves = [leaf for leaf in message.leaves if describes_person(leaf)]
    found = concepts(leaves, PERSON)
    described = {leaf.path.rpartition(".")[0] for concept in IDENTITY | {"age", "sex"} for leaf in found.get(concept, ())}
    depth = min((leaf.path.count(".") for leaf in message.leaves), default=0)
    names = [
        leaf
        for leaf in found.get("full", ())
        if leaf.path.rpartition(".")[0] in described or (leaf.path.count(".") <= depth and len(leaf.names) <= 1)
        or any(name != "name" and name in PERSON for name in leaf.names)
    ]
    if names:
        found["full"] = names
    else:
        found.pop("full", None)
    # What may as well be about the message itself is not taken for the child's.
    for concept in ("local", "own_reference", "relation", "title", "job", "organisation", "phone", "email"):
        found.pop(concept, None)
    return found


def describes_person(leaf: Leaf) -> bool:
    """Whether a field of the message is one of a person rather than of the concern."""
    concept, rank = concept_of(leaf.names, MESSAGE)
    if concept and rank < GUESSED:
        return False
    personal, own = concept_of(leaf.names, PERSON)
    return bool(personal) and (not concept or own < GUESSED)


def _best_guess(others: list[Somebody]) -> list[Somebody]:
    """The children when nobody is called one: children of the family, then the young, then the only person."""
    children = [somebody for somebody in others if somebody.role == "child"]
    if children:
        return children
    young = [somebody for somebody in others if somebody.age is not None and somebody.age < _ADULT]
    subjects = [somebody for somebody in young if somebody.role in ("", "other", "household")]
    if subjects or young:
        return subjects or young
    unclear = [
        somebody for somebody in others if somebody.role == "" and (somebody.age is None or somebody.age < _ADULT)
    ]
    if unclear:
        return unclear
    return [somebody for somebody in others if somebody.role == "sibling"]
