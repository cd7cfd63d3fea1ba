"""How far consumer groups have committed and how many share their work, as the broker knows it.

Asked with kafka-python: librdkafka's `list_consumer_group_offsets` ends the whole process with a segmentation fault
when a broker answers that it is not the group's coordinator, as one does while it starts or hands groups over
(confluentinc/librdkafka issue 5040, open; seen with 2.16.0).
"""

import logging
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Self

from kafka.admin import KafkaAdminClient  # type: ignore[import-untyped]
from kafka.errors import BrokerResponseError, GroupIdNotFoundError, KafkaError  # type: ignore[import-untyped]

# It warns of every member whose assignment it cannot read, at length, whenever it is asked for members: Faust's have their own.
logging.getLogger("kafka.admin").setLevel(logging.ERROR)

#: (topic, partition) → the offset of the next record to process.
Committed = Mapping[tuple[str, int], int]


class GroupOffsets:
    """Asks one cluster, connecting at the first question. An answer waits `timeout` seconds at most."""

    def __init__(self, bootstrap: str, *, timeout: float = 10.0) -> None:
        self._bootstrap = bootstrap
        self._timeout_ms = int(timeout * 1000)
        self._admin: KafkaAdminClient | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def committed(self, groups: Iterable[str]) -> dict[str, Committed | None]:
        """What each group has committed, nothing for a group that never has; None where no coordinator answers now,
        as for a moment after a broker's start: ask again."""
        names = list(groups)
        try:
            return self._asked(names)
        except BrokerResponseError:
            # One group's coordinator is enough to fail the question about all of them.
            return {group: self._of_one(group) for group in names}
        except KafkaError:
            self.close()
            return dict.fromkeys(names)

    def members(self, groups: Iterable[str]) -> dict[str, int | None]:
        """How many members each group has now, 0 for one that never had any; None where no coordinator answers now."""
        names = list(groups)
        try:
            told = self._client().describe_groups(names)
        except KafkaError:
            self.close()
            return dict.fromkeys(names)
        # Of a group that is not there a newer broker says so as an error, any broker as its state.
        found = {name: len(one["members"]) if one["group_state"] == "Dead" or not one["error"] else None
                 for name, one in told.items()}  # fmt: skip
        if None in found.values():
            # The client remembers who coordinated a group, also when that has changed.
            self.close()
        return found

    def close(self) -> None:
        """Give up the connection; the next question makes a new one."""
        if self._admin is not None:
            self._admin.close()
            self._admin = None

    def _of_one(self, group: str) -> Committed | None:
        try:
            return self._asked([group])[group]
        except GroupIdNotFoundError:
            return {}
        except KafkaError:
            # The client remembers who coordinated a group, also when that has changed.
            self.close()
            return None

    def _asked(self, groups: list[str]) -> dict[str, Committed | None]:
        return {group: _plain(places) for group, places in self._client().list_group_offsets(groups).items()}

    def _client(self) -> KafkaAdminClient:
        if self._admin is None:
            self._admin = KafkaAdminClient(
                bootstrap_servers=self._bootstrap.split(","),
                client_id="frontdoor-offsets",
                request_timeout_ms=self._timeout_ms,
                bootstrap_timeout_ms=self._timeout_ms,
                reconnect_backoff_max_ms=1000,
            )
        return self._admin


def _plain(places) -> Committed:  # type: ignore[no-untyped-def]  # the client has no types
    return {(place.topic, place.partition): at.offset for place, at in places.items() if at.offset >= 0}
