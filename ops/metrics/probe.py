"""Sends a probe through every connector now and then, and keeps how long it took until intake's outcome was on the log.

A probe takes a message's way: the connector's HTTP door, its producer, the log, intake, the log again. It waits in no
partner's queue, so a backlog shows in the ages of what is unread, not here.
"""

import http.client
import json
import logging
import threading
import time
from contextlib import closing
from urllib.parse import urlsplit

from confluent_kafka import Consumer, KafkaException, TopicPartition

from ops.endpoints import endpoint
from ops.metrics.distribution import Distribution, Histogram
from ops.metrics.exposition import Sample
from schemas.catalogue import AGENCIES, catalogue, codec
from schemas.probe import OUTCOMES, probe_token
from schemas.settings import Settings
from schemas.wire import Undecodable

log = logging.getLogger("frontdoor.metrics")

#: Seconds after which a probe counts as lost.
PATIENCE = 30.0
#: Seconds for a broker to say where a topic ends.
_ANSWER = 5.0


class Prober:
    """Probes one hub: `run` in a thread of its own, or one `round` at a time."""

    def __init__(self, settings: Settings, patience: float = PATIENCE) -> None:
        self._settings, self._patience = settings, patience
        self._token = probe_token(settings.hash_key)
        self._took = {agency: Distribution() for agency in AGENCIES}
        self._lost = dict.fromkeys(AGENCIES, 0)
        self._consumer: Consumer | None = None

    def samples(self) -> list[Sample | Histogram]:
        """What was measured so far, of every agency."""
        took: list[Sample | Histogram] = [took.told("frontdoor_probe_seconds", agency) for agency, took in self._took.items()]
        return took + [Sample("frontdoor_probes_lost_total", lost, (agency,)) for agency, lost in self._lost.items()]

    def run(self, stop: threading.Event) -> None:
        """A round every `probe_seconds`, the first one after as long."""
        while not stop.wait(self._settings.probe_seconds):
            try:
                self.round()
            except KafkaException:
                # That the broker is away, others tell. Where outcomes go on is asked anew.
                self.close()
        self.close()

    def round(self) -> None:
        """One probe through each connector that has announced itself. Raises `KafkaException` when no broker answers."""
        outcomes = self._outcomes()
        waiting: dict[str, tuple[str, float]] = {}
        for agency in AGENCIES:
            found = endpoint(self._settings, f"connector-{agency}")
            if found is None:
                continue
            sent = time.monotonic()
            probe = self._send(str(found["urls"].get("http", "")))
            if probe:
                waiting[probe] = agency, sent
            else:
                self._lost[agency] += 1
        deadline = time.monotonic() + self._patience
        while waiting and time.monotonic() < deadline:
            probe = self._next(outcomes, min(1.0, max(0.0, deadline - time.monotonic())))
            if probe in waiting:
                agency, sent = waiting.pop(probe)
                self._took[agency].observe(time.monotonic() - sent)
        for agency, _ in waiting.values():
            self._lost[agency] += 1

    def close(self) -> None:
        """Let go of the broker."""
        if self._consumer is not None:
            self._consumer.close()
            self._consumer = None

    def _send(self, url: str) -> str:
        """The id of a probe that this connector has made durable; empty if it did not."""
        where = urlsplit(url)
        try:
            with closing(http.client.HTTPConnection(where.hostname or "", where.port, timeout=self._patience)) as connection:
                connection.request("POST", "/probe", headers={"Authorization": f"Bearer {self._token}"})
                answer = connection.getresponse()
                return str(json.load(answer)["probe_id"]) if answer.status == 202 else ""
        except (OSError, http.client.HTTPException, ValueError, KeyError):
            return ""

    def _outcomes(self) -> Consumer:
        """Reads outcomes from where they end now, and later from where it was."""
        if self._consumer is None:
            consumer = Consumer(
                {
                    "bootstrap.servers": self._settings.bootstrap_servers,
                    "client.id": "frontdoor-metrics",
                    # Required by the library; partitions are assigned by hand, so nobody joins this group.
                    "group.id": "frontdoor-metrics-probe",
                    "enable.auto.commit": False,
                    "enable.auto.offset.store": False,
                    "fetch.wait.max.ms": 100,
                    "reconnect.backoff.max.ms": 1000,
                    "log_level": 0,
                }
            )
            places = [TopicPartition(OUTCOMES, number) for number in range(catalogue().keyed_partitions)]
            try:
                for place in places:
                    place.offset = consumer.get_watermark_offsets(place, timeout=_ANSWER)[1]
            except KafkaException:
                consumer.close()
                raise
            consumer.assign(places)
            self._consumer = consumer
        return self._consumer

    def _next(self, outcomes: Consumer, seconds: float) -> str:
        message = outcomes.poll(seconds)
        if message is None or message.error() is not None:
            return ""
        try:
            return str(codec(OUTCOMES).decode(message.value()).probe_id)
        except Undecodable:
            return ""
