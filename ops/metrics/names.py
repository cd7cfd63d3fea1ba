"""Every metric there is: its name, kind, labels and meaning. `docs/metrics.md` shows this list, and a test compares them.

Names follow Prometheus (base units, `_total` for counters); what is known of Kafka itself has kafka_exporter's names.
A label is a word of a closed set or the name of a topic, group or process: never an id, a person or free text.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["gauge", "counter", "histogram"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric family."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    meaning: str


#: What each process says of itself, at its own endpoint. Those of any process have the names of Prometheus' own clients.
OWN: tuple[Metric, ...] = (
    Metric("frontdoor_appended_total", "counter", ("topic",),
           "Records that the broker has acknowledged to this process"),
    Metric("frontdoor_append_failures_total", "counter", (),
           "Appends that it did not acknowledge: nobody was promised anything about them"),
    Metric("frontdoor_finished_total", "counter", ("topic",),
           "Records that this worker has finished: what comes of them is durable"),
    Metric("frontdoor_fetch_failing_seconds", "gauge", ("agency",),
           "How long this connector has been unable to fetch from one of its senders; 0 when it can from all"),
    Metric("process_start_time_seconds", "gauge", (),
           "When the process began, Unix time"),
    Metric("process_cpu_seconds_total", "counter", (),
           "Processor time that it has used"),
    Metric("process_resident_memory_bytes", "gauge", (),
           "Memory that it holds"),
    Metric("process_open_fds", "gauge", (),
           "Files and connections that it has open"),
)  # fmt: skip

METRICS: tuple[Metric, ...] = (
    # Children waiting
    Metric("frontdoor_messages_total", "counter", ("agency", "disposition"),
           "Messages, by what intake first made of them"),
    Metric("frontdoor_unassessed", "gauge", ("agency", "kind"),
           "Contacts, and messages nobody could read, that nobody has risk assessed yet"),
    Metric("frontdoor_unassessed_overdue", "gauge", ("agency", "kind"),
           "Those of them whose day is over"),
    Metric("frontdoor_unassessed_next_limit_timestamp_seconds", "gauge", (),
           "The nearest limit still ahead of one of them, Unix time; absent when none is ahead"),
    Metric("frontdoor_flags", "gauge", ("result", "state"),
           "Flags as they stand: missed, not verifiable, unmatched; raised ones wait for a person"),
    Metric("frontdoor_quarantine", "gauge", ("agency",),
           "Messages nobody could read that wait for a person"),
    Metric("frontdoor_quarantine_oldest_age_seconds", "gauge", ("agency",),
           "Time since the oldest of them arrived; 0 when none waits"),
    Metric("frontdoor_unread", "gauge", ("agency",),
           "Messages that are durable and that intake has not read"),
    Metric("frontdoor_unread_oldest_age_seconds", "gauge", ("agency",),
           "Time since the oldest of them arrived; 0 when none waits"),
    Metric("frontdoor_undelivered", "gauge", ("agency",),
           "Items that could not be delivered to their recipients and wait for a person"),
    Metric("frontdoor_undelivered_oldest_age_seconds", "gauge", ("agency",),
           "Time since the hub first tried to deliver the oldest of them; 0 when none waits"),
    Metric("frontdoor_delivery_waiting", "gauge", ("agency",),
           "Items that are tried again until they are delivered or given up"),
    Metric("frontdoor_delivery_waiting_oldest_age_seconds", "gauge", ("agency",),
           "Time since the hub first tried to deliver the oldest of them; 0 when none waits"),
    # The hub
    Metric("frontdoor_probe_seconds", "histogram", ("agency",),
           "From a probe's arrival at the connector's door until intake's outcome was on the log"),
    Metric("frontdoor_probes_lost_total", "counter", ("agency",),
           "Probes that the connector did not take, or that had no outcome after 30 seconds"),
    Metric("frontdoor_broker_up", "gauge", (),
           "1 when the broker answered this scrape; otherwise nothing about Kafka is in it"),
    Metric("frontdoor_view_ready", "gauge", (),
           "1 when the view answers and has read what the log held at its start; otherwise nothing about children is here"),
    Metric("frontdoor_view_behind_seconds", "gauge", (),
           "How long the oldest record that the view has not read has been on the log; 0 when it has read all"),
    Metric("frontdoor_undecodable_records", "gauge", (),
           "Records on the log that are not what their topic says"),
    Metric("frontdoor_process_ready", "gauge", ("process",),
           "1 when the process runs and has said that it is ready"),
    Metric("frontdoor_process_restarts_total", "counter", ("process",),
           "How often the supervisor has started the process again"),
    Metric("frontdoor_tick_age_seconds", "gauge", ("partition",),
           "Time since the last tick of a partition of case-events: limits passed meanwhile are noticed by nobody"),
    Metric("frontdoor_oldest_unprocessed_age_seconds", "gauge", ("consumergroup", "topic"),
           "Time since the broker appended the oldest record that the group has not finished; 0 when it has finished all"),
    # Kafka, under the names of kafka_exporter
    Metric("kafka_consumergroup_lag", "gauge", ("consumergroup", "topic", "partition"),
           "Records that the group has not finished; counted from the oldest record while it has committed none"),
    Metric("kafka_consumergroup_current_offset", "gauge", ("consumergroup", "topic", "partition"),
           "The offset that the group has committed"),
    Metric("kafka_consumergroup_members", "gauge", ("consumergroup",),
           "Processes that share the group's work; 0 when none runs, and for a connector's while no partner has a topic"),
    Metric("kafka_topic_partition_current_offset", "gauge", ("topic", "partition"),
           "The offset after the last record"),
    Metric("kafka_topic_partition_oldest_offset", "gauge", ("topic", "partition"),
           "The offset of the oldest record that is kept"),
)  # fmt: skip
