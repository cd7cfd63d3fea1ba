"""Whether the police believe that a child is a victim of domestic abuse: then its school is owed a notice. Pure.

A child who sees, hears or lives with it is a victim (Domestic Abuse Act 2021, section 3), so the force's own category of
the incident says it, or a flag of the notice, not who was hurt. The story is not searched for words: it may say that there
was none.
"""

from collections.abc import Iterator
from itertools import pairwise

from schemas.reading import Report

_NAMES = frozenset({"domestic", "da", "dv", "dash", "encompass"})
#: "Non-domestic" is none; "Domestic, no injuries" is one, and "Domestic burglary" something else.
_NOT = frozenset({"no", "non", "not"})
_SOMETHING_ELSE = frozenset({"burglary", "servitude", "animal", "waste"})
#: Fields, by the last word of their name, in which a force says what kind of incident it was.
_CATEGORIES = frozenset({"type", "category", "classification", "flag", "flags", "marker", "markers"})
_YES = frozenset({"yes", "y", "true", "1"})


def believed(agency: str, report: Report) -> bool:
    """Whether a report is from the police, and says domestic abuse under one of the names forces use."""
    return agency == "police" and report.action != "cancel" and any(map(_is_domestic, _categories(report)))


def _categories(report: Report) -> Iterator[str]:
    yield _words(report.need_original)
    for path, text in report.unmapped.items():
        name = _words(path.rpartition(".")[2])
        if name.rpartition(" ")[2] in _CATEGORIES:
            yield _words(text)
        if text.strip().casefold() in _YES:
            yield name


def _is_domestic(said: str) -> bool:
    words = said.split()
    named = any(word in _NAMES and before not in _NOT for before, word in pairwise(["", *words]))
    return named and not _SOMETHING_ELSE & set(words)


def _words(text: str) -> str:
    return " ".join("".join(ch if ch.isalnum() else " " for ch in text.casefold()).split())
