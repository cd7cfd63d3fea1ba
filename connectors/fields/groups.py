"""A nested message as groups of fields: one about the message, one about each person and each organisation in it.

A field keeps the names it may be known by, most specific first (`concern.risk.level` is tried as `concernrisklevel`,
`risklevel`, `level`), so that flat and nested spellings of one thing meet.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from connectors.decoding import LONGEST_TEXT, whole_text
from connectors.fields.naming import fold, unnumbered
from connectors.fields.vocabulary import MESSAGE, NUMBER_OF, ORGANISATION, PERSON, Table, concept_of
from connectors.fields.who import AnyRole, Who, holds_documents, is_background, owner_of, who_is_in
from connectors.fields.xml_values import TEXT

GroupKind = Literal["message", "background", "child", "person", "organisation"]

MOST_FIELDS = 12_000
"""Fields of one body; a referral has some hundred."""


class TooManyFields(Exception):
    """The message has more than `MOST_FIELDS` fields."""


@dataclass(slots=True)
class Leaf:
    """One field. `values` holds its texts, several for a list; `used` once it stands somewhere in the result."""

    names: tuple[str, ...]
    values: tuple[str, ...]
    path: str
    used: bool = False

    @property
    def text(self) -> str:
        """The field's texts as one."""
        return self.values[0] if len(self.values) == 1 else ", ".join(self.values)


@dataclass(slots=True)
class Document:
    """A file inside the message."""

    content_type: str
    content: str


@dataclass(slots=True)
class Group:
    """Fields about one thing, and the groups inside it. `role` is what the field's name says of a person's role;
    `inner` marks people found inside a household or beside the child: they are not who the message is about. `size` counts the fields of a whole
    message and `cut` says that a text was longer than is kept (both only set on its outermost group)."""

    kind: GroupKind
    role: AnyRole = ""
    word: str = ""
    inner: bool = False
    leaves: list[Leaf] = field(default_factory=list)
    groups: list["Group"] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    size: int = 0
    cut: bool = False

    def every(self) -> Iterator["Group"]:
        """This group and all groups inside it."""
        yield self
        for group in self.groups:
            yield from group.every()

    def by_concept(self) -> dict[str, list[Leaf]]:
        """Fields by what they stand for (see `vocabulary`), the most trusted first; the rest under ""."""
        table = {"child": PERSON, "person": PERSON, "organisation": ORGANISATION}.get(self.kind, MESSAGE)
        return concepts(self.leaves, table)


def concepts(leaves: list[Leaf], table: Table) -> dict[str, list[Leaf]]:
    """Fields by concept of a table, the most trusted first; what is in no entry under ""."""
    ranked: dict[str, list[tuple[int, int, Leaf]]] = {}
    for place, leaf in enumerate(leaves):
        concept, rank = concept_of(leaf.names, table)
        ranked.setdefault(concept, []).append((rank, place, leaf))
    return {concept: [leaf for *_, leaf in sorted(found, key=lambda item: item[:2])] for concept, found in ranked.items()}


#: A field of such a name holds the value of what its parent is named after.
_VALUE_NAMES = frozenset({fold(TEXT), "value", "text", "val", "answer", "content", "display", "valuestring", "cdata"})
_STRICT_VALUES = frozenset({fold(TEXT), "value", "val", "answer", "valuestring", "response"})
_TYPE_NAMES = frozenset({"type", "system", "kind", "scheme", "key", "label", "field", "question", "idtype", "fieldname"})


@dataclass(slots=True)
class _Walk:
    """The walk through one message; counts fields and gives each group of flat fields (`child_name`) its place."""

    count: int = 0
    cut: bool = False

    def mapping(self, value: Mapping[str, Any], into: Group, chain: tuple[str, ...], path: str) -> None:
        owners: dict[tuple[str, str], Group] = {}
        for key, item in value.items():
            if item is None or item == "" or item == [] or item == {}:
                continue
            self.field(str(key), item, into, chain, f"{path}.{key}" if path else str(key), owners)

    def field(
        self, key: str, item: Any, into: Group, chain: tuple[str, ...], path: str, owners: dict[tuple[str, str], Group]
    ) -> None:
        folded = fold(key)
        scalar = _is_plain(item)
        if holds_documents(folded) and not scalar and self.documents(item, into):
            return
        who = None if into.kind == "background" else who_is_in(folded)
        if who and into.kind == "organisation" and who.kind != "person":
            who = None
        if who and self.somebody(who, folded, item, into, path, owners):
            return
        if not scalar and into.kind in ("message", "child", "person") and is_background(folded):
            aside = Group("background")
            into.groups.append(aside)
            self.structure(folded, item, aside, chain, path)
            return
        if into.kind in ("message", "child", "person") and self.owned(folded, item, into, path, owners):
            return
        if scalar:
            self.leaf(folded, item, into, chain, path)
        else:
            self.structure(folded, item, into, chain, path)

    def structure(self, folded: str, item: Any, into: Group, chain: tuple[str, ...], path: str) -> None:
        """An object or list that is no group of its own: its fields belong to the group around it."""
        here = (*chain, folded)
        if isinstance(item, dict):
            if not self.key_and_value(folded, item, into, chain, path):
                self.mapping(item, into, here, path)
            return
        plain = [entry for entry in item if _is_plain(entry)]
        if plain:
            self.leaf(folded, plain, into, chain, path)
        for place, entry in enumerate(item):
            if isinstance(entry, dict):
                if not self.key_and_value(folded, entry, into, chain, f"{path}.{place}"):
                    self.mapping(entry, into, here, f"{path}.{place}")
            elif isinstance(entry, list) and entry:
                self.structure(folded, entry, into, chain, f"{path}.{place}")

    def key_and_value(self, folded: str, item: Mapping[str, Any], into: Group, chain: tuple[str, ...], path: str) -> bool:
        """`{"type": "UPN", "value": "…"}` is the field `UPN`, also as an attribute with text in XML."""
        if not 2 <= len(item) <= 4 or not all(_is_plain(part) for part in item.values()):
            return False
        names = {fold(str(key)): part for key, part in item.items()}
        value = next((names[name] for name in names if name in _STRICT_VALUES), None)
        said = next((names[name] for name in names if name in _TYPE_NAMES), None)
        if said is None and len(names) == 2:
            said = names.get("name")
        if value is None or said is None:
            return False
        kind = fold(whole_text(said, 200).rstrip("/").rpartition("/")[2])
        if not kind:
            return False
        self.leaf(kind, value, into, (*chain, folded), path, extra=(folded,))
        return True

    def leaf(
        self, folded: str, item: Any, into: Group, chain: tuple[str, ...], path: str, extra: tuple[str, ...] = ()
    ) -> None:
        self.count += 1
        if self.count > MOST_FIELDS:
            raise TooManyFields
        parts = item if isinstance(item, list) else [item]
        self.cut = self.cut or any(isinstance(part, str) and len(part) > LONGEST_TEXT for part in parts)
        values = tuple(text for part in parts if (text := whole_text(part)))
        if not values:
            return
        folded = NUMBER_OF.get(folded, folded) if into.kind == "message" and len(values[0]) <= 40 else folded
        tail = chain[-2:]
        names = ["".join(tail[start:]) + folded for start in range(len(tail))] + [folded]
        if folded in _VALUE_NAMES:
            if tail:
                names = [*("".join(tail[start:]) for start in range(len(tail))), folded]
            elif into.kind != "message":
                names = ["name"]
        into.leaves.append(Leaf((*dict.fromkeys(names), *extra), values, path[:200]))

    def somebody(
        self, who: Who, folded: str, item: Any, into: Group, path: str, owners: dict[tuple[str, str], Group]
    ) -> bool:
        """A field that holds a person or an organisation. False when it holds a count, a flag or plain prose."""
        if isinstance(item, dict):
            if _only_holds_people(who, item):
                # <Children><Child/>…</Children>, {"family": {"mother": …}}, {"children": {"1": …}}
                self.people_inside(who, item, into, path)
                return True
            self.mapping(item, self.place(who, folded, into, owners), (), path)
            return True
        entries = item if isinstance(item, list) else [item]
        if all(isinstance(entry, dict) for entry in entries):
            for place, entry in enumerate(entries):
                self.mapping(entry, self.new(who, into), (), f"{path}.{place}")
            return True
        texts = [whole_text(entry, 300) for entry in entries if _is_plain(entry)]
        if not who.named or not texts or not all(map(_may_be_a_name, texts)):
            return False
        if who.kind == "organisation" and into.kind == "person":
            return False
        if who.kind == "child" and who.role == "" and not all(map(_looks_like_a_name, texts)):
            return False  # "subject" is also the subject line
        for place, text in enumerate(texts):
            group = self.place(who, folded, into, owners) if len(texts) == 1 else self.new(who, into)
            group.leaves.append(Leaf(("name",), (text,), f"{path}.{place}" if len(texts) > 1 else path))
        for place, entry in enumerate(entries):
            if isinstance(entry, dict):
                self.mapping(entry, self.new(who, into), (), f"{path}.{place}")
        return True

    def people_inside(self, who: Who, item: Mapping[str, Any], into: Group, path: str) -> None:
        """The people in a container; a household or family makes them `inner`."""
        holder = into
        if who.kind == "person" and who.role not in ("", "other", "referrer"):
            holder = Group(into.kind if into.kind != "organisation" else "message", inner=True)
            into.groups.append(holder)
        owners: dict[tuple[str, str], Group] = {}
        for key, part in item.items():
            if part is None or part == "" or part == [] or part == {}:
                continue
            folded = fold(str(key))
            inner_who = who_is_in(folded) or (who if folded.isdigit() or _is_somebody(part) else None)
            if inner_who is None or not self.somebody(inner_who, folded, part, holder, f"{path}.{key}", owners):
                self.field(str(key), part, holder, (), f"{path}.{key}", owners)

    def owned(
        self, folded: str, item: Any, into: Group, path: str, owners: dict[tuple[str, str], Group]
    ) -> bool:
        """`child_name`, `dateOfBirthOfChild`, `parent2_phone`: a flat field of somebody."""
        if folded in MESSAGE:
            return False
        if into.kind != "message" and folded in PERSON:
            return False
        split = _split_owner(folded)
        if split is None:
            return False
        who, number, rest = split
        if who.kind == into.kind == "child":
            self.structure_or_leaf(rest, item, into, path)
            return True
        self.structure_or_leaf(rest, item, self.place(who, number, into, owners), path)
        return True

    def structure_or_leaf(self, folded: str, item: Any, into: Group, path: str) -> None:
        if _is_plain(item):
            self.leaf(folded, item, into, (), path)
        else:
            self.structure(folded, item, into, (), path)

    def place(self, who: Who, folded: str, into: Group, owners: dict[tuple[str, str], Group]) -> Group:
        """The group of one somebody among the fields of one object: `child_name` and `child` are the same child."""
        number = folded[len(unnumbered(folded)) :]
        main = who.role or who.kind if who.kind == "child" else who.word or who.role
        if who.role == "referrer" or who.kind == "organisation":
            main = who.role or who.kind
        return owners.setdefault((str(main), number), self.new(who, into, attach=(str(main), number) not in owners))

    def new(self, who: Who, into: Group, attach: bool = True) -> Group:
        inner = into.inner or into.kind in ("child", "person") or who.role in ("sibling", "household")
        group = Group(who.kind, who.role, who.word, inner)
        if attach:
            into.groups.append(group)
        return group

    def documents(self, item: Any, into: Group) -> bool:
        """Files with their content; False when the field only lists what exists."""
        entries = item if isinstance(item, list) else [item]
        found: list[Document] = []
        for entry in entries:
            if not isinstance(entry, dict):
                return False
            inner = {fold(str(key)): part for key, part in entry.items()}
            if len(inner) == 1 and isinstance(next(iter(inner.values())), dict | list) and holds_documents(next(iter(inner))):
                return self.documents(next(iter(inner.values())), into)
            names = ("content", "data", "base64", "body", "bytes", "contentbase64", "file", fold(TEXT), "filedata", "database64")
            content = next((inner[name] for name in names if isinstance(inner.get(name), str)), None)
            if content is None:
                return False
            kind = next((inner[name] for name in ("contenttype", "mimetype", "mediatype", "type") if name in inner), "")
            found.append(Document(whole_text(kind, 100), content))
        into.documents.extend(found)
        return bool(found)


def count_fields(value: Any) -> int:
    """How many fields a value has at any depth, lists of plain values counted by the entry; stops above `MOST_FIELDS`."""
    count, waiting = 0, [value]
    while waiting and count <= MOST_FIELDS:
        node = waiting.pop()
        if isinstance(node, dict):
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
        elif node is not None and node != "":
            count += 1
    return count


def group_message(value: Mapping[str, Any]) -> Group:
    """The groups of one message. Raises `TooManyFields` for a message with more than `MOST_FIELDS`."""
    root = Group("message")
    walk = _Walk()
    walk.mapping(value, root, (), "")
    root.size, root.cut = walk.count, walk.cut
    return root


def flat_fields(value: Mapping[str, Any]) -> list[Leaf]:
    """All fields of an object without telling people apart. Raises `TooManyFields`."""
    root = Group("background")
    _Walk().mapping(value, root, (), "")
    return root.leaves


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(isinstance(entry, str | int | float) or entry is None for entry in value)
    return not isinstance(value, dict)


def _only_holds_people(who: Who, item: Mapping[str, Any]) -> bool:
    """Whether an object is a list of people rather than a person: its structures are named after people, or numbered."""
    plain = {fold(str(key)) for key, part in item.items() if _is_plain(part)}
    structured = {fold(str(key)): part for key, part in item.items() if not _is_plain(part)}
    personal = {concept_of((name,), PERSON)[0] for name in plain | set(structured)}
    if who.role == "household":
        return not personal & {"given", "family", "full", "dob"}
    if not structured or any(concept_of((name,), PERSON)[0] in _WHO_SOMEBODY_IS for name in plain):
        return False
    if all(name.isdigit() for name in structured):
        return all(isinstance(part, dict) for part in structured.values())
    people = [who_is_in(name) for name in structured]
    return all(inside is not None and inside.kind != "organisation" for inside in people)


def _is_somebody(part: Any) -> bool:
    """Whether an object, or a list of them, has a person's name or date of birth."""
    entries = part if isinstance(part, list) else [part]
    return all(
        isinstance(entry, dict)
        and any(concept_of((fold(str(key)),), PERSON)[0] in ("given", "family", "full", "dob") for key in entry)
        for entry in entries
    )


#: A person has at least one of these; an object without any of them is no person.
_WHO_SOMEBODY_IS = frozenset(
    {"given", "family", "full", "dob", "upn", "nhs_number", "expected_dob", "unborn", "age", "sex", "relation", "local"}
)


def _may_be_a_name(text: str) -> bool:
    low = text.strip().casefold()
    if low in ("true", "false", "yes", "no", "y", "n", "none", "n/a", "unknown", "not known", "nil", "0", "1"):
        return False
    return sum(char.isalpha() for char in text) >= 2 and len(text) <= 120 and len(text.split()) <= 12


def _looks_like_a_name(text: str) -> bool:
    parts = text.replace(",", " ").split()
    return 2 <= len(parts) <= 5 and all(part[:1].isupper() or "'" in part or "-" in part for part in parts)


@lru_cache(maxsize=16384)
def _split_owner(folded: str) -> tuple[Who, str, str] | None:
    """(who, the owner's folded name, the rest) of a flat field's name, or None."""
    return _owner_before(folded) or _owner_after(folded)


def _owner_before(folded: str) -> tuple[Who, str, str] | None:
    for end in range(min(len(folded) - 2, 26), 1, -1):
        owner = folded[:end]
        who = owner_of(owner)
        if who is None or who.role == "household" or who.word == "agencies":
            continue
        rest = folded[end:]
        table = ORGANISATION if who.kind == "organisation" else PERSON
        for tail in (rest, rest.removeprefix("s"), rest.removeprefix("details")):
            plain = tail.lstrip("0123456789")
            if plain in table or (who.kind == "child" and len(plain) > 3 and plain in MESSAGE):
                return who, owner + tail[: len(tail) - len(plain)], plain
    return None


def _owner_after(folded: str) -> tuple[Who, str, str] | None:
    for link in ("ofthe", "of"):
        rest, found, owner = folded.rpartition(link)
        who = who_is_in(owner) if found and owner else None
        if who and who.role != "household" and rest in (ORGANISATION if who.kind == "organisation" else PERSON):
            return who, owner, rest
    return None
