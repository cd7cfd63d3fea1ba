"""The topic catalogue, read from `topics.yaml`: the one place that says what is on which topic.

Raises `pydantic.ValidationError`, naming the entry, when the file is not a catalogue.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from schemas.allocation import AllocationEvent
from schemas.case_event import CaseEvent
from schemas.contact import Contact
from schemas.delivery import Delivery
from schemas.disposition import Disposition
from schemas.flag import Flag
from schemas.linkage import Link, LinkageEvent, LinkReview
from schemas.narrative import Narrative
from schemas.outbound import OutboundItem
from schemas.probe import Probe
from schemas.received import Received
from schemas.wire import Codec

#: Every record model that travels, by the name the catalogue uses.
MODELS: dict[str, type] = {
    model.__name__: model
    for model in (
        Received, Contact, CaseEvent, Disposition, AllocationEvent, Flag, OutboundItem, Narrative,
        LinkageEvent, Link, LinkReview, Delivery, Probe,
    )
}  # fmt: skip

RECORD_NAMES = Literal[
    "Received", "Contact", "CaseEvent", "Disposition", "AllocationEvent", "Flag", "OutboundItem", "Narrative",
    "LinkageEvent", "Link", "LinkReview", "Delivery", "Probe",
]  # fmt: skip

_DAY_MS = 24 * 3600 * 1000


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Kept(_Strict):
    """How long and how a topic is kept. `retention_days` -1 keeps for ever; `max_message_bytes` is the broker's limit for
    one record."""

    description: str
    retention_days: int
    max_message_bytes: int = 1048576
    flush_every_message: bool = False

    def config(self) -> dict[str, str]:
        """The broker's settings for this topic."""
        retention = -1 if self.retention_days < 0 else self.retention_days * _DAY_MS
        settings = {
            "cleanup.policy": "delete",
            "retention.ms": str(retention),
            "max.message.bytes": str(self.max_message_bytes),
        }
        if self.flush_every_message:
            # One broker has no second copy: an acknowledgement must mean that the bytes are on disk.
            settings["flush.messages"] = "1"
        return settings


class Topic(Kept):
    """One topic of the hub's own."""

    record: RECORD_NAMES
    key: str
    order: str
    writers: list[str] = Field(min_length=1)
    readers: list[str] = Field(min_length=1)
    personal: bool


class Catalogue(_Strict):
    """All topics, and the changelogs of the stream workers' tables.

    `partner_in` is the template of what partner organisations write to, `partner_out` of what they are sent; `partners` and
    `partners_out` are the topics made from them.
    """

    version: int
    keyed_partitions: int = Field(ge=1)
    defaults: dict[str, str]
    topics: dict[str, Topic]
    partner_in: Kept
    partner_out: Kept
    partners: tuple[str, ...] = ()
    partners_out: tuple[str, ...] = ()
    changelogs: list[str]

    def changelog_topic(self, name: str) -> str:
        """The full topic name of a worker's changelog: `frontdoor-<worker>-rows-changelog`."""
        return f"frontdoor-{name}-changelog"

    def changelog_config(self) -> dict[str, str]:
        """Why each: a paused worker may write an old row after a new one, so nothing is compacted within an hour;
        small, quickly closed segments, because the active one is never compacted and recovery reads it whole."""
        return {
            "cleanup.policy": "compact",
            "min.compaction.lag.ms": "3600000",
            "segment.bytes": "16777216",
            "segment.ms": "600000",
            "min.cleanable.dirty.ratio": "0.1",
            "max.message.bytes": "10485760",
        }

    def for_partners(self, topics: Iterable[str], out: Iterable[str] = ()) -> "Catalogue":
        """The same with these partner topics, and those that partners are sent messages on."""
        return self.model_copy(update={"partners": tuple(sorted(topics)), "partners_out": tuple(sorted(out))})

    def desired(self) -> dict[str, dict[str, str]]:
        """Every topic with every setting it should have."""
        wanted = {name: {**self.defaults, **topic.config()} for name, topic in self.topics.items()}
        wanted |= {name: {**self.defaults, **self.partner_in.config()} for name in self.partners}
        wanted |= {name: {**self.defaults, **self.partner_out.config()} for name in self.partners_out}
        for name in self.changelogs:
            wanted[self.changelog_topic(name)] = {**self.defaults, **self.changelog_config()}
        return wanted


#: The reader in C is six times as fast, and every process of the hub begins with this.
_YAML = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def catalogue() -> Catalogue:
    """The committed catalogue."""
    text = (Path(__file__).parent / "topics.yaml").read_text()
    return Catalogue.model_validate(yaml.load(text, Loader=_YAML))


#: Who sends: every agency that has a topic for what it sends.
AGENCIES = tuple(name.removeprefix("received.") for name in catalogue().topics if name.startswith("received."))


@cache
def codec(topic: str) -> Codec:
    """The codec of a topic's records. Raises `KeyError` for a topic that is not in the catalogue."""
    return Codec(MODELS[catalogue().topics[topic].record])
