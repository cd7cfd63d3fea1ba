"""Of each worker, what they hold that nobody has risk assessed: worked out from the holdings of a partition. Pure."""

from collections import defaultdict
from collections.abc import Mapping

from schemas.record import Record
from streams.allocation_rows import HoldingRow


class Unassessed:
    """An index over the holdings, in step with them."""

    def __init__(self, rows: Mapping[str, Record]) -> None:
        self._contacts: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._place: dict[str, tuple[str, str]] = {}
        for key, row in rows.items():
            self.changed(key, row)

    def changed(self, key: str, row: Record) -> None:
        """A row was put or replaced."""
        place = self._place.pop(key, None)
        contact = key.rpartition(" ")[2]
        if place is not None:
            self._contacts[place].discard(contact)
            if not self._contacts[place]:
                del self._contacts[place]
        if isinstance(row, HoldingRow) and row.worker_id and row.unassessed:
            place = (key.rpartition(" ")[0], row.worker_id)
            self._place[key] = place
            self._contacts[place].add(contact)

    def of(self, team: str, worker_id: str) -> set[str]:
        """The contacts of one worker of one team."""
        return self._contacts.get((team, worker_id), set())
