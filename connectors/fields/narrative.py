"""The free text of a concern, from however many fields it is spread over."""

from connectors.fields.groups import Leaf
from connectors.fields.naming import words

#: A text of at least so many characters, with spaces, is prose: it is kept as narrative wherever it stood.
PROSE = 60
_SHORT = 25


def is_prose(text: str) -> bool:
    """Whether a text is written sentences rather than a code, a name or an address line."""
    return len(text) >= PROSE and text.count(" ") >= 8


def narrative_of(strong: list[Leaf], weak: list[Leaf], more: list[Leaf], stray: list[Leaf]) -> str:
    """One text: what happened first, then every other text under its field's name. Marks the fields as used.

    `stray` are fields of unknown name that hold prose: nobody's sentences about a child are cut off for their label.
    """
    main = next((leaf for leaf in strong if len(leaf.text) >= _SHORT), None) or next(iter([*strong, *weak]), None)
    if main is None:
        main = next(iter([*more, *stray]), None)
    if main is None:
        return ""
    parts = ["\n".join(main.values)]
    seen = {parts[0]}
    main.used = True
    for leaf in [*strong, *weak, *more, *stray]:
        text = "\n".join(leaf.values)
        if leaf is main:
            continue
        leaf.used = True
        if text and text not in seen and text not in parts[0]:
            seen.add(text)
            parts.append(f"{_label(leaf)}: {text}")
    return "\n\n".join(part for part in parts if part)


def _label(leaf: Leaf) -> str:
    names = [part for part in leaf.path.split(".") if not part.isdigit()]
    last = " ".join(words(names[-1].rpartition(":")[2])) if names else ""
    if last in ("text", "value") and len(names) > 1:
        last = " ".join(words(names[-2]))
    return last[:60].capitalize() or "Text"
