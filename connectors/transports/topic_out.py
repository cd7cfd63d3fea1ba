"""Topic out: the partner's own topic on the hub's Kafka. Delivered means that the broker has it on disk."""

from connectors.delivery.outcome import Delivered, Failed, Outcome
from connectors.writing import Written
from schemas.cloud_events import cloud_event
from schemas.outbound import OutboundItem
from schemas.ports import DurableLog, Entry, NotDurable
from schemas.trace import HEADER


class TopicOut:
    """Appends to one topic, keyed by the contact, so that a contact's items keep their order."""

    def __init__(self, topic: str, durable: DurableLog) -> None:
        self._topic = topic
        self._log = durable

    async def send(self, item: OutboundItem, written: Written) -> Outcome:
        """One record; `ce_id` is the item's id."""
        marks = cloud_event(item.item_id, item.kind, "delivery", item.at, written.content_type)
        if written.traceparent:
            marks = (*marks, (HEADER, written.traceparent.encode()))
        try:
            await self._log.append([Entry(self._topic, item.contact_id.encode(), written.body, marks)])
        except NotDurable:
            return Failed("topic_not_durable")
        return Delivered()

    async def close(self) -> None:
        """The log is somebody else's."""
