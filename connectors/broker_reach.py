"""Whether the broker answers for a topic: what a connector's readiness means."""

import asyncio

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

#: Seconds a broker may take to say that it is there.
_PATIENCE = 2.0


class BrokerReach:
    """Asks the cluster at `bootstrap` about one topic."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        self._topic = topic
        self._admin = AdminClient({"bootstrap.servers": bootstrap, "client.id": "frontdoor-ready", "log_level": 0})

    async def __call__(self) -> bool:
        """Whether the topic is there and each of its partitions has a broker that takes records."""
        return await asyncio.to_thread(self._ask)

    def _ask(self) -> bool:
        try:
            found = self._admin.list_topics(self._topic, timeout=_PATIENCE).topics.get(self._topic)
        except KafkaException:
            return False
        if found is None or found.error is not None or not found.partitions:
            return False
        return all(partition.leader >= 0 for partition in found.partitions.values())
