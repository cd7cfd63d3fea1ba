"""One scrape: everything that is known at this moment, and who does not answer. What is not known is left out, never 0."""

import sqlite3
import threading
import time
from dataclasses import dataclass, field

from ops.clocks import clock_of
from ops.metrics.broker_side import BrokerSide, LogState
from ops.metrics.exposition import Sample
from ops.metrics.oldest import AppendTimes
from ops.metrics.stack_side import process_facts
from ops.metrics.view_side import view_samples, view_state
from ops.view.log_ends import BrokerAway
from schemas.settings import Settings

ROLE = "metrics"


@dataclass
class Scrape:
    """`missing` names what keeps the hub from being ready, each as a person reads it; empty when it is."""

    samples: list[Sample] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


class Scraper:
    """Takes scrapes of one hub, one at a time; who asked while one was being waited for shares the next."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._clock = clock_of(settings)
        self._broker = BrokerSide(settings.bootstrap_servers, delivers=settings.recipients_file is not None)
        self._append_times = AppendTimes(settings.bootstrap_servers)
        self._lock = threading.Lock()
        self._began = float("-inf")
        self._last = Scrape()
        self._running_since: float | None = None

    @property
    def running_seconds(self) -> float:
        """How long the scrape that is being taken has been running; 0 when none is."""
        since = self._running_since
        return 0.0 if since is None else time.monotonic() - since

    def scrape(self) -> Scrape:
        """The state at or after the moment of asking; takes some seconds when the broker or the view is away."""
        wanted = time.monotonic()
        with self._lock:
            if self._began < wanted:
                self._running_since = began = time.monotonic()
                try:
                    self._last = self._take()
                finally:
                    self._running_since = None
                self._began = began
            return self._last

    def close(self) -> None:
        """Let go of the broker."""
        self._append_times.close()

    def _take(self) -> Scrape:
        taken = Scrape()
        self._processes(taken)
        self._log(taken)
        self._view(taken)
        return taken

    def _processes(self, taken: Scrape) -> None:
        for fact in process_facts(self._settings, ROLE):
            taken.samples.append(Sample("frontdoor_process_ready", int(fact.ready), (fact.name,)))
            if fact.restarts is not None:
                taken.samples.append(Sample("frontdoor_process_restarts_total", fact.restarts, (fact.name,)))
            if not fact.ready:
                taken.missing.append(f"process {fact.name}")

    def _log(self, taken: Scrape) -> None:
        try:
            state = self._broker.state()
        except BrokerAway:
            taken.samples.append(Sample("frontdoor_broker_up", 0))
            taken.missing.append("broker")
            return
        taken.samples.append(Sample("frontdoor_broker_up", 1))
        if len(state.committed) < len(self._broker.groups):
            taken.missing.append("consumer groups")
        taken.samples += _offsets(state)
        members = self._broker.members(state)
        taken.samples += [Sample("kafka_consumergroup_members", count, (group,)) for group, count in members.items()]
        taken.samples += self._ages(state)

    def _ages(self, state: LogState) -> list[Sample]:
        waiting = [place for place in state.places() if place.lag]
        appended = self._append_times.of((place.partition, place.next_offset) for place in waiting)
        now = time.time()
        oldest: dict[tuple[str, str], float] = {(place.group, place.partition[0]): 0.0 for place in state.places()}
        for place in waiting:
            pair, at = (place.group, place.partition[0]), appended.get((place.partition, place.next_offset))
            if at is not None:
                oldest[pair] = max(oldest.get(pair, 0.0), now - at)
            elif not oldest.get(pair):
                # Somebody waits and nobody knows since when: no number is better than 0.
                oldest.pop(pair, None)
        return [Sample("frontdoor_oldest_unprocessed_age_seconds", age, pair) for pair, age in oldest.items()]

    def _view(self, taken: Scrape) -> None:
        said = view_state(self._settings)
        ready = said is not None and said.caught_up
        if said is not None and said.behind_seconds is not None:
            taken.samples.append(Sample("frontdoor_view_behind_seconds", said.behind_seconds))
        if ready:
            try:
                taken.samples += view_samples(self._settings, self._clock.now())
            except (sqlite3.Error, FileNotFoundError):
                # The file is being built again, or a stepped clock has not been set yet.
                ready = False
        taken.samples.append(Sample("frontdoor_view_ready", int(ready)))
        if not ready:
            taken.missing.append("view, or it is still reading the log")


def _offsets(state: LogState) -> list[Sample]:
    samples = [
        Sample(f"kafka_topic_partition_{which}_offset", offset, (topic, str(number)))
        for which, offsets in (("current", state.ends), ("oldest", state.oldest))
        for (topic, number), offset in offsets.items()
    ]
    for place in state.places():
        labels = (place.group, place.partition[0], str(place.partition[1]))
        samples.append(Sample("kafka_consumergroup_lag", place.lag, labels))
        if place.committed is not None:
            samples.append(Sample("kafka_consumergroup_current_offset", place.committed, labels))
    return samples
