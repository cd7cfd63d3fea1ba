"""How many bytes of unfinished messages one process may hold: many slow, large senders must not exhaust it."""


class Room:
    """A count of bytes with an end. Who took bytes gives them back."""

    def __init__(self, capacity: int) -> None:
        self._left = capacity

    def take(self, count: int) -> bool:
        """Whether there was room for `count` more bytes; if so, they are taken."""
        if count > self._left:
            return False
        self._left -= count
        return True

    def give_back(self, count: int) -> None:
        """Free what was taken."""
        self._left += count


def room_for(largest_message: int) -> Room:
    """Room for four messages of the largest size at once, and for 64 MiB in any case."""
    return Room(max(4 * largest_message, 64 * 1024 * 1024))
