"""A postal address from one field or from many."""

import re

from connectors.decoding import one_line
from connectors.fields.groups import Leaf
from schemas.person import Address
from schemas.reading import Note

_POSTCODE = re.compile(r"\b([A-Z]{1,2}[0-9][A-Z0-9]?)\s*([0-9][A-Z]{2})\b", re.IGNORECASE)
_LINES = ("line0", "line1", "line2", "line3", "line4", "line5")
_LONGEST_LINES = 8


def tidy_postcode(text: str) -> str:
    """A UK postcode in capitals with one space, or "" when the text holds none."""
    match = _POSTCODE.search(text[:200])
    return f"{match.group(1)} {match.group(2)}".upper() if match else ""


def address_of(found: dict[str, list[Leaf]], where: str, notes: list[Note]) -> Address:
    """The first address among the fields of a person; more of them stay where they are."""
    lines: list[str] = []
    for concept in _LINES:
        leaves = found.get(concept, [])
        parent = leaves[0].path.rpartition(".")[0] if leaves else ""
        for leaf in leaves:
            if leaf.path.rpartition(".")[0] == parent:
                leaf.used = True
                lines.extend(one_line(value, 120) for value in leaf.values)
    postcode_text = ""
    for leaf in found.get("postcode", [])[:1]:
        leaf.used = True
        postcode_text = one_line(leaf.text, 20)
    for leaf in found.get("address", [])[: 0 if lines else 1]:
        leaf.used = True
        values = leaf.values if len(leaf.values) > 1 else tuple(re.split(r"[\n\r;]|,", leaf.text[:600]))
        lines.extend(one_line(value, 120) for value in values)
    lines = [line.strip(" ,") for line in lines if line.strip(" ,")]
    postcode = tidy_postcode(postcode_text)
    if not postcode_text:
        for place in range(len(lines) - 1, -1, -1):
            inside = tidy_postcode(lines[place])
            if inside:
                postcode = inside
                rest = _POSTCODE.sub("", lines[place]).strip(" ,.")
                lines[place : place + 1] = [rest] if rest else []
                break
    elif not postcode:
        postcode = postcode_text.upper()
        notes.append(Note(code="postcode_unreadable", field=f"{where}.postcode", text="The postcode was kept as sent."))
    else:
        lines = [rest for line in lines if (rest := line if tidy_postcode(line) != postcode else _POSTCODE.sub("", line).strip(" ,."))]
    kept = _with_numbers(list(dict.fromkeys(lines)))
    return Address(lines=kept[:_LONGEST_LINES], postcode=postcode)


def _with_numbers(lines: list[str]) -> list[str]:
    """A house number that stood in a field of its own goes before its street."""
    joined: list[str] = []
    for line in lines:
        if joined and re.fullmatch(r"[0-9]{1,5}[A-Za-z]?", joined[-1]):
            joined[-1] = f"{joined[-1]} {line}"
        else:
            joined.append(line)
    return joined
