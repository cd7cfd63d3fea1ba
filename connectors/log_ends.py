"""Where partitions end. A fetch does not tell: a broker that has just become leader gives out less than was acknowledged, even
nothing, until its followers have come; to the question where a log ends it does not answer before (KIP-207)."""

from collections.abc import Iterable
from contextlib import suppress

from confluent_kafka import Consumer, KafkaException, TopicPartition


def log_ends(consumer: Consumer, places: Iterable[tuple[str, int]], seconds: float) -> dict[tuple[str, int], int]:
    """Where these (topic and partition) end, as the broker says now; none after the first whose leader does not answer within
    so many seconds. Blocks; behind a fetch that waits for records, as long as that."""
    ends: dict[tuple[str, int], int] = {}
    for place in places:
        try:
            _, ends[place] = consumer.get_watermark_offsets(TopicPartition(*place), timeout=seconds)
        except KafkaException:
            # Or it would ask the leader that it knows, who may be gone, again and again.
            with suppress(KafkaException):
                consumer.list_topics(place[0], timeout=seconds)
            break
    return ends
