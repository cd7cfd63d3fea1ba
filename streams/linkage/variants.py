"""Forms of one name: nicknames and transliterations, read once from `name_variants.csv`.

The root of a name is what two forms are compared by ("Mohd" and "Muhammad", "Katie" and "Catherine"). A form may belong
to several names (Alex, Sam): then it has several roots, and sharing one is enough. Names found in the table are also
names *of their own*: Ella and Ellie sound alike and are two names, so the likeness says little; Ella and Elia is a slip.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

TABLE_VERSION = "2026-11b"
_TABLE = Path(__file__).with_name("name_variants.csv")


@dataclass(frozen=True)
class VariantTable:
    """Roots by name, for forenames and for surnames; the first root of a name is the one used for phonetic keys."""

    version: str
    given: dict[str, tuple[str, ...]]
    family: dict[str, tuple[str, ...]]


EMPTY = VariantTable("none", {}, {})
"""No table at all: what a deployment without one would compare with, and what the evaluation measures beside it."""


def parse_table(lines: Iterable[str], version: str) -> VariantTable:
    """A table from CSV lines `part,root,forms`; lines beginning with # are notes. Raises `ValueError` on another shape."""
    parts: dict[str, dict[str, list[str]]] = {"given": {}, "family": {}}
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("#") or text == "part,root,forms":
            continue
        fields = text.split(",")
        if len(fields) != 3 or fields[0] not in parts:
            raise ValueError(f"name table, line {number}: expected part,root,forms with part given or family")
        part, root, forms = fields
        for form in [root, *forms.split()]:
            roots = parts[part].setdefault(form.replace("'", ""), [])
            if root not in roots:
                # A name is first of all a form of itself: its own root leads.
                roots.insert(0, root) if form == root else roots.append(root)
    given, family = ({name: tuple(roots) for name, roots in parts[part].items()} for part in ("given", "family"))
    return VariantTable(version, given, family)


@lru_cache(maxsize=1)
def shipped_table() -> VariantTable:
    """The table that comes with the product."""
    return parse_table(_TABLE.read_text(encoding="utf-8").splitlines(), TABLE_VERSION)
