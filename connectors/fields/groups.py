"""A nested message as groups of fields: one about the message, one about each person and each organisation in it.

A field keeps the names it may be known by, most specific first (`concern.risk.level` is tried as `concernrisklevel`,
`risklevel`, `level`), so that flat and nested spellings of one thing meet. `connectors.fields.walk` makes them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from connectors.fields.vocabulary import MESSAGE, ORGANISATION, PERSON, Table, concept_of
from connectors.fields.who import AnyRole

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
    file_name: str = ""


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
