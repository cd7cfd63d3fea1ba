"""Rows that stay text until somebody asks for them. Pure.

Most rows are not asked for again: intake keeps one for every message that ever came, and looks at those of the sender's message
in hand; `clocks` looks at those that wake. Read all after each start they would cost minutes of processor time at a million
messages, and four times the memory.
"""

from collections.abc import Callable, Iterator, MutableMapping

from schemas.record import Record


class ColdRows(MutableMapping[str, Record]):
    """Rows by key. What `restore` put is read by `parse` when it is asked for the first time."""

    def __init__(self, parse: Callable[[bytes], Record]) -> None:
        self._parse = parse
        self._read: dict[str, Record] = {}
        self._texts: dict[str, bytes] = {}

    def restore(self, key: str, text: bytes) -> None:
        """Put a row, or replace it, as its JSON. Whether it can be read shows when it is asked for."""
        self._read.pop(key, None)
        self._texts[key] = text

    def __getitem__(self, key: str) -> Record:
        row = self._read.get(key)
        if row is None:
            row = self._read[key] = self._parse(self._texts[key])
            del self._texts[key]
        return row

    def __setitem__(self, key: str, row: Record) -> None:
        self._texts.pop(key, None)
        self._read[key] = row

    def __delitem__(self, key: str) -> None:
        if self._texts.pop(key, None) is None:
            del self._read[key]

    def __contains__(self, key: object) -> bool:
        return key in self._read or key in self._texts

    def __iter__(self) -> Iterator[str]:
        yield from [*self._read, *self._texts]

    def __len__(self) -> int:
        return len(self._read) + len(self._texts)
