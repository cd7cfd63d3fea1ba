"""Reading a scrape in tests: series by name and labels. That the text is Prometheus' own format, promtool says."""

import re

_LINE = re.compile(r"^(?P<name>\w+)(?:\{(?P<labels>.*)\})? (?P<value>\S+)$")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

Series = dict[str, dict[frozenset[tuple[str, str]], float]]


def series(text: str) -> Series:
    """Every sample of a scrape. Raises `AssertionError` for a line that is neither a sample nor a comment."""
    found: Series = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            match = _LINE.match(line)
            assert match, line
            labels = frozenset(_LABEL.findall(match["labels"] or ""))
            found.setdefault(match["name"], {})[labels] = float(match["value"])
    return found


def value(found: Series, name: str, **labels: str) -> float:
    """One sample. Raises `KeyError` when it is not told."""
    return found[name][frozenset(labels.items())]


def told(found: Series, name: str) -> dict[str, float]:
    """The samples of a metric that are not 0, by their label values in the labels' order of name."""
    return {" ".join(text for _, text in sorted(labels)): number for labels, number in found.get(name, {}).items() if number}
