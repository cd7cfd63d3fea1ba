"""What a message says that has no field of its own in the hub: kept as short strings, so that nothing is lost."""

from collections.abc import Iterable

from connectors.decoding import one_line
from schemas.reading import Note

MOST_ENTRIES = 60
LONGEST_ENTRY = 300
MOST_NOTES = 60


class Unmapped:
    """Collects entries; `as_dict` gives them. More under one name are joined with a semicolon."""

    def __init__(self) -> None:
        self._entries: dict[str, str] = {}

    def keep(self, name: str, *values: object) -> None:
        """Keep what is not empty, each as one short line."""
        for value in values:
            text = one_line(value, LONGEST_ENTRY)
            if not text or (name not in self._entries and len(self._entries) >= MOST_ENTRIES):
                continue
            before = self._entries.get(name, "")
            if text not in before.split("; "):
                self._entries[name] = (f"{before}; {text}" if before else text)[:LONGEST_ENTRY]

    def as_dict(self) -> dict[str, str]:
        """A copy of all entries."""
        return dict(self._entries)


def distinct(notes: Iterable[Note]) -> list[Note]:
    """Each note once, in order, at most `MOST_NOTES`: a message may repeat one mistake a thousand times."""
    kept = list(dict.fromkeys(notes))
    if len(kept) > MOST_NOTES:
        more = Note(code="more_notes", text="More of this message had to be repaired than is listed here.")
        return [*kept[: MOST_NOTES - 1], more]
    return kept
