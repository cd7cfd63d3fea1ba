"""How far one partition of `outbound.<agency>` is done: never past an item whose state is not on the log. Pure."""


class Progress:
    """Offsets are read in order and placed in any order. An item is placed when its state is on the log, or when nobody
    is to be sent it."""

    def __init__(self, start: int) -> None:
        self._next = start
        self._open: dict[int, str] = {}

    def read(self, offset: int, item_id: str) -> None:
        """An item was read; it is open until it is placed."""
        self._next = max(self._next, offset + 1)
        self._open[offset] = item_id

    def placed(self, offset: int) -> None:
        """Its state is on the log."""
        self._open.pop(offset, None)

    def passed(self, offset: int) -> None:
        """A record that nobody is sent."""
        self._next = max(self._next, offset + 1)

    @property
    def open(self) -> list[str]:
        """The items whose state is not on the log, the oldest first."""
        return list(self._open.values())

    @property
    def position(self) -> int:
        """Everything before this offset is placed: what may be committed."""
        return min(self._open, default=self._next)
