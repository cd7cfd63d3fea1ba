"""Drives a processor over one partition as the worker does, without a broker: decisions are pure."""

from datetime import UTC, datetime, timedelta
from typing import Any

from schemas.case_event import CaseEvent, Correction, Opened
from schemas.identity import keyed_hash
from schemas.london import LONDON
from schemas.record import Record
from streams.partition import PartitionState
from streams.processor import Output, Processor

KEY = b"test key"


def london(text: str) -> datetime:
    """A London time, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=LONDON).astimezone(UTC)


class Partition:
    """One partition: events in, outputs out, ticks when asked."""

    def __init__(self, processor: Processor, topic: str) -> None:
        self.state = PartitionState(processor)
        self.topic = topic
        self.outputs: list[Output] = []
        self._offset = -1
        self._ticked: datetime | None = None

    def give(self, *events: Record) -> list[Output]:
        """Decide events in order; returns what they led to."""
        made: list[Output] = []
        for event in events:
            self._offset += 1
            made += self.state.apply(self.topic, self._offset, event)
        self.outputs += made
        return made

    def tick(self, at: datetime, covers_since: datetime | None = None) -> list[Output]:
        """A tick; it vouches for the time since the last one unless told otherwise."""
        since = covers_since or self._ticked or at
        self._ticked = at
        return self.give(ticked(at, since))

    def records(self, topic: str) -> list[Any]:
        """All records that went to a topic."""
        return [output.record for output in self.outputs if output.topic == topic]


def ticked(at: datetime, covers_since: datetime) -> CaseEvent:
    """A tick that vouches for the time since."""
    return CaseEvent(event_id=f"tick {at}", type="tick", contact_id="tick-0", at=at, covers_since=covers_since)


def opened(at: datetime, contact: str = "c1", **more: Any) -> CaseEvent:
    """An opening."""
    fields = {
        "agency": "education",
        "sender": "s",
        "kind": "contact",
        "team": "t",
        "authority_code": "383",
        "authority_how": "default",
    }
    return CaseEvent(
        event_id=f"opened {contact}",
        type="opened",
        contact_id=contact,
        at=at,
        receipt_id="r",
        opened=Opened(**{**fields, **more}),
    )


def assessed(at: datetime, contact: str = "c1", **more: Any) -> CaseEvent:
    """A risk assessment that counts, unless changed."""
    fields: dict[str, Any] = {
        "event_id": f"assessed {contact} {at}", "type": "risk_assessed", "contact_id": contact, "at": at,
        "by": "Ben Hughes", "level": "amber", "reason_hash": keyed_hash(KEY, "reason"),
    }  # fmt: skip
    return CaseEvent(**{**fields, **more})


def happened(kind: str, at: datetime, contact: str = "c1", **more: Any) -> CaseEvent:
    """Any other event."""
    return CaseEvent(event_id=f"{kind} {contact} {at}", type=kind, contact_id=contact, at=at, **more)


def corrected(
    at: datetime, contact: str = "c1", risk: str = "red", risk_changed: bool = True, child_changed: bool = False
) -> CaseEvent:
    """A later version of the message."""
    correction = Correction(version=2, risk=risk, risk_changed=risk_changed, child_changed=child_changed)
    return happened("corrected", at, contact, correction=correction)


SOON = timedelta(seconds=15)
