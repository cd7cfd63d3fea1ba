"""When a stack has nothing left to do: every consumer group has committed everything there is, and everybody who can be
called has what there is for them.

Committed offsets are read before end offsets. A worker commits only after its outputs are on the log, so if each
group's commits equal the ends read later, nothing was under way anywhere between the two readings.
"""

import time
from collections.abc import Collection, Mapping, Sequence
from functools import partial

from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from ops.day.log_watch import TOPICS, DayStuck, LogWatch
from ops.group_offsets import GroupOffsets
from schemas.catalogue import catalogue

GROUPS: dict[str, tuple[str, ...]] = {
    "frontdoor-intake": ("received.health", "received.education", "received.police", "received.social_care"),
    "frontdoor-routing": ("contacts",),
    "frontdoor-allocation": ("allocation-in",),
    "frontdoor-cases": ("case-events",),
    "frontdoor-clocks": ("case-events",),
    "frontdoor-answers": ("case-events",),
    "frontdoor-linkage": ("linkage-in",),
}


class Settling:
    """Watches the groups of a stack, and what is on its way to the recipients in `reachable`, whom a delivery process
    calls. `others` are groups beside the hub's own, with their topics."""

    def __init__(
        self,
        bootstrap: str,
        watch: LogWatch,
        others: Mapping[str, Sequence[str]] | None = None,
        *,
        reachable: Collection[str] = (),
    ) -> None:
        self._admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2})
        self._offsets = GroupOffsets(bootstrap)
        self._watch = watch
        self._reachable = frozenset(reachable)
        self._groups = {**GROUPS, **{name: tuple(topics) for name, topics in (others or {}).items()}}
        topics = {topic for names in self._groups.values() for topic in names} | set(TOPICS)
        self._partitions = [TopicPartition(topic, p) for topic in sorted(topics) for p in range(catalogue().keyed_partitions)]

    def close(self) -> None:
        """Let the broker go: a client that is kept would look for it for ever after its end."""
        self._offsets.close()

    def behind(self) -> tuple[dict[str, int], dict[tuple[str, int], int]]:
        """Records each group is behind (only those that are), and the end offsets this was measured against."""
        commits = self._offsets.committed(self._groups)
        latest = {partition: OffsetSpec.latest() for partition in self._partitions}  # type: ignore[no-untyped-call]
        found = self._admin.list_offsets(latest)
        ends = {(tp.topic, tp.partition): future.result().offset for tp, future in found.items()}
        lags = {}
        for group, topics in self._groups.items():
            known = commits[group]
            if known is None:
                lags[group] = 1
                continue
            lag = sum(max(0, end - known.get(tp, 0)) for tp, end in ends.items() if tp[0] in topics)
            if lag:
                lags[group] = lag
        return lags, ends

    def settle(self, seconds: float = 60.0) -> None:
        """Until nothing is behind or on its way, and the watch has seen it all. Raises `DayStuck`, naming who is behind."""
        limit = time.monotonic() + seconds
        pause = 0.002
        while True:
            settled = self._watch.settled(self._reachable)
            lags, ends = self.behind()
            if not lags:
                self._watch.wait_for("the log to be read", partial(self._watch.caught_up, ends))
                self._watch.wait_for("what is delivered", lambda: not self._watch.on_their_way(self._reachable), seconds)
                if self._watch.settled(self._reachable) == settled:
                    return
                # Recipients got something since the groups were asked, and may have answered it: ask again.
                continue
            if time.monotonic() > limit:
                raise DayStuck(f"the stack did not settle in {seconds:.0f} s; behind: {lags}")
            time.sleep(pause)
            pause = min(0.1, pause * 1.5)
