"""The walk through a nested message that puts each field into its group (`connectors.fields.groups`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.decoding import LONGEST_TEXT, plain_file_name, whole_text
from connectors.fields.flat_names import name_of, numbers_moved, split_owner
from connectors.fields.form_answers import answers_in, key_and_value
from connectors.fields.groups import MOST_FIELDS, Document, Group, Leaf, TooManyFields
from connectors.fields.looks import are_people, is_plain, is_somebody, looks_like_a_name, may_be_a_name, only_holds_people
from connectors.fields.naming import fold, unnumbered
from connectors.fields.personal_names import names_listed
from connectors.fields.vocabulary import MESSAGE, NUMBER_OF, PERSON
from connectors.fields.who import Who, holds_documents, is_background, who_is_in
from connectors.fields.xml_values import TEXT

#: A field of such a name holds the value of what its parent is named after.
_VALUE_NAMES = frozenset({fold(TEXT), "value", "text", "val", "answer", "content", "display", "valuestring", "cdata"})

_FILE_NAMES = ("filename", "name", "title")

_LONGEST_LIST = 2000
"""Characters of a field that may list names; above it the field is a text."""


@dataclass(slots=True)
class _Walk:
    """The walk through one message; counts fields and gives each group of flat fields (`child_name`) its place."""

    count: int = 0
    cut: bool = False

    def mapping(self, value: Mapping[str, Any], into: Group, chain: tuple[str, ...], path: str) -> None:
        owners: dict[tuple[str, str], Group] = {}
        renamed = numbers_moved(tuple(map(str, value))) if into.kind == "message" else {}
        for key, item in value.items():
            if item is None or item == "" or item == [] or item == {}:
                continue
            name = renamed.get(str(key), str(key))
            self.field(name, item, into, chain, f"{path}.{key}" if path else str(key), owners)

    def field(
        self, key: str, item: Any, into: Group, chain: tuple[str, ...], path: str, owners: dict[tuple[str, str], Group]
    ) -> None:
        folded = name_of(key)
        scalar = is_plain(item)
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
        if not scalar and into.kind == "message" and are_people(item):
            self.somebody(Who("person", "", folded), folded, item, into, path, owners)
            return
        if scalar:
            self.leaf(folded, item, into, chain, path)
        else:
            self.structure(folded, item, into, chain, path)

    def structure(self, folded: str, item: Any, into: Group, chain: tuple[str, ...], path: str) -> None:
        """An object or list that is no group of its own: its fields belong to the group around it."""
        here = (*chain, folded)
        if isinstance(item, dict):
            if not self.pair(folded, item, into, chain, path):
                self.mapping(item, into, here, path)
            return
        answers = answers_in(item)
        if answers:
            self.mapping(answers, into, here, path)
            return
        plain = [entry for entry in item if is_plain(entry)]
        if plain:
            self.leaf(folded, plain, into, chain, path)
        for place, entry in enumerate(item):
            if isinstance(entry, dict):
                if not self.pair(folded, entry, into, chain, f"{path}.{place}"):
                    self.mapping(entry, into, here, f"{path}.{place}")
            elif isinstance(entry, list) and entry:
                self.structure(folded, entry, into, chain, f"{path}.{place}")

    def pair(self, folded: str, item: Mapping[str, Any], into: Group, chain: tuple[str, ...], path: str) -> bool:
        """A field that travels as a pair of name and value; False when the object is none."""
        found = key_and_value(item)
        if found:
            self.leaf(*found, into, (*chain, folded), path, extra=(folded,))
        return found is not None

    def leaf(self, folded: str, item: Any, into: Group, chain: tuple[str, ...], path: str, extra: tuple[str, ...] = ()) -> None:
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
        if folded in _VALUE_NAMES or (folded == "date" and tail and PERSON.get(tail[-1], ("",))[0] in ("dob", "expected_dob")):
            if tail:
                names = [*("".join(tail[start:]) for start in range(len(tail))), folded]
            elif into.kind != "message":
                names = ["name"]
        into.leaves.append(Leaf((*dict.fromkeys(names), *extra), values, path[:200]))

    def somebody(self, who: Who, folded: str, item: Any, into: Group, path: str, owners: dict[tuple[str, str], Group]) -> bool:
        """A field that holds a person or an organisation. False when it holds a count, a flag or plain prose."""
        if isinstance(item, dict):
            if only_holds_people(who, item):
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
        texts = [whole_text(entry, _LONGEST_LIST) for entry in entries if is_plain(entry)]
        if who.kind == "child" and len(texts) == 1 and len(texts[0]) < _LONGEST_LIST:
            texts = names_listed(texts[0], plural=who.word.endswith(("s", "children")))
        if not who.named or not texts or not all(map(may_be_a_name, texts)):
            return False
        if who.kind == "organisation" and into.kind == "person":
            return False
        unsure = who.role == "" or who.word != unnumbered(folded)
        if who.kind == "child" and unsure and not all(map(looks_like_a_name, texts)):
            return False  # "subject" is also the subject line, "children present" also how many or where
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
            inner_who = who_is_in(folded) or (who if folded.isdigit() or is_somebody(part) else None)
            if inner_who is None or not self.somebody(inner_who, folded, part, holder, f"{path}.{key}", owners):
                self.field(str(key), part, holder, (), f"{path}.{key}", owners)

    def owned(self, folded: str, item: Any, into: Group, path: str, owners: dict[tuple[str, str], Group]) -> bool:
        """`child_name`, `dateOfBirthOfChild`, `parent2_phone`: a flat field of somebody."""
        if folded in MESSAGE:
            return False
        if into.kind != "message" and folded in PERSON:
            return False
        split = split_owner(folded)
        if split is None:
            return False
        who, number, rest = split
        if who.kind == into.kind == "child" or (who.word == "person" and into.kind in ("child", "person")):
            self.structure_or_leaf(rest, item, into, path)
            return True
        self.structure_or_leaf(rest, item, self.place(who, number, into, owners), path)
        return True

    def structure_or_leaf(self, folded: str, item: Any, into: Group, path: str) -> None:
        if is_plain(item):
            self.leaf(folded, item, into, (), path)
        else:
            self.structure(folded, item, into, (), path)

    def place(self, who: Who, folded: str, into: Group, owners: dict[tuple[str, str], Group]) -> Group:
        """The group of one somebody among the fields of one object: `child_name` and `child` are the same child."""
        number = folded if folded.isdigit() else folded[len(unnumbered(folded)) :]
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
            name = next((inner[name] for name in _FILE_NAMES if isinstance(inner.get(name), str)), "")
            found.append(Document(whole_text(kind, 100), content, plain_file_name(name)))
        into.documents.extend(found)
        return bool(found)


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
